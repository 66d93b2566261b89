//! Whoever has a part next goes on from its last checkpoint, with what was counted until then.

use etl_context::{
    Context, Counts, Error, Etl, EtlContext, Event, Extract, FailureCause, Idle, Journal, MemoryJournal, Part, PartRecord, Parts,
    PhaseReport, PhaseStatus, Run, RunRecord,
};
use serde_json::{Value, json};

use crate::durable::journal_file::JournalFile;

const ROWS: u64 = 10;

fn rows(rows: u64) -> Counts {
    Counts { conversations: 0, messages: rows }
}

/// Reads on from the last checkpoint to this row, and says there from where to go on.
fn read_to(part: &mut Part<'_>, end: u64) -> Result<(), Error> {
    let done: u64 = part.resume_point()?.unwrap_or(0);
    part.update_progress(rows(end - done));
    part.checkpoint(&end)
}

fn extracting() -> EtlContext {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context
}

fn claimed<'p>(parts: &'p Parts<'_>) -> Part<'p> {
    parts.claim().unwrap().unwrap()
}

fn part<'r>(record: &'r RunRecord, name: &str) -> &'r PartRecord {
    record.phase("extract").unwrap().part(name).unwrap()
}

fn counted(part: &PartRecord) -> u64 {
    part.counts().unwrap().get("messages").unwrap()
}

#[test]
fn a_part_that_is_given_back_goes_on_from_its_checkpoint_and_its_counts() {
    let mut context = extracting();
    let parts = context.parts(["a"]).unwrap();
    let mut first = claimed(&parts);
    assert_eq!(first.resume_point::<u64>().unwrap(), None);
    read_to(&mut first, 4).unwrap();
    first.update_progress(rows(3));
    first.give_back().unwrap();
    let mut second = claimed(&parts);
    assert_eq!(second.resume_point().unwrap(), Some(4));
    assert_eq!(second.progress().counts(), rows(4), "what was counted behind the checkpoint is done again");
    second.update_progress(rows(6));
    second.complete().unwrap();
    parts.finish().unwrap();
    let report = context.end_phase(()).unwrap();
    assert_eq!((report.counts(), report.carried()), (rows(ROWS), None));
    assert_eq!(part(context.record(), "a").carried(), None, "all of it was done in this attempt");
}

#[test]
fn the_cursor_is_asked_for_as_often_as_one_likes() {
    let mut context = extracting();
    let parts = context.parts(["a"]).unwrap();
    let mut first = claimed(&parts);
    read_to(&mut first, 4).unwrap();
    assert_eq!(first.resume_point().unwrap(), Some(4), "its own");
    assert_eq!(first.progress().counts(), rows(4));
    first.give_back().unwrap();
    let mut second = claimed(&parts);
    for _ in 0..2 {
        assert_eq!(second.resume_point().unwrap(), Some(4));
        assert_eq!(second.progress().counts(), rows(4));
    }
    second.complete().unwrap();
    parts.finish().unwrap();
}

#[test]
fn a_worker_that_does_not_ask_begins_at_zero() {
    let mut context = extracting();
    let parts = context.parts(["a"]).unwrap();
    let mut first = claimed(&parts);
    read_to(&mut first, 4).unwrap();
    first.give_back().unwrap();
    let mut second = claimed(&parts);
    second.update_progress(rows(1));
    second.checkpoint("anew").unwrap();
    second.give_back().unwrap();
    let mut third = claimed(&parts);
    assert_eq!(third.resume_point::<String>().unwrap().unwrap(), "anew");
    assert_eq!(third.progress().counts(), rows(1));
    third.complete().unwrap();
    parts.finish().unwrap();
    assert_eq!(context.end_phase(()).unwrap().counts(), rows(1));
}

#[test]
fn a_part_that_failed_goes_on_in_the_next_attempt_and_that_tells_what_was_done_before() {
    let mut context = extracting();
    for (end, fails) in [(4, true), (ROWS, false)] {
        let parts = context.parts(["a"]).unwrap();
        let worked = parts.work(|part| -> Result<(), Error> {
            read_to(part, end)?;
            if fails { Err(Error::Stopped) } else { Ok(()) }
        });
        assert_eq!(worked.unwrap(), u64::from(!fails));
        if fails {
            parts.finish().unwrap_err();
            assert_eq!(context.fail_phase(&Error::Stopped).unwrap().counts(), rows(0), "a part that failed is not counted");
            assert_eq!(part(context.record(), "a").checkpoint(), Some(&json!(4)));
            context.start_phase("extract", None).unwrap();
        } else {
            parts.finish().unwrap();
        }
    }
    let report = context.end_phase(()).unwrap();
    assert_eq!((report.counts(), report.carried().unwrap().get("messages")), (rows(ROWS), Some(4)));
    let part = part(context.record(), "a");
    assert_eq!((counted(part), part.carried().unwrap().get("messages"), part.checkpoint()), (ROWS, Some(4), None));
}

#[test]
fn a_phase_that_runs_again_after_it_completed_begins_its_parts_anew() {
    let mut context = extracting();
    for _ in 0..2 {
        let parts = context.parts(["a"]).unwrap();
        let mut part = claimed(&parts);
        assert_eq!(part.resume_point::<u64>().unwrap(), None);
        read_to(&mut part, ROWS).unwrap();
        part.complete().unwrap();
        parts.finish().unwrap();
        assert_eq!(context.end_phase(()).unwrap().counts(), rows(ROWS));
        context.start_phase("extract", None).unwrap();
    }
}

/// A process that dies with the part in hand, in the middle of it.
fn dies(context: Context<Idle, Etl>, end: u64) {
    let extract = context.start(Extract).unwrap();
    let mut extract = std::mem::ManuallyDrop::new(extract);
    let parts = extract.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    read_to(&mut part, end).unwrap();
    part.update_progress(rows(100));
    std::mem::forget(part);
}

#[test]
fn a_part_whose_process_died_goes_on_in_the_next_one() {
    let file = JournalFile::new();
    dies(Run::builder("import").journal(file.open()).begin().unwrap(), 3);
    let second = file.crashed();
    dies(Run::builder("import").journal(second.open()).begin().unwrap(), 7);
    let third = second.crashed();
    let finish = |extract: &mut etl_context::RunningPhase<'_, Extract>| -> Result<(), Error> {
        let parts = extract.parts(["a"])?;
        parts.work(|part| {
            assert_eq!(part.resume_point()?, Some(7));
            read_to(part, ROWS)
        })?;
        parts.finish()
    };
    let context = Run::builder("import").journal(third.open()).begin::<Etl>().unwrap();
    let (extracted, ()) = context.phase(Extract).run(finish).unwrap();
    assert_eq!(extracted.report().attempt(), 3);
    assert_eq!((extracted.counts(), extracted.report().carried().unwrap().get("messages")), (rows(ROWS), Some(7)));
    assert_eq!(&third.record(), extracted.record());
    let causes: Vec<_> = extracted.record().phase("extract").unwrap().reports()[..2].iter().map(PhaseReport::cause).collect();
    assert_eq!(causes, [Some(FailureCause::Interrupted); 2]);
}

#[test]
fn what_happened_is_in_the_journal_and_adds_up_to_the_record() {
    let mut journal = MemoryJournal::new();
    let mut context = Run::builder("import").journal(journal.clone()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    let parts = context.parts(["a \"b\""]).unwrap();
    let mut part = claimed(&parts);
    part.update_progress(rows(2));
    part.record_error("odd").unwrap();
    part.reject(&7, "no sender").unwrap();
    part.checkpoint(&Value::Null).unwrap();
    part.complete().unwrap();
    parts.finish().unwrap();
    let events = journal.load().unwrap();
    let names: Vec<_> = events.iter().map(Event::name).collect();
    assert_eq!(names, ["run_began", "phase_started", "parts_registered", "part_checkpointed", "part_ended"]);
    assert_eq!(RunRecord::replay(&events).as_ref(), Some(context.record()));
    for (sequence, event) in (0..).zip(&events) {
        assert_eq!(&Event::from_line(sequence, &event.to_line(sequence).unwrap()).unwrap(), event);
    }
    assert!(events[3].to_line(3).unwrap().contains(r#""version":2,"#), "an older release names the line");
    assert!(!events[4].to_line(4).unwrap().contains("version"), "which it can read");
}

#[test]
fn a_cursor_that_cannot_be_recorded_is_refused_and_nothing_has_changed() {
    let mut context = extracting();
    let parts = context.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    part.reject(&1, "odd").unwrap();
    let error = part.checkpoint(&f64::NAN).unwrap_err();
    assert!(matches!(error, Error::NotSerializable { what: "the checkpoint", .. }), "{error}");
    part.checkpoint(&1).unwrap();
    let error = part.resume_point::<String>().unwrap_err();
    assert!(matches!(error, Error::StoredShape { .. }), "{error}");
    part.complete().unwrap();
    parts.finish().unwrap();
    assert_eq!(context.end_phase(()).unwrap().rejected().rows(), 1);
}

#[test]
fn a_part_that_ended_in_one_attempt_or_the_next_is_in_the_record_as_it_ended() {
    let mut context = extracting();
    let parts = context.parts(["a", "b"]).unwrap();
    let mut first = claimed(&parts);
    read_to(&mut first, 4).unwrap();
    first.fail("no more").unwrap();
    drop(parts);
    let part = part(context.record(), "a");
    assert_eq!((part.status(), part.checkpoint(), counted(part)), (PhaseStatus::Failed, Some(&json!(4)), 4));
}
