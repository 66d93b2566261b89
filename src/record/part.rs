//! What is known of one part of a phase?

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::counting::counters::Tally;
use crate::pipeline::phase::PhaseStatus;
use crate::record::clock::Timestamp;
use crate::record::counted::Counted;
use crate::record::error::RecordedError;
use crate::record::rejected::Rejected;

/// A part of a phase that was divided: open, or as it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct PartRecord {
    pub(crate) name: Arc<str>,
    pub(crate) status: PhaseStatus,
    pub(crate) counts: Option<Tally>,
    pub(crate) microseconds: u64,
    pub(crate) worker: Option<Arc<str>>,
    pub(crate) error: Option<RecordedError>,
    /// What was done of the counts before this attempt at the phase, up to the checkpoint from which its worker went on.
    pub(crate) carried: Option<Box<Tally>>,
    /// The rows that were rejected in it.
    pub(crate) rejected: Option<Arc<Rejected>>,
    /// From where the next worker can go on; none once the part has completed.
    pub(crate) checkpoint: Option<Arc<PartCheckpoint>>,
    /// The attempt at the phase in which it ended. Known of a part of a record: an event has it beside the part.
    pub(crate) attempt: Option<u32>,
    /// Known in the same way.
    pub(crate) ended: Option<Timestamp>,
}

/// From where a worker can go on with a part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartCheckpoint {
    pub(crate) cursor: Arc<Value>,
    /// What was processed until then, and what of it before this attempt at the phase.
    pub(crate) counts: Tally,
    pub(crate) carried: Option<Tally>,
    /// The rows that were rejected until then.
    pub(crate) rejected: Option<Arc<Rejected>>,
    pub(crate) attempt: u32,
    /// Which of those who had the part in this attempt and began it anew.
    pub(crate) claim: u32,
}

impl PartCheckpoint {
    /// Whether what follows is said by the same ones.
    pub(crate) fn is_of(&self, attempt: u32, claim: u32) -> bool {
        (self.attempt, self.claim) == (attempt, claim)
    }
}

impl PartRecord {
    pub(crate) fn open(name: Arc<str>) -> Self {
        PartRecord {
            name,
            status: PhaseStatus::Pending,
            counts: None,
            microseconds: 0,
            worker: None,
            error: None,
            carried: None,
            rejected: None,
            checkpoint: None,
            attempt: None,
            ended: None,
        }
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

    /// What of the counts was done before the attempt at the phase in which the part ended: its worker went on from a
    /// [checkpoint](crate::Part::checkpoint).
    #[must_use]
    pub fn carried(&self) -> Option<&Tally> {
        self.carried.as_deref()
    }

    /// What was counted, as people read it.
    pub(crate) fn counted(&self) -> impl Iterator<Item = Counted<'_>> {
        let before = |name: &str| self.carried().and_then(|carried| carried.get(name)).unwrap_or_default();
        let counted = self.counts().into_iter().flat_map(Tally::iter).map(move |(name, count)| Counted {
            name,
            count,
            before: before(name),
            total: None,
            duration: self.duration(),
        });
        counted.filter(|counted| counted.count > 0)
    }

    /// The rows that were [rejected](crate::Part::reject) in it, once it has ended.
    #[must_use]
    pub fn rejected(&self) -> &Rejected {
        self.rejected.as_deref().unwrap_or(Rejected::NOTHING)
    }

    /// The cursor of its last checkpoint, from which the next worker can go on; `None` if there is none, or once the part has completed.
    /// Of parts in PostgreSQL only the database knows it.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&Value> {
        self.checkpoint.as_ref().map(|checkpoint| &*checkpoint.cursor)
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
