//! How does a process let go of a run? What still runs is recorded as failed first, and then observers are told that it is over.

use std::sync::PoisonError;
use std::thread;

use crate::engine::{Ending, Engine};
use crate::pipeline::phase::PhaseStatus;
use crate::record::attempt::FailureCause;

impl Engine {
    /// Ends the phase that is running, if one is, because nobody is there any more who could: as failed, and says why.
    pub(crate) fn abandon(&mut self) {
        if self.record.current_phase().is_none() {
            return;
        }
        let own_panic = thread::panicking() && !self.started_in_panic;
        // Who leaves it at a refusal to complete has abandoned nothing.
        let error = self.not_as_expected().filter(|_| !own_panic);
        let otherwise = if error.is_some() { FailureCause::Error } else { FailureCause::Abandoned };
        let cause = if own_panic { FailureCause::Panicked } else { self.cause_or(otherwise) };
        // If the journal cannot take it, there is nobody left to tell.
        let _ = self.end(Ending { status: PhaseStatus::Failed, cause: Some(cause), result: None, error, rejected: None });
    }
}

/// A run that is dropped while a phase is running leaves that phase as failed, and says why. One that was asked to stop between
/// two phases says that.
impl Drop for Engine {
    fn drop(&mut self) {
        if self.record.current_phase().is_none() {
            self.notice_stop();
        } else {
            self.abandon();
        }
        // Of several branches, the last one tells.
        if self.branch.is_none() && !self.stopper.is_lost() {
            let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
            companions.closed(&self.record, || self.meter.reader());
        }
    }
}
