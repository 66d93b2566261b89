//! The clock of the machine is set back between two processes of one run.

use etl_context::{Event, FailureCause, RunRecord};
use serde_json::Value;

use super::checksum::{line, without_checksum};
use super::every_event;
use super::journal_file::JournalFile;

/// A year with a 29th of February, long after any in which this test runs.
const LATER: &str = "2096";

/// A run whose process died in its second phase, on a machine whose clock was decades ahead.
fn died_in_the_future() -> JournalFile {
    let file = every_event::journal();
    let year = file.record().start_time().to_datetime().year();
    let journal = String::from_utf8(file.bytes()).unwrap();
    let moved = journal.lines().map(|text| {
        let object = without_checksum(text);
        line(&object.replace(&format!("\"{year}-"), &format!("\"{LATER}-")))
    });
    JournalFile::with(moved.collect::<String>())
}

/// The same run, once a process with the right time has gone on with it.
fn gone_on() -> (JournalFile, RunRecord) {
    let file = died_in_the_future();
    let mut run = every_event::open(&file).unwrap();
    run.start_phase("extract", None).unwrap();
    run.end_phase(()).unwrap();
    run.start_phase("transform", None).unwrap();
    run.end_phase(()).unwrap();
    let record = run.record().clone();
    drop(run);
    (file, record)
}

/// Every number of seconds in a report, wherever it is.
fn seconds(value: &Value, found: &mut Vec<f64>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| match value.as_f64() {
            Some(number) if key.ends_with("duration_seconds") => found.push(number),
            _ => seconds(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| seconds(value, found)),
        _ => {}
    }
}

#[test]
fn a_run_goes_on_after_the_clock_was_set_back() {
    let (file, record) = gone_on();
    assert_eq!(file.record(), record, "the journal is read as it was written");

    let transform = record.phase("transform").unwrap();
    let causes: Vec<_> = transform.reports().iter().map(etl_context::PhaseReport::cause).collect();
    assert_eq!(causes, [Some(FailureCause::Interrupted), None]);

    let mut durations = Vec::new();
    seconds(&serde_json::to_value(record.summary()).unwrap(), &mut durations);
    assert!(durations.len() > 5 && durations.iter().all(|duration| *duration >= 0.0), "{durations:?}");
    assert!(durations.iter().all(|duration| *duration < 3_600.0), "decades passed on no clock: {durations:?}");

    // Reports are drawn and printed from the same times.
    assert!(record.summary().to_html().contains("transform"));
    assert!(record.summary().to_string().contains("transform"));
}

#[test]
fn the_order_of_events_is_not_that_of_their_times() {
    let (file, record) = gone_on();
    let events = file.events();
    let times: Vec<_> = events.iter().map(Event::time).collect();
    assert!(!times.is_sorted(), "the second process has the earlier clock");
    assert_eq!(RunRecord::replay(&events), Some(record));
}
