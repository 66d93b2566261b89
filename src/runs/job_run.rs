//! What is told of a run beside the others of its job? How it is, when it was, what it counted, and the same of each of its phases.

use std::fmt;
use std::time::Duration;

use crate::counting::counters::Tally;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::expectation::Expectation;
use crate::record::phase::PhaseRecord;
use crate::record::run_id::RunId;
use crate::record::status::RunStatus;
use crate::report::summary::RunSummary;
use crate::runs::place::Place;
use crate::runs::store::KeptRun;

/// A run as the list of its job shows it: [`Runs::list`](crate::Runs::list).
///
/// In JSON it is `job`, `key`, `number`, `run_id`, `status`, `start_time`, `latest_time`, `total_duration_seconds`, `attempts`,
/// `error_count`, `counts` (by name), `owner` (or null) and `phases`, each of which is `phase`, `status`, `attempts`,
/// `duration_seconds` and `counts`.
#[derive(Debug, Clone)]
pub struct JobRun {
    place: Place,
    run_id: RunId,
    status: RunStatus,
    start_time: Timestamp,
    latest_time: Timestamp,
    duration: Duration,
    phases: Vec<JobPhase>,
    errors: u64,
    totals: Vec<(String, u64)>,
    owner: Option<String>,
}

/// A phase of such a run.
#[derive(Debug, Clone)]
pub(crate) struct JobPhase {
    pub(crate) name: PhaseName,
    pub(crate) status: PhaseStatus,
    pub(crate) attempts: u64,
    /// That all attempts took.
    pub(crate) duration: Duration,
    /// What the latest attempt has counted.
    pub(crate) counts: Option<Tally>,
    /// What of it is not as expected.
    pub(crate) unexpected: Vec<Expectation>,
}

impl JobPhase {
    fn of(phase: &PhaseRecord, summary: &RunSummary) -> Self {
        let latest = summary.latest(phase);
        JobPhase {
            name: phase.name().clone(),
            status: phase.status(),
            attempts: summary.attempts(phase).count() as u64,
            duration: summary.time_in(phase),
            counts: latest.map(|report| report.tally().clone()),
            unexpected: latest.into_iter().flat_map(PhaseReport::broken_expectations).cloned().collect(),
        }
    }
}

impl JobRun {
    pub(crate) fn of(place: Place, kept: &KeptRun) -> Self {
        let summary = kept.record.summary();
        JobRun {
            place,
            run_id: summary.run_id(),
            status: status(kept),
            start_time: kept.record.start_time(),
            latest_time: kept.record.latest_time(),
            duration: summary.total_duration(),
            phases: kept.record.phases().map(|phase| JobPhase::of(phase, &summary)).collect(),
            errors: summary.error_count(),
            totals: summary.totals(),
            owner: kept.owner.clone(),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn phases(&self) -> &[JobPhase] {
        &self.phases
    }

    /// Under which key of its job the run is kept.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.place.key
    }

    /// The key as it is told to people, on one line and no longer than that: of the second run under it as in `2026-11-25~2`.
    #[must_use]
    pub fn told_key(&self) -> String {
        self.place.told_key()
    }

    /// Which of the runs that were begun under the key, from 1: see [`Runs::again`](crate::Runs::again).
    #[must_use]
    pub fn number(&self) -> u32 {
        self.place.number
    }

    /// The run's identity.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.run_id
    }

    /// How the run is. One whose process died in a phase is `unfinished` here, for it is known that nobody has it open.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// When the run began.
    #[must_use]
    pub fn start_time(&self) -> Timestamp {
        self.start_time
    }

    /// When its latest event happened.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.latest_time
    }

    /// From its beginning to the end of the phase that ended last, or to its latest event while a phase is running.
    #[must_use]
    pub fn total_duration(&self) -> Duration {
        self.duration
    }

    /// How many attempts there were at its phases, all together.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.phases.iter().map(|phase| phase.attempts).sum()
    }

    /// How many errors were recorded.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.errors
    }

    /// The counts of each phase's latest attempt, added up by name.
    #[must_use]
    pub fn totals(&self) -> &[(String, u64)] {
        &self.totals
    }

    /// What is not as expected of the latest attempts at its phases, each with the phase's name: see [`Expect`](crate::Expect).
    pub fn unexpected(&self) -> impl Iterator<Item = (&PhaseName, &Expectation)> {
        self.phases.iter().flat_map(|phase| phase.unexpected.iter().map(|expectation| (&phase.name, expectation)))
    }

    /// Who has the run open, as in `process 12 on host b since 2026-11-25T03:00:00Z`.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }
}

/// A phase cannot be running in a run that nobody has open.
pub(crate) fn status(kept: &KeptRun) -> RunStatus {
    match kept.record.run_status() {
        RunStatus::Running if kept.owner.is_none() => RunStatus::Unfinished,
        status => status,
    }
}

/// As in `2026-11-25: completed`.
impl fmt::Display for JobRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place.told_key(), self.status)
    }
}
