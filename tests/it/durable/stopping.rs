//! Stopping on purpose: the phase ends at a good place, and the run goes on from there.

use std::error::Error as StdError;
use std::sync::mpsc;
use std::thread;

use etl_context::{
    Context, Error, Etl, Event, Extract, FailureCause, Journal, JournalError, MemoryJournal, PhaseFailure, Run, Stopped, dict,
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
    stopper.stop();
    let outcome = context.phase(Extract).run(|extract| -> Result<(), Stopped> { extract.check_cancelled() });
    let (failed, Stopped) = outcome.unwrap_err().into_parts().unwrap();
    drop(failed.retry().unwrap());
    assert_eq!(causes(&file), [Some(FailureCause::Stopped), Some(FailureCause::Stopped)]);
}

#[test]
fn another_run_is_not_stopped() {
    let extract = open(&JournalFile::new()).start(Extract).unwrap();
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
    assert_eq!(context.fail_phase(&Stopped).unwrap().cause(), Some(FailureCause::Stopped));
    context.start_phase("extract", None).unwrap();
    drop(context);
    assert_eq!(causes(&file), [Some(FailureCause::Stopped), Some(FailureCause::Stopped)]);
}

#[test]
fn an_attempt_that_was_stopped_does_not_count_as_a_failed_one() {
    let file = JournalFile::new();
    for _ in 0..3 {
        let context = builder(&file).max_attempts(1).begin::<Etl>().unwrap();
        context.stopper().stop();
        drop(context.start(Extract).unwrap());
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
