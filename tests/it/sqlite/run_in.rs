//! A closure that works in a transaction: its rows and its end are committed together, and nothing waits for the transaction that it has
//! open itself.

use std::time::{Duration, Instant};

use etl_context::{Context, Error, Etl, Extract, FailureCause, MemoryJournal, PhaseFailure, PhaseStatus, Run, dict};

use super::database_file::DatabaseFile;
use super::target::{rows, target};

#[test]
fn a_closure_commits_its_rows_and_its_end_together_and_is_not_run_again() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    for _ in 0..2 {
        let extract = database.begin("import").phase(Extract);
        let (extracted, result) = extract
            .run_in(&mut connection, |_, transaction| {
                let rows = transaction.execute("insert into target values (1), (2)", [])?;
                Ok::<_, rusqlite::Error>(dict! { "rows": rows })
            })
            .unwrap();
        assert_eq!((&result["rows"], extracted.report().attempt()), (&2.into(), 1));
        assert_eq!(rows(&connection), 2);
    }
}

#[test]
fn a_closure_that_fails_or_panics_leaves_no_row() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let outcome = database.begin("import").phase(Extract).run_in(&mut connection, |_, transaction| {
        transaction.execute("insert into target values (1)", [])?;
        transaction.execute("insert into target values (1)", [])?;
        Ok::<_, rusqlite::Error>(())
    });
    let Err(PhaseFailure::Failed { context, error }) = outcome else { panic!("the second row is refused") };
    assert!(error.to_string().contains("UNIQUE constraint failed"), "{error}");
    assert_eq!(context.report().cause(), Some(FailureCause::Error));
    drop(context);

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let extract = database.begin("import").phase(Extract);
        extract.run_in(&mut connection, |_, transaction| -> rusqlite::Result<()> {
            transaction.execute("insert into target values (1)", [])?;
            panic!("in the middle");
        })
    }));
    assert!(panicked.is_err());
    let record = database.record("import").unwrap();
    let causes: Vec<_> = record.phase("extract").unwrap().reports().iter().map(etl_context::PhaseReport::cause).collect();
    assert_eq!(causes, [Some(FailureCause::Error), Some(FailureCause::Panicked)]);
    assert_eq!(rows(&connection), 0);
}

/// With the usual wait for another connection, of five seconds, each of them would wait for itself.
#[test]
fn what_would_wait_for_the_transaction_is_refused_at_once() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let begun = Instant::now();
    let (extracted, ()) = database
        .begin("import")
        .phase(Extract)
        .run_in(&mut connection, |extract, transaction| {
            transaction.execute("insert into target values (1)", [])?;
            let refused = [extract.checkpoint(&1), extract.record_error("a bad row"), extract.parts(["a"]).map(drop)];
            for refused in refused {
                let error = refused.unwrap_err();
                assert!(error.to_string().contains("the phase works in a transaction"), "{error}");
            }
            // What is not recorded by itself is as ever.
            extract.update_progress(etl_context::Counts { conversations: 0, messages: 1 });
            extract.reject(&"x", "no number").unwrap();
            Ok::<_, rusqlite::Error>(())
        })
        .unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!((extracted.counts().messages, extracted.report().rejected().rows()), (1, 1));
    let mut transform = extracted.start(etl_context::Transform).unwrap();
    transform.checkpoint(&1).unwrap();
    drop(transform.complete(()).unwrap());
}

#[test]
fn another_database_or_another_journal_is_refused_before_the_work() {
    let (database, other) = (DatabaseFile::new(), DatabaseFile::new());
    let mut connection = target(&other);
    let in_memory: Context = Run::builder("import").journal(MemoryJournal::new()).begin::<Etl>().unwrap();
    for (context, said) in
        [(database.begin("import"), "not one of the database that holds the run"), (in_memory, "no journal in SQLite")]
    {
        let outcome =
            context.phase(Extract).run_in(&mut connection, |_, _| -> rusqlite::Result<()> { panic!("it does not run") });
        let Err(PhaseFailure::NotEnded { refused, .. }) = outcome else { panic!("it is refused") };
        let (running, error) = refused.into_parts();
        assert!(matches!(error, Error::Journal { .. }) && error.to_string().contains(said), "{error}");
        assert_eq!(running.status(Extract), PhaseStatus::Running);
        drop(running.complete(()).unwrap());
    }
}

#[test]
fn a_commit_that_the_database_refuses_fails_the_phase() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let late = "
        pragma foreign_keys = on;
        create table late (row integer references target (row) deferrable initially deferred)";
    connection.execute_batch(late).unwrap();
    let outcome = database.begin("import").phase(Extract).run_in(&mut connection, |_, transaction| {
        transaction.execute("insert into late values (7)", [])?;
        Ok::<_, rusqlite::Error>(())
    });
    let Err(PhaseFailure::Failed { context, error }) = outcome else { panic!("the row refers to nothing") };
    assert!(error.to_string().contains("FOREIGN KEY constraint failed"), "{error}");
    let record = context.record().clone();
    drop(context);
    assert_eq!(database.record("import"), Some(record));
}
