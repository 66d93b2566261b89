//! Which tables are there? Those of `schema.sql`, created by whoever comes first.

use crate::journal::JournalError;
use crate::journal::postgres::connection::Session;
use crate::journal::postgres::fault::Fault;

const VERSION: i32 = 1;

const CREATE: &str = include_str!("schema.sql");

/// Any number, as long as nobody else uses it: two programs must not create the tables at once.
const CREATING: &str = "select pg_advisory_xact_lock(7306081145216)";

/// Creates the tables if they are not there.
///
/// # Errors
///
/// If they are those of a newer version.
pub(super) fn create(session: &mut Session) -> Result<(), Fault> {
    if exists(session)? {
        return Ok(());
    }
    let mut transaction = session.transaction()?;
    transaction.execute(CREATING, &[])?;
    // Somebody else may have created them while this one waited.
    if transaction.query_one(IS_THERE, &[])?.get(0) {
        return Ok(());
    }
    transaction.batch_execute(CREATE)?;
    transaction.commit()?;
    Ok(())
}

const IS_THERE: &str = "select to_regclass('etl_context.format') is not null";

/// Whether the tables are there.
///
/// # Errors
///
/// If they are those of a newer version.
pub(super) fn exists(session: &mut Session) -> Result<bool, Fault> {
    let is_there = session.query_one(IS_THERE, &[])?.is_some_and(|row| row.get(0));
    if !is_there {
        return Ok(false);
    }
    let version: i32 = session.query_one("select max(version) from etl_context.format", &[])?.map_or(0, |row| row.get(0));
    if version > VERSION {
        return Err(Fault::Refused(JournalError::new(format!(
            "the tables in the schema `etl_context` have the version {version}, and this program knows version {VERSION}; \
             use a newer etl-context"
        ))));
    }
    Ok(true)
}
