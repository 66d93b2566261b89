//! The typed face: a pointer to the engine and a state that only the compiler sees. Each method is a few lines onto the engine.

#[cfg(feature = "postgres")]
pub(crate) mod complete_in;
mod ended;

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::counters::Counters;
use crate::engine::Engine;
use crate::entry::Entry;
use crate::error::{Error, shown};
use crate::etl_context::EtlContext;
use crate::parts::{Parts, part_names};
use crate::phase::{Phase, PhaseName, PhaseStatus};
use crate::pipeline::{Etl, Follows, Pipeline, Table};
use crate::progress::Progress;
use crate::record::RunRecord;
use crate::recorded_error::WorkError;
use crate::recovery::RecoveryReport;
use crate::refused::Refused;
use crate::report::PhaseReport;
use crate::result::PhaseResult;
use crate::scope::{PhaseScope, RunningPhase};
use crate::state::{AtRest, Completed, Failed, Idle, InProgress, Running, State};
use crate::stopper::Stopper;
use crate::summary::RunSummary;

/// A run in state `S` of the pipeline `P`: one pointer, whose type says what may be done next.
///
/// # From the top
///
/// - [`Context::new`] makes a `Context<Idle>`.
/// - Any state at rest has [`start`](Context::start), which gives a `Context<Running<Phase>>`, if the pipeline allows it.
/// - A running one has [`update_progress`](Context::update_progress), [`record_error`](Context::record_error) and
///   [`checkpoint`](Context::checkpoint), and ends with [`complete`](Context::complete), which gives a
///   `Context<Completed<Phase>>`, or [`fail`](Context::fail), which gives a `Context<Failed<Phase>>`.
/// - [`phase(…).run(…)`](Context::phase) does both around a closure; real pipelines read best that way.
///
/// ```
/// use etl_context::{Context, Counts, Extract, Transform, dict};
///
/// let context = Context::new("skype-import");
/// let mut extract = context.start(Extract)?;
/// extract.update_progress(Counts { conversations: 5, messages: 100 });
/// let extracted = extract.complete(dict! { "source": "export.tar" })?;
///
/// let totals = extracted.report().counts();
/// let transform = extracted.start_with(Transform, totals)?;
/// let failed = transform.fail("the disk is full")?;
/// let transform = failed.retry()?; // attempt 2
/// # transform.complete(())?;
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// A wrong move does not compile, and the compiler says what the documentation of the phase API says:
///
/// ```compile_fail,E0277
/// # use etl_context::{Context, Extract, Transform};
/// let extract = Context::new("skype-import").start(Extract)?;
/// let transform = extract.start(Transform)?; // A phase is already in progress
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// # Moves and what they return
///
/// A move takes the context and returns it in its new state, or [`Refused`], which gives it back as it was. A wrong move
/// cannot be written, so only two reasons are left for refusing one: a result that cannot be recorded, and a journal that
/// cannot be written.
///
/// # Dropped while running
///
/// A context that is dropped while its phase is running (an early `?`, a panic, a cancelled future) records that phase as
/// failed, with the cause `abandoned` or `panicked`.
#[must_use = "a context that is dropped while its phase is running records the phase as abandoned"]
pub struct Context<S = Idle, P = Etl> {
    engine: Box<Engine>,
    state: PhantomData<fn() -> (S, P)>,
}

impl Context {
    /// A run of the default pipeline [`Etl`]; no phase has been started.
    ///
    /// The run is kept in memory. One that is recorded or watched begins with [`Run::builder`](crate::Run::builder); a run of
    /// your own pipeline with `YourPipeline::context(name)`.
    pub fn new(name: impl Into<String>) -> Self {
        Context::for_pipeline(name)
    }
}

impl<P: Pipeline> Context<Idle, P> {
    /// What `YourPipeline::context(name)` calls.
    #[doc(hidden)]
    pub fn for_pipeline(name: impl Into<String>) -> Self {
        Context::from_engine(Box::new(Engine::new(name.into().into(), Some(P::TABLE))))
    }
}

impl<S, P> Context<S, P> {
    pub(crate) fn from_engine(engine: Box<Engine>) -> Self {
        Context { engine, state: PhantomData }
    }

    /// Moves to the state `New` if the engine agrees.
    fn transition<New>(
        mut self,
        change: impl FnOnce(&mut Engine) -> Result<(), Error>,
    ) -> Result<Context<New, P>, Refused<Self>> {
        match change(&mut self.engine) {
            Ok(()) => Ok(Context::from_engine(self.engine)),
            Err(error) => Err(Refused::new(self, error)),
        }
    }

    /// Starts a phase that the pipeline allows here.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::Journal`] if the journal cannot record it.
    pub fn start<Ph, Last>(self, phase: Ph) -> Result<Context<Running<Ph>, P>, Refused<Self>>
    where
        S: AtRest<Last>,
        Ph: Phase + Follows<Last, P>,
    {
        self.start_with(phase, Ph::Counters::default())
    }

    /// Starts a phase and says how much it expects to process; 0 is unknown.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::Journal`] if the journal cannot record it.
    pub fn start_with<Ph, Last>(self, _phase: Ph, totals: Ph::Counters) -> Result<Context<Running<Ph>, P>, Refused<Self>>
    where
        S: AtRest<Last>,
        Ph: Phase + Follows<Last, P>,
    {
        self.start_unchecked(totals)
    }

    /// Starts a phase whose edge was checked already, by whoever has seen the bounds of [`start`](Context::start).
    pub(crate) fn start_unchecked<Ph: Phase>(self, totals: Ph::Counters) -> Result<Context<Running<Ph>, P>, Refused<Self>> {
        self.transition(|engine| engine.start(Ph::NAME, <Ph::Counters as Counters>::NAMES, totals.to_values()))
    }

    /// A phase to be run as a closure: see [`PhaseScope::run`].
    pub fn phase<Ph, Last>(self, _phase: Ph) -> PhaseScope<Ph, S, P>
    where
        S: AtRest<Last>,
        Ph: Phase + Follows<Last, P>,
    {
        PhaseScope::new(self)
    }

    /// A phase that may have been completed by an earlier process, for those who resume a run by hand.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::TooManyAttempts`] if the phase would have to run and has failed too often.
    pub fn enter<Ph, Last>(self, _phase: Ph) -> Result<Entry<Ph, S, P>, Refused<Self>>
    where
        S: AtRest<Last>,
        Ph: Phase + Follows<Last, P>,
        P: Pipeline,
    {
        if self.completed_earlier(&Ph::NAME).is_some() {
            return Ok(Entry::Done(self.go_past()));
        }
        match self.engine.check_attempts(&Ph::NAME) {
            Ok(()) => Ok(Entry::Vacant(PhaseScope::new(self))),
            Err(error) => Err(Refused::new(self, error)),
        }
    }

    /// The report of a phase that an earlier process completed and that need not run again.
    pub(crate) fn completed_earlier(&self, phase: &PhaseName) -> Option<&PhaseReport> {
        self.engine.completed_earlier(phase)
    }

    /// Goes past a phase that an earlier process completed.
    pub(crate) fn go_past<Ph: Phase>(mut self) -> Context<Completed<Ph>, P> {
        self.engine.go_past(&Ph::NAME);
        Context::from_engine(self.engine)
    }

    /// Ends the running phase as completed, with a dictionary as its result, or `()` for none.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the phase still running and all its counts, and
    /// - [`Error::NotSerializable`] for a result that JSON cannot hold, such as one with NaN in it,
    /// - [`Error::ResultNotObject`] for a result that breaks the promise of [`PhaseResult`],
    /// - [`Error::InvalidStatus`] for a result whose own `status` is not `completed`,
    /// - [`Error::Journal`] if the journal cannot record it.
    pub fn complete<Ph, R>(self, result: R) -> Result<Context<Completed<Ph>, P>, Refused<Self>>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        R: PhaseResult,
    {
        self.transition(|engine| engine.complete(|| result.into_dictionary()).map(drop))
    }

    /// Records the error and ends the running phase as failed.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::Journal`] if the journal cannot record it.
    pub fn fail<Ph, E, Kind>(self, error: &E) -> Result<Context<Failed<Ph>, P>, Refused<Self>>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        E: WorkError<Kind> + ?Sized,
    {
        self.transition(|engine| engine.fail("fail", error.recorded()).map(drop))
    }

    /// Adds to the counters of the running phase. This costs an addition; the counters saturate.
    pub fn update_progress<Ph>(&mut self, counts: Ph::Counters)
    where
        S: InProgress<Ph>,
        Ph: Phase,
    {
        self.engine.meter.add(counts);
    }

    /// Says how much the running phase expects to process, now that this is known; 0 is unknown.
    pub fn set_totals<Ph>(&mut self, totals: Ph::Counters)
    where
        S: InProgress<Ph>,
        Ph: Phase,
    {
        self.engine.meter.set_totals(totals);
    }

    /// The counters of the running phase for reading, and for counting by several threads.
    #[must_use]
    pub fn progress<Ph>(&self) -> Progress<'_, Ph::Counters>
    where
        S: InProgress<Ph>,
        Ph: Phase,
    {
        self.engine.meter.progress()
    }

    /// Records an error under the running phase, which goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the journal cannot record it.
    pub fn record_error<Ph, E, Kind>(&mut self, error: &E) -> Result<(), Error>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        E: WorkError<Kind> + ?Sized,
    {
        self.engine.record_error(Ph::NAME, error.recorded())
    }

    /// Records from where a later attempt at the running phase can go on.
    ///
    /// # Errors
    ///
    /// [`Error::NotSerializable`] for a cursor that JSON cannot hold, [`Error::Journal`] if the journal cannot record it.
    pub fn checkpoint<Ph, C>(&mut self, cursor: &C) -> Result<(), Error>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        C: Serialize + ?Sized,
    {
        self.engine.checkpoint(cursor)
    }

    /// Divides the running phase into parts, which any number of workers may take: see [`Parts`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParts`] for a name that is empty or there twice, or if other parts were registered in this attempt;
    /// [`Error::Journal`].
    pub fn parts<Ph>(&mut self, names: impl IntoIterator<Item: Into<String>>) -> Result<Parts<'_, Ph::Counters>, Error>
    where
        S: InProgress<Ph>,
        Ph: Phase,
    {
        Parts::register(&mut self.engine, &part_names(names))
    }

    /// The status of any phase; `pending` for one that was never started.
    #[must_use]
    pub fn status<Ph: Phase>(&self, _phase: Ph) -> PhaseStatus {
        self.engine.record().status(Ph::NAME.as_str())
    }

    /// A handle that asks the run to stop: for a signal handler, a deadline, another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.engine.stopper.clone()
    }

    /// What was found, and mended, when the run was opened again; `None` for a new run.
    #[must_use]
    pub fn recovery(&self) -> Option<&RecoveryReport> {
        self.engine.recovery()
    }

    /// Everything that is known of the run.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        self.engine.record()
    }

    /// The run as a table, or as JSON.
    #[must_use]
    pub fn summary(&self) -> RunSummary {
        RunSummary::of(&self.engine)
    }

    /// The same run behind the dynamic face, which keeps to the pipeline `P` at run time.
    pub fn erase(self) -> EtlContext {
        EtlContext::from_engine(self.engine)
    }
}

impl<Ph: Phase, P> Context<Running<Ph>, P> {
    /// The cursor of the phase's last checkpoint, by this attempt or one that failed before it; `None` if there is none since
    /// the phase last completed.
    ///
    /// # Errors
    ///
    /// [`Error::StoredShape`] if the cursor is no `C`.
    pub fn resume_point<C: DeserializeOwned>(&self) -> Result<Option<C>, Error> {
        self.engine.record().resume_point(Ph::NAME.as_str())
    }

    /// Whether the run was asked to stop, by a [`Stopper`] or because it now belongs to somebody else.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.engine.stopper.is_stopped()
    }

    /// A key that is the same in every attempt at this phase of this run, for loading into systems that can tell a repeated
    /// request by its key: the run's id and the phase's name.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.record().idempotency_key(&Ph::NAME)
    }

    /// The handle with which a closure works inside the phase.
    pub(crate) fn handle(&mut self) -> RunningPhase<'_, Ph> {
        RunningPhase::new(&mut self.engine)
    }
}

impl<S: State, P: Pipeline> fmt::Debug for Context<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context<{}, {}>({})", S::description(), P::NAME, shown(self.record().name()))
    }
}
