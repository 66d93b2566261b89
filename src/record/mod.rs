//! What is true now? The record is the fold of the run's events, and [`RunRecord::apply`] is the only way to change it.
//!
//! Invariants, which hold between any two events:
//!
//! 1. The first event is [`Event::RunBegan`], and no other one is.
//! 2. At most one phase is running. Its phase and attempt are the only ones that can be checkpointed or ended.
//! 3. The attempts at a phase are numbered 1, 2, 3 …; all but the running one have ended and have their report.
//! 4. A report is never changed. A status can be, and each such override is kept.
//! 5. Every error is counted; the details of the first thousand are kept.
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
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod parameters;
pub(crate) mod part;
pub(crate) mod phase;
pub(crate) mod recovery;
pub(crate) mod run_id;
pub(crate) mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::counting::counters::Tally;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::{Attempt, FailureCause, PhaseReport};
use crate::record::clock::Timestamp;
use crate::record::error::ErrorRecord;
use crate::record::event::{Beginning, Event};
use crate::record::parameters::Parameters;
use crate::record::part::PartRecord;
use crate::record::phase::PhaseRecord;
use crate::record::run_id::RunId;
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
    latest: Timestamp,
    events: u64,
    /// In the order in which they were first mentioned.
    phases: Vec<PhaseRecord>,
    running: Option<Running>,
    /// The index of the phase that ended last.
    ended: Option<usize>,
    errors: Vec<ErrorRecord>,
    error_count: u64,
}

/// The details of so many errors are kept in memory; a journal has them all.
const ERRORS_KEPT: usize = 1_000;

/// An event that cannot happen now, or a call that makes none.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    AlreadyInProgress { running: PhaseName, asked: PhaseName },
    NoneInProgress { asked: &'static str, state: Position },
}

/// The attempt that is running.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Running {
    index: usize,
    pub(crate) phase: PhaseName,
    pub(crate) attempt: u32,
    pub(crate) started: Timestamp,
    /// As of the last checkpoint, if there was one; the live counts are elsewhere.
    counts: Option<Tally>,
    /// As they were when the attempt started.
    totals: Tally,
}

impl Running {
    /// The attempt as its events tell of it, up to this moment.
    pub(crate) fn as_of(&self, ended: Timestamp, status: PhaseStatus, cause: Option<FailureCause>) -> PhaseReport {
        PhaseReport::new(Attempt {
            phase: self.phase.clone(),
            number: self.attempt,
            status,
            cause,
            started: self.started,
            ended,
            microseconds: ended.microseconds_since(self.started),
            counts: self.counts.clone().unwrap_or_else(|| self.totals.zeroed()),
            totals: self.totals.clone(),
            result: None,
        })
    }
}

impl RunRecord {
    /// A run that has just begun.
    pub(crate) fn begin(beginning: Beginning) -> Self {
        RunRecord {
            latest: beginning.time,
            beginning,
            events: 1,
            phases: Vec::new(),
            running: None,
            ended: None,
            errors: Vec::new(),
            error_count: 0,
        }
    }

    pub(crate) fn beginning(&self) -> &Beginning {
        &self.beginning
    }

    /// The record that events add up to: the same fold that the live run goes through.
    ///
    /// `None` unless they begin with [`Event::RunBegan`] and each can follow the ones before it.
    pub fn replay<'e>(events: impl IntoIterator<Item = &'e Event>) -> Option<RunRecord> {
        let mut events = events.into_iter();
        let Event::RunBegan(beginning) = events.next()? else { return None };
        let mut record = RunRecord::begin(beginning.clone());
        for event in events {
            record.admits(event).ok()?;
            record.apply(event);
        }
        Some(record)
    }

    /// Whether the event can happen now.
    ///
    /// # Errors
    ///
    /// The error of the mistake that the event would be.
    pub(crate) fn admits(&self, event: &Event) -> Result<(), NotAdmitted> {
        let is_running = |phase: &PhaseName, attempt: u32| {
            let running = self.running.as_ref();
            running.is_some_and(|running| running.phase == *phase && running.attempt == attempt)
        };
        let fits = match event {
            Event::RunBegan(_) => false,
            Event::StatusSet { .. } | Event::ErrorRecorded { .. } => true,
            Event::PhaseStarted { phase, attempt, .. } => match &self.running {
                Some(running) => {
                    return Err(NotAdmitted::AlreadyInProgress { running: running.phase.clone(), asked: phase.clone() });
                }
                None => *attempt == self.next_attempt(phase.as_str()),
            },
            Event::Checkpointed { phase, attempt, .. } => is_running(phase, *attempt),
            Event::PartsRegistered { phase, attempt, .. } => {
                is_running(phase, *attempt)
                    && self.phase(phase.as_str()).is_some_and(|phase| phase.parts_registered() != Some(*attempt))
            }
            Event::PartEnded { phase, attempt, part, .. } => {
                let phase = self.phase(phase.as_str()).filter(|_| is_running(phase, *attempt));
                let phase = phase.filter(|phase| phase.parts_registered() == Some(*attempt));
                let is_open = |known: &PartRecord| known.status == PhaseStatus::Pending;
                part.status.is_end() && phase.and_then(|phase| phase.part(&part.name)).is_some_and(is_open)
            }
            Event::PhaseEnded { report, .. } => report.status().is_end() && is_running(report.phase(), report.attempt()),
        };
        // The engine makes events from the record, so one that does not fit can only come from a damaged journal.
        if fits { Ok(()) } else { Err(self.none_in_progress(event.name())) }
    }

    /// The number of the next attempt at the phase, from 1.
    pub(crate) fn next_attempt(&self, phase: &str) -> u32 {
        self.phase(phase).map_or(1, PhaseRecord::next_attempt)
    }

    /// The running attempt, if there is one.
    pub(crate) fn current(&self) -> Option<&Running> {
        self.running.as_ref()
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

    /// Makes the event true.
    pub(crate) fn apply(&mut self, event: &Event) {
        self.events += 1;
        self.latest = event.time();
        match event {
            // A run begins once, and its record with it.
            Event::RunBegan(_) => {}
            Event::PhaseStarted { phase, attempt, totals, time } => self.start(phase, *attempt, totals, *time),
            Event::Checkpointed { phase, cursor, counts, .. } => self.checkpoint(phase, cursor, counts),
            Event::PartsRegistered { phase, attempt, parts, .. } => self.phase_mut(phase).register_parts(*attempt, parts),
            Event::PartEnded { phase, attempt, part, time } => self.end_part(phase, *attempt, part, *time),
            Event::StatusSet { phase, status, time } => self.phase_mut(phase).override_status(*status, *time),
            Event::ErrorRecorded { error } => self.record_error(error),
            Event::PhaseEnded { report, error } => self.end(report, error.as_ref()),
        }
    }

    fn start(&mut self, phase: &PhaseName, attempt: u32, totals: &Tally, started: Timestamp) {
        let index = self.index_of(phase);
        self.phases[index].start(self.events);
        self.phases[index + 1..].iter_mut().for_each(PhaseRecord::outdate);
        let (phase, totals) = (phase.clone(), totals.clone());
        self.running = Some(Running { index, phase, attempt, started, counts: None, totals });
    }

    fn checkpoint(&mut self, phase: &PhaseName, cursor: &Arc<Value>, counts: &Tally) {
        self.phase_mut(phase).checkpointed(Arc::clone(cursor));
        if let Some(running) = &mut self.running {
            running.counts = Some(counts.clone());
        }
    }

    fn end_part(&mut self, phase: &PhaseName, attempt: u32, part: &PartRecord, time: Timestamp) {
        self.phase_mut(phase).end_part(part);
        if let Some(error) = &part.error {
            let error = error.of_part(&part.name);
            self.record_error(&ErrorRecord { phase: phase.clone(), attempt: Some(attempt), time, error });
        }
    }

    fn record_error(&mut self, error: &ErrorRecord) {
        self.error_count += 1;
        if self.errors.len() < ERRORS_KEPT {
            self.errors.push(error.clone());
        }
        if let Some(phase) = self.phases.iter_mut().find(|phase| phase.name() == error.phase()) {
            phase.count_error();
        }
    }

    fn end(&mut self, report: &PhaseReport, error: Option<&ErrorRecord>) {
        let index = self.running.take().map_or_else(|| self.index_of(report.phase()), |running| running.index);
        self.phases[index].end(self.events, report);
        self.ended = Some(index);
        if let Some(error) = error {
            self.record_error(error);
        }
    }

    fn phase_mut(&mut self, name: &PhaseName) -> &mut PhaseRecord {
        let index = self.index_of(name);
        &mut self.phases[index]
    }

    /// Where the phase is kept; a new one is added. A run has few phases, and searching a short list beats a map.
    fn index_of(&mut self, name: &PhaseName) -> usize {
        let known = self.phases.iter().position(|phase| phase.name() == name);
        known.unwrap_or_else(|| {
            self.phases.push(PhaseRecord::new(name.clone()));
            self.phases.len() - 1
        })
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

    /// The pipeline that the run keeps to; `None` if any phase may start at any time.
    #[must_use]
    pub fn pipeline(&self) -> Option<&PipelineShape> {
        self.beginning.pipeline.as_ref()
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
        self.phases.iter().find(|phase| *phase.name() == *name)
    }

    /// The status of a phase; `pending` if it was never mentioned.
    #[must_use]
    pub fn status(&self, name: &str) -> PhaseStatus {
        self.phase(name).map_or(PhaseStatus::Pending, PhaseRecord::status)
    }

    /// A key that is the same in every attempt at the phase of this run.
    pub(crate) fn idempotency_key(&self, phase: &PhaseName) -> String {
        format!("{}/{phase}", self.run_id())
    }

    /// The running phase.
    #[must_use]
    pub fn current_phase(&self) -> Option<&PhaseName> {
        self.running.as_ref().map(|running| &running.phase)
    }

    /// What else the author wanted to be known of the run.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.beginning.metadata
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        &self.beginning.parameters
    }

    /// How many errors were recorded.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.error_count
    }

    /// The recorded errors, oldest first; of more than a thousand, the first thousand.
    #[must_use]
    pub fn errors(&self) -> &[ErrorRecord] {
        &self.errors
    }

    /// The errors recorded under a phase, oldest first.
    pub fn errors_for(&self, phase: &str) -> impl Iterator<Item = &ErrorRecord> {
        self.errors.iter().filter(move |error| *error.phase() == *phase)
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
        match self.current_phase() {
            Some(phase) => format!("Running<{phase}>"),
            None => self.position().to_string(),
        }
    }

    /// The phase that ended last, judged by its present status. A running phase does not change it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.ended.map_or(Position::Idle, |index| self.phases[index].position())
    }
}
