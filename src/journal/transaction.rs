//! In which transactions can it be recorded what happens? In those of a database that holds runs, together with rows of the caller's.

use crate::journal::JournalError;

/// A connection of the caller's to a database that can hold runs: a `postgres::Client` or a `rusqlite::Connection`. Sealed.
///
/// [`PhaseScope::run_in`](crate::PhaseScope::run_in) begins a transaction on it.
#[diagnostic::on_unimplemented(
    message = "a phase cannot be run in a transaction of `{Self}`",
    label = "no connection to a database that holds runs",
    note = "pass a `&mut postgres::Client` (feature `postgres`) or a `&mut rusqlite::Connection` (feature `sqlite`)"
)]
pub trait JournalConnection: Begin {}

/// A transaction of the caller's that can be committed with a checkpoint in it: a `postgres::Transaction` or a
/// `rusqlite::Transaction`, which [`checkpoint_in`](crate::RunningPhase::checkpoint_in) takes by value. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be committed with a checkpoint in it",
    label = "no transaction of a database that holds runs",
    note = "pass a `postgres::Transaction` (feature `postgres`) or a `rusqlite::Transaction` (feature `sqlite`) by value: it is committed"
)]
pub trait JournalTransaction: Commit {}

/// A transaction of the caller's, lent to record in it that a phase has completed: `&mut postgres::Transaction` or
/// `&rusqlite::Transaction`. [`Context::complete_in`](crate::Context::complete_in) takes it. Sealed.
#[diagnostic::on_unimplemented(
    message = "a phase cannot complete in `{Self}`",
    label = "no transaction of a database that holds runs",
    note = "pass a `&mut postgres::Transaction` (feature `postgres`) or a `&rusqlite::Transaction` (feature `sqlite`)"
)]
pub trait LentTransaction: Append {}

pub(crate) use sealed::{Append, Begin, Commit, SharedJournal};

mod sealed {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use crate::journal::{Journal, JournalError};
    use crate::record::event::Event;

    /// A journal whose events may be written by somebody else's transaction.
    pub trait SharedJournal: Journal {
        /// How people call the database.
        const DATABASE: &'static str;

        /// Whether the event was committed, once that is settled: while its transaction is still open, this waits.
        ///
        /// # Errors
        ///
        /// One in doubt, after which the journal takes no more.
        fn holds(&mut self, sequence: u64, event: &Event) -> Result<bool, JournalError>;

        /// The same without much waiting: an error while the transaction is still open.
        fn settled(&mut self, sequence: u64, event: &Event) -> Result<bool, JournalError>;

        /// Whether a transaction of the caller's keeps the journal from writing.
        const IS_LENT: bool;

        /// Refuses every event for as long as this is true; `None` if [`IS_LENT`](SharedJournal::IS_LENT) is not.
        fn lend(&mut self) -> Option<Arc<AtomicBool>>;
    }

    /// Into which an event can be written.
    pub trait Append {
        /// The journal of that database.
        type Journal: SharedJournal;

        /// Writes the event, which is there once the transaction is committed.
        fn append(self, journal: &mut Self::Journal, sequence: u64, event: &Event) -> Result<(), JournalError>;
    }

    /// That can be committed.
    pub trait Commit: Sized {
        /// The journal of that database.
        type Journal: SharedJournal;

        /// Refuses a transaction of another database.
        fn check(&self, journal: &mut Self::Journal) -> Result<(), JournalError>;

        /// Writes the event, which is there once the transaction is committed.
        fn append(&mut self, journal: &mut Self::Journal, sequence: u64, event: &Event) -> Result<(), JournalError>;

        /// Writes the event and commits it. With an error, neither the event is there nor anything else that was written.
        fn commit_with(self, journal: &mut Self::Journal, sequence: u64, event: &Event) -> Result<(), JournalError>;
    }

    /// On which transactions begin.
    pub trait Begin {
        /// What goes wrong there.
        type Error;

        /// The journal of that database.
        type Journal: SharedJournal;

        /// Rolled back, unless it is committed.
        type Transaction<'a>: Commit<Journal = Self::Journal>
        where
            Self: 'a;

        /// Begins one that can write.
        fn begin(&mut self) -> Result<Self::Transaction<'_>, Self::Error>;

        /// Commits it.
        fn commit(transaction: Self::Transaction<'_>) -> Result<(), Self::Error>;
    }
}

/// The refusal of a transaction by a run that has no such journal.
pub(crate) fn no_journal<J: SharedJournal>() -> JournalError {
    JournalError::new(format!("the run has no journal in {}, which a transaction could write to", J::DATABASE))
}
