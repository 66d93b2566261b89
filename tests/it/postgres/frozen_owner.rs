//! An owner that stands still for longer than its lease loses the run if somebody takes it, and only then.

use std::error::Error as _;
use std::process::Command;
use std::time::Duration;

use etl_context::{Context, Error, Etl, Extract, Journal, LeaseLost, PostgresJournal, PostgresRuns, Run, RunRecord, Running};

use super::patience::{eventually, when_free};
use super::server::{TestDatabase, database};
use crate::child::{self, Child};

const LEASE: Duration = Duration::from_millis(300);

fn journal(url: &str) -> PostgresJournal {
    PostgresJournal::connect(url).unwrap().key("import").lease(LEASE)
}

fn extracting(journal: PostgresJournal) -> Context<Running<Extract>> {
    Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap()
}

#[test]
#[ignore = "the part of the process that owns the run"]
fn owner() {
    let Some(url) = child::given() else { return };
    let mut extract = extracting(journal(&url));
    child::say("running");
    while let Some(word) = child::listen() {
        match word.as_str() {
            "record" => child::say(&recorded(&mut extract)),
            // Without a call of its own.
            _ => eventually("it is cancelled", || extract.is_cancelled().then(|| child::say("cancelled"))),
        }
    }
}

/// What came of a checkpoint.
fn recorded(extract: &mut Context<Running<Extract>>) -> String {
    let Err(error) = extract.checkpoint(&"late") else { return "recorded".to_owned() };
    let Error::Journal { source, .. } = &error else { panic!("{error}") };
    let lost = source.source().and_then(|source| source.downcast_ref::<LeaseLost>()).expect("the lease was lost");
    assert!(source.is_ownership_lost());
    assert_eq!(lost.key, "import");
    format!("cancelled {}, {}", extract.is_cancelled(), lost.now)
}

fn running_owner(database: &TestDatabase) -> Child {
    let mut owner = Child::start(module_path!(), "owner", &database.url());
    assert_eq!(owner.hear().as_deref(), Some("running"));
    owner
}

fn signal(process: &Child, signal: &str) {
    // Every shell has `kill`, and not every system has it as a program.
    let kill = format!("kill {signal} {}", process.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

fn read(database: &TestDatabase) -> RunRecord {
    let runs = PostgresRuns::connect(database.url()).unwrap();
    runs.read(runs.list_runs("import", 1).unwrap()[0].run_id).unwrap().unwrap()
}

/// Takes the run from a frozen owner, and goes on with it.
fn take_over(database: &TestDatabase, frozen: &Child) -> Context<Running<Extract>> {
    signal(frozen, "-STOP");
    let mut extract = extracting(when_free(journal(&database.url())).unwrap());
    extract.checkpoint(&"early").unwrap();
    extract
}

/// The epochs of the events, each once, in the order of the events.
fn epochs(database: &TestDatabase) -> Vec<i64> {
    let rows = database.client().query("select epoch from etl_context.events order by seq", &[]).unwrap();
    let mut epochs: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    epochs.dedup();
    epochs
}

/// Nothing of the first owner follows what the second one has written.
fn nothing_of_it_follows(database: &TestDatabase, extract: &Context<Running<Extract>>) {
    assert_eq!(read(database), *extract.record());
    assert_eq!(epochs(database).len(), 2);
    assert!(epochs(database).is_sorted());
}

#[test]
fn an_owner_that_was_frozen_and_replaced_is_refused() {
    let Some(database) = database() else { return };
    let mut first = running_owner(&database);
    let extract = take_over(&database, &first);
    signal(&first, "-CONT");
    first.tell("record");
    let told = first.hear().unwrap();
    let expected = format!("cancelled true, it belongs to process {} on host ", std::process::id());
    assert!(told.starts_with(&expected), "{told}");
    // When it ends, it also tries to record that its phase was abandoned.
    assert!(first.end().success());
    nothing_of_it_follows(&database, &extract);
}

/// Then the number of its event is still the next one.
#[test]
fn an_owner_that_was_replaced_is_refused_before_the_new_one_has_written_anything() {
    let Some(database) = database() else { return };
    let mut first = running_owner(&database);
    signal(&first, "-STOP");
    let mut second = when_free(journal(&database.url())).unwrap();
    let events = second.load().unwrap();
    signal(&first, "-CONT");
    first.tell("record");
    assert!(first.hear().unwrap().starts_with("cancelled true, it belongs to process "));
    assert!(first.end().success());
    assert_eq!(second.load().unwrap(), events);
}

#[test]
fn the_phase_of_an_owner_that_was_replaced_is_cancelled_without_a_call_of_its_own() {
    let Some(database) = database() else { return };
    let mut first = running_owner(&database);
    first.tell("watch");
    let extract = take_over(&database, &first);
    signal(&first, "-CONT");
    assert_eq!(first.hear().as_deref(), Some("cancelled"));
    assert!(first.end().success());
    nothing_of_it_follows(&database, &extract);
}

/// Whoever waits for a run opens its journal before there is a run to stop.
#[test]
fn a_phase_is_cancelled_as_well_if_the_run_was_taken_before_it_was_opened() {
    let Some(database) = database() else { return };
    let extract = extracting(when_free(journal(&database.url())).unwrap());
    database.client().execute("update etl_context.runs set owner = 'somebody else', epoch = epoch + 1", &[]).unwrap();
    eventually("it is cancelled", || extract.is_cancelled().then_some(()));
}

/// Between two phases, too, it is told who has the run, and not merely that it was asked to stop.
#[test]
fn a_phase_that_starts_after_the_run_was_taken_is_told_so() {
    let Some(database) = database() else { return };
    let context = Run::builder("import").journal(when_free(journal(&database.url())).unwrap()).begin::<Etl>().unwrap();
    database.client().execute("update etl_context.runs set owner = 'somebody else', epoch = epoch + 1", &[]).unwrap();
    let stopper = context.stopper();
    eventually("it is cancelled", || stopper.is_stopped().then_some(()));
    let refused = context.start(Extract).unwrap_err();
    assert!(matches!(refused.error(), Error::Journal { source, .. } if source.is_ownership_lost()), "{refused}");
}

#[test]
fn an_owner_that_was_frozen_and_not_replaced_goes_on() {
    let Some(database) = database() else { return };
    let runs = PostgresRuns::connect(database.url()).unwrap();
    let owned_by = || runs.list_runs("import", 1).unwrap().remove(0).owner;
    let mut owner = running_owner(&database);
    let before = eventually("it owns the run", owned_by);
    signal(&owner, "-STOP");
    eventually("the lease ends", || owned_by().is_none().then_some(()));
    signal(&owner, "-CONT");
    owner.tell("record");
    assert_eq!(owner.hear().as_deref(), Some("recorded"));
    assert_eq!(eventually("the lease is renewed", owned_by), before);
    assert_eq!(epochs(&database).len(), 1);
    assert!(owner.end().success());
}
