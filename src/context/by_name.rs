//! How is work run inside a phase that is known by name? As a closure, as on the typed face.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::failure::unrecorded;
use crate::counting::counters::Counters;
use crate::counting::reader::ProgressReader;
use crate::error::Error;
use crate::etl_context::EtlContext;
use crate::json::dictionary::PhaseResult;
use crate::parts::Parts;
use crate::pipeline::phase::PhaseName;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::error::{RecordedError, WorkError};
use crate::record::stored::{ReadBack, read_stored};
use crate::stopper::Stopped;

impl EtlContext {
    /// Runs a closure as a phase: starts it, does the work, and ends it as the work ended.
    ///
    /// In a run that goes on from its journal, a phase that an earlier process completed is not run again: its stored result is read
    /// back. From the first phase on that has to run, all that follow run too. To run a completed phase all the same, set its status to
    /// `failed`, or start it with [`start_phase`](EtlContext::start_phase).
    ///
    /// ```
    /// use etl_context::{Counts, Dictionary, Error, EtlContext, dict};
    ///
    /// let mut context = EtlContext::new("import");
    /// let read = context.run_phase("read", |read| -> Result<Dictionary, Error> {
    ///     read.update_progress(Counts { conversations: 1, messages: 20 })?;
    ///     Ok(dict! { "file": "export.tar" })
    /// })?;
    /// assert_eq!(read["file"], "export.tar");
    ///
    /// let error = context.run_phase("load", |_| Err::<(), _>("the disk is full")).unwrap_err();
    /// assert!(matches!(error, Error::PhaseFailed { .. }));
    /// assert_eq!(error.to_string(), "phase `load` failed in attempt 1: the disk is full");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// The work gets a handle to the phase, not the context itself: it can neither end the phase nor start another one. A panic fails
    /// the phase with the cause `panicked` and goes on. As with [`PhaseScope::run`](crate::PhaseScope::run), the result is read back once
    /// before the end is recorded; one that cannot be recorded, or that no later run could read, fails the phase.
    ///
    /// # Errors
    ///
    /// [`Error::PhaseFailed`] if the work failed. Those of [`start_phase`](EtlContext::start_phase) if the phase was not started, and
    /// [`Error::StoredShape`] if it is done and its result is no `R`. [`Error::NotSerializable`], [`Error::ResultNotObject`],
    /// [`Error::InvalidStatus`], [`Error::InvalidCount`] and [`Error::TooManyErrors`] if it could not complete, and has failed.
    /// [`Error::Journal`] if the journal could not record the end; the phase is then still running.
    pub fn run_phase<R, E, Kind>(
        &mut self,
        phase: &str,
        work: impl FnOnce(&mut NamedPhase<'_>) -> Result<R, E>,
    ) -> Result<R, Error>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        self.done_or_open(phase, |context| context.start_phase(phase, None))?.run(work)
    }

    /// The same for a phase that says how much it expects to process, or counts something of its own.
    ///
    /// # Errors
    ///
    /// As [`run_phase`](EtlContext::run_phase).
    pub fn run_phase_with<C, R, E, Kind>(
        &mut self,
        phase: &str,
        totals: C,
        work: impl FnOnce(&mut NamedPhase<'_>) -> Result<R, E>,
    ) -> Result<R, Error>
    where
        C: Counters,
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        self.done_or_open(phase, |context| context.start_phase_with(phase, totals))?.run(work)
    }

    /// [`run_phase`](EtlContext::run_phase) for work that awaits. A future that is dropped before it is done leaves the phase failed, as
    /// `abandoned`.
    ///
    /// # Errors
    ///
    /// As [`run_phase`](EtlContext::run_phase).
    pub async fn run_phase_async<R, E, Kind>(
        &mut self,
        phase: &str,
        work: impl AsyncFnOnce(&mut NamedPhase<'_>) -> Result<R, E>,
    ) -> Result<R, Error>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        self.done_or_open(phase, |context| context.start_phase(phase, None))?.run_async(work).await
    }

    /// [`run_phase_with`](EtlContext::run_phase_with) for work that awaits.
    ///
    /// # Errors
    ///
    /// As [`run_phase`](EtlContext::run_phase).
    pub async fn run_phase_async_with<C, R, E, Kind>(
        &mut self,
        phase: &str,
        totals: C,
        work: impl AsyncFnOnce(&mut NamedPhase<'_>) -> Result<R, E>,
    ) -> Result<R, Error>
    where
        C: Counters,
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        self.done_or_open(phase, |context| context.start_phase_with(phase, totals))?.run_async(work).await
    }

    fn done_or_open<R: DeserializeOwned>(
        &mut self,
        phase: &str,
        start: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<Work<'_, R>, Error> {
        let (phase, _) = self.known(phase)?;
        if let Some(report) = self.engine.completed_earlier(&phase) {
            // Which branch a process has come to the end of is only known where each has a context.
            if let Some(pipeline) = self.engine.pipeline.as_ref().filter(|pipeline| !pipeline.shape().joins_branches()) {
                pipeline.check_order(&phase, self.engine.position())?;
            }
            let stored = report.result().cloned().map_or(Value::Null, Value::Object);
            let result = read_stored(&phase, "the result", &stored)?;
            self.engine.go_past(&phase);
            return Ok(Work::Done(result));
        }
        start(self)?;
        Ok(Work::Open(Open { phase: NamedPhase { context: self, name: phase }, has_ended: false }))
    }
}

/// Whether an earlier process has done the work.
enum Work<'a, R> {
    Done(R),
    Open(Open<'a>),
}

impl<R: PhaseResult + DeserializeOwned> Work<'_, R> {
    fn run<E: WorkError<Kind>, Kind>(self, work: impl FnOnce(&mut NamedPhase<'_>) -> Result<R, E>) -> Result<R, Error> {
        match self {
            Work::Done(result) => Ok(result),
            Work::Open(mut open) => {
                let outcome = work(&mut open.phase);
                open.end(outcome)
            }
        }
    }

    async fn run_async<E: WorkError<Kind>, Kind>(
        self,
        work: impl AsyncFnOnce(&mut NamedPhase<'_>) -> Result<R, E>,
    ) -> Result<R, Error> {
        match self {
            Work::Done(result) => Ok(result),
            Work::Open(mut open) => {
                let outcome = work(&mut open.phase).await;
                open.end(outcome)
            }
        }
    }
}

/// The phase while its work runs. Dropped before that has ended, by a panic or with a future, it is abandoned.
struct Open<'a> {
    phase: NamedPhase<'a>,
    has_ended: bool,
}

impl Open<'_> {
    fn end<R, E, Kind>(mut self, outcome: Result<R, E>) -> Result<R, Error>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        let ended = self.phase.end(outcome);
        // A journal that could not record it leaves the phase running, for the caller to end it.
        self.has_ended = true;
        ended
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.phase.context.engine.abandon();
        }
    }
}

/// The running phase, as the work inside it sees it on the dynamic face: [`run_phase`](EtlContext::run_phase) makes one.
///
/// It has the methods of a [`RunningPhase`](crate::RunningPhase). What the phase counts is not in its type, so to count something else
/// is an error here.
pub struct NamedPhase<'a> {
    context: &'a mut EtlContext,
    name: PhaseName,
}

impl NamedPhase<'_> {
    /// The phase's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Adds to the counters of the phase; they saturate.
    ///
    /// # Errors
    ///
    /// [`Error::WrongCounters`] if the phase counts something else.
    #[inline]
    pub fn update_progress<C: Counters>(&mut self, counts: C) -> Result<(), Error> {
        self.context.update_progress(counts)
    }

    /// Says how much the phase expects to process, now that this is known; 0 is unknown.
    ///
    /// # Errors
    ///
    /// As [`update_progress`](NamedPhase::update_progress).
    pub fn set_totals<C: Counters>(&mut self, totals: C) -> Result<(), Error> {
        self.context.set_totals(totals)
    }

    /// A handle to the counters of the phase, for reading.
    #[must_use]
    pub fn progress(&self) -> ProgressReader {
        self.context.progress()
    }

    /// Records an error under the phase, which goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the journal cannot record it. [`Error::TooManyErrors`] if it was recorded and is one more than the run
    /// allows.
    pub fn record_error<E, Kind>(&mut self, error: &E) -> Result<(), Error>
    where
        E: WorkError<Kind> + ?Sized,
    {
        self.context.engine.record_error(self.name.clone(), error.recorded())
    }

    /// Records from where a later attempt at the phase can go on. With a journal, it is durable when this returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`Error::NotSerializable`] for a cursor that JSON cannot hold, [`Error::Journal`] if the journal cannot record it.
    pub fn checkpoint<C: Serialize + ?Sized>(&mut self, cursor: &C) -> Result<(), Error> {
        self.context.checkpoint(cursor)
    }

    /// The cursor of the phase's last checkpoint, by this attempt or one that failed before it; `None` if there is none since the
    /// phase last completed.
    ///
    /// # Errors
    ///
    /// [`Error::StoredShape`] if the cursor is no `C`.
    pub fn resume_point<C: DeserializeOwned>(&self) -> Result<Option<C>, Error> {
        self.context.resume_point()
    }

    /// Divides the phase into parts, which any number of workers may take: see [`Parts`].
    ///
    /// # Errors
    ///
    /// As [`EtlContext::parts`].
    pub fn parts<C: Counters>(&mut self, names: impl IntoIterator<Item: Into<String>>) -> Result<Parts<'_, C>, Error> {
        self.context.parts(names)
    }

    /// Whether the run was asked to stop, by a [`Stopper`](crate::Stopper) or because it now belongs to somebody else.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.context.is_cancelled()
    }

    /// The same as an error, for `?`.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the run was asked to stop.
    pub fn check_cancelled(&self) -> Result<(), Stopped> {
        if self.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    /// Waits until the run is asked to stop, for a `select!` with a request that may hang. It does not borrow the phase.
    pub fn cancelled(&self) -> impl Future<Output = Stopped> + Send + Sync + Unpin + use<> {
        self.context.engine.cancelled()
    }

    /// A key that is the same in every attempt at this phase of this run, for loading into systems that can tell a repeated
    /// request by its key: the run's id and the phase's name.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.context.record().idempotency_key(&self.name)
    }

    fn end<R, E, Kind>(&mut self, outcome: Result<R, E>) -> Result<R, Error>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        let engine = &mut self.context.engine;
        let failure = match outcome {
            Ok(result) => match engine.complete(|| ReadBack(&result).into_kept()) {
                Ok(_) => return Ok(result),
                Err(refused @ Error::Journal { .. }) => return Err(refused),
                Err(refused) => refused,
            },
            Err(error) => {
                let recorded = error.recorded();
                let failed = engine.fail("run_phase", recorded.clone());
                return Err(failed.map_or_else(|refused| unrecorded(refused, &recorded), |report| failure_of(&report)));
            }
        };
        let recorded = failure.recorded();
        match engine.fail("run_phase", recorded.clone()) {
            Ok(_) => Err(failure),
            Err(refused) => Err(unrecorded(refused, &recorded)),
        }
    }
}

fn failure_of(report: &PhaseReport) -> Error {
    Error::PhaseFailed {
        phase: report.phase().clone(),
        attempt: report.attempt(),
        cause: report.cause().unwrap_or(FailureCause::Error),
        message: report.error().map(ToString::to_string).unwrap_or_default(),
        source: report.error().and_then(RecordedError::behind).cloned(),
    }
}

impl fmt::Debug for NamedPhase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedPhase").field("phase", &self.name).field("counts", &self.progress().counts()).finish()
    }
}
