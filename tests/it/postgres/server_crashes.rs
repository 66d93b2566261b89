//! The server dies in the middle of a run, and comes back: what was accepted is there, once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use etl_context::{Etl, Event, Extract, Journal, PostgresJournal, Run};

use super::import::PostgresPlace;
use super::patience::eventually;
use super::server::{TestDatabase, database_of_its_own};
use crate::disturbed_import::disturb;

const CRASHES: usize = 20;

fn journal(database: &TestDatabase) -> PostgresJournal {
    PostgresJournal::connect(database.url()).unwrap().key("import")
}

fn rows(events: &[Event]) -> Vec<u64> {
    let cursors = events.iter().filter_map(|event| match event {
        Event::Checkpointed { cursor, .. } => Some(cursor.as_u64().unwrap()),
        _ => None,
    });
    cursors.collect()
}

#[test]
fn a_process_waits_for_a_server_that_crashes_twenty_times() {
    let Some(database) = database_of_its_own() else { return };
    let mut extract = Run::builder("import").journal(journal(&database)).begin::<Etl>().unwrap().start(Extract).unwrap();
    let accepted = AtomicU64::new(0);
    thread::scope(|scope| {
        let crashing = scope.spawn(|| {
            for _ in 0..CRASHES {
                let before = accepted.load(Ordering::Relaxed);
                eventually("the run goes on", || (accepted.load(Ordering::Relaxed) > before + 5).then_some(()));
                database.crash();
            }
        });
        while !crashing.is_finished() {
            extract.checkpoint(&accepted.load(Ordering::Relaxed)).unwrap();
            accepted.fetch_add(1, Ordering::Relaxed);
        }
    });
    drop(extract.complete(()).unwrap());
    let events = journal(&database).load().unwrap();
    assert!(rows(&events).into_iter().eq(0..accepted.into_inner()), "each row once, and in order");
}

#[test]
fn a_new_process_goes_on_after_each_of_twenty_crashes() {
    let Some(database) = database_of_its_own() else { return };
    disturb(CRASHES, || PostgresPlace::new(&database), |place, _| place.database.crash());
}

/// As a database is set up for speed, where the last moments before a crash may be lost.
#[test]
fn what_was_accepted_is_there_whatever_the_database_says_of_commits() {
    let Some(database) = database_of_its_own() else { return };
    database.alter("set synchronous_commit = off");
    let mut extract = Run::builder("import").journal(journal(&database)).begin::<Etl>().unwrap().start(Extract).unwrap();
    (0..3_u64).for_each(|row| extract.checkpoint(&row).unwrap());
    database.crash();
    drop(extract);
    assert_eq!(rows(&journal(&database).load().unwrap()), [0, 1, 2]);
}
