//! The events of a journal add up to the record of the run, or to nothing.

use etl_context::{Context, Counts, Etl, EtlContext, Event, Extract, Journal, MemoryJournal, PhaseStatus, Run, RunRecord, dict};

use crate::layered_error::ImportError;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

fn journaled(name: &str) -> (MemoryJournal, EtlContext) {
    let journal = MemoryJournal::new();
    let context = Run::builder(name).journal(journal.clone()).begin_dynamic().unwrap();
    (journal, context)
}

fn events(journal: &MemoryJournal) -> Vec<Event> {
    journal.clone().load().unwrap()
}

/// The events of a run that starts and ends this phase.
fn events_of(phase: &str) -> Vec<Event> {
    let (journal, mut context) = journaled("import");
    context.start_phase(phase, None).unwrap();
    context.end_phase(()).unwrap();
    events(&journal)
}

#[test]
fn at_every_moment_the_events_add_up_to_the_live_record() {
    let (journal, mut context) = journaled("import");
    let agrees = |context: &EtlContext| assert_eq!(RunRecord::replay(&events(&journal)).as_ref(), Some(context.record()));
    agrees(&context);
    context.start_phase("extract", BATCH).unwrap();
    agrees(&context);
    context.update_progress(BATCH).unwrap();
    context.checkpoint(&dict! { "page": 7 }).unwrap();
    agrees(&context);
    context.fail_phase(&ImportError::unreadable()).unwrap();
    agrees(&context);
    context.set_phase_status("load", "failed").unwrap();
    context.record_error("transform", &ImportError::Empty).unwrap();
    agrees(&context);
    context.start_phase("extract", None).unwrap();
    context.end_phase(dict! { "messages_processed": 3, "nested": { "file": "export.tar" } }).unwrap();
    agrees(&context);
}

#[test]
fn the_typed_face_writes_the_same_events() {
    let journal = MemoryJournal::new();
    let context: Context = Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap();
    let failed = context.phase(Extract).run(|_| -> Result<(), ImportError> { Err(ImportError::Empty) }).unwrap_err();
    let (failed, _) = failed.into_parts().unwrap();
    let extracted = failed.retry().unwrap().complete(dict! { "rows": 1 }).unwrap();
    assert_eq!(RunRecord::replay(&events(&journal)).as_ref(), Some(extracted.record()));
}

#[test]
fn a_run_that_was_cut_short_is_still_running_in_its_events() {
    let record = RunRecord::replay(&events_of("extract")[..2]).unwrap();
    assert_eq!((record.status("extract"), record.current_phase().unwrap().as_str()), (PhaseStatus::Running, "extract"));
}

#[test]
fn no_events_are_no_run() {
    assert_eq!(RunRecord::replay(&[]), None);
}

#[test]
fn events_without_their_beginning_are_no_run() {
    assert_eq!(RunRecord::replay(&events_of("extract")[1..]), None);
}

#[test]
fn events_that_cannot_follow_each_other_are_no_run() {
    let events = events_of("extract");
    let [began, started, ended] = &events[..] else { panic!("three events") };
    assert_eq!(RunRecord::replay([began, started, started]), None);
    assert_eq!(RunRecord::replay([began, ended]), None);
    assert_eq!(RunRecord::replay([began, started, ended, ended]), None);
}

#[test]
fn a_second_beginning_is_no_run() {
    let (first, second) = (events_of("extract"), events_of("load"));
    assert_eq!(RunRecord::replay(first.iter().chain(&second)), None);
}

#[test]
fn the_end_of_a_phase_that_is_not_running_is_no_run() {
    let (extract, load) = (events_of("extract"), events_of("load"));
    assert_eq!(RunRecord::replay([&extract[0], &extract[1], &load[2]]), None);
}

#[test]
fn a_checkpoint_of_a_phase_that_is_not_running_is_no_run() {
    let (journal, mut context) = journaled("import");
    context.start_phase("load", None).unwrap();
    context.checkpoint(&7).unwrap();
    let (extract, load) = (events_of("extract"), events(&journal));
    assert_eq!(RunRecord::replay([&extract[0], &extract[1], &load[2]]), None);
}

#[test]
fn attempts_out_of_their_order_are_no_run() {
    let (journal, mut context) = journaled("import");
    for _ in 0..2 {
        context.start_phase("extract", None).unwrap();
        context.end_phase(()).unwrap();
    }
    let events = events(&journal);
    let [began, first, first_ended, second, second_ended] = &events[..] else { panic!("five events") };
    assert_eq!(RunRecord::replay([began, second, second_ended]), None);
    assert_eq!(RunRecord::replay([began, first, second_ended]), None);
    assert_eq!(RunRecord::replay([began, first, first_ended, first]), None);
}

/// The events of a run that has divided a phase into two parts, of which one completed and one failed.
fn events_with_parts() -> Vec<Event> {
    let (journal, mut context) = journaled("import");
    context.start_phase("extract", None).unwrap();
    let parts = context.parts::<Counts>(["a", "b"]).unwrap();
    parts.work(|part| if part.name() == "a" { Ok(()) } else { Err("no file") }).unwrap();
    drop(parts);
    context.end_phase(()).unwrap();
    events(&journal)
}

#[test]
fn parts_that_are_registered_twice_or_while_the_phase_does_not_run_are_no_run() {
    let events = events_with_parts();
    let [began, started, registered, a, b, ended] = &events[..] else { panic!("six events") };
    assert!(RunRecord::replay([began, started, registered, a, b, ended]).is_some());
    assert_eq!(RunRecord::replay([began, registered]), None);
    assert_eq!(RunRecord::replay([began, started, registered, registered]), None);
    assert_eq!(RunRecord::replay([began, started, registered, a, b, ended, registered]), None);
}

#[test]
fn the_end_of_a_part_that_is_not_open_is_no_run() {
    let events = events_with_parts();
    let [began, started, registered, a, b, ended] = &events[..] else { panic!("six events") };
    assert_eq!(RunRecord::replay([began, started, a]), None);
    assert_eq!(RunRecord::replay([began, started, registered, a, a]), None);
    assert_eq!(RunRecord::replay([began, started, registered, a, b, b]), None);
    assert_eq!(RunRecord::replay([began, started, registered, b, ended, a]), None);
    let other = events_of("load");
    assert_eq!(RunRecord::replay([began, &other[1], a]), None);
}

#[test]
fn the_end_of_a_part_from_an_earlier_attempt_is_no_run() {
    let (journal, mut context) = journaled("import");
    for _ in 0..2 {
        context.start_phase("extract", None).unwrap();
        let parts = context.parts::<Counts>(["a", "b"]).unwrap();
        parts.work(|_| Err("no file")).unwrap();
        drop(parts);
        context.end_phase(dict! { "status": "failed" }).unwrap();
    }
    let events = events(&journal);
    let second = events.iter().rposition(|event| event.name() == "phase_started").unwrap();
    let (first, again) = (&events[..=second], &events[second + 1..]);
    assert!(RunRecord::replay(first.iter().chain(again)).is_some());
    assert_eq!(RunRecord::replay(first.iter().chain(&again[1..2])), None, "not registered in this attempt");
    assert_eq!(RunRecord::replay(first.iter().chain([&again[0], &events[3]])), None, "ended in the first attempt");
}
