//! The table of runs says of each what the run says itself, so that nobody has to read its events.

use std::sync::atomic::{AtomicU32, Ordering};

use etl_context::{Etl, Event, PhaseName, Run, RunRecord, pipeline};
use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::test_runner::TestRunner;

use super::database_file::DatabaseFile;
use crate::properties::{call, make};
use crate::random_moves::move_at_random;

fn listed<'a>(phases: impl IntoIterator<Item = &'a PhaseName>) -> Option<String> {
    let names: Vec<_> = phases.into_iter().map(PhaseName::as_str).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The row of the run with this key is what its record says.
#[track_caller]
fn agrees(connection: &rusqlite::Connection, key: &str, record: &RunRecord) {
    const ROW: &str = "select run_id, name, events, status, next, running, began, latest from etl_context_runs where key = ?1";
    let row: Vec<Option<String>> = connection
        .query_row(&ROW.replace("events", "cast(events as text)"), [key], |row| (0..8).map(|column| row.get(column)).collect())
        .unwrap();
    let expected = [
        Some(record.run_id().to_string()),
        Some(record.name().to_owned()),
        Some(record.events().to_string()),
        Some(record.run_status().to_string()),
        listed(record.next_phases()),
        listed(record.running_phases()),
        Some(record.start_time().to_string()),
    ];
    assert_eq!(row[..7], expected);
    let latest = "select json_extract(line, '$.time') from etl_context_events where run_id = ?1 order by seq desc limit 1";
    let latest: String = connection.query_row(latest, [row[0].as_deref()], |row| row.get(0)).unwrap();
    assert_eq!(row[7].as_deref(), Some(latest.as_str()));
}

#[test]
fn it_agrees_after_any_calls_of_the_dynamic_face() {
    let database = DatabaseFile::new();
    let (connection, begun) = (database.connection(), AtomicU32::new(0));
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&vec(call(), 1..25), |calls| {
        let key = format!("run {}", begun.fetch_add(1, Ordering::Relaxed));
        let mut run = Run::builder("import").journal(database.open().key(&key)).begin_dynamic().unwrap();
        for call in calls {
            // A refused call changes nothing, which is seen as well.
            let _ = make(call, &mut run);
            agrees(&connection, &key, run.record());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn it_agrees_whatever_is_done_in_a_pipeline_also_by_several_processes() {
    let database = DatabaseFile::new();
    let connection = database.connection();
    for seed in 0..8 {
        let key = seed.to_string();
        let begin = || Run::builder("nightly").journal(database.open().key(&key)).begin::<Etl>().unwrap().erase();
        move_at_random(seed, begin, |record| agrees(&connection, &key, record));
    }
}

pipeline! {
    Forked {
        Orders = "orders" after Idle;
        Prices = "prices" after Idle;
        Merge = "merge" after (Orders, Prices);
    }
}

/// What the events add up to: a branch knows less than that.
fn replayed(connection: &rusqlite::Connection) -> RunRecord {
    let mut lines = connection.prepare("select line from etl_context_events order by seq").unwrap();
    let lines: Vec<String> = lines.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let events: Vec<_> = (0..).zip(&lines).map(|(sequence, line)| Event::from_line(sequence, line).unwrap()).collect();
    RunRecord::replay(&events).unwrap()
}

#[test]
fn it_agrees_while_phases_run_side_by_side() {
    let database = DatabaseFile::new();
    let connection = database.connection();
    let agrees = || agrees(&connection, "nightly", &replayed(&connection));
    let running = || replayed(&connection).running_phases().count();
    let context = Run::builder("nightly").journal(database.open()).begin::<Forked>().unwrap();
    let [orders, prices] = context.fork();
    let orders = orders.start(Orders).unwrap();
    agrees();
    let prices = prices.start(Prices).unwrap();
    assert_eq!(running(), 2);
    agrees();
    let orders = orders.complete(()).unwrap();
    assert_eq!(running(), 1);
    agrees();
    let joined = orders.join(prices.complete(()).unwrap()).unwrap();
    agrees();
    drop(joined.start(Merge).unwrap().complete(()).unwrap());
    agrees();
}
