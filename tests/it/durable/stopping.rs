//! Stopping on purpose: the phase ends at a good place, and the run goes on from there.

use std::error::Error as StdError;
use std::sync::mpsc;
use std::thread;

use etl_context::{
    Context, Dictionary, Error, Etl, Event, Extract, FailureCause, Journal, JournalError, MemoryJournal, PhaseFailure, Run,
    Stopped, Transform, dict,
};

use super::journal_file::JournalFile;
use super::nightly_run::{builder, open, open_dynamic};

/// The causes of the failed attempts at the first phase.
fn causes(file: &JournalFile) -> Vec<Option<FailureCause>> {
    let record = file.record();
    record.phase("extract").unwrap().reports().iter().map(etl_context::PhaseReport::cause).collect()
}

#[test]
fn another_thread_stops_the_phase_which_goes_on_from_its_checkpoint_later() {
    let file = JournalFile::new();
    let context = open(&file);
    let stopper = context.stopper();
    let (reached, is_reached) = mpsc::channel();
    let stopping = thread::spawn(move || {
        is_reached.recv().unwrap();
        stopper.stop();
    });
    let outcome = context.phase(Extract).run(|extract| -> Result<(), Box<dyn StdError + Send + Sync>> {
        for row in 0_u64.. {
            extract.check_cancelled()?;
            extract.checkpoint(&row)?;
            let _ = reached.send(());
        }
        Ok(())
    });
    stopping.join().unwrap();
    let Err(PhaseFailure::Failed { context, .. }) = outcome else { panic!("it was stopped") };
    assert_eq!(context.report().cause(), Some(FailureCause::Stopped));
    drop(context);

    let last = file.record().phase("extract").unwrap().checkpoint().cloned().unwrap();
    let resumed = open(&file).start(Extract).unwrap();
    assert_eq!(resumed.resume_point::<serde_json::Value>().unwrap(), Some(last));
    assert!(!resumed.is_cancelled(), "the next process was not asked to stop");
}

#[test]
fn a_phase_that_returns_early_or_is_dropped_was_stopped() {
    let file = JournalFile::new();
    let context = open(&file);
    let stopper = context.stopper();
    let outcome = context.phase(Extract).run(|extract| -> Result<(), Stopped> {
        stopper.stop();
        extract.check_cancelled()
    });
    let (failed, Stopped) = outcome.unwrap_err().into_parts().unwrap();
    drop(failed);
    let extract = open(&file).start(Extract).unwrap();
    extract.stopper().stop();
    drop(extract);
    assert_eq!(causes(&file), [Some(FailureCause::Stopped), Some(FailureCause::Stopped)]);
}

#[test]
fn a_run_that_was_asked_to_stop_starts_nothing_more() {
    let file = JournalFile::new();
    let extract = open(&file).start(Extract).unwrap();
    let stopper = extract.stopper();
    let extracted = extract.complete(dict! {}).unwrap();
    let events = extracted.record().events() + 1; // that it was asked to stop is recorded once
    stopper.stop();
    let outcome = extracted.phase(Transform).run(|_| -> Result<(), Stopped> { unreachable!("it was asked to stop") });
    let Err(PhaseFailure::NotStarted(refused)) = outcome else { panic!("it was asked to stop") };
    assert!(matches!(refused.error(), Error::Stopped));
    let (extracted, _) = refused.into_parts();
    let (extracted, error) = extracted.start(Transform).unwrap_err().into_parts();
    assert!(matches!(error, Error::Stopped));
    let (extracted, error) = extracted.enter(Transform).unwrap_err().into_parts();
    assert!(matches!(error, Error::Stopped));
    let mut context = extracted.erase();
    assert!(matches!(context.start_phase("transform", None), Err(Error::Stopped)));
    assert_eq!(context.record().events(), events);
    drop(context);
    assert_eq!(file.record().events(), events);
    assert_eq!(file.record().phase("transform"), None);
}

#[test]
fn a_failed_phase_is_not_tried_again_once_the_run_was_asked_to_stop() {
    let failed = Context::new("import").start(Extract).unwrap().fail("no connection").unwrap();
    failed.stopper().stop();
    let (failed, error) = failed.retry().unwrap_err().into_parts();
    assert!(matches!(error, Error::Stopped));
    assert_eq!(failed.report().cause(), Some(FailureCause::Error));
}

#[test]
fn what_an_earlier_process_completed_is_gone_past_though_the_run_was_asked_to_stop() {
    let file = JournalFile::new();
    drop(open(&file).start(Extract).unwrap().complete(dict! { "rows": 3 }).unwrap());
    let context = open(&file);
    context.stopper().stop();
    let (extracted, result) =
        context.phase(Extract).run(|_| -> Result<Dictionary, Stopped> { unreachable!("an earlier process did it") }).unwrap();
    assert_eq!(result["rows"], 3);
    assert!(matches!(extracted.start(Transform).unwrap_err().error(), Error::Stopped));
}

#[test]
fn another_run_is_not_stopped() {
    let file = JournalFile::new();
    let extract = open(&file).start(Extract).unwrap();
    Context::new("another run").stopper().stop();
    assert!(!extract.is_cancelled());
}

#[test]
fn a_phase_that_is_nearly_done_may_complete() {
    let file = JournalFile::new();
    let context = open(&file);
    let stopper = context.stopper();
    let (extracted, _) = context
        .phase(Extract)
        .run(|_| {
            stopper.stop();
            Ok::<_, Stopped>(dict! {})
        })
        .unwrap();
    assert_eq!(extracted.report().cause(), None);
}

#[test]
fn the_dynamic_face_is_stopped_in_the_same_way() {
    let file = JournalFile::new();
    let mut context = open_dynamic(&file);
    context.start_phase("extract", None).unwrap();
    assert!(!context.is_cancelled());
    context.stopper().stop();
    assert!(context.is_cancelled());
    assert!(matches!(context.start_phase("extract", None), Err(Error::AlreadyInProgress { .. })), "which comes first");
    assert_eq!(context.fail_phase(&Stopped).unwrap().cause(), Some(FailureCause::Stopped));
    assert!(matches!(context.start_phase("extract", None), Err(Error::Stopped)));
    drop(context);
    assert_eq!(causes(&file), [Some(FailureCause::Stopped)]);
}

#[test]
fn an_attempt_that_was_stopped_does_not_count_as_a_failed_one() {
    let file = JournalFile::new();
    for _ in 0..3 {
        let extract = builder(&file).max_attempts(1).begin::<Etl>().unwrap().start(Extract).unwrap();
        extract.stopper().stop();
        drop(extract);
    }
    let context = builder(&file).max_attempts(1).begin::<Etl>().unwrap();
    drop(context.start(Extract).unwrap().complete(()).unwrap());
}

/// A journal whose run is taken over by somebody else after a few events.
struct TakenOver {
    journal: MemoryJournal,
    after: u64,
}

impl Journal for TakenOver {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        if sequence >= self.after {
            return Err(JournalError::no_longer_owner("process 2 took it over"));
        }
        self.journal.append(sequence, event)
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        self.journal.load()
    }
}

#[test]
fn a_run_that_now_belongs_to_somebody_else_is_cancelled() {
    let journal = TakenOver { journal: MemoryJournal::new(), after: 3 };
    let context = Run::builder("nightly").journal(journal).begin::<Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    extract.checkpoint(&1).unwrap();
    assert!(!extract.is_cancelled());
    let error = extract.checkpoint(&2).unwrap_err();
    assert!(matches!(&error, Error::Journal { source, .. } if source.is_ownership_lost()), "{error}");
    assert!(extract.is_cancelled());
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(1), "what was refused has not happened");
}
