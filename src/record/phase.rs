//! What is known of one phase? Its status, its attempts, and what was said of it by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::counting::counters::Tally;
use crate::pipeline::by_name::OfPhase;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::clock::Timestamp;
use crate::record::part::{PartCheckpoint, PartRecord};
use crate::record::rejected::Rejected;

/// Everything that is known of one phase.
///
/// ```
/// use etl_context::{Context, Extract, FailureCause, PhaseStatus};
///
/// let failed = Context::new("import").start(Extract)?.fail("no connection")?;
/// let extracted = failed.retry()?.complete(())?;
///
/// let phase = extracted.record().phase("extract").expect("it was started");
/// assert_eq!((phase.status(), phase.attempts()), (PhaseStatus::Completed, 2));
/// assert_eq!(phase.reports()[0].cause(), Some(FailureCause::Error));
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseRecord {
    name: PhaseName,
    status: PhaseStatus,
    reports: Vec<PhaseReport>,
    checkpoint: Option<Checkpoint>,
    overrides: Vec<StatusOverride>,
    parts: BTreeMap<Arc<str>, PartRecord>,
    /// The attempt that has registered them, and the one since which those that have completed are done.
    parts_registered: Option<u32>,
    parts_since: u32,
    /// Recorded under the running attempt, or the one that ended last.
    attempt_errors: u64,
    /// Whether a phase that comes before this one has started again since, so that this one worked from what is no more.
    outdated: bool,
    /// The sequence numbers of the events with which the latest attempt started, and the latest ended one ended.
    started: u64,
    ended: u64,
}

/// From where a later attempt can go on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checkpoint {
    pub(crate) cursor: Arc<Value>,
    /// What was processed until then, by this attempt and those whose checkpoints it had taken up.
    pub(crate) counts: Tally,
    /// The rows that were rejected until then, by the same ones.
    pub(crate) rejected: Option<Arc<Rejected>>,
    pub(crate) attempt: u32,
}

/// A status that somebody set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusOverride {
    from: PhaseStatus,
    to: PhaseStatus,
    time: Timestamp,
}

impl OfPhase for PhaseRecord {
    fn phase_name(&self) -> &PhaseName {
        &self.name
    }
}

impl PhaseRecord {
    pub(crate) fn new(name: PhaseName) -> Self {
        PhaseRecord {
            name,
            status: PhaseStatus::Pending,
            reports: Vec::new(),
            checkpoint: None,
            overrides: Vec::new(),
            parts: BTreeMap::new(),
            parts_registered: None,
            parts_since: 1,
            attempt_errors: 0,
            outdated: false,
            started: 0,
            ended: 0,
        }
    }

    pub(crate) fn start(&mut self, sequence: u64) {
        let has_completed = self.latest_report().is_some_and(|report| report.status() == PhaseStatus::Completed);
        if has_completed || self.outdated {
            // Nearly always there are none, and to empty an empty map takes as long as to drop one.
            if !self.parts.is_empty() {
                self.parts.clear();
            }
            self.parts_since = self.next_attempt();
        }
        self.status = PhaseStatus::Running;
        self.started = sequence;
        self.attempt_errors = 0;
        self.outdated = false;
    }

    /// A phase that comes before this one starts again: neither the result nor the checkpoint means anything any more.
    pub(crate) fn outdate(&mut self) {
        self.outdated = true;
        self.checkpoint = None;
    }

    /// Whether the phase worked from what the other one has left.
    pub(crate) fn started_after(&self, other: &PhaseRecord) -> bool {
        self.started > other.ended
    }

    /// Whether this tells more of the phase than the other record of it does.
    pub(super) fn is_ahead_of(&self, other: &PhaseRecord) -> bool {
        let told = |phase: &PhaseRecord| (phase.reports.len(), phase.overrides.len());
        told(self) > told(other)
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started > 0
    }

    /// Whether the phase is done and need not run again.
    pub(crate) fn is_done(&self) -> bool {
        let completed = |report: &PhaseReport| report.status() == PhaseStatus::Completed;
        self.status == PhaseStatus::Completed && !self.outdated && self.latest_report().is_some_and(completed)
    }

    /// A phase that completed has nothing left to go on from.
    pub(crate) fn end(&mut self, sequence: u64, report: &PhaseReport) {
        self.status = report.status();
        self.ended = sequence;
        if report.status() == PhaseStatus::Completed {
            self.checkpoint = None;
        }
        self.reports.push(report.clone());
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn forget_history(&mut self) {
        self.reports.drain(..self.reports.len().saturating_sub(1));
        self.checkpoint = None;
        self.overrides.clear();
        self.parts.clear();
    }

    pub(crate) fn checkpointed(&mut self, checkpoint: Checkpoint) {
        self.checkpoint = Some(checkpoint);
    }

    /// These are the parts from now on; of those that were there, what has completed is done.
    pub(crate) fn register_parts(&mut self, attempt: u32, names: &[Arc<str>]) {
        let mut known = std::mem::take(&mut self.parts);
        for name in names {
            let open = |part: Option<PartRecord>| {
                let checkpoint = part.and_then(|part| part.checkpoint);
                PartRecord { checkpoint, ..PartRecord::open(Arc::clone(name)) }
            };
            let part = match known.remove(name) {
                Some(part) if part.status == PhaseStatus::Completed => part,
                part => open(part),
            };
            self.parts.insert(Arc::clone(name), part);
        }
        self.parts_registered = Some(attempt);
    }

    /// A part that has not completed can be gone on with from its checkpoint.
    pub(crate) fn end_part(&mut self, part: PartRecord) {
        let Some(known) = self.parts.get_mut(&part.name) else { return };
        let checkpoint = known.checkpoint.take().filter(|_| part.status != PhaseStatus::Completed);
        let rejected = part.rejected.as_ref().map(Rejected::without_lines);
        *known = PartRecord { rejected, checkpoint, ..part };
    }

    pub(crate) fn checkpoint_part(&mut self, part: &str, mut checkpoint: PartCheckpoint) {
        let Some(known) = self.parts.get_mut(part) else { return };
        let before = known.checkpoint.as_ref().filter(|before| before.is_of(checkpoint.attempt, checkpoint.claim));
        checkpoint.rejected = match (before.and_then(|before| before.rejected.as_ref()), checkpoint.rejected) {
            (before, None) => before.cloned(),
            (None, Some(news)) => Some(Rejected::without_lines(&news)),
            (Some(before), Some(news)) => Some(Arc::new(before.merged(&news))),
        };
        known.checkpoint = Some(Arc::new(checkpoint));
    }

    /// What was rejected in the parts that have completed, as an attempt tells it.
    pub(crate) fn rejected_in_parts(&self, attempt: u32) -> Option<Rejected> {
        let completed = self.parts.values().filter(|part| part.status == PhaseStatus::Completed);
        let rejecting = completed.filter(|part| part.rejected.is_some());
        let rejected = rejecting.map(|part| part.rejected().in_part(part.attempt < Some(attempt)));
        rejected.reduce(|sum, rejected| sum.merged(&rejected))
    }

    pub(crate) fn count_error(&mut self) {
        self.attempt_errors += 1;
    }

    pub(crate) fn override_status(&mut self, to: PhaseStatus, time: Timestamp) {
        self.overrides.push(StatusOverride { from: self.status, to, time });
        self.status = to;
    }

    /// The phase's name.
    #[must_use]
    pub fn name(&self) -> &PhaseName {
        &self.name
    }

    /// Its present status.
    #[must_use]
    pub fn status(&self) -> PhaseStatus {
        self.status
    }

    /// How many attempts have ended.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.reports.len()
    }

    /// The reports of the attempts that have ended, oldest first.
    #[must_use]
    pub fn reports(&self) -> &[PhaseReport] {
        &self.reports
    }

    /// The report of the attempt that ended last.
    #[must_use]
    pub fn latest_report(&self) -> Option<&PhaseReport> {
        self.reports.last()
    }

    /// The cursor of the last checkpoint since the phase last completed.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&Value> {
        self.checkpoint.as_ref().map(|checkpoint| &*checkpoint.cursor)
    }

    /// The same with what was processed until then.
    pub(crate) fn last_checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref()
    }

    /// What the attempt has rejected up to its last checkpoint, if it has one.
    pub(crate) fn rejected_by(&self, attempt: u32) -> Option<&Arc<Rejected>> {
        self.checkpoint.as_ref().filter(|checkpoint| checkpoint.attempt == attempt)?.rejected.as_ref()
    }

    /// The sequence number of the event with which the latest attempt started.
    pub(crate) fn started(&self) -> u64 {
        self.started
    }

    /// Whether a phase that comes before this one has started again since.
    pub(crate) fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// The parts into which the phase was divided, by name; none if it was not.
    #[must_use]
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &PartRecord> {
        self.parts.values()
    }

    /// The part of this name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&PartRecord> {
        self.parts.get(name)
    }

    /// The attempt that has registered the parts.
    pub(crate) fn parts_registered(&self) -> Option<u32> {
        self.parts_registered
    }

    /// The attempt since which parts that have completed are done.
    #[cfg(feature = "postgres")]
    pub(crate) fn parts_since(&self) -> u32 {
        self.parts_since
    }

    /// How many errors were recorded under the running attempt, or the one that ended last.
    #[must_use]
    pub fn attempt_errors(&self) -> u64 {
        self.attempt_errors
    }

    /// How many attempts have failed since the phase last completed, without those that were stopped on purpose.
    #[must_use]
    pub fn failures(&self) -> usize {
        let since_completed = self.reports.iter().rev().take_while(|report| report.status() == PhaseStatus::Failed);
        since_completed.filter(|report| report.cause() != Some(FailureCause::Stopped)).count()
    }

    /// The statuses that were set by hand, oldest first.
    #[must_use]
    pub fn overrides(&self) -> &[StatusOverride] {
        &self.overrides
    }

    /// Where the run stands if this phase ended last. Its present status decides, unless that was set by hand to one that no
    /// ended phase has.
    pub(crate) fn position(&self) -> Position {
        let ended_as = self.latest_report().map_or(PhaseStatus::Completed, PhaseReport::status);
        let status = match self.status {
            PhaseStatus::Completed | PhaseStatus::Failed => self.status,
            PhaseStatus::Pending | PhaseStatus::Running => ended_as,
        };
        match status {
            PhaseStatus::Failed => Position::Failed(self.name.clone()),
            _ => Position::Completed(self.name.clone()),
        }
    }

    /// The number of the next attempt, from 1.
    pub(crate) fn next_attempt(&self) -> u32 {
        u32::try_from(self.reports.len()).map_or(u32::MAX, |ended| ended.saturating_add(1))
    }
}

impl StatusOverride {
    /// The status that was overridden.
    #[must_use]
    pub fn from(&self) -> PhaseStatus {
        self.from
    }

    /// The status that was set.
    #[must_use]
    pub fn to(&self) -> PhaseStatus {
        self.to
    }

    /// When it was set.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }
}
