//! Has the running attempt taken up what was rejected before it? This is found out by a look at the cursor, for which a run is not changed.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::phase::PhaseRecord;

/// The sequence number with which the attempt started that did so last.
#[derive(Debug, Default)]
pub(super) struct TakenUp(AtomicU64);

impl TakenUp {
    pub(super) fn take(&self, phase: &PhaseRecord) {
        self.0.store(phase.started(), Ordering::Relaxed);
    }

    /// No attempt of this process has: nearly always, so this is asked first.
    #[inline]
    pub(super) fn is_by_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    pub(super) fn is_by(&self, phase: &PhaseRecord) -> bool {
        self.0.load(Ordering::Relaxed) == phase.started()
    }
}
