//! What does each call of the dynamic face do? Phases by name, mistakes as errors; each method is a few lines onto the engine.

use std::error::Error as StdError;
use std::fmt::Display;
use std::ptr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::counting::counters::{Counters, Counts};
use crate::counting::reader::ProgressReader;
use crate::engine::Engine;
use crate::error::Error;
use crate::json::dictionary::kept;
use crate::parts::{Parts, part_names};
use crate::pipeline::Pipeline;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::phase_order::PhaseOrder;
use crate::pipeline::table::{CounterNames, KeptPipeline, PipelineTable, Table};
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::error::{ErrorRecord, WorkError};
use crate::record::recovery::RecoveryReport;
use crate::report::summary::RunSummary;
use crate::stopper::Stopper;

/// A run whose phases are only known by name, such as those of a pipeline that a configuration file describes.
///
/// ```
/// use etl_context::{Counts, EtlContext, PhaseStatus, dict};
///
/// let mut context = EtlContext::new("skype-import");
/// context.start_phase("extract", Counts { conversations: 5, messages: 100 })?;
/// context.update_progress(Counts { conversations: 5, messages: 100 })?;
/// let report = context.end_phase(dict! { "source": "export.tar" })?;
/// assert_eq!(report.counts().messages, 100);
/// assert_eq!(context.get_phase_status("extract"), PhaseStatus::Completed);
///
/// // A wrong move is an error, and changes nothing.
/// let error = context.end_phase(()).unwrap_err();
/// assert!(error.to_string().starts_with("No phase is currently in progress"));
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// Any name will do, in any order; [`with_order`](EtlContext::with_order) keeps to an order that was read while the program runs, and
/// [`for_pipeline`](EtlContext::for_pipeline) to a pipeline. Where the phases are known
/// while the program is written, [`Context`](crate::Context) says the same things at compile time.
///
/// A context that is dropped while a phase is running records that phase as failed, with the cause `abandoned` or `panicked`.
#[derive(Debug)]
#[must_use = "a context that is dropped while its phase is running records the phase as abandoned"]
pub struct EtlContext {
    pub(crate) engine: Box<Engine>,
}

impl EtlContext {
    /// A run in which any phase may start at any time that none is running. It is kept in memory; one that is recorded or
    /// watched begins with [`Run::builder`](crate::Run::builder).
    pub fn new(name: impl Into<String>) -> Self {
        EtlContext::from_engine(Box::new(Engine::new(name.into().into(), None)))
    }

    /// A run that keeps to the phases of a pipeline and to their order, at run time.
    ///
    /// ```
    /// use etl_context::{Error, Etl, EtlContext};
    ///
    /// let mut context = EtlContext::for_pipeline::<Etl>("skype-import");
    /// assert!(matches!(context.start_phase("load", None), Err(Error::OutOfOrder { .. })));
    /// assert!(matches!(context.start_phase("laod", None), Err(Error::InvalidPhaseName { .. })));
    /// ```
    pub fn for_pipeline<P: Pipeline>(name: impl Into<String>) -> Self {
        EtlContext::from_engine(Box::new(Engine::new(name.into().into(), Some(P::KEPT))))
    }

    /// A run that keeps to an order of phases that is only known at run time, as from a configuration file.
    ///
    /// A phase that is none of the order, or is not its turn, is refused, as in a pipeline that the program declares; status, reports
    /// and diagrams of the run follow the order, as a pipeline that is called as the run is.
    ///
    /// ```
    /// use etl_context::{Error, EtlContext, PhaseOrder};
    ///
    /// let order = PhaseOrder::new(["fetch", "import"])?;
    /// let mut context = EtlContext::with_order("nightly", order);
    /// let error = context.start_phase("import", None).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "phase `import` cannot start after `Idle` in pipeline `nightly`; it may start after `fetch`"
    /// );
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// A run that is recorded or watched begins with [`begin_with_order`](crate::RunBuilder::begin_with_order).
    pub fn with_order(name: impl Into<String>, order: PhaseOrder) -> Self {
        let name = name.into();
        let pipeline = KeptPipeline::given(&name, order);
        EtlContext::from_engine(Box::new(Engine::new(name.into(), Some(pipeline))))
    }

    pub(crate) fn from_engine(engine: Box<Engine>) -> Self {
        EtlContext { engine }
    }

    /// Starts a phase; `totals` is how much it expects to process, where 0 and `None` are unknown.
    ///
    /// A phase that has ended already starts again, as a new attempt with fresh counters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPhaseName`], [`Error::AlreadyInProgress`], [`Error::OutOfOrder`] if the pipeline does not allow it here,
    /// [`Error::WrongCounters`] if the pipeline says that the phase counts something else, [`Error::TooManyAttempts`] if the phase
    /// has failed as often as it may, [`Error::Stopped`] if the run was asked to stop, [`Error::Journal`].
    pub fn start_phase(&mut self, phase: &str, totals: impl Into<Option<Counts>>) -> Result<(), Error> {
        if let Some(totals) = totals.into() {
            return self.start_phase_with(phase, totals);
        }
        let (phase, counters) = self.known(phase)?;
        self.start(phase, counters, Counts::default())
    }

    /// Starts a phase that counts something of its own, declared with [`counters!`](crate::counters).
    ///
    /// # Errors
    ///
    /// As [`start_phase`](EtlContext::start_phase).
    pub fn start_phase_with<C: Counters>(&mut self, phase: &str, totals: C) -> Result<(), Error> {
        let (phase, counters) = self.known(phase)?;
        if let (Some(counters), None) = (counters, self.current_phase()) {
            check_counters::<C>(&phase, counters)?;
        }
        self.start(phase, Some(C::NAMES), totals)
    }

    fn start<C: Counters>(&mut self, phase: PhaseName, counters: CounterNames, totals: C) -> Result<(), Error> {
        if self.current_phase().is_none()
            && let Some(pipeline) = &self.engine.pipeline
        {
            // As in `try_into_state`, a run that goes on stands at two positions.
            let left = pipeline.check_order(&phase, self.record().position());
            left.or_else(|refused| self.check_branches(pipeline, &phase).then_some(()).ok_or(refused))?;
        }
        self.engine.start(phase, counters.unwrap_or(C::NAMES), totals.to_values())
    }

    /// Whether the phase may start where this process has come to, or at the end of another branch.
    #[cold]
    fn check_branches(&self, pipeline: &PipelineTable, phase: &PhaseName) -> bool {
        let mut positions = [self.engine.position()].into_iter().chain(self.record().positions());
        positions.any(|position| pipeline.check_order(phase, position).is_ok())
    }

    /// Adds to the counters of the running phase; they saturate.
    ///
    /// # Errors
    ///
    /// [`Error::NoneInProgress`], or [`Error::WrongCounters`] if the running phase counts something else.
    #[inline]
    pub fn update_progress<C: Counters>(&mut self, counts: C) -> Result<(), Error> {
        if !self.engine.meter.accepts::<C>() {
            self.accept::<C>()?;
        }
        self.engine.meter.add(counts);
        Ok(())
    }

    /// Says how much the running phase expects to process, now that this is known; 0 is unknown.
    ///
    /// # Errors
    ///
    /// As [`update_progress`](EtlContext::update_progress).
    pub fn set_totals<C: Counters>(&mut self, totals: C) -> Result<(), Error> {
        self.check_running::<C>("set_totals")?;
        self.engine.meter.set_totals(totals);
        Ok(())
    }

    /// A handle to the counters of the phase that is running, or ended last.
    #[must_use]
    pub fn progress(&self) -> ProgressReader {
        self.engine.meter.reader()
    }

    /// Ends the running phase, with a dictionary as its result, or `()` for none.
    ///
    /// The phase is `completed`, unless the result's own `status` says `failed`, or the result says nothing and the status was
    /// set to `failed` meanwhile. It is `failed` as well if it is not as expected and [is to fail](crate::Expect::or_fail) then.
    ///
    /// # Errors
    ///
    /// In this order, and with the phase still running and all its counts: [`Error::NoneInProgress`],
    /// [`Error::NotSerializable`], [`Error::ResultNotObject`], [`Error::InvalidStatus`] for a `status` in the result that is
    /// neither `completed` nor `failed`, [`Error::InvalidCount`] for a count in the result that is none, such as
    /// `"messages_processed": -1`, [`Error::Journal`].
    pub fn end_phase(&mut self, result: impl Serialize) -> Result<PhaseReport, Error> {
        self.engine.end_as_said(|| kept(&result))
    }

    /// Records the error and ends the running phase as failed, in one.
    ///
    /// # Errors
    ///
    /// [`Error::NoneInProgress`], [`Error::Journal`].
    pub fn fail_phase(&mut self, error: &dyn StdError) -> Result<PhaseReport, Error> {
        self.engine.fail("fail_phase", error.recorded())
    }

    /// The status of a phase; `pending` for one that is not known.
    #[must_use]
    pub fn get_phase_status(&self, phase: &str) -> PhaseStatus {
        self.record().status(phase)
    }

    /// Overrides the status of a phase, running, ended or never started. The override is recorded with its time.
    ///
    /// It neither starts nor ends a phase, and touches no counter.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPhaseName`], [`Error::InvalidStatus`], [`Error::Journal`].
    pub fn set_phase_status(&mut self, phase: &str, status: impl AsRef<str>) -> Result<(), Error> {
        let (phase, _) = self.known(phase)?;
        let status = status.as_ref().parse()?;
        self.engine.set_status(phase, status)
    }

    /// The name of the running phase.
    #[must_use]
    pub fn current_phase(&self) -> Option<&str> {
        self.record().current_phase().map(PhaseName::as_str)
    }

    /// Records an error under a phase, running or not. This alone changes no status.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPhaseName`], [`Error::Journal`]. [`Error::TooManyErrors`] if it was recorded and is one more than the run
    /// allows.
    pub fn record_error(&mut self, phase: &str, error: &dyn StdError) -> Result<(), Error> {
        let (phase, _) = self.known(phase)?;
        self.engine.record_error(phase, error.recorded())
    }

    /// Every recorded error, oldest first.
    #[must_use]
    pub fn errors(&self) -> &[ErrorRecord] {
        self.record().errors()
    }

    /// The errors recorded under a phase, oldest first.
    pub fn errors_for(&self, phase: &str) -> impl Iterator<Item = &ErrorRecord> {
        self.record().errors_for(phase)
    }

    /// Records from where a later attempt at the running phase can go on. With a journal, it is durable when this returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`Error::NoneInProgress`], [`Error::NotSerializable`], [`Error::Journal`].
    pub fn checkpoint<C: Serialize + ?Sized>(&mut self, cursor: &C) -> Result<(), Error> {
        self.engine.checkpoint(cursor)
    }

    /// The cursor of the running phase's last checkpoint, by this attempt or one that failed before it; `None` if there is
    /// none since the phase last completed.
    ///
    /// # Errors
    ///
    /// [`Error::NoneInProgress`], or [`Error::StoredShape`] if the cursor is no `C`.
    pub fn resume_point<C: DeserializeOwned>(&self) -> Result<Option<C>, Error> {
        let running = self.record().running("resume_point")?;
        self.engine.resume_point(&running.phase)
    }

    /// Counts a row that the running phase cannot use: see [`RunningPhase::reject`](crate::RunningPhase::reject).
    ///
    /// # Errors
    ///
    /// [`Error::NoneInProgress`], and as there.
    pub fn reject<R: Serialize + ?Sized>(&mut self, row: &R, reason: impl Display) -> Result<(), Error> {
        self.engine.reject(row, &reason)
    }

    /// Divides the running phase into parts, which any number of workers may take: see [`Parts`].
    ///
    /// # Errors
    ///
    /// [`Error::NoneInProgress`], [`Error::WrongCounters`] if the running phase does not count `C`, [`Error::InvalidParts`] for a
    /// name that is empty or there twice, or if other parts were registered in this attempt, and [`Error::Journal`].
    pub fn parts<C: Counters>(&mut self, names: impl IntoIterator<Item: Into<String>>) -> Result<Parts<'_, C>, Error> {
        self.check_running::<C>("parts")?;
        Parts::register(&mut self.engine, &part_names(names))
    }

    /// The report of the phase's latest attempt that has ended, by this process or an earlier one; `None` if there is none.
    #[must_use]
    pub fn report(&self, phase: &str) -> Option<&PhaseReport> {
        self.record().phase(phase)?.latest_report()
    }

    /// Whether the run was asked to stop, by a [`Stopper`] or because it now belongs to somebody else.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.engine.is_cancelled()
    }

    /// A handle that asks the run to stop: for a signal handler, a deadline, another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.engine.stopper.of_run()
    }

    /// A key that is the same in every attempt at the running phase of this run, for loading into systems that can tell a
    /// repeated request by its key: the run's id and the phase's name.
    ///
    /// # Errors
    ///
    /// [`Error::NoneInProgress`].
    pub fn idempotency_key(&self) -> Result<String, Error> {
        let running = self.record().running("idempotency_key")?;
        Ok(self.record().idempotency_key(&running.phase))
    }

    /// What was found, and mended, when the run was opened again; `None` for a new run.
    #[must_use]
    pub fn recovery(&self) -> Option<&RecoveryReport> {
        self.engine.recovery()
    }

    /// The run as a table, as JSON, as an HTML page, or as Markdown.
    #[must_use]
    pub fn get_summary(&self) -> RunSummary {
        RunSummary::of(&self.engine)
    }

    /// Everything that is known of the run.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        self.engine.record()
    }

    /// A valid name, and what the phase counts if the pipeline says so. A name that the run knows is not checked again.
    pub(crate) fn known(&self, name: &str) -> Result<(PhaseName, CounterNames), Error> {
        let name = match self.record().phase(name) {
            Some(phase) => phase.name().clone(),
            None => name.parse()?,
        };
        match &self.engine.pipeline {
            Some(pipeline) => Ok(pipeline.declaration(&name)?),
            None => Ok((name, None)),
        }
    }

    /// From now on, a look at the meter is enough, if a phase is running that counts `C`.
    #[cold]
    fn accept<C: Counters>(&mut self) -> Result<(), Error> {
        self.check_running::<C>("update_progress")?;
        self.engine.meter.accept::<C>();
        Ok(())
    }

    /// A phase is running, and counts `C`.
    fn check_running<C: Counters>(&self, asked: &'static str) -> Result<(), Error> {
        let running = self.record().running(asked)?;
        check_counters::<C>(&running.phase, self.engine.meter.names())
    }
}

fn check_counters<C: Counters>(phase: &PhaseName, counters: &'static [&'static str]) -> Result<(), Error> {
    if ptr::eq(counters, C::NAMES) || counters == C::NAMES {
        return Ok(());
    }
    let named = |names: &[&str]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    Err(Error::WrongCounters { phase: phase.clone(), counts: named(counters), given: named(C::NAMES) })
}
