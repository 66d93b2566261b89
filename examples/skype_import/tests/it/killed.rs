//! An import is killed, and the same command goes on: with its record in the database, no batch is written twice.

use std::path::Path;
use std::process::Stdio;

use etl_context::{Counts, FailureCause, Journal, RunRecord, SqliteJournal};
use rusqlite::Connection;

use crate::place::Place;

fn in_file(place: &Place) -> Option<RunRecord> {
    RunRecord::read(place.path("run.jsonl")).ok().flatten()
}

fn recorded_in_file(place: &Place) -> u64 {
    in_file(place).map_or(0, |record| record.events())
}

/// How many events there are of all runs.
fn recorded_in_database(place: &Place) -> u64 {
    let connection = Connection::open(place.path("killed.db")).unwrap();
    let events = connection.query_row("select coalesce(sum(events), 0) from etl_context_runs", [], |row| row.get::<_, i64>(0));
    events.map_or(0, i64::unsigned_abs)
}

/// Starts the import and kills it as soon as it has recorded so many events of its own; false if it had ended before.
fn try_to_kill(place: &Place, written: fn(&Place) -> u64, events: u64, arguments: &[&str]) -> bool {
    let before = written(place);
    let mut command = place.command("skype_import", arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while written(place) < before + events {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

fn kill_after(place: &Place, written: fn(&Place) -> u64, events: u64, arguments: &[&str]) {
    assert!(try_to_kill(place, written, events, arguments), "the import ended before it was killed");
}

/// How many attempts at the phase were interrupted.
fn interrupted(record: &RunRecord, phase: &str) -> usize {
    let reports = record.phase(phase).unwrap().reports();
    reports.iter().filter(|report| report.cause() == Some(FailureCause::Interrupted)).count()
}

/// Everything that is in the database, as text.
fn contents(file: &Path) -> Vec<String> {
    let connection = Connection::open(file).unwrap();
    let rows = |table: &str, columns: &str| {
        let mut query = connection.prepare(&format!("select {columns} from {table} order by 1")).unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    let messages =
        "json_array(conversation_id, id, sender, sent_at, type, text, content, edited_at, deleted_at, version, replaces)";
    let named = "json_array(id, display_name)";
    [rows("conversations", named), rows("people", named), rows("messages", messages)].concat()
}

#[test]
fn an_import_that_is_killed_again_and_again_ends_as_an_undisturbed_one() {
    let place = Place::new();
    place.run("generate_export", &["--conversations", "100", "--messages", "100000", "--seed", "3", "--output", "export.json"]);
    place.import_well(&["export.json", "--db", "clean.db"]);

    let arguments = ["export.json", "--db", "killed.db", "--journal", "run.jsonl"];
    // Twice in the extraction, twice in the transformation, then as the load begins. A process that goes on first records the
    // interruption and its own start.
    for events in [2, 2, 4, 2, 4] {
        kill_after(&place, recorded_in_file, events, &arguments);
    }
    // And nine times in the load: before its next batch of ten, and after one and two of them.
    for kill in 0..9 {
        kill_after(&place, recorded_in_file, 2 + kill % 3, &arguments);
    }
    let output = place.import(&arguments);
    assert!(output.status.success(), "{output:?}");
    assert!(contents(&place.path("killed.db")) == contents(&place.path("clean.db")), "the databases differ");
    // Each attempt at the load goes on from the counts of the one before.
    let load = in_file(&place).unwrap().phase("load").unwrap().latest_report().unwrap().counts();
    assert_eq!(load, Counts { conversations: 100, messages: 100_000 });
    let interruptions = ["extract", "transform", "load"].map(|phase| interrupted(&in_file(&place).unwrap(), phase));
    println!("interrupted attempts at extract, transform and load: {interruptions:?}");
    assert!(interruptions[0] >= 1 && interruptions[1] >= 1 && interruptions[2] >= 9, "{interruptions:?}");
}

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/messages.json");

/// A database of an earlier import, that remembers from now on which messages are inserted.
fn remembering(place: &Place, database: &str) {
    place.import_well(&[SAMPLE, "--db", database]);
    let trigger = "
        create table inserted (conversation_id text, id text);
        create trigger remember after insert on messages begin
            insert into inserted values (new.conversation_id, new.id);
        end";
    Connection::open(place.path(database)).unwrap().execute_batch(trigger).unwrap();
}

/// Each message that was inserted, as often as it was, in order.
fn inserted(place: &Place, database: &str) -> Vec<String> {
    let connection = Connection::open(place.path(database)).unwrap();
    let mut rows = connection.prepare("select conversation_id || ' ' || id from inserted order by 1").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The run that began last, of a database that nobody has open.
fn latest_run(place: &Place) -> RunRecord {
    let connection = Connection::open(place.path("killed.db")).unwrap();
    let latest = "select key from etl_context_runs order by run_id desc limit 1";
    let key: String = connection.query_row(latest, [], |row| row.get(0)).unwrap();
    let events = SqliteJournal::open(place.path("killed.db")).unwrap().key(key).load().unwrap();
    RunRecord::replay(&events).unwrap()
}

const ARGUMENTS: [&str; 3] = ["export.json", "--db", "killed.db"];

/// The database, and what was inserted into it, is as after an import that was not disturbed, and nothing else is left.
#[track_caller]
fn assert_as_undisturbed(place: &Place) {
    assert!(contents(&place.path("killed.db")) == contents(&place.path("clean.db")), "the databases differ");
    let (killed, clean) = (inserted(place, "killed.db"), inserted(place, "clean.db"));
    assert!(killed == clean, "{} messages were inserted, and {} without a kill", killed.len(), clean.len());
    assert_eq!(place.names(), ["clean.db", "clean.db.html", "export.json", "killed.db", "killed.db.html"]);
}

#[test]
fn killed_in_each_phase_the_same_command_goes_on_and_writes_no_batch_twice() {
    let place = Place::new();
    place.generate("--conversations 50 --messages 60000 --seed 3 --output export.json");
    remembering(&place, "clean.db");
    remembering(&place, "killed.db");
    place.import_well(&["export.json", "--db", "clean.db"]);
    // As the extraction begins; in the next one, the process records the interruption first. Then in the transformation, and in the
    // load, before its first batch and after the first and the second one.
    for events in [2, 2, 4, 4, 3, 4] {
        kill_after(&place, recorded_in_database, events, &ARGUMENTS);
    }
    let output = place.import(&ARGUMENTS);
    assert!(output.status.success(), "{output:?}");
    assert_as_undisturbed(&place);
    let record = latest_run(&place);
    let interruptions = ["extract", "transform", "load"].map(|phase| interrupted(&record, phase));
    assert!(interruptions.iter().all(|times| *times >= 1), "{interruptions:?}");
    let load = record.phase("load").unwrap().latest_report().unwrap();
    assert_eq!(load.counts(), Counts { conversations: 50, messages: 60_000 });
}

/// Kills imports that often at random; each that gets to its end before is followed by another one.
fn kill_at_random(kills: usize) {
    let place = Place::new();
    place.generate("--conversations 20 --messages 25000 --seed 4 --output export.json");
    remembering(&place, "clean.db");
    place.import_well(&["export.json", "--db", "clean.db"]);
    let (mut killed, mut imports, mut chance) = (0, 0, 7_u64);
    while killed < kills {
        for left in ["killed.db", "killed.db.html"] {
            let _ = std::fs::remove_file(place.path(left));
        }
        remembering(&place, "killed.db");
        loop {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if killed == kills || !try_to_kill(&place, recorded_in_database, (chance >> 33) % 6, &ARGUMENTS) {
                break;
            }
            killed += 1;
        }
        let output = place.import(&ARGUMENTS);
        assert!(output.status.success(), "{output:?}");
        assert_as_undisturbed(&place);
        imports += 1;
    }
    println!("killed {killed} times in {imports} imports");
}

#[test]
fn an_import_that_is_killed_ten_times_at_random_writes_each_message_once() {
    kill_at_random(10);
}

#[test]
#[ignore = "takes a while: .ci/scheduled"]
fn scheduled_imports_that_are_killed_two_hundred_times_at_random_write_each_message_once() {
    kill_at_random(200);
}
