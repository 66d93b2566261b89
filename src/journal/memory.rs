//! Who remembers until the process ends? A journal for tests, and as the plainest example of one.

use std::sync::{Arc, Mutex, PoisonError};

use crate::journal::{Journal, JournalError};
use crate::record::event::Event;

/// Keeps the events in memory. Clones share them, so that a test can read what a run has written.
///
/// ```
/// use etl_context::{Etl, Extract, Journal, MemoryJournal, Run, RunRecord};
///
/// let mut journal = MemoryJournal::new();
/// let context = Run::builder("import").journal(journal.clone()).begin::<Etl>()?;
/// let extracted = context.start(Extract)?.complete(())?;
///
/// let events = journal.load()?;
/// let names: Vec<_> = events.iter().map(|event| event.name()).collect();
/// assert_eq!(names, ["run_began", "phase_started", "phase_ended"]);
/// assert_eq!(RunRecord::replay(&events).as_ref(), Some(extracted.record()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal {
    events: Arc<Mutex<Vec<Event>>>,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        MemoryJournal::default()
    }

    fn append_from(&mut self, sequence: u64, news: &[Event]) -> Result<(), JournalError> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let next = events.len() as u64;
        if sequence != next {
            return Err(JournalError::out_of_sequence(next, sequence));
        }
        events.extend_from_slice(news);
        Ok(())
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        self.append_from(sequence, std::slice::from_ref(event))
    }

    fn append_all(&mut self, sequence: u64, events: &[Event]) -> Option<Result<(), JournalError>> {
        Some(self.append_from(sequence, events))
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        Ok(self.events.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}
