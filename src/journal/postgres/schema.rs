//! Which tables are there? Those of `schema.sql`, created by whoever comes first.

use crate::journal::JournalError;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::session::Session;

pub(super) const VERSION: i32 = 4;

const CREATE: &str = include_str!("schema.sql");
pub(super) const RUN_LIST: &str = include_str!("run_list.sql");
pub(super) const FORGET_EVENTS: &str = include_str!("forget_events.sql");

/// Any number, as long as nobody else uses it: two programs must not create the tables at once.
pub(super) const CREATING: &str = "select pg_catalog.pg_advisory_xact_lock(7306081145216)";

/// Creates the tables if they are not there.
///
/// # Errors
///
/// If they are those of a newer version.
pub(super) fn create(session: &mut Session) -> Result<(), Fault> {
    if version(session)?.is_some() {
        return Ok(());
    }
    let mut transaction = session.transaction()?;
    transaction.execute(CREATING, &[])?;
    // Somebody else may have created them while this one waited.
    if transaction.query_one(IS_THERE, &[])?.get(0) {
        return Ok(());
    }
    for tables in [CREATE, FORGET_EVENTS, RUN_LIST] {
        transaction.batch_execute(tables)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Asks the catalogue itself. Functions such as `to_regclass` answer from a cache, which may not know yet what somebody else
/// has committed while this transaction waited for its lock.
const IS_THERE: &str = "
    select exists (
        select 1 from pg_catalog.pg_class
        join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace
        where nspname = 'etl_context' and relname = 'format'
    )";

pub(super) const THEIR_VERSION: &str = "select coalesce(max(version), 0) from etl_context.format";

/// Whether the tables are there.
///
/// # Errors
///
/// If they are those of another version.
pub(super) fn exists(session: &mut Session) -> Result<bool, Fault> {
    match version(session)? {
        None => Ok(false),
        Some(0 | VERSION) => Ok(true),
        Some(older) => Err(Fault::Refused(JournalError::new(format!(
            "the tables in the schema `etl_context` have the version {older}, and this program needs version {VERSION}; open a run once \
             with this version of etl-context, which brings them up to it"
        )))),
    }
}

/// The version of the tables, if they are there.
pub(super) fn version(session: &mut Session) -> Result<Option<i32>, Fault> {
    let is_there = session.query_one(IS_THERE, &[])?.is_some_and(|row| row.get(0));
    if !is_there {
        return Ok(None);
    }
    let version: i32 = session.query_one(THEIR_VERSION, &[])?.map_or(0, |row| row.get(0));
    if version > VERSION {
        return Err(Fault::Refused(JournalError::new(format!(
            "the tables in the schema `etl_context` have the version {version}, and this program knows version {VERSION}; \
             use a newer etl-context"
        ))));
    }
    Ok(Some(version))
}
