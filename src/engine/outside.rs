//! How does a phase end in a transaction that somebody else commits? Decided here, recorded there, and applied once it is known
//! to be recorded.

use std::any::Any;
use std::sync::PoisonError;

use crate::counting::meter::Meter;
use crate::engine::{Ending, Engine};
use crate::error::Error;
use crate::journal::Journal;
use crate::json::dictionary::Checked;
use crate::pipeline::phase::PhaseStatus;
use crate::record::event::Event;

impl Engine {
    /// Decides: the event with which the running phase would complete. Nothing has changed yet.
    pub(crate) fn completion(&self, result: impl FnOnce() -> Checked) -> Result<Event, Error> {
        let result = self.result_of_completed(result)?;
        let (event, _) = self.ended(Ending { status: PhaseStatus::Completed, cause: None, result, error: None })?;
        Ok(event)
    }

    /// The run's journal and the number of the next event, if the journal is a `J`.
    pub(crate) fn journal<J: Journal>(&mut self) -> Option<(&mut J, u64)> {
        let events = self.record.events();
        let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
        let journal: &mut dyn Any = &mut **companions.journal.as_mut()?;
        Some((journal.downcast_mut()?, events))
    }

    /// Applies what the journal holds already.
    pub(crate) fn completed_outside(&mut self, event: &Event) {
        self.happened(event, Meter::end);
    }

    /// Nothing more is recorded of the run by this process.
    pub(crate) fn leave_journal(&mut self) {
        self.companions.get_mut().unwrap_or_else(PoisonError::into_inner).journal = None;
    }
}
