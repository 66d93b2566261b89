//! Who remembers? A journal keeps the events of one run, and a run is only ever as true as its journal.

// [`Journal`] is the promise, [`JournalError`] why one refuses; [`file::FileJournal`], [`memory::MemoryJournal`],
// [`postgres::PostgresJournal`] and [`sqlite::SqliteJournal`] keep it. [`line`] is what an event looks like in a file and in a
// database, [`board::PartBoard`] is who hands out parts.
//
// Imports from `record` and everything below it, and from no observer.

pub(crate) mod board;
mod checksum;
#[cfg(feature = "testing")]
#[path = "../journal_contract.rs"]
pub mod contract;
pub(crate) mod file;
mod format;
mod line;
pub(crate) mod memory;
pub(crate) mod owner;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod quick_line;
pub(crate) mod rejected_line;
pub(crate) mod rejects_file;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
pub(crate) mod standing_rows;
pub(crate) mod storage;
mod torn_end;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod transaction;
mod written_line;

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

use crate::record::event::Event;
use crate::stopper::Stopper;
use crate::text::line::{shown_path, told};
use crate::text::panic::message_of;

/// A store for the events of one run.
///
/// The engine appends an event before anything in memory changes, so an event that was refused has not happened, and one
/// that was accepted is never lost to the program. Implement it for a store of your own; with the feature `testing`,
/// `journal::contract` checks that it keeps these promises.
///
/// ```
/// use etl_context::{Etl, Event, Extract, Journal, JournalError, MemoryJournal, Run};
///
/// /// Refuses what would be recorded outside of working hours.
/// struct DayShift<J> {
///     journal: J,
///     is_open: fn() -> bool,
/// }
///
/// impl<J: Journal> Journal for DayShift<J> {
///     fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
///         if !(self.is_open)() {
///             return Err(JournalError::new("the archive is closed at night"));
///         }
///         self.journal.append(sequence, event)
///     }
///
///     fn load(&mut self) -> Result<Vec<Event>, JournalError> {
///         self.journal.load()
///     }
/// }
///
/// let journal = DayShift { journal: MemoryJournal::new(), is_open: || true };
/// Run::builder("import").journal(journal).begin::<Etl>()?.start(Extract)?.complete(())?;
/// # Ok::<(), etl_context::Error>(())
/// ```
pub trait Journal: Send + Any {
    /// Tells, before the first `load`, which run is opened with the journal: its name, for a store that holds many runs, and
    /// how to stop it, for a store that finds out by itself that the run now belongs to somebody else.
    fn attach(&mut self, name: &str, stopper: &Stopper) {
        let _ = (name, stopper);
    }

    /// Appends the event with this sequence number.
    ///
    /// Once this returns `Ok`, the event is part of the run, as durably as the store promises, and `load` gives it back. If it
    /// returns an error, the caller is told that nothing happened, and `load` must not give the event back. Only a store that
    /// cannot know (a failed sync) may break this. It says so ([`JournalError::in_doubt`]), and refuses every further event.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the store cannot keep the event, if `sequence` is not the number of events that it holds, or
    /// ([`JournalError::no_longer_owner`]) if the run now belongs to somebody else.
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError>;

    /// Appends several events at the price of one, the first of which has this number: what threads have ended at the same time is
    /// recorded together. `None`, as here, says that the store has no way to do so, and nothing has happened; they are then appended one
    /// by one.
    ///
    /// For all of them together the same is true as for one by [`append`](Journal::append): `Ok` if all are part of the run, an error if
    /// none is. Of those that were not acknowledged, because the process died, the store may hold the first ones.
    ///
    /// # Errors
    ///
    /// As [`append`](Journal::append).
    fn append_all(&mut self, sequence: u64, events: &[Event]) -> Option<Result<(), JournalError>> {
        let _ = (sequence, events);
        None
    }

    /// Every event so far, in order; none for a run that has not begun.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the store cannot be read, or if what it holds is damaged.
    fn load(&mut self) -> Result<Vec<Event>, JournalError>;

    /// What the store had to mend since it was opened, a sentence for each; they become part of the
    /// [`RecoveryReport`](crate::RecoveryReport).
    fn repairs(&self) -> Vec<String> {
        Vec::new()
    }

    /// The file in which the run is kept, if it is one: no report is written over it.
    fn file(&self) -> Option<&Path> {
        None
    }
}

/// Why a journal refused.
#[derive(Debug)]
pub struct JournalError {
    message: String,
    ownership: Ownership,
    is_in_doubt: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug, PartialEq)]
enum Ownership {
    Ours,
    Anothers,
    Lost,
}

impl JournalError {
    /// A refusal in the store's own words: which store, what was found, what to do.
    pub fn new(message: impl Into<String>) -> Self {
        JournalError { message: message.into(), ownership: Ownership::Ours, is_in_doubt: false, source: None }
    }

    /// The refusal to open a journal that somebody else owns; the message says who.
    pub fn owned(message: impl Into<String>) -> Self {
        JournalError { ownership: Ownership::Anothers, ..JournalError::new(message) }
    }

    /// The refusal of an event because the run now belongs to somebody else; the message says to whom. The running phase sees
    /// that it is cancelled.
    pub fn no_longer_owner(message: impl Into<String>) -> Self {
        JournalError { ownership: Ownership::Lost, ..JournalError::new(message) }
    }

    /// Adds the error that is behind it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says that the store does not know whether it holds the event, as after a failed sync or a lost answer: the caller is not
    /// told that it has not happened. The store then refuses every further event, until it is opened again.
    ///
    /// ```
    /// use etl_context::JournalError;
    ///
    /// let error = JournalError::new("the archive has not answered").in_doubt();
    /// assert!(error.is_in_doubt());
    /// ```
    #[must_use]
    pub fn in_doubt(mut self) -> Self {
        self.is_in_doubt = true;
        self
    }

    /// The refusal of an event whose sequence number is not the next one.
    #[must_use]
    pub fn out_of_sequence(next: u64, given: u64) -> Self {
        JournalError::new(format!(
            "the journal holds {next} events, so the next one has the sequence number {next}, not {given}; somebody else wrote to it"
        ))
    }

    /// Whether somebody else owns the journal.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.ownership == Ownership::Anothers
    }

    /// Whether the run belonged to the caller and now belongs to somebody else.
    #[must_use]
    pub fn is_ownership_lost(&self) -> bool {
        self.ownership == Ownership::Lost
    }

    /// Whether it is not known if the store holds the event. Whoever opens the run again finds out.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    pub(crate) fn io(what: &str, path: &Path, error: io::Error) -> Self {
        JournalError::new(format!("cannot {what} `{}`: {}", shown_path(path), told(&error))).with_source(error)
    }

    /// A panic of the store is no more than a refusal: the run goes on to say what became of its phase.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        JournalError::new(format!("the journal panicked: {}", told(&message_of(panic))))
    }

    /// The refusal of events that no run can consist of.
    pub(crate) fn impossible(journal: &str) -> Self {
        JournalError::new(format!(
            "the events in the journal `{}` cannot follow one another; restore it from a copy",
            told(&journal)
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
