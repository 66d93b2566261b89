//! Which errors are told, and in which order? For each phase first the one that ended its latest attempt, then those that were
//! recorded; the phases for which the run failed come before the others.

use std::collections::BTreeSet;

use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::error::ErrorRecord;
use crate::record::phase::PhaseRecord;

/// The errors of one phase.
pub(crate) struct PhaseErrors<'a> {
    pub(crate) phase: &'a PhaseName,
    /// With which its latest attempt ended.
    pub(crate) ended_with: Option<ErrorRecord>,
    /// The others, oldest first, as far as their details are kept.
    pub(crate) others: Vec<&'a ErrorRecord>,
    /// How many there are, with those of which only the number is known.
    pub(crate) count: u64,
}

impl<'a> PhaseErrors<'a> {
    pub(crate) fn of(record: &'a RunRecord, phase: &'a PhaseName) -> Self {
        let latest = record.phase(phase.as_str()).and_then(PhaseRecord::latest_report);
        let ended_with = latest.and_then(ended_with);
        let is_other =
            |error: &&ErrorRecord| ended_with.as_ref().is_none_or(|ended| !error.ended || error.attempt != ended.attempt);
        let others = record.errors_for(phase.as_str()).filter(is_other).collect();
        PhaseErrors { phase, others, count: record.error_count_for(phase.as_str()), ended_with }
    }

    /// Those of each phase that has any.
    pub(crate) fn all(record: &'a RunRecord) -> Vec<Self> {
        let failed = record.failed_phases().map(PhaseRecord::name).collect::<BTreeSet<_>>();
        let with_errors = record.errors_by_phase().map(|(phase, _)| phase);
        let (first, then): (Vec<_>, Vec<_>) = with_errors.partition(|phase| failed.contains(phase));
        first.into_iter().chain(then).map(|phase| PhaseErrors::of(record, phase)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The one that ended the latest attempt, and then the others.
    pub(crate) fn told(&self) -> Vec<&ErrorRecord> {
        self.ended_with.iter().chain(self.others.iter().copied()).collect()
    }

    /// How many there are besides so many that were told.
    pub(crate) fn untold(&self, told: usize) -> u64 {
        self.count.saturating_sub(told as u64)
    }
}

/// An attempt that was stopped is no error.
fn ended_with(report: &PhaseReport) -> Option<ErrorRecord> {
    let error = report.error().filter(|_| report.cause() != Some(FailureCause::Stopped))?;
    Some(ErrorRecord {
        phase: report.phase().clone(),
        attempt: Some(report.attempt()),
        time: report.end_time(),
        error: error.clone(),
        ended: true,
    })
}
