//! Whose database is it? One that another program made is not touched.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use super::{TABLES, cannot};
use crate::error::ImportError;

/// The tables of an import, and the name by which each is known here.
const NAMES: [&str; 3] = ["conversations", "people", "messages"];

/// What is to be found where a database is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Standing {
    /// Nothing, or a database without these tables.
    WithoutTables,
    /// The tables of an import.
    WithTables,
}

/// Looks at a database without changing it. One with tables of the same names and other columns is refused.
pub(crate) fn standing(file: &Path) -> Result<Standing, ImportError> {
    if !file.exists() {
        return Ok(Standing::WithoutTables);
    }
    // Whoever died while writing has left work to its next reader, which cannot be done without writing.
    let found = columns_in(file, OpenFlags::SQLITE_OPEN_READ_ONLY).or_else(|problem| match problem.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Err(problem),
        _ => columns_in(file, OpenFlags::SQLITE_OPEN_READ_WRITE),
    });
    let found = found.map_err(cannot("open", file))?;
    let expected = expected().map_err(cannot("open", file))?;
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        if !found.is_empty() && found != expected {
            return Err(ImportError::ForeignDatabase { file: file.to_path_buf(), table: name });
        }
    }
    let has_all = found.iter().all(|(_, columns)| !columns.is_empty());
    Ok(if has_all { Standing::WithTables } else { Standing::WithoutTables })
}

fn columns_in(file: &Path, access: OpenFlags) -> rusqlite::Result<Columns> {
    columns_of_all(&Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

type Columns = Vec<(&'static str, Vec<String>)>;

/// The columns that the tables of an import have.
fn expected() -> rusqlite::Result<Columns> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(TABLES)?;
    columns_of_all(&database)
}

/// Each with its type and its place in the primary key; none of a table that is not there.
fn columns_of_all(database: &Connection) -> rusqlite::Result<Columns> {
    let described = |row: &Row<'_>| {
        let (name, kind, key): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{} {} {key}", name.to_lowercase(), kind.to_lowercase()))
    };
    let columns_of = |name| {
        let mut query = database.prepare("SELECT name, type, pk FROM pragma_table_info(?1)")?;
        let columns = query.query_map([name], described)?.collect::<rusqlite::Result<_>>()?;
        Ok((name, columns))
    };
    NAMES.into_iter().map(columns_of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Database;
    use super::*;

    fn standing_of(statements: &str) -> Result<Standing, ImportError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("some.db");
        Connection::open(&file).unwrap().execute_batch(statements).unwrap();
        let before = std::fs::read(&file).unwrap();
        let standing = standing(&file);
        assert!(std::fs::read(&file).unwrap() == before && std::fs::read_dir(directory.path()).unwrap().count() == 1);
        standing
    }

    #[test]
    fn a_database_without_these_tables_may_have_others() {
        assert_eq!(standing_of("").unwrap(), Standing::WithoutTables);
        assert_eq!(standing_of("CREATE TABLE notes (id TEXT)").unwrap(), Standing::WithoutTables);
        assert_eq!(standing(Path::new("/there/is/none.db")).unwrap(), Standing::WithoutTables);
    }

    #[test]
    fn the_tables_of_an_import_are_known() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("skype.db");
        Database::open(&file).unwrap();
        assert_eq!(standing(&file).unwrap(), Standing::WithTables);
    }

    /// Of a writer that was killed after these statements.
    fn left_by(statements: &str, file_beside: &str) -> (Standing, i64) {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let writing = Database::open(&path("written.db")).unwrap();
        writing.connection.execute_batch(statements).unwrap();
        for end in ["", file_beside] {
            std::fs::copy(path(&format!("written.db{end}")), path(&format!("left.db{end}"))).unwrap();
        }
        let standing = standing(&path("left.db")).unwrap();
        (standing, Database::open(&path("left.db")).unwrap().row_counts().unwrap().people)
    }

    #[test]
    fn a_database_whose_writer_was_killed_is_known_too() {
        let committed = "PRAGMA journal_mode = WAL; INSERT INTO people (id) VALUES ('8:live:ada')";
        assert_eq!(left_by(committed, "-wal"), (Standing::WithTables, 1));
        // So little memory that the rows are in the file before they are committed.
        let under_way = "
            PRAGMA cache_size = 1;
            BEGIN;
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 10000)
            INSERT INTO people (id) SELECT '8:live:' || n FROM numbers";
        assert_eq!(left_by(under_way, "-journal"), (Standing::WithTables, 0));
    }

    #[test]
    fn tables_with_other_columns_are_those_of_another_program() {
        for (table, columns) in [
            ("Messages", "id TEXT, convo TEXT, body TEXT, author TEXT, kind TEXT, ts TEXT"),
            ("people", "display_name TEXT, id TEXT PRIMARY KEY"),
            ("conversations", "id TEXT, display_name TEXT"),
        ] {
            let error = standing_of(&format!("CREATE TABLE {table} ({columns})")).unwrap_err().to_string();
            assert!(error.contains(&format!("has a table `{}`", table.to_lowercase())), "{error}");
        }
        assert!(standing_of("CREATE VIEW people AS SELECT 1 AS id").is_err());
    }
}
