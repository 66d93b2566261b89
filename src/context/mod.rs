//! What may be done in which state? The typed face: a pointer to the engine, and a state that only the compiler sees.
//!
//! [`Context`] is what a program holds, [`scope::PhaseScope`] runs a phase as a closure, [`scope::RunningPhase`] is what the closure
//! gets, [`refused::Refused`] and [`failure::PhaseFailure`] are what is left of a move that was not made. A method stands in the file
//! of what it returns, and is a few lines onto the engine.
//!
//! Imports from everything below the faces, and from the dynamic face the way there and back.

mod branch;
pub(crate) mod by_name;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod checkpoint_in;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod complete_in;
mod ended;
pub(crate) mod entry;
pub(crate) mod erased;
pub(crate) mod failure;
pub(crate) mod phases_failure;
pub(crate) mod refused;
mod reject;
pub(crate) mod retry;
mod running;
pub(crate) mod scope;
pub(crate) mod side_by_side;
mod task;

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;

use crate::context::refused::Refused;
use crate::counting::counters::Counters;
use crate::counting::progress::Progress;
use crate::engine::Engine;
use crate::error::Error;
use crate::json::dictionary::PhaseResult;
use crate::parts::{Parts, part_names};
use crate::pipeline::declare::Etl;
use crate::pipeline::phase::{Phase, PhaseStatus};
use crate::pipeline::state::{AtRest, Completed, Failed, Idle, InProgress, Running, State};
use crate::pipeline::table::Table;
use crate::pipeline::{Follows, Pipeline};
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::error::WorkError;
use crate::record::recovery::RecoveryReport;
use crate::record::stored::{NotReadable, read_counts};
use crate::report::summary::RunSummary;
use crate::stopper::Stopper;
use crate::text::line::shown;

/// A run in state `S` of the pipeline `P`: one pointer, whose type says what may be done next.
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
/// # States
///
/// [`Context::new`] makes a `Context<Idle>`. From then on, the state says which methods there are:
///
/// | state | methods | lead to |
/// |---|---|---|
/// | [`Idle`], [`Completed`], [`Failed`], [`Joined`](crate::Joined): at rest | [`start`], [`start_with`], if the pipeline allows the phase here | `Running` |
/// | | [`phase(…).run(…)`](Context::phase), which does all the rest around a closure | `Completed`, or `Failed` with the error |
/// | | [`fork`] and [`join`]; [`phases(…).run(…)`](Context::phases): phases [side by side](crate::guide::side_by_side) | [`Joined`](crate::Joined) |
/// | [`Running`] | [`complete`] | `Completed` |
/// | | [`fail`] | `Failed` |
/// | | [`update_progress`], [`set_totals`], [`progress`], [`record_error`], [`reject`](Context::reject), [`checkpoint`], [`resume_point`], [`parts`](Context::parts) | |
/// | [`Failed`] | [`retry`], [`retry_phase`] | `Running` |
/// | [`Completed`], [`Failed`] | [`report`](Context::report); [`counts`] of a completed phase | |
/// | any | [`status`], [`summary`], [`record`], [`stopper`]; [`erase`], which gives an [`EtlContext`](crate::EtlContext) | |
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
/// cannot be written, so only four reasons are left for refusing one: a result that cannot be recorded, a journal that
/// cannot be written, a limit that the run was given, such as [`max_attempts`](crate::RunBuilder::max_attempts), and that the
/// run was asked to stop.
///
/// # Dropped while running
///
/// A context that is dropped while its phase is running (an early `?`, a panic, a cancelled future) records that phase as
/// failed, with the cause `abandoned` or `panicked`.
///
/// [`start`]: Context::start
/// [`start_with`]: Context::start_with
/// [`complete`]: Context::complete
/// [`fail`]: Context::fail
/// [`update_progress`]: Context::update_progress
/// [`set_totals`]: Context::set_totals
/// [`progress`]: Context::progress
/// [`record_error`]: Context::record_error
/// [`checkpoint`]: Context::checkpoint
/// [`resume_point`]: Context::resume_point
/// [`retry`]: Context::retry
/// [`retry_phase`]: Context::retry_phase
/// [`counts`]: Context::counts
/// [`status`]: Context::status
/// [`summary`]: Context::summary
/// [`record`]: Context::record
/// [`stopper`]: Context::stopper
/// [`erase`]: Context::erase
/// [`fork`]: Context::fork
/// [`join`]: Context::join
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
        Context::from_engine(Box::new(Engine::new(name.into().into(), Some(P::KEPT))))
    }
}

impl<S, P> Context<S, P> {
    pub(crate) fn from_engine(engine: Box<Engine>) -> Self {
        Context { engine, state: PhantomData }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn into_engine(self) -> Box<Engine> {
        self.engine
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
    /// [`Refused`] with [`Error::TooManyAttempts`] if the phase has failed as often as it may, with [`Error::Stopped`] if the run
    /// was asked to stop, or with [`Error::Journal`] if the journal cannot record it.
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
    /// As [`start`](Context::start).
    pub fn start_with<Ph, Last>(self, phase: Ph, totals: Ph::Counters) -> Result<Context<Running<Ph>, P>, Refused<Self>>
    where
        S: AtRest<Last>,
        Ph: Phase + Follows<Last, P>,
    {
        marker(phase);
        self.start_unchecked(totals)
    }

    /// Starts a phase whose edge was checked already, by whoever has seen the bounds of [`start`](Context::start).
    pub(crate) fn start_unchecked<Ph: Phase>(self, totals: Ph::Counters) -> Result<Context<Running<Ph>, P>, Refused<Self>> {
        self.transition(|engine| engine.start(Ph::NAME, <Ph::Counters as Counters>::NAMES, totals.to_values()))
    }

    /// The report of a phase that an earlier process completed and that need not run again.
    ///
    /// # Errors
    ///
    /// [`NotReadable`] if it counted something else than the phase does now, so that nobody could ask what it counted.
    pub(crate) fn completed_earlier<Ph: Phase>(&self) -> Result<Option<&PhaseReport>, NotReadable> {
        let Some(report) = self.engine.completed_earlier(&Ph::NAME) else { return Ok(None) };
        read_counts::<Ph::Counters>(&Ph::NAME, report.tally())?;
        Ok(Some(report))
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
    /// - [`Error::InvalidCount`] for one that says `"messages_processed": -1` or another count that is none,
    /// - [`Error::TooManyErrors`] if the attempt has recorded more errors than it may; it can then only [`fail`](Context::fail),
    /// - [`Error::NotAsExpected`] if it has not come to what was expected of it [or is to fail](crate::Expect::or_fail),
    /// - [`Error::Journal`] if the journal cannot record it.
    pub fn complete<Ph, R>(self, result: R) -> Result<Context<Completed<Ph>, P>, Refused<Self>>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        R: PhaseResult,
    {
        self.transition(|engine| engine.complete(|| result.into_kept()).map(drop))
    }

    /// Records the error and ends the running phase as failed. The error can be of any type that says what went wrong: see
    /// [`WorkError`].
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
    #[inline]
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
    #[inline]
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
    /// [`Error::Journal`] if the journal cannot record it. [`Error::TooManyErrors`] if it was recorded and is one more than the
    /// run allows.
    pub fn record_error<Ph, E, Kind>(&mut self, error: &E) -> Result<(), Error>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        E: WorkError<Kind> + ?Sized,
    {
        self.engine.record_error(Ph::NAME, error.recorded())
    }

    /// Records from where a later attempt at the running phase can go on. With a journal, it is durable when this returns `Ok`.
    ///
    /// ```
    /// use etl_context::{Context, Extract};
    ///
    /// let mut extract = Context::new("import").start(Extract)?;
    /// extract.checkpoint(&500)?; // all rows before this one are read
    /// let extract = extract.fail("no connection")?.retry()?;
    /// assert_eq!(extract.resume_point::<u64>()?, Some(500));
    /// # extract.complete(())?;
    /// # Ok::<(), etl_context::Error>(())
    /// ```
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
    pub fn status<Ph: Phase>(&self, phase: Ph) -> PhaseStatus {
        marker(phase);
        self.engine.record().status(Ph::NAME.as_str())
    }

    /// A handle that asks the run to stop: for a signal handler, a deadline, another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.engine.stopper.of_run()
    }

    /// What was found, and mended, when the run was opened again; `None` for a new run.
    #[must_use]
    pub fn recovery(&self) -> Option<&RecoveryReport> {
        self.engine.recovery()
    }

    /// Everything that is known of the run: each phase with its attempts, the errors, the metadata.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        self.engine.record()
    }

    /// The run as a table, as JSON, as an HTML page, or as Markdown.
    #[must_use]
    pub fn summary(&self) -> RunSummary {
        RunSummary::of(&self.engine)
    }
}

/// A phase is passed by value to name its type; there is nothing in it.
fn marker<Ph: Phase>(phase: Ph) {
    drop(phase);
}

impl<S: State, P: Pipeline> fmt::Debug for Context<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context<{}, {}>({})", S::description(), P::NAME, shown(self.record().name()))
    }
}
