//! Which attempts run? One at most, unless the run has branches: then one at most of each phase.

use crate::counting::counters::Tally;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::attempt::{Attempt, FailureCause, PhaseReport};
use crate::record::clock::Timestamp;

/// An attempt that is running.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Running {
    /// That of the phase.
    pub(super) index: usize,
    pub(crate) phase: PhaseName,
    pub(crate) attempt: u32,
    pub(crate) started: Timestamp,
    /// As of the last checkpoint, if there was one; the live counts are elsewhere.
    pub(super) counts: Option<Tally>,
    /// What earlier attempts did of that.
    pub(super) carried: Option<Tally>,
    /// As they were when the attempt started.
    pub(super) totals: Tally,
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
            carried: self.carried.clone().map(Box::new),
            result: None,
            error: None,
        })
    }
}

/// The running attempts, in the order in which they started.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RunningAttempts {
    /// Most runs have no more than this one.
    first: Option<Running>,
    others: Vec<Running>,
}

impl RunningAttempts {
    #[inline]
    pub(super) fn first(&self) -> Option<&Running> {
        self.first.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Running> {
        self.first.iter().chain(&self.others)
    }

    #[inline]
    pub(super) fn of(&self, phase: &PhaseName) -> Option<&Running> {
        self.iter().find(|running| running.phase == *phase)
    }

    pub(super) fn of_mut(&mut self, phase: &PhaseName) -> Option<&mut Running> {
        self.first.iter_mut().chain(&mut self.others).find(|running| running.phase == *phase)
    }

    pub(super) fn start(&mut self, running: Running) {
        match self.first {
            None => self.first = Some(running),
            Some(_) => self.others.push(running),
        }
    }

    pub(super) fn end(&mut self, phase: &PhaseName) -> Option<Running> {
        if self.first.as_ref().is_some_and(|running| running.phase == *phase) {
            let second = (!self.others.is_empty()).then(|| self.others.remove(0));
            return std::mem::replace(&mut self.first, second);
        }
        let place = self.others.iter().position(|running| running.phase == *phase)?;
        Some(self.others.remove(place))
    }
}
