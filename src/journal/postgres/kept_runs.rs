//! Which runs are kept under which keys? Read without owning them, and removed if nobody does.

use postgres::Row;

use crate::journal::JournalError;
use crate::journal::owner::owned_by;
use crate::journal::postgres::runs::{PATIENCE, PostgresRuns};
use crate::journal::postgres::{events, schema};
use crate::record::RunRecord;
use crate::text::line::shown;

/// So many runs are read at once, if they are no longer than so many events: no call takes long, and few of them are needed.
const RUNS: i64 = 100;
const EVENTS: i64 = 100;

/// A run, and who has it open; `None` if it is no longer there.
type Kept = Option<(RunRecord, Option<String>)>;

impl PostgresRuns {
    /// The keys of all runs that have begun and whose key begins so.
    pub(crate) fn keys(&self, beginning: &str) -> Result<Vec<String>, JournalError> {
        const KEYS: &str = "
            select key from etl_context.runs where run_id is not null and pg_catalog.starts_with(key, $1) order by key";
        let beginning = beginning.to_owned();
        let keys = self.connection().run(PATIENCE, move |session| {
            if !schema::exists(session)? {
                return Ok(Vec::new());
            }
            Ok(session.query(KEYS, &[&beginning])?.iter().map(|row| row.get(0)).collect())
        });
        keys.map_err(|fault| self.cannot_read(fault))
    }

    /// The key and the name of each run that has begun.
    pub(crate) fn names(&self) -> Result<Vec<(String, String)>, JournalError> {
        const NAMES: &str = "select key, coalesce(name, '') from etl_context.runs where run_id is not null order by key";
        let names = self.connection().run(PATIENCE, move |session| {
            if !schema::exists(session)? {
                return Ok(Vec::new());
            }
            Ok(session.query(NAMES, &[])?.iter().map(|row| (row.get(0), row.get(1))).collect())
        });
        names.map_err(|fault| self.cannot_read(fault))
    }

    /// Reads every run that has begun and whose key begins so, and tells each with its key, or why it cannot be read.
    pub(crate) fn each(
        &self,
        beginning: &str,
        tell: &mut dyn FnMut(&str, Result<Kept, JournalError>),
    ) -> Result<(), JournalError> {
        let mut last = String::new();
        loop {
            let rows = self.page(beginning, &last)?;
            for run in rows.chunk_by(|one, next| key(one) == key(next)) {
                tell(key(&run[0]), self.kept_in(run));
            }
            match rows.last() {
                Some(row) => key(row).clone_into(&mut last),
                None => return Ok(()),
            }
        }
    }

    /// The events of the runs that come next; a run that is too long has one row, without an event.
    fn page(&self, beginning: &str, last: &str) -> Result<Vec<Row>, JournalError> {
        const PAGE: &str = "
            with page as (
                select key, run_id, events, case when expires > pg_catalog.clock_timestamp() then owner end as owner
                from etl_context.runs
                where run_id is not null and pg_catalog.starts_with(key, $1) and key > $2
                order by key limit $3
            )
            select page.run_id::text, page.events, seq, line, page.key, page.owner
            from page left join etl_context.events on events.run_id = page.run_id and page.events <= $4
            order by page.key, seq";
        let (beginning, last) = (beginning.to_owned(), last.to_owned());
        let rows = self.connection().run(PATIENCE, move |session| {
            if schema::exists(session)? { session.query(PAGE, &[&beginning, &last, &RUNS, &EVENTS]) } else { Ok(Vec::new()) }
        });
        rows.map_err(|fault| self.cannot_read(fault))
    }

    /// The run in these rows, which are all of it, or one without an event.
    fn kept_in(&self, rows: &[Row]) -> Result<Kept, JournalError> {
        if rows[0].get::<_, i64>(1) > EVENTS {
            return self.kept(key(&rows[0]));
        }
        let events = events::decoded(rows).map_err(|fault| self.cannot_read(fault))?;
        let record = RunRecord::replay(&events).ok_or_else(|| JournalError::impossible(rows[0].get(0)))?;
        Ok(Some((record, rows[0].get(5))))
    }

    /// The run with this key, and who has it open; `None` if there is none.
    pub(crate) fn kept(&self, key: &str) -> Result<Kept, JournalError> {
        const RUN: &str = "
            select run_id::text, case when expires > pg_catalog.clock_timestamp() then owner end
            from etl_context.runs where key = $1 and run_id is not null";
        let key = key.to_owned();
        let run = self.connection().run(PATIENCE, move |session| {
            if !schema::exists(session)? {
                return Ok(None);
            }
            Ok(session.query_one(RUN, &[&key])?.map(|row| (row.get::<_, String>(0), row.get::<_, Option<String>>(1))))
        });
        let Some((run, owner)) = run.map_err(|fault| self.cannot_read(fault))? else { return Ok(None) };
        let record = self.record_of(&run)?;
        Ok(record.map(|record| (record, owner)))
    }

    /// Removes the run with this key, which must be nobody's.
    pub(crate) fn remove(&self, key: &str) -> Result<(), JournalError> {
        const DELETE: &str = "delete from etl_context.runs where key = $1 and expires <= pg_catalog.clock_timestamp()";
        const OWNER: &str = "select owner from etl_context.runs where key = $1";
        let asked = key.to_owned();
        let owner = self.connection().run(PATIENCE, move |session| {
            session.query(DELETE, &[&asked])?;
            Ok(session.query_one(OWNER, &[&asked])?.map(|row| row.get::<_, String>(0)))
        });
        match owner.map_err(|fault| self.connection().cannot("write to", fault))? {
            None => Ok(()),
            Some(owner) => Err(owned_by(&format!("the run `{}`", shown(key)), &shown(&owner))),
        }
    }
}

fn key(row: &Row) -> &str {
    row.get(4)
}
