//! What is known of one part of a phase?

use std::sync::Arc;
use std::time::Duration;

use crate::counting::counters::Tally;
use crate::pipeline::phase::PhaseStatus;
use crate::record::clock::Timestamp;
use crate::record::error::RecordedError;

/// A part of a phase that was divided: open, or as it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct PartRecord {
    pub(crate) name: Arc<str>,
    pub(crate) status: PhaseStatus,
    pub(crate) counts: Option<Tally>,
    pub(crate) microseconds: u64,
    pub(crate) worker: Option<Arc<str>>,
    pub(crate) error: Option<RecordedError>,
    /// Known of a part of a record: an event has it beside the part.
    pub(crate) ended: Option<Timestamp>,
}

impl PartRecord {
    pub(crate) fn open(name: Arc<str>) -> Self {
        PartRecord { name, status: PhaseStatus::Pending, counts: None, microseconds: 0, worker: None, error: None, ended: None }
    }

    /// The part's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `pending` until it has ended, then `completed` or `failed`. A part that somebody works on is `pending` here.
    #[must_use]
    pub fn status(&self) -> PhaseStatus {
        self.status
    }

    /// What the worker that ended it had counted; `None` until then.
    #[must_use]
    pub fn counts(&self) -> Option<&Tally> {
        self.counts.as_ref()
    }

    /// How long that worker had it, by its monotonic clock.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.microseconds)
    }

    /// When its end was recorded; `None` until then.
    #[must_use]
    pub fn end_time(&self) -> Option<Timestamp> {
        self.ended
    }

    /// Who ended it, as in `process 12 on host b`.
    #[must_use]
    pub fn worker(&self) -> Option<&str> {
        self.worker.as_deref()
    }

    /// The error with which it failed.
    #[must_use]
    pub fn error(&self) -> Option<&RecordedError> {
        self.error.as_ref()
    }
}
