//! A journal of the first version stays readable for ever, and what is written today looks like it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use etl_context::{
    Context, Counts, Dictionary, EtlContext, Expect, Extract, FailureCause, Idle, Journal, JournalError, Load, Part, PhaseName,
    PhaseReport, PhaseStatus, Run, RunRecord, counters, dict, pipeline,
};
use serde_json::{Value, json};

use super::journal_file::JournalFile;

counters! {
    pub(crate) struct Rows {
        pub(crate) rows: u64,
        pub(crate) bytes: u64,
    }
}

pipeline! {
    pub(crate) Golden {
        Extract after Idle;
        Validate = "validate" counts Rows after Extract | Failed<Extract>;
        Load after Validate;
    }
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn journal() -> JournalFile {
    JournalFile::with(fs::read(golden("journal-v1.jsonl")).unwrap())
}

fn open(file: &JournalFile) -> Context<Idle, Golden> {
    let builder = Run::builder("golden").metadata("operator", "night shift").metadata("ticket", "7").max_errors(1);
    builder.parameters(&dict! { "day": "2026-03-01", "regions": ["eu", "us"] }).journal(file.open()).begin().unwrap()
}

/// The moves that the golden journal was made by.
pub(crate) fn moves() -> JournalFile {
    let file = JournalFile::new();
    let mut run = open(&file).erase();
    failures(&mut run);
    drop(run); // abandoned
    let file = more_failures(&file);
    let mut run = open(&file).erase();
    successes(&mut run);
    file.crashed()
}

/// What a journal can hold besides, since the second version of its lines.
pub(crate) fn later_moves() -> JournalFile {
    let begin = |file: &JournalFile| {
        let builder = Run::builder("golden").journal(file.open()).parameters(&dict! { "day": "2026-03-01" });
        builder.rejects(file.folder().join("rejects.jsonl"))
    };
    let file = JournalFile::new();
    let some = Expect::counter("messages").at_least(1);
    let mut pages = begin(&file).expect::<pages::Page>(some).begin::<pages::Golden>().unwrap().start(pages::Page).unwrap();
    pages.update_progress(Counts { conversations: 0, messages: 4 });
    pages.reject(&6, "odd").unwrap();
    pages.checkpoint(&7).unwrap();
    let mut pages = pages.fail("no connection").unwrap().retry().unwrap();
    assert_eq!(pages.resume_point().unwrap(), Some(7));
    pages.checkpoint(&8).unwrap();
    let failed = pages.fail("no connection").unwrap().retry().unwrap();
    assert_eq!(failed.resume_point().unwrap(), Some(8));
    let pages = failed.complete(()).unwrap().start(pages::Page).unwrap().complete(()).unwrap();
    drop(pages);
    long_parts(&mut begin(&file).begin_dynamic().unwrap());
    let other_day = Run::builder("golden").journal(file.open()).parameters(&dict! { "day": "2026-03-02" });
    let context = other_day.allow_other_parameters().begin::<Golden>().unwrap();
    context.stopper().stop();
    drop(context.start(Extract).unwrap_err());
    file
}

/// What is recorded of a part that has checkpoints, of whoever has it.
fn long_parts(run: &mut EtlContext) {
    let note = |part: &mut Part<'_>| {
        part.update_progress(Counts { conversations: 0, messages: 2 });
        part.reject(&6, "odd").unwrap();
        part.record_error(&error()).unwrap();
    };
    run.start_phase("page", None).unwrap();
    let parts = run.parts(["a"]).unwrap();
    for _ in 0..2 {
        let mut part = parts.claim().unwrap().unwrap();
        note(&mut part);
        part.checkpoint(&7).unwrap();
        part.give_back().unwrap();
    }
    let mut part = parts.claim().unwrap().unwrap();
    assert_eq!(part.resume_point().unwrap(), Some(7));
    part.fail(&error()).unwrap();
    drop(parts);
    run.fail_phase(&error()).unwrap();
    run.start_phase("page", None).unwrap();
    let parts = run.parts(["a"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    assert_eq!(part.resume_point().unwrap(), Some(7));
    note(&mut part);
    part.checkpoint(&8).unwrap();
    note(&mut part);
    part.complete().unwrap();
    parts.finish().unwrap();
    run.end_phase(()).unwrap();
}

mod pages {
    use etl_context::pipeline;

    pipeline! {
        pub(crate) Golden {
            Page = "page" after Idle | Page;
        }
    }
}

fn error() -> JournalError {
    JournalError::new("cannot read row 7").with_source(JournalError::new("no \"sender\"\n").with_source("é"))
}

fn failures(run: &mut EtlContext) {
    run.start_phase("extract", Counts { conversations: 2, messages: 0 }).unwrap();
    run.update_progress(Counts { conversations: 1, messages: u64::MAX }).unwrap();
    run.checkpoint(&json!({ "page": 3, "path": ["a", null, true] })).unwrap();
    run.record_error("extract", &error()).unwrap();
    run.fail_phase(&error()).unwrap();
    run.start_phase("extract", None).unwrap();
    run.set_phase_status("extract", "failed").unwrap();
    assert_eq!(run.end_phase(()).unwrap().cause(), Some(FailureCause::Status));
    run.start_phase("extract", None).unwrap();
}

fn more_failures(file: &JournalFile) -> JournalFile {
    let panicking = catch_unwind(AssertUnwindSafe(|| {
        let _running = open(file).start(Extract).unwrap();
        resume_unwind(Box::new("without a message on the screen"))
    }));
    assert!(panicking.is_err_and(|panic| panic.is::<&str>()));
    let stopped = open(file).start(Extract).unwrap();
    stopped.stopper().stop();
    drop(stopped);
    let mut extract = open(file).start(Extract).unwrap();
    extract.record_error("first").unwrap();
    extract.record_error("second").unwrap_err();
    let failed = extract.fail("too many").unwrap();
    let _interrupted = failed.retry().unwrap();
    file.crashed()
}

fn successes(run: &mut EtlContext) {
    run.start_phase("extract", None).unwrap();
    let result =
        dict! { "file": "export.tar", "numbers": [0.1, -1, u64::MAX], "nested": { "null": null }, "messages_processed": 9 };
    run.end_phase(result).unwrap();
    run.start_phase_with("validate", Rows { rows: 10, bytes: 0 }).unwrap();
    run.update_progress(Rows { rows: 9, bytes: 512 }).unwrap();
    run.checkpoint(&()).unwrap();
    run.end_phase(dict! {}).unwrap();
    run.record_error("load", &JournalError::new("the table is locked")).unwrap();
    run.set_phase_status("load", "completed").unwrap();
    run.start_phase("load", None).unwrap();
    let parts = run.parts::<Counts>(["2026-02", "2026-03"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    part.update_progress(Counts { conversations: 1, messages: 4 });
    part.complete().unwrap();
    parts.claim().unwrap().unwrap().fail(&error()).unwrap();
    drop(parts);
    run.checkpoint("row 5").unwrap();
}

fn lines(file: &JournalFile) -> Vec<Value> {
    let text = String::from_utf8(file.bytes()).unwrap();
    text.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The line without what is different in every run.
fn masked(mut line: Value) -> Value {
    for field in ["time", "start_time", "run_id", "duration_microseconds", "worker", "crc"] {
        if let Some(value) = line.get_mut(field) {
            assert!(value.is_string() || value.is_u64(), "{field}: {value}");
            *value = json!("different in every run");
        }
    }
    line
}

#[test]
#[ignore = "writes the golden journal anew, and only when asked by ETL_CONTEXT_WRITE_GOLDEN=1"]
fn write_golden_journal() {
    if std::env::var_os("ETL_CONTEXT_WRITE_GOLDEN").is_none() {
        return;
    }
    fs::write(golden("journal-v1.jsonl"), moves().bytes()).unwrap();
    let summary = serde_json::to_string_pretty(&open(&journal()).summary()).unwrap();
    fs::write(golden("journal-v1.summary.json"), summary + "\n").unwrap();
}

#[test]
fn the_golden_journal_adds_up_to_the_same_run_as_ever() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let summary = serde_json::to_string_pretty(&open(&journal()).summary()).unwrap();
        fs::write(golden("journal-v1.summary.json"), summary + "\n").unwrap();
    }
    let expected: Value = serde_json::from_slice(&fs::read(golden("journal-v1.summary.json")).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(open(&journal()).summary()).unwrap(), expected);
}

#[test]
fn the_golden_journal_has_what_a_summary_does_not_show() {
    let record = RunRecord::read(golden("journal-v1.jsonl")).unwrap().unwrap();
    assert_eq!(record.metadata()["operator"], "night shift");
    assert_eq!(record.current_phase(), Some(&PhaseName::new("load")));
    assert_eq!(record.phase("load").unwrap().checkpoint(), Some(&json!("row 5")));
    let parts: Vec<_> = record.phase("load").unwrap().parts().map(|part| (part.name(), part.status())).collect();
    assert_eq!(parts, [("2026-02", PhaseStatus::Completed), ("2026-03", PhaseStatus::Failed)]);
    let by_hand = &record.phase("load").unwrap().overrides()[0];
    assert_eq!((by_hand.from(), by_hand.to()), (PhaseStatus::Pending, PhaseStatus::Completed));
    assert_eq!(record.errors()[0].sources().collect::<Vec<_>>(), ["no \"sender\"\n", "é"]);
    assert_eq!(record.errors_for("load").next().unwrap().attempt(), None);
    let shape = record.pipeline().unwrap();
    assert_eq!((shape.name(), shape.edges().len()), ("Golden", 4));
}

#[test]
fn the_golden_journal_has_every_event_and_every_cause() {
    let events = journal().events();
    let causes: Vec<_> = RunRecord::replay(&events).unwrap().phase("extract").unwrap().reports().to_vec();
    let causes: Vec<_> = causes.iter().filter_map(PhaseReport::cause).map(FailureCause::as_str).collect();
    assert_eq!(causes, ["error", "status", "abandoned", "panicked", "stopped", "errors", "interrupted"]);
    let moves = ["run_began", "phase_started", "checkpointed", "parts_registered", "part_ended", "phase_ended"];
    for name in moves.into_iter().chain(["status_set", "error_recorded"]) {
        assert!(events.iter().any(|event| event.name() == name), "{name}");
    }
}

#[test]
fn the_events_of_the_golden_journal_are_written_today_as_they_were_then() {
    let copy = JournalFile::new();
    let mut journal_today = copy.open();
    for (sequence, event) in (0..).zip(journal().events()) {
        journal_today.append(sequence, &event).unwrap();
    }
    assert_eq!(String::from_utf8(copy.bytes()).unwrap(), String::from_utf8(journal().bytes()).unwrap());
}

#[test]
fn the_same_moves_are_recorded_today_as_they_were_then() {
    let today: Vec<_> = lines(&moves()).into_iter().map(masked).collect();
    let then: Vec<_> = lines(&journal()).into_iter().map(masked).collect();
    assert_eq!(today.len(), then.len());
    today.iter().zip(&then).for_each(|(today, then)| assert_eq!(today, then));
}

#[test]
fn the_run_in_the_golden_journal_goes_on() {
    let file = journal();
    let context = open(&file);
    assert_eq!(context.recovery().unwrap().interrupted, Some((PhaseName::new("load"), 1)));
    let (extracted, result) = context.phase(Extract).run(|_| -> Result<Dictionary, JournalError> { panic!("it runs") }).unwrap();
    assert_eq!(result["numbers"], json!([0.1, -1, u64::MAX]));
    let (validated, result) =
        extracted.phase(Validate).run(|_| -> Result<Dictionary, JournalError> { panic!("it runs") }).unwrap();
    assert!(result.is_empty());
    assert_eq!(validated.counts(), Rows { rows: 9, bytes: 512 });
    let load = validated.start(Load).unwrap();
    assert_eq!(load.resume_point::<String>().unwrap().as_deref(), Some("row 5"));
}
