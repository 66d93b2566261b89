//! An attempt that goes on from a checkpoint goes on from what was counted until then, and says which part of it is its own.

use etl_context::{Context, Counts, Extract, Journal, MemoryJournal, Run, RunRecord, RunningPhase};

use super::journal_file::JournalFile;
use super::nightly_run::{open, open_dynamic};

const ROWS: u64 = 100;

fn messages(messages: u64) -> Counts {
    Counts { conversations: 0, messages }
}

/// Reads the rows up to `until`, from where the last attempt was, with a checkpoint after every ten.
fn read(extract: &mut RunningPhase<'_, Extract>, until: u64) -> Result<(), String> {
    extract.set_totals(messages(ROWS));
    let done: u64 = extract.resume_point().unwrap().unwrap_or(0);
    for row in done + 1..=until {
        extract.update_progress(messages(1));
        if row % 10 == 0 {
            extract.checkpoint(&row).unwrap();
        }
    }
    if until < ROWS { Err(format!("no row {}", until + 1)) } else { Ok(()) }
}

/// Counts, and what earlier attempts did of them, of each attempt at the phase.
fn counted(record: &RunRecord) -> Vec<(u64, u64)> {
    let reports = record.phase("extract").unwrap().reports();
    let carried = |report: &etl_context::PhaseReport| report.carried().and_then(|tally| tally.get("messages")).unwrap_or(0);
    reports.iter().map(|report| (report.counts().messages, carried(report))).collect()
}

#[test]
fn a_resumed_phase_reports_all_that_is_done_and_what_was_done_before() {
    let file = JournalFile::new();
    drop(open(&file).phase(Extract).run(|extract| read(extract, 57)).unwrap_err());
    let (extracted, ()) = open(&file).phase(Extract).run(|extract| read(extract, ROWS)).unwrap();
    assert_eq!(extracted.counts().messages, ROWS, "the totals of the next phase");
    assert_eq!(counted(extracted.record()), [(57, 0), (ROWS, 50)]);
    assert_eq!(extracted.record(), &file.record(), "as it is replayed");

    let report = extracted.report().to_string();
    assert!(report.contains("100 (50 before) of 100 (100 %)"), "{report}");
    let json = serde_json::to_value(extracted.report()).unwrap();
    assert_eq!((&json["processed_messages"], &json["carried_messages"]), (&100.into(), &50.into()));
    let own = json["messages_per_second"].as_f64().unwrap() * extracted.report().duration().as_secs_f64();
    assert!((own - 50.0).abs() < 0.001, "the rate is that of the attempt alone: {own} messages");
}

#[test]
fn checkpoints_of_a_resumed_attempt_count_from_the_beginning() {
    let file = JournalFile::new();
    for until in [23, 48, 71] {
        drop(open(&file).phase(Extract).run(|extract| read(extract, until)).unwrap_err());
    }
    let (extracted, ()) = open(&file).phase(Extract).run(|extract| read(extract, ROWS)).unwrap();
    assert_eq!(counted(extracted.record()), [(23, 0), (48, 20), (71, 40), (ROWS, 70)]);
}

#[test]
fn an_attempt_that_does_not_take_up_the_checkpoint_begins_at_zero() {
    let file = JournalFile::new();
    drop(open(&file).phase(Extract).run(|extract| read(extract, 57)).unwrap_err());
    let mut extract = open(&file).start(Extract).unwrap();
    extract.update_progress(messages(ROWS));
    let extracted = extract.complete(()).unwrap();
    assert_eq!(counted(extracted.record())[1], (ROWS, 0));
    assert_eq!(extracted.report().carried(), None);
}

#[test]
fn taking_up_a_checkpoint_twice_counts_it_once() {
    let file = JournalFile::new();
    drop(open(&file).phase(Extract).run(|extract| read(extract, 57)).unwrap_err());
    let extract = open(&file).start(Extract).unwrap();
    for _ in 0..3 {
        assert_eq!(extract.resume_point::<u64>().unwrap(), Some(50));
    }
    assert_eq!(extract.progress().counts().messages, 50);
    extract.resume_point::<String>().unwrap_err();
    assert_eq!(extract.complete(()).unwrap().counts().messages, 50);
}

#[test]
fn a_checkpoint_of_the_attempt_itself_adds_nothing() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.update_progress(messages(5));
    extract.checkpoint(&5).unwrap();
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(5));
    assert_eq!(extract.complete(()).unwrap().counts().messages, 5);
}

#[test]
fn a_retry_in_the_same_process_goes_on_from_the_counts_too() {
    let failed = Context::new("import").phase(Extract).run(|extract| read(extract, 35)).unwrap_err();
    let (failed, _) = failed.into_parts().unwrap();
    let (extracted, ()) = failed.retry_phase().run(|extract| read(extract, ROWS)).unwrap();
    assert_eq!(counted(extracted.record()), [(35, 0), (ROWS, 30)]);
}

#[test]
fn the_dynamic_face_carries_as_well() {
    let file = JournalFile::new();
    drop(open(&file).phase(Extract).run(|extract| read(extract, 57)).unwrap_err());
    let mut context = open_dynamic(&file);
    context.start_phase("extract", None).unwrap();
    assert_eq!(context.resume_point::<u64>().unwrap(), Some(50));
    context.update_progress(messages(50)).unwrap();
    assert_eq!(context.progress().counts().get("messages"), Some(ROWS));
    context.end_phase(()).unwrap();
    assert_eq!(counted(context.record())[1], (ROWS, 50));
}

/// What earlier attempts did is no speed of this one, and is done all the same.
#[test]
fn progress_begins_where_the_last_attempt_was_and_its_rate_does_not() {
    let journal = MemoryJournal::new();
    let begin = || Run::builder("import").journal(journal.clone()).begin::<etl_context::Etl>().unwrap();
    let mut extract = begin().start(Extract).unwrap();
    extract.update_progress(messages(1_000_000_000));
    extract.checkpoint(&1).unwrap();
    drop(extract);
    let extract = begin().start_with(Extract, messages(2_000_000_000)).unwrap();
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(1));
    crate::measurable::let_time_pass(&extract.progress().reader());
    let snapshot = extract.progress().snapshot();
    let counted = &snapshot.counters[1];
    assert_eq!((counted.count, counted.percent()), (1_000_000_000, Some(50.0)));
    assert!(counted.per_second.is_none_or(|rate| rate < 1.0), "this attempt has read nothing yet");
    assert_eq!(counted.time_left, None);
    assert_eq!(journal.clone().load().unwrap().len(), 5);
}
