//! Who watches? Observers are told of every event after it was recorded; they pull progress when they want to show it.
//!
//! [`Observer`] is told, [`Observation`] is what it may look at meanwhile, [`Observers`] are those of one run. Each feature that
//! watches has a file or a folder of its own.
//!
//! Imports from `record` and everything below it, and from no journal.

pub(crate) mod failure;
#[cfg(feature = "open-lineage")]
pub(crate) mod open_lineage;
#[cfg(feature = "progress")]
pub(crate) mod progress_bars;
#[cfg(feature = "tracing")]
pub(crate) mod tracing;

use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::counting::reader::ProgressReader;
use crate::observe::failure::{ObserverFailure, ObserverFailures, words_of, words_of_panic};
use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::recovery::RecoveryReport;
use crate::text::identifier::type_name_of;

/// Somebody who watches a run.
///
/// An observer sees each event once it is recorded. It can neither veto nor change what happened, and its errors and panics
/// are contained: they are counted, and the run's summary tells which observer failed, how often and why. It is called on the
/// thread that runs the phase, so a slow observer slows the transitions (never the counting) and one that blocks, blocks them. Where
/// phases run side by side, it is called for one event at a time, in the order of the journal, and the other phases wait with theirs.
///
/// ```
/// use etl_context::{Event, Etl, Extract, Observation, Observer, Run};
/// use std::error::Error;
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Clone, Default)]
/// struct Names(Arc<Mutex<Vec<&'static str>>>);
///
/// impl Observer for Names {
///     fn observe(
///         &mut self,
///         event: &Event,
///         _: &Observation<'_>,
///     ) -> Result<(), Box<dyn Error + Send + Sync>> {
///         self.0.lock().map_err(|_| "poisoned")?.push(event.name());
///         Ok(())
///     }
/// }
///
/// let names = Names::default();
/// Run::builder("import").observe(names.clone()).begin::<Etl>()?.start(Extract)?.complete(())?;
/// assert_eq!(*names.0.lock().unwrap(), ["run_began", "phase_started", "phase_ended"]);
/// # Ok::<(), etl_context::Error>(())
/// ```
pub trait Observer: Send {
    /// Called after each event.
    ///
    /// # Errors
    ///
    /// Whatever went wrong while watching. It is told in the run's summary and goes no further.
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>>;

    /// Called when a phase has failed and is tried again after a pause, which begins now. Nothing is recorded of that.
    ///
    /// # Errors
    ///
    /// As [`observe`](Observer::observe).
    fn pausing(&mut self, phase: &PhaseName, pause: Duration) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let _ = (phase, pause);
        Ok(())
    }

    /// Called when the run is opened again, also if it is finished and nothing happens in it any more: after the events that the
    /// opening itself records, such as the end of an interrupted attempt. Does nothing, unless it is written.
    ///
    /// # Errors
    ///
    /// As [`observe`](Observer::observe).
    fn resumed(&mut self, recovery: &RecoveryReport, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let _ = (recovery, run);
        Ok(())
    }

    /// Called once, when this process lets go of the run, whatever became of it: its context is dropped, of several branches the last
    /// one. Observers are told in the opposite order, the one that was added last first. Does nothing, unless it is written.
    ///
    /// A run that now belongs to another process is told by that one: for it, this is not called.
    ///
    /// ```
    /// use etl_context::{Etl, Event, Extract, Observation, Observer, Run, RunStatus};
    /// use std::{error::Error, sync::mpsc::{Sender, channel}};
    ///
    /// struct Verdict(Sender<RunStatus>);
    ///
    /// impl Observer for Verdict {
    ///     fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    ///         Ok(())
    ///     }
    ///
    ///     fn closed(&mut self, run: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    ///         Ok(self.0.send(run.record().run_status())?)
    ///     }
    /// }
    ///
    /// let (verdict, verdicts) = channel();
    /// let context = Run::builder("import").observe(Verdict(verdict)).begin::<Etl>()?;
    /// drop(context.start(Extract)?.fail("no disk")?);
    /// assert_eq!(verdicts.recv().unwrap(), RunStatus::Failed);
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`observe`](Observer::observe). No summary is taken any more that could tell of it, but observers that are told later see it in
    /// [`observer_failures`](Observation::observer_failures).
    fn closed(&mut self, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let _ = run;
        Ok(())
    }
}

/// What an observer can look at beside the event.
#[derive(Debug)]
pub struct Observation<'a> {
    pub(crate) record: &'a RunRecord,
    pub(crate) progress: &'a ProgressReader,
    /// What went wrong in observers so far.
    pub(crate) failures: &'a ObserverFailures,
}

impl Observation<'_> {
    /// The run as it is after the event: the whole of it, whichever branch the event is of.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        self.record
    }

    /// What went wrong in observers so far, as in [`RunSummary`](crate::RunSummary::first_observer_failures).
    #[must_use]
    pub fn observer_failures(&self) -> &[ObserverFailure] {
        self.failures.first()
    }

    /// A handle to the counters of the attempt that the event is about; of an event that is about none, of the one that is running
    /// there, or ended last. Keep a clone to read them at any time, from any thread; reading costs the phase nothing.
    #[must_use]
    pub fn progress(&self) -> &ProgressReader {
        self.progress
    }
}

/// The observers of a run, and how they failed.
#[derive(Default)]
pub(crate) struct Observers {
    observers: Vec<Watching>,
    failures: ObserverFailures,
}

struct Watching {
    observer: Box<dyn Observer>,
    /// What it is called.
    kind: String,
}

impl Observers {
    pub(crate) fn push<O: Observer + 'static>(&mut self, observer: O) {
        self.push_as(type_name_of::<O>(), observer);
    }

    /// The same for an observer whose type nobody knows.
    pub(crate) fn push_as(&mut self, kind: impl Into<String>, observer: impl Observer + 'static) {
        self.observers.push(Watching { observer: Box::new(observer), kind: kind.into() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.observers.is_empty()
    }

    pub(crate) fn failures(&self) -> &ObserverFailures {
        &self.failures
    }

    pub(crate) fn notify(&mut self, event: &Event, record: &RunRecord, progress: &ProgressReader) {
        let tell =
            |observer: &mut dyn Observer, failures: &_| observer.observe(event, &Observation { record, progress, failures });
        (0..self.observers.len()).for_each(|place| self.tell(place, event.name(), tell));
    }

    pub(crate) fn pausing(&mut self, phase: &PhaseName, pause: Duration) {
        let tell = |observer: &mut dyn Observer, _: &_| observer.pausing(phase, pause);
        (0..self.observers.len()).for_each(|place| self.tell(place, "pausing", tell));
    }

    pub(crate) fn resumed(&mut self, recovery: &RecoveryReport, record: &RunRecord, progress: &ProgressReader) {
        let tell =
            |observer: &mut dyn Observer, failures: &_| observer.resumed(recovery, &Observation { record, progress, failures });
        (0..self.observers.len()).for_each(|place| self.tell(place, "resumed", tell));
    }

    pub(crate) fn closed(&mut self, record: &RunRecord, progress: &ProgressReader) {
        let tell = |observer: &mut dyn Observer, failures: &_| observer.closed(&Observation { record, progress, failures });
        (0..self.observers.len()).rev().for_each(|place| self.tell(place, "closed", tell));
    }

    /// Tells one of them, who may ask what went wrong so far. Should it fail, the others are told all the same.
    fn tell(
        &mut self,
        place: usize,
        of: &'static str,
        tell: impl FnOnce(&mut dyn Observer, &ObserverFailures) -> Result<(), Box<dyn StdError + Send + Sync>>,
    ) {
        let Some(Watching { observer, kind }) = self.observers.get_mut(place) else { return };
        // The error is put into words inside too, for it may panic as well.
        let told = catch_unwind(AssertUnwindSafe(|| tell(&mut **observer, &self.failures).map_err(|error| words_of(&*error))));
        if let Err(words) = told.unwrap_or_else(|panic| Err(words_of_panic(&*panic))) {
            self.failures.add(place, kind.clone(), of, words);
        }
    }
}

/// An observer may have something to finish when its run is over. Should it panic then, the others still go their way.
impl Drop for Observers {
    fn drop(&mut self) {
        for Watching { observer, .. } in self.observers.drain(..) {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(observer)));
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observers").field("count", &self.observers.len()).field("failures", &self.failures).finish()
    }
}
