//! The journal in SQLite keeps the promises of a journal.

use etl_context::SqliteJournal;
use etl_context::journal::contract;

use super::database_file::DatabaseFile;

#[test]
fn the_journal_in_sqlite_keeps_them() {
    contract::check(|| {
        let database = DatabaseFile::new();
        move || database.try_open()
    })
    .unwrap();
}

#[test]
fn so_it_does_beside_other_runs_in_one_file() {
    let database = DatabaseFile::new();
    let mut runs = 0;
    contract::check(|| {
        runs += 1;
        let (path, key) = (database.path().to_owned(), format!("run/{runs}"));
        move || Ok(SqliteJournal::open(&path)?.key(&key))
    })
    .unwrap();
    let runs: i64 = database.connection().query_row("select count(*) from etl_context_runs", [], |row| row.get(0)).unwrap();
    assert_eq!(runs, 6, "all but the empty one");
}
