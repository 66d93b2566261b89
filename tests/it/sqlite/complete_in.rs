//! A phase ends in the transaction of what it loaded: both are there, or neither is.

use std::thread;
use std::time::{Duration, Instant};

use etl_context::{
    Completed, Context, Error, Etl, Extract, FailureCause, Load, MemoryJournal, PhaseStatus, Run, Running, Transform, dict,
};
use rusqlite::{Connection, TransactionBehavior};

use super::database_file::DatabaseFile;
use super::target::{rows, target};

fn transformed(context: Context) -> Context<Completed<Transform>> {
    let (extracted, ()) = context.phase(Extract).run(|_| Ok::<_, String>(())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, String>(())).unwrap();
    transformed
}

fn loading(database: &DatabaseFile) -> Context<Running<Load>> {
    transformed(database.begin("import")).start(Load).unwrap()
}

/// A connection to the same database, with a table to load into.
fn status(connection: &Connection) -> String {
    connection.query_row("select status from etl_context_runs", [], |row| row.get(0)).unwrap()
}

#[test]
fn the_end_is_recorded_when_the_transaction_is_committed_and_not_before() {
    let database = DatabaseFile::new();
    let (load, mut connection, other) = (loading(&database), target(&database), database.connection());
    let transaction = connection.transaction().unwrap();
    transaction.execute("insert into target values (1)", []).unwrap();
    let end = load.complete_in(&transaction, dict! { "rows": 1 }).unwrap();
    assert_eq!((status(&other), rows(&other)), ("running".to_owned(), 0));
    transaction.commit().unwrap();
    assert_eq!((status(&other), rows(&other)), ("completed".to_owned(), 1));
    let loaded = end.committed().unwrap();
    assert_eq!(loaded.report().result().unwrap()["rows"], 1);
    let record = loaded.record().clone();
    drop(loaded);
    assert_eq!(database.record("import"), Some(record));
}

#[test]
fn a_transaction_that_is_rolled_back_leaves_the_phase_running() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    for explicitly in [true, false] {
        let load = loading(&database);
        let transaction = connection.transaction().unwrap();
        transaction.execute("insert into target values (1)", []).unwrap();
        let end = load.complete_in(&transaction, ()).unwrap();
        if explicitly {
            transaction.rollback().unwrap();
        } else {
            drop(transaction);
        }
        let (mut load, error) = end.committed().unwrap_err().into_parts();
        assert!(error.to_string().ends_with("its transaction was not committed"), "{error}");
        load.checkpoint(&1).unwrap();
        drop(load.fail("no rows").unwrap());
        assert_eq!(rows(&connection), 0);
    }
}

#[test]
fn a_run_goes_on_after_a_phase_that_ended_in_a_transaction() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let extract = database.begin("import").start(Extract).unwrap();
    let transaction = connection.transaction().unwrap();
    let end = extract.complete_in(&transaction, ()).unwrap();
    transaction.commit().unwrap();
    let mut transform = end.committed().unwrap().start(Transform).unwrap();
    transform.checkpoint(&1).unwrap();
    drop(transform.complete(()).unwrap());
    assert_eq!(database.record("import").unwrap().events(), 6);
}

#[test]
fn the_transaction_has_to_be_one_of_the_database_that_holds_the_run() {
    let (one, other) = (DatabaseFile::new(), DatabaseFile::new());
    // It is refused even if the other database has a run of the same key at the same point.
    let _in_the_other = loading(&other);
    let mut load = loading(&one);
    let mut in_memory = Connection::open_in_memory().unwrap();
    let mut attached = Connection::open_in_memory().unwrap();
    attached.execute("attach ?1 as runs", [one.given()]).unwrap();
    let mut connection = other.connection();
    for connection in [&mut connection, &mut in_memory, &mut attached] {
        let transaction = connection.transaction().unwrap();
        let (running, error) = load.complete_in(&transaction, ()).unwrap_err().into_parts();
        let said = format!("not one of the database that holds the run, which is `{}`", one.given());
        assert!(error.to_string().ends_with(&said), "{error}");
        transaction.commit().unwrap();
        load = running;
    }
    drop(load.complete(()).unwrap());
    assert_eq!(other.connection().query_row("select events from etl_context_runs", [], |row| row.get::<_, i64>(0)), Ok(6));
}

#[test]
fn a_database_is_the_same_by_whatever_name_it_is_opened() {
    let database = DatabaseFile::new();
    let load = loading(&database);
    let link = database.folder().join("link.db");
    std::os::unix::fs::symlink(database.path(), &link).unwrap();
    let mut connection = Connection::open(link).unwrap();
    let transaction = connection.transaction().unwrap();
    let end = load.complete_in(&transaction, ()).unwrap();
    transaction.commit().unwrap();
    drop(end.committed().unwrap());
}

#[test]
fn a_run_with_another_journal_cannot_end_in_a_transaction() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    for recorded in [true, false] {
        let builder = Run::builder("import");
        let builder = if recorded { builder.journal(MemoryJournal::new()) } else { builder };
        let load = transformed(builder.begin::<Etl>().unwrap()).start(Load).unwrap();
        let transaction = connection.transaction().unwrap();
        let (load, error) = load.complete_in(&transaction, ()).unwrap_err().into_parts();
        assert!(error.to_string().contains("no journal in SQLite, which a transaction could write to"), "{error}");
        drop(load.complete(()).unwrap());
    }
}

#[test]
fn an_end_that_is_refused_leaves_nothing_of_it_in_the_transaction() {
    let database = DatabaseFile::new();
    let (load, mut connection) = (loading(&database), target(&database));
    let transaction = connection.transaction().unwrap();
    // Somebody has numbered an event that is not there: the row of the run can be written, and that of the event cannot.
    let taken = "insert into etl_context_events select run_id, events, 'x' from etl_context_runs";
    transaction.execute(taken, []).unwrap();
    let (load, error) = load.complete_in(&transaction, ()).unwrap_err().into_parts();
    assert!(error.to_string().contains("cannot write in a transaction to the database"), "{error}");
    transaction.execute("delete from etl_context_events where line = 'x'", []).unwrap();
    transaction.execute("insert into target values (1)", []).unwrap();
    transaction.commit().unwrap();
    drop(load.complete(()).unwrap());
    assert_eq!(database.record("import").unwrap().status("load"), PhaseStatus::Completed);
}

#[test]
fn a_transaction_that_began_before_the_latest_event_is_told_how_to_begin() {
    let database = DatabaseFile::new();
    let (mut load, mut connection) = (loading(&database), target(&database));
    let transaction = connection.transaction().unwrap();
    assert_eq!(rows(&transaction), 0);
    load.checkpoint(&1).unwrap();
    let (load, error) = load.complete_in(&transaction, ()).unwrap_err().into_parts();
    assert!(error.to_string().contains("begin it with `TransactionBehavior::Immediate`"), "{error}");
    drop(transaction);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let end = load.complete_in(&transaction, ()).unwrap();
    transaction.commit().unwrap();
    drop(end.committed().unwrap());
}

/// The usual wait for another connection, of five seconds, would be one for oneself.
#[test]
fn who_asks_before_the_commit_is_told_so_and_the_next_process_finds_out() {
    let database = DatabaseFile::new();
    let (load, mut connection) = (loading(&database), target(&database));
    let transaction = connection.transaction().unwrap();
    transaction.execute("insert into target values (1)", []).unwrap();
    let end = load.complete_in(&transaction, ()).unwrap();
    let asked = Instant::now();
    let (load, error) = end.committed().unwrap_err().into_parts();
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    let Error::Journal { refused, source, .. } = &error else { panic!("{error}") };
    assert!(source.is_in_doubt() && refused.contains("it is not known whether the event `phase_ended`"), "{error}");
    drop(load);
    transaction.commit().unwrap();
    assert_eq!(database.record("import").unwrap().status("load"), PhaseStatus::Completed);
}

#[test]
fn an_end_that_is_dropped_before_its_transaction_records_nothing() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let transaction = connection.transaction().unwrap();
    drop(loading(&database).complete_in(&transaction, ()).unwrap());
    drop(transaction);
    let record = database.begin("import").record().clone();
    let load = record.phase("load").unwrap().latest_report().unwrap();
    assert_eq!((load.status(), load.cause()), (PhaseStatus::Failed, Some(FailureCause::Interrupted)));
}

#[test]
fn an_end_that_is_dropped_after_its_transaction_is_what_that_was() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    for (commit, expected) in [(false, PhaseStatus::Failed), (true, PhaseStatus::Completed)] {
        let load = loading(&database);
        let transaction = connection.transaction().unwrap();
        let end = load.complete_in(&transaction, ()).unwrap();
        if commit {
            transaction.commit().unwrap();
        } else {
            drop(transaction);
        }
        drop(end);
        let record = database.record("import").unwrap();
        assert_eq!(record.phase("load").unwrap().latest_report().unwrap().status(), expected);
    }
}

#[test]
fn the_commit_may_be_made_by_another_thread_and_is_waited_for() {
    let database = DatabaseFile::new();
    let load = loading(&database);
    let mut connection = target(&database);
    thread::scope(|scope| {
        let transaction = connection.transaction().unwrap();
        let end = load.complete_in(&transaction, ()).unwrap();
        let asks = scope.spawn(move || end.committed().map(drop).map_err(Error::from));
        transaction.commit().unwrap();
        asks.join().unwrap().unwrap();
    });
    assert_eq!(database.record("import").unwrap().status("load"), PhaseStatus::Completed);
}

/// What its own commit does not sync, the journal's next one does, before anybody is told.
#[test]
fn a_connection_that_does_not_sync_may_end_a_phase_as_well() {
    let database = DatabaseFile::new();
    let load = loading(&database);
    let mut connection = target(&database);
    connection.execute_batch("pragma synchronous = off").unwrap();
    let transaction = connection.transaction().unwrap();
    let end = load.complete_in(&transaction, ()).unwrap();
    transaction.commit().unwrap();
    drop(end.committed().unwrap());
    assert_eq!(database.record("import").unwrap().status("load"), PhaseStatus::Completed);
}

#[test]
fn a_run_that_was_deleted_does_not_end() {
    let database = DatabaseFile::new();
    let load = loading(&database);
    let mut connection = target(&database);
    connection.execute("delete from etl_context_runs", []).unwrap();
    let transaction = connection.transaction().unwrap();
    let (load, error) = load.complete_in(&transaction, ()).unwrap_err().into_parts();
    assert!(error.to_string().contains("it was deleted"), "{error}");
    assert!(load.is_cancelled());
}
