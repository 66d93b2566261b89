//! The file of the rejected rows has, after any crash, the rows of which the journal tells.

use std::fs;

use etl_context::{Error, Extract, PhaseStatus};
use serde_json::{Value, json};

use super::rejected_rows::{Place, messages};
use crate::durable::journal_file::JournalFile;

/// As a process would find the two files that starts when another one has died.
fn crashed(place: &Place) -> Place {
    let crashed = Place(JournalFile::with(place.0.bytes()));
    fs::write(crashed.rejects(), fs::read(place.rejects()).unwrap()).unwrap();
    crashed
}

#[test]
fn each_line_says_run_phase_attempt_reason_and_row() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&json!({ "id": 7, "text": "a\n\u{2028}b" }), "no \"sender\"").unwrap();
    let extracted = extract.complete(()).unwrap();
    let run = extracted.record().run_id().to_string();
    let expected = json!({
        "run": run, "phase": "extract", "attempt": 1, "reason": "no \"sender\"", "row": { "id": 7, "text": "a\n\u{2028}b" }
    });
    assert_eq!(place.lines(), [expected]);
}

#[test]
fn rows_are_in_the_file_when_a_checkpoint_tells_of_them() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    extract.checkpoint(&1).unwrap();
    assert_eq!(place.rows(), [json!(1)]);
    extract.reject(&2, "odd").unwrap();
    drop(extract);
    assert_eq!(place.rows(), [json!(1), json!(2)], "the end of an attempt that was abandoned tells of it, too");
}

/// Rows are written as they come if there are many, and those since the last checkpoint are of no attempt that is told of.
#[test]
fn rows_of_which_nothing_tells_are_taken_out() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    let row = "x".repeat(1_000);
    extract.reject(&row, "long").unwrap();
    extract.checkpoint(&1).unwrap();
    (0..1_000).for_each(|_| extract.reject(&row, "long").unwrap());
    let crashed = crashed(&place);
    assert!(crashed.rows().len() > 900, "most of them are in the file");

    let mut again = crashed.open().start(Extract).unwrap();
    assert_eq!(crashed.rows().len(), 1);
    assert_eq!(again.resume_point::<u64>().unwrap(), Some(1));
    again.reject(&2, "odd").unwrap();
    assert_eq!(again.complete(()).unwrap().report().rejected().rows(), 2);
    assert_eq!(crashed.rows(), [Value::from(row), json!(2)]);
}

#[test]
fn a_row_that_was_written_in_part_is_taken_out_wherever_it_was_cut() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    extract.checkpoint(&1).unwrap();
    let whole = fs::read(place.rejects()).unwrap();
    let journal = place.0.bytes();
    for cut in 0..whole.len() {
        let crashed = Place(JournalFile::with(&journal));
        fs::write(crashed.rejects(), [&whole[..], &whole[..cut]].concat()).unwrap();
        let context = crashed.open();
        assert_eq!(fs::read(crashed.rejects()).unwrap(), whole, "{cut}");
        assert_eq!(context.recovery().unwrap().repairs, Vec::<String>::new());
    }
}

/// A checkpoint has its rows with it, for the file was not synced.
#[test]
fn rows_that_a_machine_has_lost_come_back_wherever_the_file_was_cut() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    for row in ["a\n\u{2028}\"", "b", "c"] {
        extract.reject(row, row).unwrap();
        extract.reject(&[row], "a list").unwrap();
        extract.checkpoint(row).unwrap();
    }
    let whole = fs::read(place.rejects()).unwrap();
    let journal = place.0.bytes();
    for cut in 0..=whole.len() {
        let crashed = Place(JournalFile::with(&journal));
        fs::write(crashed.rejects(), &whole[..cut]).unwrap();
        assert_eq!(crashed.open().recovery().unwrap().repairs, Vec::<String>::new());
        assert_eq!(fs::read(crashed.rejects()).unwrap(), whole, "{cut}");
    }
}

/// More rows than a line should hold are synced, and the checkpoint has none of them.
#[test]
fn a_checkpoint_has_no_more_rows_with_it_than_wait_in_memory() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    (0..1_000).for_each(|_| extract.reject(&"x".repeat(1_000), "long").unwrap());
    let before = place.0.bytes().len();
    extract.checkpoint(&1).unwrap();
    assert!(place.0.bytes().len() - before < 10_000);
    assert_eq!(place.rows().len(), 1_000);
    extract.reject(&1, "odd").unwrap();
    extract.checkpoint(&2).unwrap();
    let lines = String::from_utf8(place.0.bytes()).unwrap();
    assert!(lines.lines().last().unwrap().contains(r#""lines":["{\"reason\":\"odd\",\"row\":1}"]"#));
    let crashed = crashed(&place);
    let whole = fs::read(crashed.rejects()).unwrap();
    let last = whole.iter().take(whole.len() - 1).rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(crashed.rejects(), &whole[..last]).unwrap();
    drop(crashed.open());
    assert_eq!(fs::read(crashed.rejects()).unwrap(), whole);
}

#[test]
fn a_crash_before_the_first_checkpoint_leaves_no_row() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    (0..1_000).for_each(|_| extract.reject(&"x".repeat(1_000), "long").unwrap());
    let crashed = crashed(&place);
    assert!(!crashed.rows().is_empty());
    drop(crashed.open());
    assert!(crashed.rows().is_empty());
}

/// Somebody works on the rows in the morning; that is no reason not to go on with the run.
#[test]
fn rows_that_are_missing_are_told() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    (0..3).for_each(|row| extract.reject(&row, "odd").unwrap());
    drop(extract.complete(()).unwrap());
    fs::remove_file(place.rejects()).unwrap();
    let context = place.open();
    let repairs = &context.recovery().unwrap().repairs;
    assert!(repairs.len() == 1 && repairs[0].contains("rejects.jsonl` lacks 3 rows"), "{repairs:?}");
    let mut extract = context.phase(Extract).again().start().unwrap();
    extract.reject(&7, "odd").unwrap();
    drop(extract.complete(()).unwrap());
    assert_eq!(place.rows(), [json!(7)]);
}

/// As on a full disk: the call can be repeated, and an attempt that fails says what is certain.
#[test]
fn a_file_that_cannot_be_written_is_told_by_the_checkpoint_and_the_end() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    extract.checkpoint(&1).unwrap();
    let away = place.0.folder().join("away.jsonl");
    fs::rename(place.rejects(), &away).unwrap();
    extract.reject(&2, "odd").unwrap();
    let error = extract.checkpoint(&2).unwrap_err();
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains("rows that phase `extract` has rejected are not kept") && told.contains("put it back"), "{told}");
    let (mut extract, _) = extract.complete(()).unwrap_err().into_parts();
    assert_eq!(place.0.record().phase("extract").unwrap().checkpoint(), Some(&json!(1)));

    fs::rename(&away, place.rejects()).unwrap();
    extract.checkpoint(&2).unwrap();
    assert_eq!(place.rows(), [json!(1), json!(2)]);

    fs::rename(place.rejects(), &away).unwrap();
    extract.reject(&3, "odd").unwrap();
    let failed = extract.fail("no connection").unwrap();
    assert_eq!((failed.report().status(), failed.report().rejected().rows()), (PhaseStatus::Failed, 2));
    assert_eq!(failed.report().error().unwrap().message(), "no connection");
    assert!(failed.record().errors()[0].message().contains("has rejected are not kept"));
    fs::rename(&away, place.rejects()).unwrap();
    assert_eq!(place.rows(), [json!(1), json!(2)]);
}

#[test]
fn a_row_that_can_be_kept_nowhere_is_not_counted() {
    let place = Place::new();
    let mut extract = place.open().start(Extract).unwrap();
    let away = place.0.folder().join("away.jsonl");
    fs::rename(place.rejects(), &away).unwrap();
    let row = "x".repeat(1_000);
    let kept = (0..1_000).take_while(|_| extract.reject(&row, "long").is_ok()).count() as u64;
    assert!((50..70).contains(&kept), "{kept} rows were kept in memory");
    extract.update_progress(messages(kept));
    fs::rename(&away, place.rejects()).unwrap();
    assert_eq!(extract.complete(()).unwrap().report().rejected().rows(), kept);
    assert_eq!(place.rows().len() as u64, kept);
}
