//! A context that is dropped while its phase is running leaves that phase as failed, and says why.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;

use etl_context::{Context, Counts, Error, Etl, EtlContext, Event, Extract, FailureCause, PhaseStatus, Run, RunRecord, dict};

use crate::refusing_journal::RefusingJournal;
use crate::watcher::Watcher;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

fn watched() -> (Watcher, Context) {
    let watcher = Watcher::default();
    let context = Run::builder("import").observe(watcher.clone()).begin().unwrap();
    (watcher, context)
}

#[test]
fn an_early_return_abandons_the_phase_with_its_counts() {
    fn import(context: Context) -> Result<(), Box<dyn std::error::Error>> {
        let mut extract = context.start(Extract)?;
        extract.update_progress(BATCH);
        let number: u64 = "no number".parse()?;
        drop(extract.complete(dict! { "number": number })?);
        Ok(())
    }
    let (watcher, context) = watched();
    import(context).unwrap_err();
    assert_eq!(watcher.names(), ["run_began", "phase_started", "phase_ended"]);
    let report = watcher.last_report();
    assert_eq!((report.status(), report.cause()), (PhaseStatus::Failed, Some(FailureCause::Abandoned)));
    assert_eq!((report.counts(), report.attempt()), (BATCH, 1));
    assert_eq!(serde_json::to_value(report).unwrap()["cause"], "abandoned");
}

#[test]
fn a_panic_fails_the_phase_as_panicked() {
    let (watcher, context) = watched();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _extract = context.start(Extract).unwrap();
        panic_any("the parser has a bug");
    }));
    caught.unwrap_err();
    assert_eq!(watcher.last_cause(), Some(FailureCause::Panicked));
    assert_eq!(watcher.last_cause().unwrap().to_string(), "panicked");
}

#[test]
fn the_dynamic_context_keeps_the_same_rule() {
    let watcher = Watcher::default();
    let mut context = Run::builder("import").observe(watcher.clone()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    drop(context);
    assert_eq!(watcher.last_cause(), Some(FailureCause::Abandoned));

    let watcher = Watcher::default();
    let mut context = Run::builder("import").observe(watcher.clone()).begin_dynamic().unwrap();
    let caught = catch_unwind(AssertUnwindSafe(move || {
        context.start_phase("extract", None).unwrap();
        panic_any("the parser has a bug");
    }));
    caught.unwrap_err();
    assert_eq!(watcher.last_cause(), Some(FailureCause::Panicked));
}

#[test]
fn a_refused_result_under_a_question_mark_abandons_the_phase() {
    fn import(context: Context) -> Result<(), Error> {
        drop(context.start(Extract)?.complete(dict! { "status": "failed" })?);
        Ok(())
    }
    let (watcher, context) = watched();
    let error = import(context).unwrap_err();
    assert!(matches!(error, Error::InvalidStatus { .. }), "{error}");
    assert_eq!(watcher.last_cause(), Some(FailureCause::Abandoned));
}

#[test]
fn a_context_at_rest_is_dropped_without_a_trace() {
    let (watcher, context) = watched();
    drop(context);
    assert_eq!(watcher.names(), ["run_began"]);

    let (watcher, context) = watched();
    drop(context.start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(watcher.names(), ["run_began", "phase_started", "phase_ended"]);
    assert_eq!(watcher.last_report().status(), PhaseStatus::Completed);
}

#[test]
fn a_scope_that_was_never_run_starts_nothing() {
    let (watcher, context) = watched();
    drop(context.phase(Extract));
    assert_eq!(watcher.names(), ["run_began"]);
}

#[test]
fn a_context_that_moves_through_its_states_is_dropped_once() {
    let (watcher, context) = watched();
    let failed = context.start(Extract).unwrap().fail("no").unwrap();
    drop(failed.retry().unwrap().erase().try_into_state::<etl_context::Running<Extract>, Etl>().unwrap());
    assert_eq!(watcher.names(), ["run_began", "phase_started", "phase_ended", "phase_started", "phase_ended"]);
    assert_eq!((watcher.last_report().attempt(), watcher.last_cause()), (2, Some(FailureCause::Abandoned)));
}

#[test]
fn the_journal_has_the_abandoned_attempt() {
    let journal = RefusingJournal::at(u64::MAX - 1);
    let context = Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap();
    drop(context.start(Extract).unwrap());
    let record = RunRecord::replay(&journal.events()).unwrap();
    assert_eq!((record.status("extract"), record.current_phase()), (PhaseStatus::Failed, None));
}

#[test]
fn a_journal_that_refuses_the_drop_is_no_panic() {
    let (watcher, journal) = (Watcher::default(), RefusingJournal::from(2));
    let builder = Run::builder("import").journal(journal.clone()).observe(watcher.clone());
    drop(builder.begin::<Etl>().unwrap().start(Extract).unwrap());
    assert_eq!(journal.events().len(), 2);
    // What the journal has not taken has not happened, and nobody is told of it.
    assert_eq!(watcher.names(), ["run_began", "phase_started"]);
}

#[test]
fn an_observer_that_panics_during_a_drop_is_contained() {
    struct Panicking;
    impl etl_context::Observer for Panicking {
        fn observe(
            &mut self,
            event: &Event,
            _: &etl_context::Observation<'_>,
        ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            assert!(event.name() != "phase_ended", "the observer has a bug");
            Ok(())
        }
    }
    let watcher = Watcher::default();
    let context = Run::builder("import").observe(Panicking).observe(watcher.clone()).begin::<Etl>().unwrap();
    drop(context.start(Extract).unwrap());
    assert_eq!(watcher.last_cause(), Some(FailureCause::Abandoned));

    // Once more while a panic is under way already.
    let context = Run::builder("import").observe(Panicking).observe(watcher.clone()).begin::<Etl>().unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _extract = context.start(Extract).unwrap();
        panic_any("the parser has a bug");
    }));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the parser has a bug"));
    assert_eq!(watcher.last_cause(), Some(FailureCause::Panicked));
}

#[test]
fn an_override_does_not_keep_an_open_phase_from_being_abandoned() {
    let watcher = Watcher::default();
    let mut context: EtlContext = Run::builder("import").observe(watcher.clone()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    context.set_phase_status("extract", "completed").unwrap();
    drop(context);
    assert_eq!(watcher.last_report().status(), PhaseStatus::Failed);
}

/// Cleans up while the thread unwinds, by a run of its own whose part and phase it does not end.
struct CleaningUp(Watcher, Rc<RefCell<String>>);

impl Drop for CleaningUp {
    fn drop(&mut self) {
        let context = Run::builder("clean-up").observe(self.0.clone()).begin::<Etl>().unwrap();
        let mut extract = context.start(Extract).unwrap();
        let parts = extract.parts(["a"]).unwrap();
        drop(parts.claim().unwrap());
        *self.1.borrow_mut() = parts.finish().unwrap_err().to_string();
        drop(extract);
    }
}

#[test]
fn what_is_dropped_in_order_while_something_else_panics_is_not_said_to_have_panicked() {
    let (importing, cleaning, of_part) = (Watcher::default(), Watcher::default(), Rc::<RefCell<String>>::default());
    let (observer, cleaning_up) = (importing.clone(), CleaningUp(cleaning.clone(), Rc::clone(&of_part)));
    let caught = catch_unwind(AssertUnwindSafe(move || {
        let _dropped_last = cleaning_up;
        let context = Run::builder("import").observe(observer).begin::<Etl>().unwrap();
        let _extract = context.start(Extract).unwrap();
        panic_any("the parser has a bug");
    }));
    caught.unwrap_err();
    assert_eq!(importing.last_cause(), Some(FailureCause::Panicked));
    assert_eq!(cleaning.last_cause(), Some(FailureCause::Abandoned));
    assert!(of_part.borrow().ends_with("`a`: the worker let go of the part"), "{}", of_part.borrow());
}
