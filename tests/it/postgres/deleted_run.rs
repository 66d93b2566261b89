//! Somebody deletes a run from the tables while it is running.

use std::error::Error as _;
use std::thread;
use std::time::Duration;

use etl_context::{Context, Error, Etl, Extract, LeaseLost, PostgresJournal, PostgresRuns, Run, Running};

use super::patience::eventually;
use super::server::{TestDatabase, database};

const SHORT: Duration = Duration::from_millis(100);
/// So long that it is not renewed before the test ends.
const LONG: Duration = Duration::from_secs(1_000);

fn extracting(database: &TestDatabase, lease: Duration) -> Context<Running<Extract>> {
    let journal = PostgresJournal::connect(database.url()).unwrap().lease(lease);
    Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap()
}

fn delete(database: &TestDatabase) {
    assert_eq!(database.client().execute("delete from etl_context.runs", &[]).unwrap(), 1);
}

/// Whose the run is now, as the one that has lost it is told.
fn told(extract: &mut Context<Running<Extract>>) -> String {
    let error = extract.checkpoint(&1).unwrap_err();
    let Error::Journal { source, .. } = &error else { panic!("{error}") };
    assert!(source.is_ownership_lost(), "{source}");
    source.source().unwrap().downcast_ref::<LeaseLost>().unwrap().now.clone()
}

#[test]
fn it_is_refused_and_does_not_come_back() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database, SHORT);
    delete(&database);
    assert_eq!(told(&mut extract), "the run was deleted");
    drop(extract);
    assert_eq!(PostgresRuns::connect(database.url()).unwrap().list_runs(None, 10).unwrap(), []);
}

#[test]
fn its_phase_is_cancelled() {
    let Some(database) = database() else { return };
    let extract = extracting(&database, SHORT);
    delete(&database);
    eventually("it is cancelled", || extract.is_cancelled().then_some(()));
}

/// The new run has as many events as the old one, and its first owner as well.
#[test]
fn it_does_not_get_into_a_run_that_was_begun_in_its_place() {
    let Some(database) = database() else { return };
    let mut old = extracting(&database, LONG);
    delete(&database);
    let new = extracting(&database, LONG);
    assert!(told(&mut old).starts_with("it belongs to process "));
    drop(old);
    let runs = PostgresRuns::connect(database.url()).unwrap();
    assert_eq!(runs.read(new.record().run_id()).unwrap().as_ref(), Some(new.record()));
    assert!(runs.list_runs(None, 10).unwrap()[0].owner.is_some(), "the new owner has kept it");
}

/// Without a call of its own, and although the new owner has the same epoch.
#[test]
fn its_phase_is_cancelled_when_another_run_was_begun_in_its_place() {
    let Some(database) = database() else { return };
    let old = extracting(&database, SHORT);
    delete(&database);
    let _new = extracting(&database, SHORT);
    eventually("it is cancelled", || old.is_cancelled().then_some(()));
}

/// As it would be with a foreign key, which looks at the events as their owner.
#[test]
fn its_events_go_with_it_by_whoever_may_delete_runs() {
    let Some(database) = database() else { return };
    let extract = extracting(&database, LONG);
    let role = database.role("secret");
    let grants = format!("grant usage on schema etl_context to {0}; grant select, delete on etl_context.runs to {0}", role.0);
    database.client().batch_execute(&grants).unwrap();
    let mut somebody = database.client();
    somebody.batch_execute(&format!("set role {}", role.0)).unwrap();
    assert_eq!(somebody.execute("delete from etl_context.runs", &[]).unwrap(), 1);
    assert_eq!(events(&database), 0);
    drop(extract);
}

#[test]
fn all_events_go_with_all_runs() {
    let Some(database) = database() else { return };
    let _extract = extracting(&database, LONG);
    database.client().execute("truncate etl_context.runs cascade", &[]).unwrap();
    assert_eq!(events(&database), 0);
}

/// An event waits for whoever has deleted the run and not committed that yet, and then there is no run to which it would belong.
#[test]
fn an_event_that_comes_while_it_is_deleted_is_not_left_behind() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database, LONG);
    let mut client = database.client();
    let mut deleting = client.transaction().unwrap();
    assert_eq!(deleting.execute("delete from etl_context.runs", &[]).unwrap(), 1);
    thread::scope(|scope| {
        let checkpoint = scope.spawn(|| told(&mut extract));
        let mut observer = database.client();
        let waiting =
            "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%insert into etl_context.events%'";
        eventually("the event waits", || observer.query_opt(waiting, &[]).unwrap());
        deleting.commit().unwrap();
        assert_eq!(checkpoint.join().unwrap(), "the run was deleted");
    });
    assert_eq!(events(&database), 0);
}

fn events(database: &TestDatabase) -> i64 {
    database.client().query_one("select count(*) from etl_context.events", &[]).unwrap().get(0)
}
