//! How do events get into the database and out of it? As the lines of a journal file, beside the epoch of who wrote them.

use std::cmp::Ordering;
use std::time::Duration;

use postgres::types::ToSql;
use postgres::{Row, Transaction};

use crate::journal::JournalError;
use crate::journal::line::{decode, newer_version};
use crate::journal::postgres::connection::Connection;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::lease::{Lease, bound};
use crate::journal::postgres::schema;
use crate::journal::postgres::session::Session;
use crate::journal::quick_line::Known;
use crate::record::event::Event;
use crate::record::outline::RunOutline;

/// One row of `etl_context.events`.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) sequence: i64,
    pub(super) time: String,
    pub(super) event: &'static str,
    pub(super) phase: Option<String>,
    pub(super) status: Option<&'static str>,
    pub(super) line: String,
    /// How the run stands once the event has happened, and what may come next.
    pub(super) run_status: Option<&'static str>,
    pub(super) next: Option<String>,
    /// The identity and the name of a run that begins.
    pub(super) began: Option<(String, String)>,
}

/// One statement, so that it holds or fails as a whole: it takes the number only if that is the next one and the epoch is
/// still ours, and locks the run against a takeover until it is committed.
const APPEND: &str = "
    with run as (
        update etl_context.runs
        set events = events + 1,
            expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $3),
            run_id = coalesce(run_id, $10::text::uuid),
            name = coalesce(name, $11),
            status = $13,
            next = $14
        where key = $1 and epoch = $2 and owner = $12 and events = $4
        returning run_id
    )
    insert into etl_context.events (run_id, seq, epoch, time, event, phase, status, line)
    select run_id, $4, $2, $5::text::timestamptz, $6, $7, $8, $9 from run
    returning seq";

impl Entry {
    /// # Errors
    ///
    /// For an event that cannot be written as JSON, or that PostgreSQL cannot keep.
    pub(super) fn new(sequence: u64, event: &Event, outline: Option<&RunOutline>) -> Result<Self, JournalError> {
        let began = match event {
            Event::RunBegan(began) => Some((began.run.to_string(), findable(&began.name))),
            _ => None,
        };
        Ok(Entry {
            sequence: i64::try_from(sequence)
                .map_err(|error| JournalError::new("PostgreSQL cannot count that far").with_source(error))?,
            time: event.time().to_string(),
            event: event.name(),
            phase: event.phase().map(|phase| phase.as_str().to_owned()),
            status: status_from_here_on(event),
            line: event.to_line(sequence)?,
            run_status: outline.map(|outline| outline.status().as_str()),
            next: outline.and_then(RunOutline::next),
            began,
        })
    }

    /// Appends the event if it is the next one and the run is ours. Done twice, it is there once.
    pub(super) fn append(&self, lease: &Lease, session: &mut Session) -> Result<(), Fault> {
        self.append_by(lease, session, |session| Ok(self.with_values(lease, |values| session.change(APPEND, values))?.is_some()))
    }

    /// The same, with something more that is there if the event is.
    pub(super) fn append_with(
        &self,
        lease: &Lease,
        session: &mut Session,
        more: impl Fn(&mut Transaction<'_>) -> Result<(), postgres::Error>,
    ) -> Result<(), Fault> {
        self.append_by(lease, session, |session| {
            session.change_together(|transaction| {
                let appended = self.with_values(lease, |values| transaction.query_opt(APPEND, values))?.is_some();
                if appended {
                    more(transaction)?;
                }
                Ok(appended)
            })
        })
    }

    pub(super) fn append_by(
        &self,
        lease: &Lease,
        session: &mut Session,
        append: impl FnOnce(&mut Session) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        // A server that takes nothing any more, such as a standby, may still know what was committed.
        if session.is_in_doubt() && self.is_there(lease, session)? {
            return Ok(());
        }
        if append(session)? {
            return Ok(());
        }
        // In this order: once the run is somebody else's, nothing of ours can come any more that is not there.
        let ours = lease.check(session);
        if self.is_there(lease, session)? {
            return Ok(());
        }
        if matches!(ours, Err(Fault::Refused(_))) {
            session.settle();
        }
        ours?;
        Err(Fault::Refused(self.out_of_sequence(session.query_one(EVENTS, &[&lease.key])?)))
    }

    /// The same in a transaction of the caller's; false if the transaction's database does not hold the run, or not for us.
    pub(super) fn append_in(&self, lease: &Lease, transaction: &mut Transaction<'_>) -> Result<bool, postgres::Error> {
        let appended = self.with_values(lease, |values| transaction.query_opt(APPEND, values))?;
        bound(transaction, lease.duration)?;
        Ok(appended.is_some())
    }

    /// Whether this very event is in the database.
    pub(super) fn is_there(&self, lease: &Lease, session: &mut Session) -> Result<bool, Fault> {
        const FIND: &str = "
            select 1 from etl_context.events
            join etl_context.runs using (run_id)
            where key = $1 and events.epoch = $2 and seq = $3 and line = $4";
        Ok(session.query_one(FIND, &[&lease.key, &lease.epoch, &self.sequence, &self.line])?.is_some())
    }

    fn with_values<T>(&self, lease: &Lease, call: impl FnOnce(&[&(dyn ToSql + Sync)]) -> T) -> T {
        let Entry { sequence, time, event, phase, status, line, run_status, next, began } = self;
        let (run, name) = began.as_ref().map(|(run, name)| (run, name)).unzip();
        let seconds = lease.duration.as_secs_f64();
        let owner = &lease.owner;
        call(&[
            &lease.key,
            &lease.epoch,
            &seconds,
            sequence,
            time,
            event,
            phase,
            status,
            line,
            &run,
            &name,
            owner,
            run_status,
            next,
        ])
    }

    fn out_of_sequence(&self, events: Option<Row>) -> JournalError {
        let events: i64 = events.map_or(0, |row| row.get(0));
        JournalError::out_of_sequence(events.unsigned_abs(), self.sequence.unsigned_abs())
    }
}

/// The name of a run for those who look for it: PostgreSQL keeps no zero byte. The event has it as it is.
pub(crate) fn findable(name: &str) -> String {
    name.replace('\0', "\u{FFFD}")
}

const EVENTS: &str = "select events from etl_context.runs where key = $1";

/// The status that the phase of the event has once it has happened, if the event says so.
fn status_from_here_on(event: &Event) -> Option<&'static str> {
    match event {
        Event::PhaseStarted { .. } => Some("running"),
        Event::PhaseEnded { report, .. } => Some(report.status().as_str()),
        Event::StatusSet { status, .. } => Some(status.as_str()),
        _ => None,
    }
}

/// How many events are read at once, so that no call takes long.
const PAGE: usize = 10_000;

/// Every event of the owner's run, in order.
pub(super) fn of_owner(connection: &Connection, patience: Duration, lease: &Lease) -> Result<Vec<Event>, Fault> {
    const LOAD: &str = "
        select runs.run_id::text, runs.events, seq, line
        from etl_context.runs left join etl_context.events on events.run_id = runs.run_id and seq >= $2
        where key = $1 order by seq limit $3";
    let lease = lease.clone();
    let read = move |session: &mut Session, from: i64| {
        lease.check(session)?;
        session.query(LOAD, &[&lease.key, &from, &limit()])
    };
    decoded(&pages(connection, patience, &read)?)
}

/// Every event of the run with this identity, in order.
pub(super) fn of_run(connection: &Connection, patience: Duration, run: &str) -> Result<Vec<Event>, Fault> {
    const LOAD: &str = "
        select runs.run_id::text, runs.events, seq, line
        from etl_context.runs left join etl_context.events on events.run_id = runs.run_id and seq >= $2
        where runs.run_id = $1::text::uuid order by seq limit $3";
    let run = run.to_owned();
    let read = move |session: &mut Session, from: i64| {
        if schema::exists(session)? { session.query(LOAD, &[&run, &from, &limit()]) } else { Ok(Vec::new()) }
    };
    decoded(&pages(connection, patience, &read)?)
}

fn limit() -> i64 {
    i64::try_from(PAGE).unwrap_or(i64::MAX)
}

/// All rows, a page at a time. `read` is told with which number the next page begins.
fn pages(
    connection: &Connection,
    patience: Duration,
    read: &(impl Fn(&mut Session, i64) -> Result<Vec<Row>, Fault> + Clone + Send + 'static),
) -> Result<Vec<Row>, Fault> {
    let (mut rows, mut from) = (Vec::new(), 0);
    loop {
        let read = read.clone();
        let page = connection.run(patience, move |session| read(session, from))?;
        let last = page.last().and_then(|row| row.get::<_, Option<i64>>(2)).filter(|_| page.len() == PAGE);
        rows.extend(page);
        match last {
            Some(last) => from = last + 1,
            None => return Ok(rows),
        }
    }
}

/// As many events as the run says that it has, without a gap.
pub(super) fn decoded(rows: &[Row]) -> Result<Vec<Event>, Fault> {
    // What the run says is as old as the page: of a run that goes on, the last one knows most.
    let Some(run) = rows.last() else { return Ok(Vec::new()) };
    // Of a run without events, or without another page of them, there is one row, which has none.
    let found = rows.iter().filter(|row| row.get::<_, Option<i64>>(2).is_some());
    let mut known = Known::default();
    let events = (0..).zip(found).map(|(number, row)| event(number, row, &mut known)).collect::<Result<Vec<_>, _>>()?;
    let (found, expected) = (events.len() as u64, run.get::<_, i64>(1).unsigned_abs());
    match found.cmp(&expected) {
        Ordering::Less => Err(damaged(run, found, "is missing").into()),
        Ordering::Equal => Ok(events),
        Ordering::Greater => Err(damaged(run, expected, "is one too many").into()),
    }
}

/// The event of this row, if it has the number that comes next.
fn event(number: u64, row: &Row, known: &mut Known) -> Result<Event, JournalError> {
    let line: &str = row.get(3);
    if number == 0
        && let Some(version) = newer_version(line.as_bytes())
    {
        return Err(JournalError::new(format!(
            "run {} has the format version {version}, and this program reads version 1; use a newer etl-context",
            identity(row)
        )));
    }
    if row.get::<_, i64>(2).cast_unsigned() != number {
        return Err(damaged(row, number, "is missing"));
    }
    decode(number, line.as_bytes(), known).map_err(|reason| damaged(row, number, &reason))
}

fn damaged(row: &Row, number: u64, reason: &str) -> JournalError {
    JournalError::new(format!(
        "run {} is damaged: its event {number} {reason}; restore the table `etl_context.events` from a copy, \
         or begin a new run with another key",
        identity(row)
    ))
}

fn identity(row: &Row) -> &str {
    row.get::<_, Option<&str>>(0).unwrap_or_default()
}
