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
