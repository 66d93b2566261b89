//! How does an event get into a transaction of the caller's, and has it come to stay?

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use postgres::{Client, Transaction};

use crate::journal::JournalError;
use crate::journal::postgres::events::Entry;
use crate::journal::postgres::{BRIEFLY, PostgresJournal};
use crate::journal::transaction::{Append, Begin, Commit, JournalConnection, JournalTransaction, LentTransaction, SharedJournal};
use crate::record::event::Event;

impl JournalConnection for Client {}
impl JournalTransaction for Transaction<'_> {}
impl LentTransaction for &mut Transaction<'_> {}

impl PostgresJournal {
    /// Writes the event in the transaction. From here on the transaction keeps others from taking the run, so the server ends
    /// it if it is left alone for longer than the lease lasts.
    fn append_in(&mut self, transaction: &mut Transaction<'_>, sequence: u64, event: &Event) -> Result<(), JournalError> {
        let owned = self.writable(sequence)?;
        let (lease, entry) = (owned.lease.clone(), Entry::new(sequence, event, owned.after(event).as_ref())?);
        let written = entry.append_in(&lease, transaction);
        if written.map_err(|error| self.connection.cannot("write in a transaction to", error.into()))? {
            return Ok(());
        }
        let checked = self.connection.run(self.lease, move |session| lease.check(session));
        checked.map_err(|fault| self.connection.cannot("write in a transaction to", fault))?;
        Err(JournalError::new(format!(
            "the transaction is not one of the database that holds the run, which is the {}",
            self.connection.database()
        )))
    }

    /// Looks for an event of which only the database knows whether it was committed; first waits for its transaction to end, unless
    /// that is known.
    fn look_for(&mut self, patience: Duration, has_ended: bool, sequence: u64, event: &Event) -> Result<bool, JournalError> {
        let owned = self.take()?;
        let outline = owned.after(event);
        let entry = Entry::new(sequence, event, outline.as_ref())?;
        let lease = owned.lease.clone();
        owned.poisoned = true;
        let found = self.connection.run(patience, move |session| {
            if !has_ended {
                lease.is_free(session)?;
            }
            entry.is_there(&lease, session)
        });
        let found = found.map_err(|fault| self.connection.cannot("read", fault).in_doubt())?;
        let owned = self.take()?;
        owned.poisoned = false;
        if found {
            owned.events = sequence + 1;
            owned.outline = outline;
        }
        Ok(found)
    }
}

impl SharedJournal for PostgresJournal {
    const DATABASE: &'static str = "PostgreSQL";
    const IS_LENT: bool = false;

    fn holds(&mut self, sequence: u64, event: &Event) -> Result<bool, JournalError> {
        self.look_for(self.lease, false, sequence, event)
    }

    fn settled(&mut self, sequence: u64, event: &Event) -> Result<bool, JournalError> {
        self.look_for(BRIEFLY, false, sequence, event)
    }

    fn lend(&mut self) -> Option<Arc<AtomicBool>> {
        None
    }
}

impl Append for &mut Transaction<'_> {
    type Journal = PostgresJournal;

    fn append(self, journal: &mut PostgresJournal, sequence: u64, event: &Event) -> Result<(), JournalError> {
        journal.append_in(self, sequence, event)
    }
}

impl Commit for Transaction<'_> {
    type Journal = PostgresJournal;

    /// Whether it is, is seen when something is written.
    fn check(&self, _: &mut PostgresJournal) -> Result<(), JournalError> {
        Ok(())
    }

    fn append(&mut self, journal: &mut PostgresJournal, sequence: u64, event: &Event) -> Result<(), JournalError> {
        journal.append_in(self, sequence, event)
    }

    fn commit_with(mut self, journal: &mut PostgresJournal, sequence: u64, event: &Event) -> Result<(), JournalError> {
        journal.append_in(&mut self, sequence, event)?;
        let committed = self.commit();
        match (journal.look_for(journal.lease, committed.is_ok(), sequence, event), committed) {
            (Ok(true), _) => Ok(()),
            (Ok(false), Err(error)) => Err(journal.connection.cannot("commit a transaction in", error.into())),
            (Ok(false), Ok(())) => {
                // Nobody knows what will become of the one that is around it.
                journal.take()?.poisoned = true;
                let open = "the transaction is part of another one, a savepoint in it; pass the outermost one";
                Err(JournalError::new(open).in_doubt())
            }
            (Err(in_doubt), _) => Err(in_doubt),
        }
    }
}

impl Begin for Client {
    type Error = postgres::Error;
    type Journal = PostgresJournal;
    type Transaction<'a> = Transaction<'a>;

    fn begin(&mut self) -> Result<Transaction<'_>, postgres::Error> {
        self.transaction()
    }

    fn commit(transaction: Transaction<'_>) -> Result<(), postgres::Error> {
        transaction.commit()
    }
}
