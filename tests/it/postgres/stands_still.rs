//! A connection that stays open and passes nothing on keeps nobody waiting, and no owner in the belief that it still is one.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use etl_context::{Context, Error, Etl, Extract, PostgresJournal, PostgresRuns, PostgresWorker, Run, Running};

use super::patience::{eventually, when_free};
use super::relay::Relay;
use super::server::{TestDatabase, database};

const LEASE: Duration = Duration::from_secs(1);

fn extracting(journal: PostgresJournal) -> Context<Running<Extract>> {
    Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap()
}

fn journal(relay: &Relay) -> PostgresJournal {
    PostgresJournal::connect(relay.config()).unwrap().lease(LEASE)
}

/// Another owner, as soon as the lease has run out in the database.
fn next_owner(database: &TestDatabase) -> Context<Running<Extract>> {
    extracting(when_free(PostgresJournal::connect(database.config()).unwrap().key("import")).unwrap())
}

#[test]
fn an_owner_that_hears_nothing_is_cancelled_and_told_so() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let extract = extracting(journal(&relay));
    relay.stand_still();
    let next = next_owner(&database);
    eventually("it is cancelled", || extract.is_cancelled().then_some(()));
    let refused = extract.complete(()).unwrap_err();
    let Error::Journal { source, .. } = refused.error() else { panic!("{refused}") };
    assert!(source.is_ownership_lost(), "{refused}");
    let expected = "the lease on run `import` was lost: the database was not heard of for 1s, so that somebody else may have it";
    assert_eq!(source.to_string(), expected);
    drop(refused);
    agrees(&database, &next);
}

/// What the next owner wrote is all that was written since, also when what was on its way arrives at last.
fn agrees(database: &TestDatabase, next: &Context<Running<Extract>>) {
    let runs = PostgresRuns::connect(database.config()).unwrap();
    assert_eq!(runs.read(next.record().run_id()).unwrap().as_ref(), Some(next.record()));
}

#[test]
fn a_call_that_hears_nothing_returns_in_doubt() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let mut extract = extracting(journal(&relay));
    relay.stand_still();
    let Error::Journal { source, .. } = extract.checkpoint(&1).unwrap_err() else { panic!("another error") };
    assert!(source.is_in_doubt() && source.to_string().ends_with(": it has said nothing for 6 seconds"), "{source}");
    assert!(extract.is_cancelled());
    let next = next_owner(&database);
    relay.go_on();
    drop(extract);
    agrees(&database, &next);
}

#[test]
fn whoever_connects_and_hears_nothing_is_told_so() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    relay.stand_still();
    let config = relay.config();
    let silent = format!("host={} user={} dbname={} connect_timeout=1", config.host, config.user, config.dbname);
    let error = PostgresJournal::connect(silent).unwrap_err();
    assert!(error.to_string().ends_with(": it has said nothing for 6 seconds"), "{error}");
    assert!(!error.is_in_doubt());
}

/// A database that takes longer for an event than the lease lasts.
const SLOW: &str = "
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(2.5); return new; end $$;
    create trigger slow before insert on etl_context.events for each row execute function slow()";

#[test]
fn a_call_that_takes_long_does_not_keep_the_lease_from_being_renewed() {
    let Some(database) = database() else { return };
    let mut extract = extracting(PostgresJournal::connect(database.config()).unwrap().lease(LEASE));
    database.client().batch_execute(SLOW).unwrap();
    extract.checkpoint(&1).unwrap();
    assert!(!extract.is_cancelled());
    database.client().batch_execute("drop trigger slow on etl_context.events").unwrap();
    extract.checkpoint(&2).unwrap();
}

#[test]
fn a_worker_that_hears_nothing_has_lost_its_part() {
    let Some(database) = database() else { return };
    let mut extract = extracting(PostgresJournal::connect(database.config()).unwrap());
    let parts = extract.parts(["2024-01"]).unwrap();
    let relay = Relay::to(&database);
    thread::scope(|scope| {
        let worker = PostgresWorker::connect(relay.config(), "import").unwrap().lease(LEASE);
        let (claimed, is_claimed) = mpsc::channel();
        let working = scope.spawn(move || {
            worker.work(Extract, |part| -> Result<(), String> {
                relay.stand_still();
                claimed.send(()).unwrap();
                eventually("the part is lost", || part.is_cancelled().then_some(()));
                Err("it was cancelled".to_owned())
            })
        });
        is_claimed.recv().unwrap();
        // Somebody else gets it.
        assert_eq!(parts.work(|_| Ok::<_, String>(())).unwrap(), 1);
        assert!(matches!(working.join().unwrap().unwrap_err(), Error::Journal { .. }));
    });
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}
