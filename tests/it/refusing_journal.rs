//! A journal that refuses some appends, for tests of what a refusal leaves behind.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etl_context::{Event, Journal, JournalError, MemoryJournal};

/// Keeps events in memory and counts the appends that were asked for, from 0. Clones share both.
#[derive(Clone)]
pub(crate) struct RefusingJournal {
    kept: MemoryJournal,
    asked: Arc<AtomicU64>,
    refused: Range<u64>,
}

impl RefusingJournal {
    /// Refuses one append; the same event is accepted when it is appended again.
    pub(crate) fn at(append: u64) -> Self {
        RefusingJournal::refusing(append..append + 1)
    }

    /// Refuses this append and every later one.
    pub(crate) fn from(append: u64) -> Self {
        RefusingJournal::refusing(append..u64::MAX)
    }

    fn refusing(refused: Range<u64>) -> Self {
        RefusingJournal { kept: MemoryJournal::new(), asked: Arc::default(), refused }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.kept.clone().load().unwrap()
    }
}

impl Journal for RefusingJournal {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        let append = self.asked.fetch_add(1, Ordering::Relaxed);
        if self.refused.contains(&append) {
            return Err(JournalError::new("the disk is full").with_source(io::Error::from(io::ErrorKind::StorageFull)));
        }
        self.kept.append(sequence, event)
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        self.kept.load()
    }
}
