//! SQLite lets one connection write at a time: whoever is kept waiting for too long is told so, and nothing has happened.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use etl_context::{Error, Etl, Extract, Journal, Run};

use super::database_file::DatabaseFile;

#[test]
fn an_event_is_refused_while_another_connection_writes_and_taken_when_it_has_ended() {
    let database = DatabaseFile::new();
    let journal = database.open().busy_timeout(Duration::ZERO);
    let mut extract = Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap();
    let other = database.connection();
    other.execute_batch("begin immediate").unwrap();
    let error = extract.checkpoint(&1).unwrap_err();
    let Error::Journal { source, .. } = &error else { panic!("{error}") };
    assert!(!source.is_in_doubt() && !source.is_ownership_lost());
    let said = source.to_string();
    assert!(said.starts_with(&format!("cannot write to the database `{}`: database is locked", database.given())), "{said}");
    assert!(said.contains("another connection is writing to it; end its transaction"), "{said}");
    other.execute_batch("rollback").unwrap();
    extract.checkpoint(&2).unwrap();
    drop(extract.complete(()).unwrap());
    assert_eq!(database.record("import").unwrap().events(), 4);
}

#[test]
fn whoever_reads_for_long_keeps_nobody_from_writing() {
    let database = DatabaseFile::new();
    let journal = database.open().busy_timeout(Duration::ZERO);
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    let other = database.connection();
    let events = || other.query_row("select events from etl_context_runs", [], |row| row.get::<_, i64>(0)).unwrap();
    other.execute_batch("begin").unwrap();
    assert_eq!(events(), 1);
    let extract = context.start(Extract).unwrap();
    assert_eq!(events(), 1, "it sees what was there when it began");
    other.execute_batch("commit").unwrap();
    assert_eq!(events(), 2);
    drop(extract);
}

#[test]
fn many_may_be_the_first_at_once() {
    const AT_ONCE: usize = 8;
    for _ in 0..5 {
        let database = DatabaseFile::new();
        let start = Barrier::new(AT_ONCE);
        thread::scope(|scope| {
            for number in 0..AT_ONCE {
                let (database, start) = (&database, &start);
                scope.spawn(move || {
                    start.wait();
                    let run = database.begin(&format!("run {number}"));
                    drop(run.start(Extract).unwrap().complete(()).unwrap());
                });
            }
        });
        for number in 0..AT_ONCE {
            assert_eq!(database.record(&format!("run {number}")).unwrap().events(), 3);
        }
    }
}

/// The mode stays with the database: whoever opens it next need not say so again.
#[test]
fn the_log_is_written_ahead() {
    let database = DatabaseFile::new();
    database.open().key("import").load().unwrap();
    let mode: String = database.connection().query_row("pragma journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}
