//! What is true now? The record is the fold of the run's events, and [`RunRecord::apply`] is the only way to change it.
//!
//! Invariants, which hold between any two events:
//!
//! 1. The first event is [`Event::RunBegan`], and no other one is.
//! 2. At most one phase is running; in a pipeline that joins branches, also others that neither come before nor behind it. Running
//!    attempts are the only ones that can be checkpointed or ended.
//! 3. The attempts at a phase are numbered 1, 2, 3 …; all but the running one have ended and have their report.
//! 4. A report is never changed. A status can be, and each such override is kept.
//! 5. Every error is counted; of those recorded under a phase, the details of the first thousand are kept. The error that ended an
//!    attempt is part of its report, and always kept.
//! 6. A part ends in the attempt that has registered it, and one that has completed does not end again before the phase has
//!    completed.
//! 7. `admits` accepts an event if and only if `apply`, which cannot fail, keeps these invariants. The live run and the replay
//!    of a journal go through both.
//!
//! [`event::Event`] is what happened, [`RunRecord`] what the events add up to, [`phase::PhaseRecord`] the same for one phase, and
//! [`attempt::PhaseReport`] for one attempt.
//!
//! Imports from `pipeline`, `counting` and what is below them.

pub(crate) mod attempt;
pub(crate) mod clock;
pub(crate) mod counted;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod expect;
pub(crate) mod expectation;
pub(crate) mod figure;
mod fold;
mod found;
mod merge;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod outline;
pub(crate) mod parameters;
pub(crate) mod part;
pub(crate) mod phase;
pub(crate) mod recovery;
pub(crate) mod rejected;
mod rejected_told;
pub(crate) mod run_id;
pub(crate) mod running;
pub(crate) mod seldom;
pub(crate) mod share;
mod standing;
pub(crate) mod status;
pub(crate) mod steps;
pub(crate) mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::pipeline::by_name::ByName;
use crate::pipeline::order::Order;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::error::ErrorRecord;
use crate::record::event::Beginning;
use crate::record::parameters::Parameters;
use crate::record::phase::PhaseRecord;
use crate::record::rejected::Rejected;
use crate::record::run_id::RunId;
use crate::record::running::{Running, RunningAttempts};
use crate::record::steps::Steps;
use crate::record::stored::{NotReadable, read_stored};

/// Everything that is known of a run: what its events add up to.
///
/// ```
/// use etl_context::{Context, Extract, PhaseStatus};
///
/// let extracted = Context::new("import").start(Extract)?.complete(())?;
/// let record = extracted.record();
/// assert_eq!(record.name(), "import");
/// assert_eq!(record.status("extract"), PhaseStatus::Completed);
/// assert_eq!(record.phase("extract").map(|phase| phase.attempts()), Some(1));
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    beginning: Beginning,
    /// What the run keeps to, and what makes it this run, as of the latest event that says so.
    pipeline: Option<PipelineShape>,
    parameters: Parameters,
    latest: Timestamp,
    events: u64,
    /// In the order in which they were first mentioned.
    phases: ByName<PhaseRecord>,
    /// Which of them have started since a phase before them has, by their indexes.
    up_to_date: BTreeSet<usize>,
    running: RunningAttempts,
    /// Of a pipeline that joins branches.
    order: Option<Arc<Order>>,
    /// Phases that decide nothing, because the pipeline has them start wherever the run stands.
    finally: Option<Arc<[PhaseName]>>,
    /// The index of the phase that ended last.
    ended: Option<usize>,
    /// What was done in which order, for a process that goes on with it.
    steps: Steps,
    /// Whether the run was asked to stop, and no phase has started since.
    stopped: bool,
    errors: Vec<ErrorRecord>,
    error_count: u64,
    /// Those of each phase, known otherwise or not.
    errors_by_phase: ByName<(PhaseName, Errors)>,
}

/// The errors of one phase.
#[derive(Debug, Clone, Default, PartialEq)]
struct Errors {
    count: u64,
    /// Where among all errors those are whose details are kept.
    kept: Vec<usize>,
}

/// An event that cannot happen now, or a call that makes none.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    AlreadyInProgress { running: PhaseName, asked: PhaseName },
    NoneInProgress { asked: &'static str, state: Position },
}

impl RunRecord {
    pub(crate) fn beginning(&self) -> &Beginning {
        &self.beginning
    }

    /// The number of the next attempt at the phase, from 1.
    pub(crate) fn next_attempt(&self, phase: &PhaseName) -> u32 {
        self.phases.place_of(phase).map_or(1, |place| self.phases[place].next_attempt())
    }

    /// The running attempt, if there is one; of several, the one that started first.
    pub(crate) fn current(&self) -> Option<&Running> {
        self.running.first()
    }

    /// What a running attempt has rejected, as its last checkpoint tells.
    pub(crate) fn rejected_by(&self, running: &Running) -> Option<Arc<Rejected>> {
        self.phases.find(running.phase.as_str())?.rejected_by(running.attempt).cloned()
    }

    /// The running attempts, in the order in which they started.
    pub(crate) fn running_attempts(&self) -> impl Iterator<Item = &Running> {
        self.running.iter()
    }

    /// No phase is running here that would be in the way of this one.
    ///
    /// # Errors
    ///
    /// [`NotAdmitted::AlreadyInProgress`], which names the other one.
    pub(crate) fn at_rest(&self, asked: &PhaseName) -> Result<(), NotAdmitted> {
        match self.current() {
            Some(running) => Err(NotAdmitted::AlreadyInProgress { running: running.phase.clone(), asked: asked.clone() }),
            None => Ok(()),
        }
    }

    /// The running attempt, for a call that needs one.
    ///
    /// # Errors
    ///
    /// [`NotAdmitted::NoneInProgress`], which says what was asked for.
    pub(crate) fn running(&self, asked: &'static str) -> Result<&Running, NotAdmitted> {
        self.current().ok_or_else(|| self.none_in_progress(asked))
    }

    fn none_in_progress(&self, asked: &'static str) -> NotAdmitted {
        NotAdmitted::NoneInProgress { asked, state: self.position() }
    }

    /// The run's identity.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.beginning.run
    }

    /// The name that the author gave the run.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.beginning.name
    }

    /// When the run began.
    #[must_use]
    pub fn start_time(&self) -> Timestamp {
        self.beginning.time
    }

    /// The pipeline that the run keeps to at present; `None` if any phase may start at any time.
    #[must_use]
    pub fn pipeline(&self) -> Option<&PipelineShape> {
        self.pipeline.as_ref()
    }

    /// When the latest event happened.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.latest
    }

    /// How many events the record is made of. The next event has this sequence number.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The phases in the order in which they were first mentioned.
    pub fn phases(&self) -> impl Iterator<Item = &PhaseRecord> {
        self.phases.iter()
    }

    /// What is known of a phase; `None` if it was never mentioned.
    #[must_use]
    pub fn phase(&self, name: &str) -> Option<&PhaseRecord> {
        self.phases.find(name)
    }

    /// The status of a phase; `pending` if it was never mentioned.
    #[must_use]
    pub fn status(&self, name: &str) -> PhaseStatus {
        self.phase(name).map_or(PhaseStatus::Pending, PhaseRecord::status)
    }

    /// Where this visit of the phase stands among the steps of the run from `first` on, and its report, if it has completed and need
    /// not run again.
    pub(crate) fn completed_visit(&self, phase: &PhaseName, visit: u32, first: usize) -> Option<(usize, &PhaseReport)> {
        let index = self.phases.place_of(phase)?;
        // What was set by hand is said of the latest visit.
        let is_undone = self.phases[index].status() != PhaseStatus::Completed && self.steps.is_latest(index, visit);
        self.steps.completed(index, visit, first).filter(|_| !is_undone)
    }

    /// Whether the phase is declared with `finally`: it may start wherever the run stands, and decides nothing of how the run is.
    #[inline]
    pub(crate) fn is_finally(&self, phase: &PhaseName) -> bool {
        self.finally.as_ref().is_some_and(|finally| finally.contains(phase))
    }

    /// Whether the run was asked to stop, and no phase has started since.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// A key that is the same in every attempt at the phase of this run.
    pub(crate) fn idempotency_key(&self, phase: &PhaseName) -> String {
        format!("{}/{phase}", self.run_id())
    }

    /// The running phase; where branches run side by side, the one of them that started first.
    #[must_use]
    pub fn current_phase(&self) -> Option<&PhaseName> {
        self.current().map(|running| &running.phase)
    }

    /// The phases that are running, in the order in which they started. More than one run side by side in
    /// [branches](crate::Context::fork).
    pub fn running_phases(&self) -> impl Iterator<Item = &PhaseName> {
        self.running.iter().map(|running| &running.phase)
    }

    /// What else the author wanted to be known of the run.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.beginning.metadata
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// How many errors were recorded.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.error_count
    }

    /// How many errors were recorded under a phase.
    #[must_use]
    pub fn error_count_for(&self, phase: &str) -> u64 {
        self.errors_by_phase.find(phase).map_or(0, |(_, errors)| errors.count)
    }

    /// The phases under which errors were recorded, in the order of their first error, with the number of their errors.
    pub(crate) fn errors_by_phase(&self) -> impl Iterator<Item = (&PhaseName, u64)> {
        self.errors_by_phase.iter().map(|(phase, errors)| (phase, errors.count))
    }

    /// The recorded errors, oldest first; of more than a thousand of one phase, the first thousand. The error that ended an
    /// attempt is also in [`PhaseReport::error`], however many there were before it.
    #[must_use]
    pub fn errors(&self) -> &[ErrorRecord] {
        &self.errors
    }

    /// The errors recorded under a phase, oldest first.
    pub fn errors_for(&self, phase: &str) -> impl Iterator<Item = &ErrorRecord> {
        let kept = self.errors_by_phase.find(phase).map(|(_, errors)| errors.kept.as_slice());
        kept.unwrap_or_default().iter().map(|place| &self.errors[*place])
    }

    /// The cursor of the phase's last checkpoint since it last completed.
    ///
    /// # Errors
    ///
    /// [`NotReadable`] if the cursor is no `C`.
    pub(crate) fn resume_point<C: DeserializeOwned>(&self, phase: &str) -> Result<Option<C>, NotReadable> {
        let Some((phase, cursor)) = self.phase(phase).and_then(|phase| Some((phase.name(), phase.checkpoint()?))) else {
            return Ok(None);
        };
        read_stored(phase, "the checkpoint", cursor).map(Some)
    }

    /// The state as the typed face writes it, as in `Running<load>`.
    pub(crate) fn state(&self) -> String {
        let running = self.running_phases().map(PhaseName::as_str).collect::<Vec<_>>();
        if running.is_empty() { self.position().to_string() } else { format!("Running<{}>", running.join(", ")) }
    }
}
