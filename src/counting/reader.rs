//! How are the counters read from elsewhere?

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::counting::cells::Attempt;
use crate::counting::counters::Tally;
use crate::counting::meter::Meter;
use crate::counting::snapshot::ProgressSnapshot;

impl Meter {
    pub(crate) fn reader(&self) -> ProgressReader {
        ProgressReader(Arc::clone(&self.attempt))
    }
}

/// What an attempt has counted, as its owner or a reader has it.
pub(crate) trait Counted {
    fn counts(&self) -> Tally;

    fn totals(&self) -> Tally;

    /// What earlier attempts did of the counts, if they did anything.
    fn carried(&self) -> Option<Tally>;
}

impl Counted for Meter {
    fn counts(&self) -> Tally {
        Meter::counts(self)
    }

    fn totals(&self) -> Tally {
        Meter::totals(self)
    }

    fn carried(&self) -> Option<Tally> {
        Meter::carried(self)
    }
}

/// What could be recorded.
impl Counted for ProgressReader {
    fn counts(&self) -> Tally {
        Tally::new(self.0.names, self.0.counts())
    }

    fn totals(&self) -> Tally {
        ProgressReader::totals(self)
    }

    fn carried(&self) -> Option<Tally> {
        self.0.carried()
    }
}

/// Reading an attempt's counters from anywhere, for as long as one likes.
#[derive(Clone)]
pub struct ProgressReader(pub(super) Arc<Attempt>);

impl ProgressReader {
    /// What was counted so far, by everybody; of parts also what is not recorded yet, because they are open.
    #[must_use]
    pub fn counts(&self) -> Tally {
        Tally::new(self.0.names, self.0.seen().0)
    }

    /// What is expected; 0 is unknown.
    #[must_use]
    pub fn totals(&self) -> Tally {
        Tally::new(self.0.names, self.0.totals.read())
    }

    /// Counts, totals, rates and what they say of the rest, as of now.
    #[must_use]
    pub fn snapshot(&self) -> ProgressSnapshot {
        self.0.look()
    }

    /// How long ago the attempt started, by the monotonic clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// Whether the attempt has ended, or is just being ended, so that the counts change no more; unless its end cannot be recorded, and
    /// it goes on.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.0.ended()
    }
}

impl fmt::Debug for ProgressReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressReader").field("counts", &self.counts()).field("totals", &self.totals()).finish()
    }
}
