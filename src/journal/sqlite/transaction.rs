//! How does an event get into a transaction of the caller's, and has it come to stay?

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::journal::JournalError;
use crate::journal::sqlite::SqliteJournal;
use crate::journal::sqlite::events::{Entry, sync};
use crate::journal::sqlite::fault::of_commit;
use crate::journal::storage::is_same;
use crate::journal::transaction::{Append, Begin, Commit, JournalConnection, JournalTransaction, LentTransaction, SharedJournal};
use crate::record::event::Event;
use crate::text::line::shown_path;

/// Enough for a transaction that has ended to be seen. One that this thread has still open does not end while it waits.
const BRIEFLY: Duration = Duration::from_millis(200);

/// How SQLite calls a connection whose commits are synced; a larger number is more of it.
const FULL: i64 = 2;

impl JournalConnection for Connection {}
impl JournalTransaction for Transaction<'_> {}
impl LentTransaction for &Transaction<'_> {}
impl LentTransaction for &mut Transaction<'_> {}

impl SqliteJournal {
    /// Writes the event in the transaction. From here on, only that can write to the database.
    fn append_in(&mut self, transaction: &Transaction<'_>, sequence: u64, event: &Event) -> Result<(), JournalError> {
        self.is_of_this_database(transaction)?;
        let (database, owned) = self.taken()?;
        if sequence != owned.events {
            return Err(JournalError::out_of_sequence(owned.events, sequence));
        }
        let (run, outline) = (owned.run(event)?, owned.after(event));
        let entry = Entry { key: &owned.key, run: &run, sequence, event, outline: outline.as_ref() };
        let written = entry.append_in(transaction);
        written.map_err(|fault| fault.saying("write in a transaction to", database.path()))?;
        let synced = transaction.query_row("pragma main.synchronous", [], |row| row.get::<_, i64>(0));
        owned.written_by = Some(thread::current().id());
        owned.must_sync = synced.map_or(true, |synced| synced < FULL);
        Ok(())
    }

    fn is_of_this_database(&mut self, connection: &Connection) -> Result<(), JournalError> {
        self.database.connection()?;
        let opened = connection.path().filter(|path| !path.is_empty()).and_then(|path| fs::metadata(path).ok());
        if opened.is_some_and(|opened| is_same(self.database.opened(), &opened)) {
            return Ok(());
        }
        Err(JournalError::new(format!(
            "the transaction is not one of the database that holds the run, which is `{}`",
            shown_path(self.database.path())
        )))
    }

    /// The event was committed by somebody else.
    fn has_happened(&mut self, event: &Event) -> Result<(), JournalError> {
        let (database, owned) = self.taken()?;
        let (run, outline) = (owned.run(event)?, owned.after(event));
        if owned.must_sync
            && let Err(fault) = sync(&owned.key, database.connection()?)
        {
            owned.poisoned = true;
            return Err(fault.saying("sync", database.path()).in_doubt());
        }
        owned.events += 1;
        owned.run = Some(run);
        owned.outline = outline;
        Ok(())
    }

    /// Looks for an event of which only the database knows whether it was committed.
    fn look_for(&mut self, patience: Option<Duration>, sequence: u64, event: &Event) -> Result<bool, JournalError> {
        let (database, owned) = self.taken()?;
        let run = owned.run(event)?;
        let entry = Entry { key: &owned.key, run: &run, sequence, event, outline: None };
        let found = database.waiting(patience, |connection| {
            if entry.is_there(connection)? {
                return Ok(true);
            }
            // Who gets this has waited for the other transaction to end, which may have been a commit.
            let alone = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            entry.is_there(&alone)
        });
        match found {
            Ok(Ok(true)) => self.has_happened(event).map(|()| true),
            Ok(Ok(false)) => Ok(false),
            Ok(Err(fault)) => {
                owned.poisoned = true;
                Err(fault.saying("write to", database.path()).in_doubt())
            }
            Err(error) => {
                owned.poisoned = true;
                Err(error.in_doubt())
            }
        }
    }
}

impl SharedJournal for SqliteJournal {
    const DATABASE: &'static str = "SQLite";
    const IS_LENT: bool = true;

    fn holds(&mut self, sequence: u64, event: &Event) -> Result<bool, JournalError> {
        let (_, owned) = self.taken()?;
        let is_waited_for = owned.written_by != Some(thread::current().id());
        self.look_for(if is_waited_for { None } else { Some(BRIEFLY) }, sequence, event)
    }

    fn settled(&mut self, sequence: u64, event: &Event) -> Result<bool, JournalError> {
        self.look_for(Some(BRIEFLY), sequence, event)
    }

    fn lend(&mut self) -> Option<Arc<AtomicBool>> {
        self.lent.store(true, Ordering::Release);
        Some(Arc::clone(&self.lent))
    }
}

impl Append for &Transaction<'_> {
    type Journal = SqliteJournal;

    fn append(self, journal: &mut SqliteJournal, sequence: u64, event: &Event) -> Result<(), JournalError> {
        journal.append_in(self, sequence, event)
    }
}

impl Append for &mut Transaction<'_> {
    type Journal = SqliteJournal;

    fn append(self, journal: &mut SqliteJournal, sequence: u64, event: &Event) -> Result<(), JournalError> {
        journal.append_in(self, sequence, event)
    }
}

impl Commit for Transaction<'_> {
    type Journal = SqliteJournal;

    fn check(&self, journal: &mut SqliteJournal) -> Result<(), JournalError> {
        journal.is_of_this_database(self)
    }

    fn append(&mut self, journal: &mut SqliteJournal, sequence: u64, event: &Event) -> Result<(), JournalError> {
        journal.append_in(self, sequence, event)
    }

    fn commit_with(self, journal: &mut SqliteJournal, sequence: u64, event: &Event) -> Result<(), JournalError> {
        journal.append_in(&self, sequence, event)?;
        match self.commit().map_err(of_commit) {
            Ok(()) => journal.has_happened(event),
            Err(fault) => {
                let (database, owned) = journal.taken()?;
                owned.poisoned = fault.is_in_doubt();
                Err(fault.saying("commit a transaction in", database.path()))
            }
        }
    }
}

impl Begin for Connection {
    type Error = rusqlite::Error;
    type Journal = SqliteJournal;
    type Transaction<'a> = Transaction<'a>;

    /// As the only one that writes: another one that came first would make it fail later, when it wants to write as well.
    fn begin(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.transaction_with_behavior(TransactionBehavior::Immediate)
    }

    fn commit(transaction: Transaction<'_>) -> rusqlite::Result<()> {
        transaction.commit()
    }
}
