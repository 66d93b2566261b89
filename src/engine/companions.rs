//! Who is told of an event? The journal first, which can refuse it, and then the observers.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::counting::reader::ProgressReader;
use crate::journal::{Journal, JournalError};
use crate::observe::Observers;
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::recovery::RecoveryReport;

#[derive(Default)]
pub(crate) struct Companions {
    pub(crate) journal: Option<Box<dyn Journal>>,
    pub(crate) observers: Observers,
}

impl Companions {
    /// A journal that panics has refused the event.
    pub(super) fn append(
        &mut self,
        append: impl FnOnce(&mut dyn Journal) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let appended = catch_unwind(AssertUnwindSafe(|| append(&mut **journal)));
        appended.unwrap_or_else(|panic| Err(JournalError::panicked(panic.as_ref())))
    }

    /// The run's journal, if it is a `J`.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        allow(dead_code, reason = "only a database is written to from outside")
    )]
    pub(super) fn journal_as<J: Journal>(&mut self) -> Option<&mut J> {
        let journal: &mut dyn Any = &mut **self.journal.as_mut()?;
        journal.downcast_mut()
    }

    pub(super) fn notify(&mut self, event: &Event, record: &RunRecord, progress: impl FnOnce() -> ProgressReader) {
        if !self.observers.is_empty() {
            self.observers.notify(event, record, &progress());
        }
    }

    /// Tells that the run was opened again.
    pub(super) fn resumed(&mut self, recovery: &RecoveryReport, record: &RunRecord, progress: &ProgressReader) {
        self.observers.resumed(recovery, record, progress);
    }

    /// Tells that this process lets go of the run.
    pub(super) fn closed(&mut self, record: &RunRecord, progress: impl FnOnce() -> ProgressReader) {
        if !self.observers.is_empty() {
            self.observers.closed(record, &progress());
        }
    }
}

impl fmt::Debug for Companions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Companions").field("observers", &self.observers).finish_non_exhaustive()
    }
}
