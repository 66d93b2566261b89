//! How do several events get into the database at once? By one statement, of which all is there or nothing.

use postgres::types::ToSql;

use crate::journal::JournalError;
use crate::journal::postgres::events::Entry;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::lease::Lease;
use crate::journal::postgres::session::Session;
use crate::record::event::Event;
use crate::record::outline::RunOutline;

/// Rows of `etl_context.events`, one behind the other.
#[derive(Debug)]
pub(super) struct Entries {
    /// With how the run stands once all of them have happened.
    pub(super) first: Entry,
    pub(super) number: i64,
    pub(super) times: Vec<String>,
    pub(super) lines: Vec<String>,
    events: Vec<&'static str>,
    phases: Vec<Option<String>>,
    statuses: Vec<Option<&'static str>>,
}

impl Entries {
    /// `None` for no event at all.
    ///
    /// # Errors
    ///
    /// For an event that cannot be written as JSON, or that PostgreSQL cannot keep.
    pub(super) fn new(sequence: u64, events: &[Event], outline: Option<&RunOutline>) -> Result<Option<Self>, JournalError> {
        let Some(first) = events.first() else { return Ok(None) };
        let mut entries = Entries {
            first: Entry::new(sequence, first, outline)?,
            number: i64::try_from(events.len()).unwrap_or(i64::MAX),
            times: Vec::with_capacity(events.len()),
            lines: Vec::with_capacity(events.len()),
            events: Vec::with_capacity(events.len()),
            phases: Vec::with_capacity(events.len()),
            statuses: Vec::with_capacity(events.len()),
        };
        for (sequence, event) in (sequence..).zip(events) {
            let Entry { time, event, phase, status, line, .. } = Entry::new(sequence, event, None)?;
            entries.times.push(time);
            entries.lines.push(line);
            entries.events.push(event);
            entries.phases.push(phase);
            entries.statuses.push(status);
        }
        Ok(Some(entries))
    }

    /// Appends them if the first is the next one and the run is ours. Done twice, they are there once.
    pub(super) fn append(&self, lease: &Lease, session: &mut Session) -> Result<(), Fault> {
        const APPEND: &str = "
            with run as (
                update etl_context.runs
                set events = events + $12,
                    expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $4),
                    run_id = coalesce(run_id, $13::text::uuid),
                    name = coalesce(name, $14),
                    status = $10,
                    next = $11
                where key = $1 and epoch = $2 and owner = $3 and events = $5
                returning run_id
            ), written as (
                insert into etl_context.events (run_id, seq, epoch, time, event, phase, status, line)
                select run_id, $5 + number - 1, $2, time::timestamptz, event, phase, status, line
                from run, unnest($6::text[], $7::text[], $8::text[], $9::text[], $15::text[])
                    with ordinality as given (time, event, phase, status, line, number)
                returning 1
            )
            select from written limit 1";
        let Entries { first, number, times, lines, events, phases, statuses } = self;
        let (run, name) = first.began.as_ref().map(|(run, name)| (run, name)).unzip();
        let (seconds, Lease { key, epoch, owner, .. }) = (lease.duration.as_secs_f64(), lease);
        let Entry { sequence, run_status, next, .. } = first;
        let values: &[&(dyn ToSql + Sync)] = &[
            key, epoch, owner, &seconds, sequence, times, events, phases, statuses, run_status, next, number, &run, &name, lines,
        ];
        first.append_by(lease, session, |session| Ok(session.change(APPEND, values)?.is_some()))
    }
}
