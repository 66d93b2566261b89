//! Which attempts run? One at most, unless the run has branches: then one at most of each phase.

use std::sync::Arc;

use crate::counting::counters::Tally;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::attempt::{Attempt, FailureCause, PhaseReport};
use crate::record::clock::Timestamp;
use crate::record::rejected::Rejected;
use crate::record::seldom::Seldom;

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
    pub(crate) fn as_of(
        &self,
        ended: Timestamp,
        status: PhaseStatus,
        cause: Option<FailureCause>,
        rejected: Option<Arc<Rejected>>,
    ) -> PhaseReport {
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
            seldom: Seldom::of(self.carried.clone(), rejected, None),
            result: None,
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
        match &self.first {
            Some(running) if running.phase == *phase => Some(running),
            _ => self.others.iter().find(|running| running.phase == *phase),
        }
    }

    pub(super) fn of_mut(&mut self, phase: &PhaseName) -> Option<&mut Running> {
        self.first.iter_mut().chain(&mut self.others).find(|running| running.phase == *phase)
    }

    #[inline]
    pub(super) fn start(&mut self, running: Running) {
        if self.first.is_none() {
            self.first = Some(running);
        } else {
            self.others.push(running);
        }
    }

    /// The index of the phase, if it was running.
    #[inline]
    pub(super) fn end(&mut self, phase: &PhaseName) -> Option<usize> {
        match &self.first {
            Some(running) if self.others.is_empty() && running.phase == *phase => {
                let index = running.index;
                self.first = None;
                Some(index)
            }
            _ => self.end_one_of_several(phase),
        }
    }

    #[cold]
    fn end_one_of_several(&mut self, phase: &PhaseName) -> Option<usize> {
        let first = self.first.take();
        self.others.splice(0..0, first);
        let place = self.others.iter().position(|running| running.phase == *phase);
        let ended = place.map(|place| self.others.remove(place).index);
        self.first = (!self.others.is_empty()).then(|| self.others.remove(0));
        ended
    }
}
