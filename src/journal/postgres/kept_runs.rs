//! Which runs are kept under which keys? Read without owning them, and removed if nobody does.

use crate::journal::JournalError;
use crate::journal::owner::owned_by;
use crate::journal::postgres::runs::{PATIENCE, PostgresRuns};
use crate::journal::postgres::schema;
use crate::record::RunRecord;
use crate::text::line::shown;

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

    /// The run with this key, and who has it open; `None` if there is none.
    pub(crate) fn kept(&self, key: &str) -> Result<Option<(RunRecord, Option<String>)>, JournalError> {
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
