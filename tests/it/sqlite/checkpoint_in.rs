//! A batch and its cursor are committed together: both are there, or neither is.

use etl_context::{Context, Error, Etl, Extract, MemoryJournal, Run, Running};
use rusqlite::Connection;

use super::database_file::DatabaseFile;

fn extracting(database: &DatabaseFile) -> Context<Running<Extract>> {
    database.begin("import").start(Extract).unwrap()
}

fn target(database: &DatabaseFile) -> Connection {
    let connection = database.connection();
    connection.execute_batch("create table if not exists target (row integer)").unwrap();
    connection
}

fn rows(connection: &Connection) -> i64 {
    connection.query_row("select count(*) from target", [], |row| row.get(0)).unwrap()
}

#[test]
fn the_next_attempt_goes_on_after_the_batches_that_were_committed() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    for attempt in 0..3 {
        let mut extract = extracting(&database);
        let done = extract.resume_point::<i64>().unwrap().unwrap_or(0);
        assert_eq!(done, attempt * 2);
        for batch in done + 1..=done + 2 {
            let transaction = connection.transaction().unwrap();
            transaction.execute("insert into target values (?1)", [batch]).unwrap();
            extract.checkpoint_in(transaction, &batch).unwrap();
        }
        let transaction = connection.transaction().unwrap();
        transaction.execute("insert into target values (0)", []).unwrap();
        // The attempt ends here, between a batch and its checkpoint.
        drop(transaction);
        drop(extract.fail("no connection").unwrap());
    }
    assert_eq!(rows(&connection), 6);
}

#[test]
fn what_is_counted_and_recorded_in_between_stays_in_order() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let mut extract = extracting(&database);
    extract.checkpoint(&1).unwrap();
    extract.checkpoint_in(connection.transaction().unwrap(), &2).unwrap();
    extract.record_error("one bad row").unwrap();
    extract.reject(&7, "another one").unwrap();
    extract.checkpoint_in(connection.transaction().unwrap(), &3).unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.report().rejected().rows(), 1);
    let record = extracted.record().clone();
    drop(extracted);
    assert_eq!((record.events(), database.record("import")), (7, Some(record)));
}

#[test]
fn another_database_or_another_journal_is_refused_and_the_batch_is_rolled_back() {
    let (database, other) = (DatabaseFile::new(), DatabaseFile::new());
    let mut connection = target(&other);
    let in_memory = Run::builder("import").journal(MemoryJournal::new()).begin::<Etl>().unwrap();
    let in_none = Run::builder("import").begin::<Etl>().unwrap();
    for (mut extract, said) in [
        (extracting(&database), "not one of the database that holds the run"),
        (in_memory.start(Extract).unwrap(), "no journal in SQLite"),
        (in_none.start(Extract).unwrap(), "no journal in SQLite"),
    ] {
        let transaction = connection.transaction().unwrap();
        transaction.execute("insert into target values (1)", []).unwrap();
        let error = extract.checkpoint_in(transaction, &1).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!((rows(&connection), extract.resume_point::<u64>().unwrap()), (0, None));
        drop(extract.complete(()).unwrap());
    }
}

#[test]
fn a_cursor_that_json_cannot_hold_is_refused_and_the_batch_is_rolled_back() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let mut extract = extracting(&database);
    let transaction = connection.transaction().unwrap();
    transaction.execute("insert into target values (1)", []).unwrap();
    assert!(matches!(extract.checkpoint_in(transaction, &f64::NAN), Err(Error::NotSerializable { .. })));
    assert_eq!(rows(&connection), 0);
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_commit_that_the_database_refuses_leaves_neither_the_batch_nor_the_checkpoint() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let references = "
        pragma foreign_keys = on;
        create table parent (id integer primary key);
        create table child (id integer references parent (id) deferrable initially deferred)";
    connection.execute_batch(references).unwrap();
    let mut extract = extracting(&database);
    let transaction = connection.transaction().unwrap();
    transaction.execute("insert into child values (7)", []).unwrap();
    let error = extract.checkpoint_in(transaction, &1).unwrap_err();
    assert!(error.to_string().contains("FOREIGN KEY constraint failed"), "{error}");
    assert_eq!(extract.resume_point::<u64>().unwrap(), None);
    extract.checkpoint_in(connection.transaction().unwrap(), &2).unwrap();
    drop(extract.complete(()).unwrap());
    let children: i64 = connection.query_row("select count(*) from child", [], |row| row.get(0)).unwrap();
    assert_eq!((children, database.record("import").unwrap().events()), (0, 4));
}

#[test]
fn two_runs_in_one_database_commit_their_batches_in_turns() {
    let database = DatabaseFile::new();
    drop(target(&database));
    std::thread::scope(|scope| {
        for key in ["one", "two"] {
            let database = &database;
            scope.spawn(move || {
                let mut connection = database.connection();
                let mut extract = database.begin(key).start(Extract).unwrap();
                for batch in 0..50 {
                    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
                    transaction.execute("insert into target values (?1)", [batch]).unwrap();
                    extract.checkpoint_in(transaction, &batch).unwrap();
                }
                drop(extract.complete(()).unwrap());
            });
        }
    });
    assert_eq!(rows(&database.connection()), 100);
    for key in ["one", "two"] {
        assert_eq!(database.record(key).unwrap().events(), 53);
    }
}
