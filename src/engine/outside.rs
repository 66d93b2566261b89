//! How does a phase end in a transaction that somebody else commits? Decided here, recorded there, and applied once it is known
//! to be recorded.

use std::sync::PoisonError;

use crate::counting::meter::Meter;
use crate::engine::{Ending, Engine};
use crate::error::Error;
use crate::journal::{Journal, JournalError};
use crate::json::dictionary::Checked;
use crate::pipeline::phase::PhaseStatus;
use crate::record::event::Event;

impl Engine {
    /// Decides: the event with which the running phase would complete. Nothing has changed yet.
    pub(crate) fn completion(&mut self, result: impl FnOnce() -> Checked) -> Result<Event, Error> {
        let result = self.result_of_completed(result)?;
        let mut ending = Ending { status: PhaseStatus::Completed, cause: None, result, error: None, rejected: None };
        self.keep_rejected(&mut ending)?;
        let (event, _) = self.ended(ending)?;
        Ok(event)
    }

    /// Does something with the run's journal and the number of the next event; `None` if the journal is no `J`.
    pub(crate) fn with_journal<J: Journal, R>(&mut self, work: impl FnOnce(&mut J, u64) -> R) -> Option<R> {
        if self.branch.is_some() {
            return self.with_whole(|whole| {
                let events = whole.record.events();
                Some(work(whole.companions.journal_as()?, events))
            })?;
        }
        let events = self.record.events();
        let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
        Some(work(companions.journal_as()?, events))
    }

    /// Applies what the journal holds already.
    pub(crate) fn completed_outside(&mut self, event: &Event) {
        if self.branch.is_some() {
            self.happened_beside(event, Meter::end);
        } else {
            self.happened(event, Meter::end);
        }
        self.settle_rejected(event);
    }

    /// Nothing more is recorded of the run by this process; what other branches try to record is refused.
    pub(crate) fn leave_journal(&mut self) {
        self.companions.get_mut().unwrap_or_else(PoisonError::into_inner).journal = None;
        self.with_whole(|whole| whole.companions.journal = Some(Box::new(LeftJournal)));
    }
}

/// In place of a journal of which nobody knows what its last event is.
struct LeftJournal;

impl LeftJournal {
    fn refusal() -> JournalError {
        JournalError::new("it is not known whether another branch has ended in its transaction; open the run again to find out")
    }
}

impl Journal for LeftJournal {
    fn append(&mut self, _: u64, _: &Event) -> Result<(), JournalError> {
        Err(LeftJournal::refusal())
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        Err(LeftJournal::refusal())
    }
}
