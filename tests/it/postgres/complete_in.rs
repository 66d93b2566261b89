//! A phase ends in the transaction of what it loaded: both are there, or neither is.

use std::time::Duration;

use etl_context::{
    Completed, Context, Error, Etl, EtlContext, Extract, FailureCause, Load, MemoryJournal, Phase, PhaseFailure, PhaseStatus,
    PostgresJournal, Run, Running, Transform, dict,
};
use postgres::Client;

use super::extracting::recorded;
use super::server::{TestDatabase, database};

fn begun(database: &TestDatabase) -> Context {
    let journal = PostgresJournal::connect(database.config()).unwrap();
    Run::builder("import").journal(journal).begin::<Etl>().unwrap()
}

fn transformed(context: Context) -> Context<Completed<Transform>> {
    let (extracted, ()) = context.phase(Extract).run(|_| Ok::<_, String>(())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, String>(())).unwrap();
    transformed
}

fn loading(database: &TestDatabase) -> Context<Running<Load>> {
    transformed(begun(database)).start(Load).unwrap()
}

/// A client of the same database, with a table to load into.
fn target(database: &TestDatabase) -> Client {
    let mut client = database.client();
    client.batch_execute("create table if not exists target (row integer primary key)").unwrap();
    client
}

fn rows(database: &TestDatabase) -> i64 {
    target(database).query_one("select count(*) from target", &[]).unwrap().get(0)
}

#[test]
fn the_end_is_recorded_when_the_transaction_is_committed_and_not_before() {
    let Some(database) = database() else { return };
    let (load, mut client) = (loading(&database), target(&database));
    let mut transaction = client.transaction().unwrap();
    transaction.execute("insert into target values (1)", &[]).unwrap();
    let end = load.complete_in(&mut transaction, dict! { "rows": 1 }).unwrap();
    assert!(format!("{end:?}").contains("load"), "{end:?}");
    assert_eq!(recorded(&database).status("load"), PhaseStatus::Running);
    transaction.commit().unwrap();
    assert_eq!(recorded(&database).status("load"), PhaseStatus::Completed);
    let loaded = end.committed().unwrap();
    assert_eq!(loaded.report().result().unwrap()["rows"], 1);
    assert_eq!(loaded.record(), &recorded(&database));
}

#[test]
fn a_run_goes_on_after_a_phase_that_ended_in_a_transaction() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut transaction = client.transaction().unwrap();
    let end = loading(&database).complete_in(&mut transaction, ()).unwrap();
    transaction.commit().unwrap();
    let mut context = end.committed().unwrap().erase();
    context.set_phase_status("load", "failed").unwrap();
    assert_eq!(context.record(), &recorded(&database));
}

#[test]
fn a_transaction_that_was_rolled_back_leaves_the_phase_running() {
    let Some(database) = database() else { return };
    let (load, mut client) = (loading(&database), target(&database));
    let mut transaction = client.transaction().unwrap();
    transaction.execute("insert into target values (1)", &[]).unwrap();
    let end = load.complete_in(&mut transaction, ()).unwrap();
    transaction.rollback().unwrap();
    let (load, error) = end.committed().unwrap_err().into_parts();
    assert!(error.to_string().contains("its transaction was not committed"), "{error}");
    assert_eq!(recorded(&database).status("load"), PhaseStatus::Running);
    drop(load.fail("rolled back").unwrap());
    assert_eq!(recorded(&database).status("load"), PhaseStatus::Failed);
    assert_eq!(rows(&database), 0);
}

#[test]
fn an_end_that_nobody_asks_after_looks_for_itself() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut transaction = client.transaction().unwrap();
    let end = loading(&database).complete_in(&mut transaction, ()).unwrap();
    transaction.rollback().unwrap();
    drop(end);
    let report = recorded(&database).phase("load").unwrap().latest_report().cloned().unwrap();
    assert_eq!(report.cause(), Some(FailureCause::Abandoned));

    let mut transaction = client.transaction().unwrap();
    let end = loading(&database).complete_in(&mut transaction, ()).unwrap();
    transaction.commit().unwrap();
    drop(end);
    assert_eq!(recorded(&database).status("load"), PhaseStatus::Completed);
}

#[test]
fn an_end_that_is_dropped_before_its_transaction_neither_waits_for_it_nor_records_anything() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut transaction = client.transaction().unwrap();
    drop(loading(&database).complete_in(&mut transaction, ()).unwrap());
    drop(transaction);
    assert_eq!(recorded(&database).status("load"), PhaseStatus::Running, "the next owner records it as interrupted");
    let context = begun_when_free(&database);
    assert_eq!(context.recovery().unwrap().interrupted, Some((Load::NAME, 1)));
}

/// The lease of an owner that could not give it back runs out.
fn begun_when_free(database: &TestDatabase) -> EtlContext {
    database.client().execute("update etl_context.runs set expires = clock_timestamp()", &[]).unwrap();
    let journal = PostgresJournal::connect(database.config()).unwrap();
    Run::builder("import").journal(journal).begin_dynamic().unwrap()
}

#[test]
fn whoever_has_lost_the_run_cannot_commit_its_end() {
    let Some(database) = database() else { return };
    let (load, mut client) = (loading(&database), target(&database));
    let other = begun_when_free(&database);
    let mut transaction = client.transaction().unwrap();
    transaction.execute("insert into target values (1)", &[]).unwrap();
    let (load, error) = load.complete_in(&mut transaction, ()).unwrap_err().into_parts();
    let Error::Journal { source, .. } = error else { panic!("{error}") };
    assert!(source.is_ownership_lost(), "{source}");
    assert!(load.is_cancelled());
    drop(transaction);
    assert_eq!((rows(&database), other.get_phase_status("load")), (0, PhaseStatus::Failed));
}

#[test]
fn nobody_takes_the_run_while_its_end_is_being_committed_and_a_transaction_that_stands_still_is_ended() {
    let Some(database) = database() else { return };
    let journal = PostgresJournal::connect(database.config()).unwrap().lease(Duration::from_millis(300));
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    let mut client = target(&database);
    let mut transaction = client.transaction().unwrap();
    transaction.execute("insert into target values (1)", &[]).unwrap();
    let end = transformed(context).start(Load).unwrap().complete_in(&mut transaction, ()).unwrap();
    // The taker gets the run only when the server has ended the transaction.
    let taken = begun_when_free_of_locks(&database);
    assert_eq!(taken.get_phase_status("load"), PhaseStatus::Failed);
    assert!(transaction.commit().is_err());
    assert!(end.committed().is_err());
    assert_eq!(rows(&database), 0);
}

fn begun_when_free_of_locks(database: &TestDatabase) -> EtlContext {
    loop {
        let journal = PostgresJournal::connect(database.config()).unwrap();
        match Run::builder("import").journal(journal).begin_dynamic() {
            Ok(context) => return context,
            Err(Error::Journal { source, .. }) if source.is_owned() => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_transaction_has_to_be_one_of_the_database_that_holds_the_run() {
    let (Some(one), Some(other)) = (database(), database()) else { return };
    // It is refused even if the other database has a run of the same key at the same point.
    let _in_the_other = loading(&other);
    let mut client = other.client();
    let (load, error) = loading(&one).complete_in(&mut client.transaction().unwrap(), ()).unwrap_err().into_parts();
    assert!(error.to_string().contains("not one of the database that holds the run"), "{error}");
    drop(load.complete(()).unwrap());
}

#[test]
fn a_run_with_another_journal_cannot_end_in_a_transaction() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let context = Run::builder("import").journal(MemoryJournal::new()).begin::<Etl>().unwrap();
    let load = transformed(context).start(Load).unwrap();
    let (load, error) = load.complete_in(&mut client.transaction().unwrap(), ()).unwrap_err().into_parts();
    assert!(error.to_string().contains("no journal in PostgreSQL"), "{error}");
    drop(load.complete(()).unwrap());
}

#[test]
fn a_closure_commits_its_rows_and_its_end_together_and_is_not_run_again() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    for _ in 0..2 {
        let (loaded, result) = transformed(begun(&database))
            .phase(Load)
            .run_in(&mut client, |_, transaction| {
                let rows = transaction.execute("insert into target values (1), (2)", &[])?;
                Ok::<_, postgres::Error>(dict! { "rows": rows })
            })
            .unwrap();
        assert_eq!((&result["rows"], loaded.report().attempt()), (&2.into(), 1));
        assert_eq!(rows(&database), 2);
    }
}

#[test]
fn a_closure_that_fails_leaves_no_row() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let outcome = transformed(begun(&database)).phase(Load).run_in(&mut client, |_, transaction| {
        transaction.execute("insert into target values (1)", &[])?;
        transaction.execute("insert into target values (1)", &[])?;
        Ok::<_, postgres::Error>(())
    });
    let Err(PhaseFailure::Failed { context, error }) = outcome else { panic!("the second row is refused") };
    assert!(error.as_db_error().unwrap().message().contains("duplicate key"));
    assert_eq!((rows(&database), context.record()), (0, &recorded(&database)));
}

#[test]
fn a_commit_that_the_database_refuses_fails_the_phase() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    client.batch_execute("create table late (row integer references target (row) deferrable initially deferred)").unwrap();
    let outcome = transformed(begun(&database)).phase(Load).run_in(&mut client, |_, transaction| {
        transaction.execute("insert into late values (7)", &[])?;
        Ok::<_, postgres::Error>(())
    });
    let Err(PhaseFailure::Failed { context, error }) = outcome else { panic!("the row refers to nothing") };
    assert!(error.as_db_error().unwrap().message().contains("foreign key"), "{error:?}");
    assert_eq!(context.record(), &recorded(&database));
    assert_eq!(context.status(Load), PhaseStatus::Failed);
}
