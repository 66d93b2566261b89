//! How is something recorded in a transaction that somebody else commits? Decided here, recorded there, and applied once it is known
//! to be recorded.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use serde::Serialize;

use crate::counting::meter::Meter;
use crate::engine::branches::Held;
use crate::engine::{Ending, Engine};
use crate::error::Error;
use crate::journal::transaction::{Commit, SharedJournal, no_journal};
use crate::journal::{Journal, JournalError};
use crate::json::dictionary::Checked;
use crate::pipeline::phase::PhaseStatus;
use crate::record::event::Event;

/// Of branches, the one that has written its end into a transaction.
const ENDED: &str = "this thread has written the end of another branch into a transaction; commit that, and call `committed`";

/// And one whose phase works in a transaction.
const WORKS: &str = "this thread has a phase that works in a transaction; record it before or after that";

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

    /// Records a checkpoint of the running phase and commits the transaction: both are done, or neither is.
    pub(crate) fn checkpoint_in<T: Commit, C: Serialize + ?Sized>(&mut self, transaction: T, cursor: &C) -> Result<(), Error> {
        let event = self.checkpointed(cursor)?;
        // A run without such a journal would take the event, and nobody would commit.
        let checked = self.with_journal(|journal: &mut T::Journal, _| transaction.check(journal));
        checked.unwrap_or_else(|| Err(no_journal::<T::Journal>())).map_err(|source| self.not_recorded(&event, source))?;
        let append = |journal: &mut dyn Journal, sequence| {
            let journal: &mut dyn Any = journal;
            let journal = journal.downcast_mut().ok_or_else(no_journal::<T::Journal>)?;
            transaction.commit_with(journal, sequence, &event)
        };
        self.happen_by(&event, append, |_| {})?;
        self.settle_rejected(&event);
        Ok(())
    }

    /// Keeps the other branches from appending while the end of the phase is in a transaction that is not committed.
    pub(crate) fn hold_end(&self) -> Result<Option<Held>, JournalError> {
        self.hold(ENDED)
    }

    /// Lends the database to a transaction in which the phase works. Until this is given back, nothing else is recorded that would have
    /// to wait for it.
    pub(crate) fn lend<J: SharedJournal>(&mut self) -> Result<Lent, JournalError> {
        let is_there = self.with_journal(|_: &mut J, _| ()).is_some();
        if !is_there {
            return Err(no_journal::<J>());
        }
        if !J::IS_LENT {
            return Ok(Lent::default());
        }
        let held = self.hold(WORKS)?;
        Ok(Lent { lent: self.with_journal(|journal: &mut J, _| journal.lend()).flatten(), held })
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

/// That a phase works in a transaction of the database that holds its run.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    lent: Option<Arc<AtomicBool>>,
    held: Option<Held>,
}

impl Lent {
    /// The phase is to end in the transaction: the other branches are still kept from appending.
    pub(crate) fn into_held(mut self) -> Option<Held> {
        self.held.take()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(lent) = &self.lent {
            lent.store(false, Ordering::Release);
        }
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
