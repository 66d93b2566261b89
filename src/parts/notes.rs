//! What has a worker noted of a part that is not on record yet? Rejected rows and errors, which its next checkpoint takes along, or its end.

use std::sync::Arc;

use crate::engine::Row;
use crate::journal::board::PartNews;
use crate::record::error::RecordedError;
use crate::record::part::PartCheckpoint;
use crate::record::rejected::Rejected;

#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// By which number the worker is known in the attempt, once something of it is on record.
    claim: Option<u32>,
    /// All rows that were rejected, with those of the checkpoint that was taken up, and how many of them are on record for this claim.
    rejected: Rejected,
    recorded: Rejected,
    rows: Vec<String>,
    errors: Vec<RecordedError>,
    /// Whether this comes behind what the part's checkpoint has.
    goes_on: bool,
    /// Whether it is not known if the last checkpoint is on record.
    in_doubt: bool,
}

impl Notes {
    pub(super) fn reject(&mut self, row: &Row, is_kept: bool) {
        self.rejected.add(&row.reason, &row.row);
        if is_kept {
            self.rows.push(row.as_object());
        }
    }

    pub(super) fn record_error(&mut self, error: RecordedError) {
        self.errors.push(error);
    }

    /// Goes on from a checkpoint, which may be of an earlier attempt at the phase.
    pub(super) fn take_up(&mut self, checkpoint: &PartCheckpoint, attempt: u32) {
        let before = checkpoint.rejected.as_deref().unwrap_or(Rejected::NOTHING);
        self.goes_on = true;
        if checkpoint.attempt == attempt {
            self.claim = Some(checkpoint.claim);
            self.rejected = before.merged(&self.rejected);
            self.recorded = before.clone();
        } else {
            self.rejected = before.carried_on().merged(&self.rejected);
        }
    }

    /// All of it is on record.
    pub(super) fn settle(&mut self, claim: u32) {
        self.claim = Some(claim);
        self.recorded = self.rejected.clone();
        self.rows.clear();
        self.errors.clear();
        self.goes_on = true;
    }

    /// It is not known whether it is on record, so that it must not be told again.
    pub(super) fn doubt(&mut self) {
        self.in_doubt = true;
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    pub(super) fn claim(&self) -> Option<u32> {
        self.claim
    }

    pub(super) fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// How many rows were rejected, which are the phase's once the part completes, and how many errors are not on record.
    pub(super) fn numbers(&self) -> (u64, u64) {
        (self.rejected.rows(), self.errors.len() as u64)
    }

    pub(super) fn all_rejected(&self) -> Option<Arc<Rejected>> {
        (!self.rejected.is_empty()).then(|| Arc::new(self.rejected.clone()))
    }

    /// What was rejected that is not on record.
    pub(super) fn rejected_since(&self) -> Option<Arc<Rejected>> {
        let news = self.rejected.since(&self.recorded);
        (!news.is_empty()).then(|| Arc::new(news))
    }

    pub(super) fn news(&self) -> PartNews {
        PartNews { rows: self.rows.clone().into(), errors: self.errors.clone().into(), goes_on: self.goes_on }
    }
}
