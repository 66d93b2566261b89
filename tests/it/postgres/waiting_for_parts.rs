//! Who finds no part waits, until there is one or all have ended.

use std::sync::mpsc;
use std::thread;

use etl_context::{Counts, Extract, Part, PhaseStatus, PostgresRuns};

use super::extracting::{extracting, worker};
use super::patience::eventually;
use super::server::{TestDatabase, database};

#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn read_month(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(Counts { conversations: 1, messages: part.name()[5..].parse().unwrap() });
    Ok(())
}

/// Somebody wanted a part, got none, and has asked whether there are any.
fn somebody_waits(database: &TestDatabase) {
    const HAS_ASKED: &str = "
        select 1 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and query like '%select exists (select from etl_context.parts%'";
    let mut client = database.client();
    eventually("somebody waits for a part", || client.query_opt(HAS_ASKED, &[]).unwrap());
}

#[test]
fn a_worker_elsewhere_waits_until_parts_are_registered() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    thread::scope(|scope| {
        let working = scope.spawn(|| worker(&database).work(Extract, read_month).unwrap());
        somebody_waits(&database);
        let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
        assert_eq!(working.join().unwrap(), 2);
        parts.finish().unwrap();
    });
    drop(extract.complete(()).unwrap());
}

#[test]
fn work_waits_while_another_has_the_last_part() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01"]).unwrap();
    thread::scope(|scope| {
        let held = parts.claim().unwrap().unwrap();
        let waiting = scope.spawn(|| parts.work(read_month).unwrap());
        somebody_waits(&database);
        held.give_back().unwrap();
        assert_eq!(waiting.join().unwrap(), 1);
    });
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

#[test]
fn what_ended_elsewhere_is_recorded_meanwhile() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let run = extract.record().run_id();
    let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
    thread::scope(|scope| {
        let (has_the_last, hear) = mpsc::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        let database = &database;
        scope.spawn(move || {
            let work = |part: &mut Part<'_>| {
                if part.name() == "2024-02" {
                    has_the_last.send(()).unwrap();
                    wait.recv().unwrap();
                }
                read_month(part)
            };
            worker(database).work(Extract, work).unwrap();
        });
        hear.recv().unwrap();
        let waiting = scope.spawn(|| parts.work(read_month).unwrap());
        let runs = PostgresRuns::connect(database.config()).unwrap();
        eventually("the first part is recorded", || {
            let record = runs.read(run).unwrap().unwrap();
            let first = record.phase("extract").unwrap().part("2024-01").unwrap();
            (first.status() == PhaseStatus::Completed).then_some(())
        });
        go_on.send(()).unwrap();
        assert_eq!(waiting.join().unwrap(), 0);
    });
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}
