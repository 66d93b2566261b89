//! A phase that is divided into parts completes when all of them have, with the sums of what they counted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use etl_context::{
    Context, Counts, Error, Etl, EtlContext, Event, Extract, FileJournal, Journal, MemoryJournal, Part, Parts, PhaseFailure,
    PhaseRecord, PhaseStatus, Run, RunRecord, RunningPhase, Stopped, counters, pipeline,
};

use crate::measurable::let_time_pass;

const MONTHS: [&str; 4] = ["2024-01", "2024-02", "2024-03", "2024-04"];

fn month(name: &str) -> Counts {
    Counts { conversations: 1, messages: name[5..].parse().unwrap() }
}

#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn read_month(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(month(part.name()));
    Ok(())
}

/// The third month cannot be read.
fn read_but_the_third(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(month(part.name()));
    if part.name() == MONTHS[2] { Err("no such file".to_owned()) } else { Ok(()) }
}

fn parts_of<'r>(record: &'r RunRecord, phase: &str) -> Vec<(&'r str, PhaseStatus)> {
    record.phase(phase).map(PhaseRecord::parts).into_iter().flatten().map(|part| (part.name(), part.status())).collect()
}

fn with_status(status: PhaseStatus) -> impl Fn(&&str) -> (&'static str, PhaseStatus) {
    move |name| (MONTHS.into_iter().find(|month| month == name).unwrap(), status)
}

#[test]
fn the_phase_counts_what_its_completed_parts_have_counted() {
    let (extracted, ()) = Context::new("import")
        .phase(Extract)
        .run(|extract| -> Result<(), Error> {
            let parts = extract.parts(MONTHS)?;
            assert_eq!(parts.work(read_month)?, 4);
            parts.finish()
        })
        .unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: 4, messages: 10 });
    let expected: Vec<_> = MONTHS.iter().map(with_status(PhaseStatus::Completed)).collect();
    assert_eq!(parts_of(extracted.record(), "extract"), expected);
    let part = extracted.record().phase("extract").unwrap().part("2024-03").unwrap();
    assert_eq!(part.counts().unwrap().get("messages"), Some(3));
    assert!(part.worker().unwrap().starts_with(&format!("process {} on ", std::process::id())), "{part:?}");
}

#[test]
fn a_part_that_failed_keeps_its_error_and_how_long_it_took() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let parts = context.parts::<Counts>(["2024-01"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    part.update_progress(Counts { conversations: 1, messages: 2 });
    let_time_pass(&part.progress().reader());
    part.fail(&"no file").unwrap();
    drop(parts);
    let part = context.record().phase("extract").unwrap().part("2024-01").unwrap();
    assert_eq!(part.error().unwrap().message(), "no file");
    assert_eq!(part.counts().unwrap().get("messages"), Some(2));
    assert!(part.duration() > Duration::ZERO);
}

#[test]
fn threads_share_the_parts_and_each_is_worked_on_once() {
    let names: Vec<_> = (0..500).map(|number| format!("part {number:03}")).collect();
    let mut context = Context::new("import").start(Extract).unwrap();
    let worked = AtomicU64::new(0);
    let parts = context.parts(&names).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let work = |part: &mut Part<'_>| -> Result<(), String> {
                    worked.fetch_add(1, Ordering::Relaxed);
                    part.update_progress(Counts { conversations: 1, messages: part.name()[5..].parse().unwrap() });
                    Ok(())
                };
                parts.work(work).unwrap();
            });
        }
    });
    parts.finish().unwrap();
    assert_eq!(worked.into_inner(), 500);
    assert_eq!(context.complete(()).unwrap().counts(), Counts { conversations: 500, messages: 499 * 500 / 2 });
}

#[test]
fn the_phase_fails_with_the_errors_of_its_parts_when_all_have_ended() {
    let outcome = Context::new("import").phase(Extract).run(|extract| -> Result<(), Error> {
        let parts = extract.parts(MONTHS)?;
        parts.work(read_but_the_third)?;
        parts.finish()
    });
    let Err(PhaseFailure::Failed { context, error }) = outcome else { panic!("a part failed") };
    assert_eq!(error.to_string(), "1 of 4 parts of phase `extract` have not completed: `2024-03`: no such file");
    let errors: Vec<_> = context.record().errors().iter().map(|error| error.message().to_owned()).collect();
    assert_eq!(errors, ["part `2024-03`: no such file", &error.to_string()]);
    assert_eq!(context.report().tally().get("messages"), Some(1 + 2 + 4), "a part that failed is not counted");
}

#[test]
fn a_retry_works_on_the_parts_that_have_not_completed() {
    let outcome = Context::new("import").phase(Extract).run(|extract| -> Result<(), Error> {
        let parts = extract.parts(MONTHS)?;
        parts.work(read_but_the_third)?;
        parts.finish()
    });
    let (failed, _) = outcome.unwrap_err().into_parts().unwrap();
    let mut again = Vec::new();
    let (extracted, ()) = failed
        .retry_phase()
        .run(|extract| -> Result<(), Error> {
            let parts = extract.parts(MONTHS)?;
            parts.work(|part| {
                again.push(part.name().to_owned());
                read_month(part)
            })?;
            parts.finish()
        })
        .unwrap();
    assert_eq!(again, ["2024-03"]);
    assert_eq!(extracted.counts(), Counts { conversations: 4, messages: 10 });
}

#[test]
fn a_run_that_goes_on_works_on_the_parts_that_have_not_completed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let begin = || Run::builder("import").journal(FileJournal::open(&path).unwrap()).begin::<Etl>().unwrap();
    let dies = |extract: &mut RunningPhase<'_, Extract>| -> Result<(), Error> {
        let parts = extract.parts(MONTHS)?;
        parts.claim()?.unwrap().complete()?;
        let mut second = parts.claim()?.unwrap();
        read_month(&mut second).unwrap();
        second.complete()?;
        // The process dies with the third part in hand.
        std::mem::forget(parts.claim()?);
        Err(Error::Stopped)
    };
    let _ = begin().phase(Extract).run(dies).unwrap_err();
    let mut worked = Vec::new();
    let (extracted, ()) = begin()
        .phase(Extract)
        .run(|extract| -> Result<(), Error> {
            let parts = extract.parts(MONTHS)?;
            parts.work(|part| {
                worked.push(part.name().to_owned());
                read_month(part)
            })?;
            parts.finish()
        })
        .unwrap();
    assert_eq!(worked, ["2024-03", "2024-04"]);
    assert_eq!(extracted.counts(), Counts { conversations: 3, messages: 2 + 3 + 4 }, "the first part counted nothing");
    assert_eq!(&RunRecord::read(&path).unwrap().unwrap(), extracted.record());
}

#[test]
fn a_phase_that_runs_again_has_all_its_parts_to_do() {
    let mut context = EtlContext::new("import");
    for _ in 0..2 {
        context.start_phase("extract", None).unwrap();
        let parts = context.parts(MONTHS).unwrap();
        assert_eq!(parts.work(read_month).unwrap(), 4);
        parts.finish().unwrap();
        assert_eq!(context.end_phase(()).unwrap().counts().messages, 10);
    }
}

#[test]
fn so_does_one_whose_predecessor_has_run_again() {
    let mut context = EtlContext::new("import");
    for _ in 0..2 {
        context.start_phase("extract", None).unwrap();
        context.end_phase(()).unwrap();
        context.start_phase("load", None).unwrap();
        let parts = context.parts(MONTHS).unwrap();
        assert_eq!(parts.work(read_but_the_third).unwrap(), 3);
        assert!(parts.finish().is_err());
        context.fail_phase(&Error::Stopped).unwrap();
    }
}

#[test]
fn parts_may_be_other_ones_in_the_next_attempt() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let parts = context.parts(["2024-01", "2024-02"]).unwrap();
    parts.work(read_month).unwrap();
    drop(parts);
    context.fail_phase(&Error::Stopped).unwrap();
    context.start_phase("extract", None).unwrap();
    let parts = context.parts(["2024-02", "2024-03"]).unwrap();
    assert_eq!(parts.work(read_month).unwrap(), 1);
    parts.finish().unwrap();
    assert_eq!(context.end_phase(()).unwrap().counts(), Counts { conversations: 2, messages: 5 });
    assert_eq!(context.record().phase("extract").unwrap().parts().len(), 2);
}

#[test]
fn parts_that_nobody_has_worked_on_fail_the_phase() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let error = context.parts::<Counts>(MONTHS).unwrap().finish().unwrap_err();
    let expected = "4 of 4 parts of phase `extract` have not completed: `2024-01`: nobody has worked on it; ";
    assert!(error.to_string().starts_with(expected), "{error}");
}

/// The error of a phase with this many parts that nobody has worked on.
fn not_worked_on(parts: usize) -> String {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let parts = context.parts::<Counts>((1..=parts).map(|number| format!("{number:02}"))).unwrap();
    parts.finish().unwrap_err().to_string()
}

#[test]
fn the_error_names_ten_parts_and_counts_the_others() {
    let ten = not_worked_on(10);
    assert!(ten.starts_with("10 of 10 parts ") && ten.ends_with("; `10`: nobody has worked on it"), "{ten}");
    let thirteen = not_worked_on(13);
    assert!(thirteen.starts_with("13 of 13 parts "), "{thirteen}");
    assert!(thirteen.ends_with("; `10`: nobody has worked on it; and 3 more"), "{thirteen}");
}

#[test]
fn no_parts_are_done_at_once() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let parts = context.parts([""; 0]).unwrap();
    assert_eq!(parts.work(read_month).unwrap(), 0);
    parts.finish().unwrap();
}

#[test]
fn parts_are_registered_once_in_an_attempt() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    drop(context.parts::<Counts>(MONTHS).unwrap());
    let events = context.record().events();
    drop(context.parts::<Counts>(MONTHS).unwrap());
    assert_eq!(context.record().events(), events, "the same parts are not registered twice");
    let as_many = ["2024-01", "2024-02", "2024-03", "2024-05"];
    let others: [&[&str]; 5] = [&["other"], &as_many, &MONTHS[1..], &[&MONTHS[..], &["2024-05"]].concat(), &[]];
    for names in others {
        let error = context.parts::<Counts>(names.iter().copied()).unwrap_err();
        assert!(matches!(error, Error::InvalidParts { .. }), "{names:?}: {error}");
        assert_eq!(context.record().events(), events);
    }
}

#[test]
fn a_name_that_names_no_part_is_refused() {
    for names in [["", "b"], ["a", "a"], ["a", "b\0"]] {
        let mut context = EtlContext::new("import");
        context.start_phase("extract", None).unwrap();
        let error = context.parts::<Counts>(names).unwrap_err();
        assert!(error.to_string().starts_with("the parts of phase `extract` cannot be registered: "), "{error}");
        assert_eq!(context.record().events(), 2);
    }
}

#[test]
fn parts_need_a_running_phase() {
    let mut context = EtlContext::new("import");
    assert!(matches!(context.parts::<Counts>(MONTHS), Err(Error::NoneInProgress { .. })));
}

#[test]
fn a_part_that_is_let_go_of_has_failed() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let parts: Parts<'_> = context.parts(["a", "b"]).unwrap();
    drop(parts.claim().unwrap());
    let panicked = catch_unwind(AssertUnwindSafe(|| parts.work(|_| -> Result<(), String> { panic!("out of bounds") })));
    assert!(panicked.is_err());
    let error = parts.finish().unwrap_err().to_string();
    assert!(error.contains("`a`: the worker let go of the part; `b`: the worker panicked"), "{error}");
}

#[test]
fn a_part_that_is_given_back_is_taken_again() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let parts: Parts<'_> = context.parts(["a"]).unwrap();
    let part = parts.claim().unwrap().unwrap();
    assert_eq!(part.attempt(), 1);
    part.give_back().unwrap();
    let part = parts.claim().unwrap().unwrap();
    assert_eq!((part.name(), part.attempt()), ("a", 2));
    assert!(format!("{parts:?}").contains("extract") && format!("{part:?}").contains("\"a\""), "{parts:?} {part:?}");
    part.complete().unwrap();
    parts.finish().unwrap();
}

#[test]
fn a_run_that_is_asked_to_stop_gives_its_parts_back() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let stopper = context.stopper();
    let parts = context.parts(MONTHS).unwrap();
    let worked = parts.work(|part: &mut Part<'_>| -> Result<(), Stopped> {
        if part.name() == MONTHS[1] {
            stopper.stop();
        }
        part.check_cancelled()
    });
    assert_eq!(worked.unwrap(), 1);
    assert!(matches!(parts.finish(), Err(Error::Stopped)));
    let statuses: Vec<_> = parts_of(context.record(), "extract").into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, [PhaseStatus::Completed, PhaseStatus::Pending, PhaseStatus::Pending, PhaseStatus::Pending]);
}

#[test]
fn the_key_of_a_part_is_the_same_whoever_works_on_it() {
    let mut context = Context::new("import").start(Extract).unwrap();
    let run = context.record().run_id();
    let parts = context.parts(["2024-01"]).unwrap();
    let part = parts.claim().unwrap().unwrap();
    assert_eq!(part.idempotency_key(), format!("{run}/extract/2024-01"));
    part.complete().unwrap();
    parts.finish().unwrap();
    drop(context.complete(()).unwrap());
}

counters! {
    /// What a table has.
    pub struct Rows { pub rows: u64 }
}

pipeline! {
    /// A pipeline whose phase counts rows.
    pub Tables {
        Copy = "copy" counts Rows after Idle;
    }
}

#[test]
fn parts_count_what_their_phase_counts() {
    let mut copy = Tables::context("tables").start(Copy).unwrap();
    let parts = copy.parts(["a", "b"]).unwrap();
    parts
        .work(|part| -> Result<(), String> {
            part.update_progress(Rows { rows: u64::MAX / 2 + 1 });
            Ok(())
        })
        .unwrap();
    parts.finish().unwrap();
    assert_eq!(copy.complete(()).unwrap().counts(), Rows { rows: u64::MAX }, "sums saturate");
}

#[test]
fn what_happened_to_the_parts_is_in_the_journal_and_the_summary() {
    let mut journal = MemoryJournal::new();
    let mut context = Run::builder("import").journal(journal.clone()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    let parts = context.parts(MONTHS).unwrap();
    parts.work(read_but_the_third).unwrap();
    parts.finish().unwrap_err();
    let events = journal.load().unwrap();
    let names: Vec<_> = events.iter().map(Event::name).collect();
    let ended = ["part_ended"; 4];
    assert_eq!(names, [&["run_began", "phase_started", "parts_registered"][..], &ended].concat());
    assert_eq!(RunRecord::replay(&events).as_ref(), Some(context.record()));
    let summary = serde_json::to_value(context.get_summary()).unwrap();
    let expected = serde_json::json!({ "registered": 4, "completed": 3, "failed": 1 });
    assert_eq!(summary["phases"]["extract"]["parts"], expected);
}
