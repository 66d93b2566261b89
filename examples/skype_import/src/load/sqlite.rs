//! The `SQLite` database: its tables, and how rows get into them.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ToSql, Transaction, params};

use super::{Loaded, RowCounts, Target, Written};
use crate::error::ImportError;
use crate::staging::Row;

/// Without rowids, `SQLite` keeps the rows in the order of their primary keys and refuses a null in them.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS conversations (
        id           TEXT PRIMARY KEY,
        display_name TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS people (
        id           TEXT PRIMARY KEY,
        display_name TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS messages (
        conversation_id TEXT,
        id              TEXT,
        sender          TEXT,
        sent_at         TEXT NOT NULL,
        type            TEXT,
        text            TEXT,
        PRIMARY KEY (conversation_id, id)
    ) WITHOUT ROWID;";

const INSERT_CONVERSATION: &str = "INSERT INTO conversations VALUES (?1, ?2) ON CONFLICT DO NOTHING";
/// A name that is known is better than none.
const UPDATE_CONVERSATION: &str = "UPDATE conversations SET display_name = coalesce(?2, display_name) WHERE id = ?1";

const INSERT_PERSON: &str = "INSERT INTO people VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const UPDATE_PERSON: &str = "UPDATE people SET display_name = coalesce(?2, display_name) WHERE id = ?1";

const INSERT_MESSAGE: &str = "INSERT INTO messages VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
const UPDATE_MESSAGE: &str = "
    UPDATE messages SET sender = ?3, sent_at = ?4, type = ?5, text = ?6
    WHERE conversation_id = ?1 AND id = ?2";

const COUNT_ROWS: &str = "
    SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM people), (SELECT count(*) FROM messages)";

pub(crate) struct Database {
    file: PathBuf,
    connection: Connection,
}

impl Database {
    /// Opens the database, and creates what it lacks.
    pub(crate) fn open(file: &Path) -> Result<Self, ImportError> {
        let connection = Connection::open(file)
            .and_then(|connection| connection.execute_batch(TABLES).map(|()| connection))
            .map_err(|problem| ImportError::Database { action: "open", file: file.to_path_buf(), problem })?;
        Ok(Self { file: file.to_path_buf(), connection })
    }

    pub(crate) fn row_counts(&self) -> Result<RowCounts, ImportError> {
        let counts = self.connection.query_row(COUNT_ROWS, [], |row| {
            Ok(RowCounts { conversations: row.get(0)?, people: row.get(1)?, messages: row.get(2)? })
        });
        counts.map_err(|problem| ImportError::Database { action: "read", file: self.file.clone(), problem })
    }

    fn write_in_transaction(&mut self, rows: &[Row]) -> rusqlite::Result<Loaded> {
        let transaction = self.connection.transaction()?;
        let mut loaded = Loaded::default();
        for row in rows {
            write_row(&transaction, row, &mut loaded)?;
        }
        transaction.commit()?;
        Ok(loaded)
    }
}

impl Target for Database {
    /// Commits all rows, or, with an error, none of them.
    fn write(&mut self, rows: &[Row]) -> Result<Loaded, ImportError> {
        self.write_in_transaction(rows).map_err(|problem| ImportError::Database {
            action: "write",
            file: self.file.clone(),
            problem,
        })
    }
}

fn write_row(transaction: &Transaction<'_>, row: &Row, loaded: &mut Loaded) -> rusqlite::Result<()> {
    match row {
        Row::Conversation { id, display_name } => {
            upsert(transaction, [INSERT_CONVERSATION, UPDATE_CONVERSATION], params![id, display_name], &mut loaded.conversations)
        }
        Row::Person { id, display_name } => {
            upsert(transaction, [INSERT_PERSON, UPDATE_PERSON], params![id, display_name], &mut loaded.people)
        }
        Row::Message(message) => upsert(
            transaction,
            [INSERT_MESSAGE, UPDATE_MESSAGE],
            params![message.conversation_id, message.id, message.sender, message.sent_at, message.message_type, message.text,],
            &mut loaded.messages,
        ),
    }
}

/// Two statements instead of `SQLite`'s own upsert, because that does not tell whether the row was there.
fn upsert(
    transaction: &Transaction<'_>,
    [insert, update]: [&str; 2],
    values: &[&dyn ToSql],
    written: &mut Written,
) -> rusqlite::Result<()> {
    if transaction.prepare_cached(insert)?.execute(values)? == 1 {
        written.inserted += 1;
    } else {
        transaction.prepare_cached(update)?.execute(values)?;
        written.updated += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staging::MessageRow;

    fn conversation(name: Option<&str>) -> Row {
        Row::Conversation { id: "8:live:ada".to_owned(), display_name: name.map(str::to_owned) }
    }

    fn message(id: &str, text: &str) -> Row {
        Row::Message(MessageRow {
            conversation_id: "8:live:ada".to_owned(),
            id: id.to_owned(),
            sender: None,
            sent_at: "2021-03-04T05:06:07.000Z".to_owned(),
            message_type: None,
            text: Some(text.to_owned()),
        })
    }

    fn first_value(database: &Database, query: &str) -> String {
        database.connection.query_row(query, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn rows_that_were_there_are_updated_and_counted_as_such() {
        let mut database = Database::open(Path::new(":memory:")).unwrap();
        let rows = [message("1", "old"), message("2", "other"), message("1", "new")];

        let messages = database.write(&rows).unwrap().messages;
        assert_eq!((messages.inserted, messages.updated), (2, 1));

        let text = first_value(&database, "SELECT text FROM messages WHERE id = '1'");
        assert_eq!(text, "new");
    }

    #[test]
    fn a_known_name_is_not_lost_to_an_unknown_one() {
        let mut database = Database::open(Path::new(":memory:")).unwrap();
        let rows = [Some("Ada"), None, Some("Ada B."), None].map(conversation);
        database.write(&rows).unwrap();

        let name = first_value(&database, "SELECT display_name FROM conversations");
        assert_eq!(name, "Ada B.");
    }

    #[test]
    fn a_batch_that_fails_leaves_nothing() {
        let mut database = Database::open(Path::new(":memory:")).unwrap();
        database.connection.execute_batch("DROP TABLE messages").unwrap();

        let error = database.write(&[conversation(None), message("1", "text")]).unwrap_err().to_string();
        assert!(error.contains("cannot write the database :memory:"), "{error}");
        let rows = first_value(&database, "SELECT CAST(count(*) AS TEXT) FROM conversations");
        assert_eq!(rows, "0");
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("notes.txt");
        std::fs::write(&file, "no database, ".repeat(100)).unwrap();

        let error = Database::open(&file).err().unwrap().to_string();
        assert!(error.contains("cannot open the database"), "{error}");
        assert!(error.contains("notes.txt"), "{error}");
    }
}
