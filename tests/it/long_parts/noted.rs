//! What a worker notes of its part is told with the part's next checkpoint or its end, and once.

use etl_context::{
    Counts, Error, EtlContext, FailureCause, FileJournal, MaxRejected, Part, Parts, PhaseReport, PhaseStatus, Run, RunBuilder,
    Share,
};
use serde_json::{Value, json};

use crate::durable::journal_file::JournalFile;
use crate::rejects::rejected_rows::{Place, by_reason};

fn begun(builder: RunBuilder) -> EtlContext {
    let mut run = builder.begin_dynamic().unwrap();
    run.start_phase("load", None).unwrap();
    run
}

fn claimed<'p>(parts: &'p Parts<'_>) -> Part<'p> {
    parts.claim().unwrap().unwrap()
}

fn reject(part: &mut Part<'_>, rows: impl IntoIterator<Item = u64>) {
    for row in rows {
        part.update_progress(Counts { conversations: 0, messages: 1 });
        part.reject(&row, "odd").unwrap();
    }
}

/// A part of which a row is on record, and another one is not yet.
fn claimed_and_begun<'p>(parts: &'p Parts<'_>) -> Part<'p> {
    let mut part = claimed(parts);
    reject(&mut part, [1]);
    part.checkpoint(&1).unwrap();
    reject(&mut part, [2]);
    part
}

/// Part, attempt and row of each line.
fn lines(place: &Place) -> Vec<(String, u64, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().unwrap();
    place.lines().iter().map(|line| (text(&line["part"]), number(&line["attempt"]), number(&line["row"]))).collect()
}

fn end(mut run: EtlContext) -> PhaseReport {
    run.end_phase(()).unwrap()
}

#[test]
fn rows_are_in_the_report_and_in_the_file_with_the_name_of_their_part() {
    let place = Place::new();
    let mut run = begun(place.builder());
    run.reject(&0, "of no part").unwrap();
    let parts = run.parts(["a", "b \"c\""]).unwrap();
    let mut first = claimed(&parts);
    reject(&mut first, [1, 2]);
    assert!(lines(&place).is_empty(), "they are kept with the part");
    first.checkpoint(&1).unwrap();
    assert_eq!(lines(&place).len(), 2);
    reject(&mut first, [3]);
    first.complete().unwrap();
    let mut second = claimed(&parts);
    reject(&mut second, [4]);
    second.complete().unwrap();
    parts.finish().unwrap();
    run.reject(&5, "of no part").unwrap();
    let id = run.record().run_id();
    let part = run.record().phase("load").unwrap().part("a").unwrap().clone();
    assert_eq!((part.rejected().rows(), part.rejected().carried()), (3, 0));
    let report = end(run);
    assert_eq!(by_reason(report.rejected()), [("of no part", 2), ("odd", 4)]);
    let line = json!({ "run": id, "phase": "load", "attempt": 1, "part": "b \"c\"", "reason": "odd", "row": 4 });
    assert!(place.lines().contains(&line), "{:?}", place.lines());
    let mut rows = place.rows();
    rows.sort_by_key(Value::as_u64);
    assert_eq!(rows, [0, 1, 2, 3, 4, 5].map(Value::from));
    assert_eq!(place.0.record().phase("load").unwrap().latest_report().unwrap().rejected(), report.rejected());
}

#[test]
fn rows_of_work_that_is_done_again_are_there_once() {
    let place = Place::new();
    let mut run = begun(place.builder());
    let parts = run.parts(["a"]).unwrap();
    let part = claimed_and_begun(&parts);
    part.give_back().unwrap();
    assert_eq!(lines(&place), [("a".to_owned(), 1, 1)]);
    let mut part = claimed(&parts);
    assert_eq!(part.resume_point().unwrap(), Some(1));
    reject(&mut part, [2, 3]);
    part.complete().unwrap();
    parts.finish().unwrap();
    assert_eq!(place.rows(), [1, 2, 3].map(Value::from));
    assert_eq!(end(run).rejected().rows(), 3);
}

#[test]
fn a_worker_that_begins_anew_takes_the_place_of_the_one_before() {
    let place = Place::new();
    let mut run = begun(place.builder());
    let parts = run.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    reject(&mut part, [1, 2]);
    part.checkpoint(&1).unwrap();
    part.give_back().unwrap();
    let mut part = claimed(&parts);
    reject(&mut part, [1]);
    part.checkpoint(&2).unwrap();
    assert_eq!(place.rows(), [Value::from(1)]);
    reject(&mut part, [2, 3]);
    part.complete().unwrap();
    parts.finish().unwrap();
    let report = end(run);
    assert_eq!((place.rows(), report.rejected().rows()), ([1, 2, 3].map(Value::from).to_vec(), 3));
    // Whoever opens the run again comes to the same.
    drop(place.open());
    assert_eq!(place.rows(), [1, 2, 3].map(Value::from));
}

#[test]
fn a_part_that_failed_keeps_its_rows_until_it_is_done_again_from_its_checkpoint() {
    let place = Place::new();
    let mut run = begun(place.builder());
    let parts = run.parts(["a", "b"]).unwrap();
    let part = claimed_and_begun(&parts);
    part.fail("no connection").unwrap();
    let mut part = claimed(&parts);
    reject(&mut part, [9]);
    part.complete().unwrap();
    parts.finish().unwrap_err();
    assert_eq!(place.rows(), [1, 2, 9].map(Value::from));
    let report = run.fail_phase(&Error::Stopped).unwrap();
    assert_eq!(report.rejected().rows(), 1, "what failed is not counted");
    run.start_phase("load", None).unwrap();
    assert_eq!(place.rows(), [1, 2, 9].map(Value::from));
    let parts = run.parts(["a", "b"]).unwrap();
    assert_eq!(place.rows(), [1, 9].map(Value::from));
    let mut part = claimed(&parts);
    assert_eq!(part.resume_point().unwrap(), Some(1));
    reject(&mut part, [2, 3]);
    part.complete().unwrap();
    parts.finish().unwrap();
    let report = end(run);
    assert_eq!((report.rejected().rows(), report.rejected().carried()), (4, 2));
    let a = |attempt, row| ("a".to_owned(), attempt, row);
    assert_eq!(lines(&place), [a(1, 1), ("b".to_owned(), 1, 9), a(2, 2), a(2, 3)]);
    drop(place.open());
    assert_eq!(lines(&place), [a(1, 1), ("b".to_owned(), 1, 9), a(2, 2), a(2, 3)]);
}

#[test]
fn an_attempt_without_parts_does_again_what_those_had_done() {
    let place = Place::new();
    let mut run = begun(place.builder());
    let parts = run.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    reject(&mut part, [1]);
    part.complete().unwrap();
    drop(parts);
    run.fail_phase(&Error::Stopped).unwrap();
    run.start_phase("load", None).unwrap();
    run.reject(&1, "odd").unwrap();
    // Parts that an earlier attempt completed are done, but this one has none.
    run.end_phase(()).unwrap();
    assert_eq!(lines(&place), [(String::new(), 2, 1)]);
}

/// What a machine has lost of the file is put back from the journal.
#[test]
fn rows_that_a_machine_has_lost_are_put_back() {
    let place = Place::new();
    let mut run = begun(place.builder());
    let parts = run.parts(["a", "b"]).unwrap();
    let mut part = claimed_and_begun(&parts);
    part.checkpoint(&2).unwrap();
    let mut other = claimed(&parts);
    reject(&mut other, [3]);
    other.complete().unwrap();
    part.give_back().unwrap();
    drop(parts);
    drop(run);
    std::fs::write(place.rejects(), "").unwrap();
    let run = place.builder().begin_dynamic().unwrap();
    let mut rows = place.rows();
    rows.sort_by_key(Value::as_u64);
    assert_eq!(rows, [1, 2, 3].map(Value::from));
    assert_eq!(run.recovery().unwrap().repairs, Vec::<String>::new());
}

#[test]
fn errors_are_told_with_the_part_once_it_has_a_checkpoint_or_has_ended() {
    let mut run = begun(Run::builder("import"));
    let parts = run.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    part.record_error("first").unwrap();
    part.checkpoint(&1).unwrap();
    part.record_error("lost with the work").unwrap();
    part.give_back().unwrap();
    let mut part = claimed(&parts);
    let _: Option<u64> = part.resume_point().unwrap();
    part.record_error("second").unwrap();
    part.fail("third").unwrap();
    drop(parts);
    let errors: Vec<_> = run.record().errors().iter().map(|error| error.message().to_owned()).collect();
    assert_eq!(errors, ["part `a`: first", "part `a`: second", "part `a`: third"]);
}

type Note = fn(&mut Part<'_>, u64) -> Result<(), Error>;

#[test]
fn more_rows_or_errors_than_the_run_allows_fail_the_phase() {
    let limits: [(RunBuilder, Note); 2] = [
        (Run::builder("import").max_rejected(MaxRejected::Rows(2)), |part, row| part.reject(&row, "odd")),
        (Run::builder("import").max_errors(2), |part, _| part.record_error("odd")),
    ];
    for (builder, note) in limits {
        let mut run = begun(builder);
        let parts = run.parts(["a", "b", "c"]).unwrap();
        let mut first = claimed(&parts);
        note(&mut first, 1).unwrap();
        note(&mut first, 2).unwrap();
        first.complete().unwrap();
        let mut second = claimed(&parts);
        let refused = |error: &Error| matches!(error, Error::TooManyRejected { .. } | Error::TooManyErrors { .. });
        let error = note(&mut second, 3).unwrap_err();
        assert!(refused(&error), "{error}");
        let error = second.checkpoint(&1).unwrap_err();
        assert!(refused(&error), "{error}");
        assert_eq!(second.resume_point().unwrap(), Some(1), "it was recorded");
        second.complete().unwrap();
        let error = parts.finish().unwrap_err();
        assert!(refused(&error), "{error}");
        let report = run.end_phase(()).unwrap();
        assert_eq!((report.status(), report.cause()), (PhaseStatus::Failed, Some(FailureCause::Errors)));
    }
}

#[test]
fn a_share_is_known_when_all_parts_have_ended() {
    let mut run = begun(Run::builder("import").max_rejected(Share::percent(50.0)));
    let parts = run.parts(["a", "b"]).unwrap();
    let mut first = claimed(&parts);
    reject(&mut first, [1, 2, 3]);
    first.complete().unwrap();
    let mut second = claimed(&parts);
    second.update_progress(Counts { conversations: 0, messages: 2 });
    second.complete().unwrap();
    parts.finish().unwrap();
    let report = run.end_phase(()).unwrap();
    assert_eq!((report.cause(), report.rejected().rows()), (Some(FailureCause::Errors), 3));
}

/// Rows that are many are synced instead of being in the event as well.
#[test]
fn very_many_rows_are_in_the_file_alone() {
    let place = Place::new();
    let mut run = begun(place.builder());
    let parts = run.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    for row in 0..1_000 {
        part.reject(&format!("{row} {}", "x".repeat(500)), "long").unwrap();
    }
    part.complete().unwrap();
    parts.finish().unwrap();
    end(run);
    assert_eq!(place.rows().len(), 1_000);
    assert!(place.0.bytes().len() < 10_000, "the journal has {} bytes", place.0.bytes().len());
}

/// A journal that cannot be written leaves the part with what it has noted, and no row in the file of which no event tells.
#[test]
fn a_checkpoint_that_is_refused_is_repeated_with_all_that_was_noted() {
    let place = Place(JournalFile::new());
    let mut run = begun(place.builder());
    let parts = run.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    reject(&mut part, [1]);
    let path = place.0.path();
    let aside = path.with_extension("aside");
    std::fs::rename(path, &aside).unwrap();
    let error = part.checkpoint(&1).unwrap_err();
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    assert!(place.rows().is_empty());
    std::fs::rename(&aside, path).unwrap();
    part.checkpoint(&1).unwrap();
    part.complete().unwrap();
    parts.finish().unwrap();
    end(run);
    assert_eq!(place.rows(), [Value::from(1)]);
    drop(FileJournal::open(path).unwrap());
}
