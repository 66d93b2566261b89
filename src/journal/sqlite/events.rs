//! How do events get into the database and out of it? As the lines of a journal file, and beside them how the run stands.

use std::cmp::Ordering;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::journal::JournalError;
use crate::journal::line::{decode, newer_version};
use crate::journal::quick_line::Known;
use crate::journal::sqlite::fault::{Fault, of_commit};
use crate::record::event::Event;
use crate::record::outline::RunOutline;
use crate::text::line::shown;

/// An event of a run that has not happened yet.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) run: &'a str,
    pub(super) sequence: u64,
    pub(super) event: &'a Event,
    /// How the run stands once the event has happened; `None` if no run can come to it.
    pub(super) outline: Option<&'a RunOutline>,
}

impl Entry<'_> {
    /// Appends the events, if they are the next ones of the run: all or none.
    pub(super) fn append_all(entries: &[Entry<'_>], connection: &mut Connection) -> Result<(), Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for entry in entries {
            entry.write(&entry.event.to_line(entry.sequence)?, &transaction)?;
        }
        transaction.commit().map_err(of_commit)
    }

    /// The same in a transaction of the caller's, in which nothing of it is left if it is refused.
    pub(super) fn append_in(&self, transaction: &Connection) -> Result<(), Fault> {
        let line = self.event.to_line(self.sequence)?;
        transaction.execute_batch("savepoint etl_context")?;
        let written = self.write(&line, transaction);
        if written.is_err() {
            // With the error, the transaction may be over.
            let _ = transaction.execute_batch("rollback to etl_context");
        }
        let _ = transaction.execute_batch("release etl_context");
        written
    }

    /// Whether this very event is in the database.
    pub(super) fn is_there(&self, connection: &Connection) -> Result<bool, Fault> {
        const FIND: &str = "select 1 from main.etl_context_events where run_id = ?1 and seq = ?2 and line = ?3";
        let (line, sequence) = (self.event.to_line(self.sequence)?, number(self.sequence)?);
        Ok(connection.query_row(FIND, params![self.run, sequence, line], |_| Ok(())).optional()?.is_some())
    }

    fn write(&self, line: &str, transaction: &Connection) -> Result<(), Fault> {
        const INSERT: &str = "insert into main.etl_context_events (run_id, seq, line) values (?1, ?2, ?3)";
        let sequence = number(self.sequence)?;
        if !self.is_noted(sequence, transaction)? {
            return Err(self.not_the_next(transaction)?.into());
        }
        transaction.execute(INSERT, params![self.run, sequence, line])?;
        Ok(())
    }

    /// Writes down how the run stands; false if it does not wait for this event.
    fn is_noted(&self, sequence: i64, connection: &Connection) -> Result<bool, Fault> {
        const BEGIN: &str = "
            insert into main.etl_context_runs (key, run_id, name, events, status, next, running, began, latest)
            values (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?7) on conflict (key) do nothing";
        const GO_ON: &str = "
            update main.etl_context_runs set events = events + 1, status = ?4, next = ?5, running = ?6, latest = ?7
            where key = ?1 and run_id = ?2 and events = ?3";
        let status = self.outline.map(|outline| outline.status().as_str());
        let next = self.outline.and_then(RunOutline::next);
        let running = self.outline.and_then(RunOutline::running);
        let time = self.event.time().to_string();
        let changed = match self.event {
            Event::RunBegan(began) if sequence == 0 => {
                connection.execute(BEGIN, params![self.key, self.run, &*began.name, status, next, running, time])?
            }
            _ => connection.execute(GO_ON, params![self.key, self.run, sequence, status, next, running, time])?,
        };
        Ok(changed > 0)
    }

    /// Why the run does not wait for the event, though its owner had read that it would.
    fn not_the_next(&self, connection: &Connection) -> Result<JournalError, Fault> {
        const RUN: &str = "select run_id from main.etl_context_runs where key = ?1";
        let run: Option<String> = connection.query_row(RUN, [self.key], |row| row.get(0)).optional()?;
        let happened = match run {
            Some(run) if run == self.run => "somebody else wrote to it",
            Some(_) => "another one has its key",
            None => "it was deleted",
        };
        let key = shown(self.key);
        Ok(JournalError::no_longer_owner(format!("the run `{key}` is no longer as this process has left it: {happened}")))
    }
}

/// Makes certain what is found, before anybody acts on it: who wrote it may have died before it was synced. That is the first thing
/// which is done when the log is copied into the database.
pub(super) fn make_certain(connection: &Connection) -> Result<(), Fault> {
    Ok(connection.query_row("pragma main.wal_checkpoint(passive)", [], |_| Ok(()))?)
}

/// Makes certain what somebody else has committed without a sync: the next commit that is synced takes it along.
pub(super) fn sync(key: &str, connection: &Connection) -> Result<(), Fault> {
    const UNCHANGED: &str = "update main.etl_context_runs set latest = latest where key = ?1";
    connection.execute(UNCHANGED, [key]).map(drop).map_err(of_commit)
}

/// The events that a key leads to.
#[derive(Default)]
pub(super) struct Run {
    pub(super) id: Option<String>,
    pub(super) events: Vec<Event>,
}

/// Every event of the run with this key, in order; none if it has not begun.
pub(super) fn of_run(key: &str, connection: &mut Connection) -> Result<Run, Fault> {
    const RUN: &str = "select run_id, events from main.etl_context_runs where key = ?1";
    const EVENTS: &str = "select seq, line from main.etl_context_events where run_id = ?1 order by seq";
    // Both statements see the same moment.
    let transaction = connection.transaction()?;
    let run: Option<(String, i64)> = transaction.query_row(RUN, [key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, expected)) = run else { return Ok(Run::default()) };
    let (mut events, mut known) = (Vec::new(), Known::default());
    let mut statement = transaction.prepare(EVENTS)?;
    let mut rows = statement.query([&id])?;
    while let Some(row) = rows.next()? {
        events.push(event(key, events.len() as u64, row, &mut known)?);
    }
    let found = events.len() as u64;
    match found.cmp(&expected.unsigned_abs()) {
        Ordering::Less => Err(damaged(key, found, "is missing").into()),
        Ordering::Equal => Ok(Run { id: Some(id), events }),
        Ordering::Greater => Err(damaged(key, expected.unsigned_abs(), "is one too many").into()),
    }
}

/// The event of this row, if it has the number that comes next.
fn event(key: &str, number: u64, row: &Row<'_>, known: &mut Known) -> Result<Event, Fault> {
    let (ValueRef::Integer(found), ValueRef::Text(line)) = (row.get_ref(0)?, row.get_ref(1)?) else {
        return Err(damaged(key, number, "is no line of text with a number").into());
    };
    if number == 0
        && let Some(version) = newer_version(line)
    {
        return Err(JournalError::new(format!(
            "the run `{}` has the format version {version}, and this program reads version 1; use a newer etl-context",
            shown(key)
        ))
        .into());
    }
    if u64::try_from(found) != Ok(number) {
        return Err(damaged(key, number, "is missing").into());
    }
    decode(number, line, known).map_err(|reason| damaged(key, number, &reason).into())
}

fn damaged(key: &str, number: u64, reason: &str) -> JournalError {
    JournalError::new(format!(
        "the run `{}` is damaged: its event {number} {reason}; restore the database from a copy, or begin a new run with another key",
        shown(key)
    ))
}

fn number(sequence: u64) -> Result<i64, JournalError> {
    i64::try_from(sequence).map_err(|error| JournalError::new("SQLite cannot count that far").with_source(error))
}
