//! Who remembers? A journal keeps the events of one run, and a run is only ever as true as its journal.

mod memory;

use std::error::Error as StdError;
use std::fmt;

use crate::event::Event;

pub use memory::MemoryJournal;

/// A store for the events of one run.
///
/// The engine appends an event before anything in memory changes, so an event that was refused has not happened, and one
/// that was accepted is never lost to the program. Implement it for a store of your own; `append` and `load` are all.
pub trait Journal: Send {
    /// Appends the event with this sequence number.
    ///
    /// Once this returns `Ok`, the event is part of the run, and `load` gives it back. Once it returns an error, `load` must
    /// not give it back: the caller was told that nothing happened.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the store cannot keep the event, or if `sequence` is not the number of events that it holds.
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError>;

    /// Every event so far, in order; none for a run that has not begun.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the store cannot be read.
    fn load(&mut self) -> Result<Vec<Event>, JournalError>;
}

/// Why a journal refused.
#[derive(Debug)]
pub struct JournalError {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl JournalError {
    /// A refusal in the store's own words: which store, what was found, what to do.
    pub fn new(message: impl Into<String>) -> Self {
        JournalError { message: message.into(), source: None }
    }

    /// Adds the error that is behind it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The refusal of an event whose sequence number is not the next one.
    #[must_use]
    pub fn out_of_sequence(next: u64, given: u64) -> Self {
        JournalError::new(format!(
            "the journal holds {next} events, so the next one has the sequence number {next}, not {given}; somebody else wrote to it"
        ))
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for JournalError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
