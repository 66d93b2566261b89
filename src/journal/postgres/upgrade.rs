//! How do tables of an older version become those of this one?

use crate::journal::postgres::events::decoded;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::schema::{CREATING, RUN_LIST, THEIR_VERSION, VERSION, version};
use crate::journal::postgres::session::Session;
use crate::record::outline::RunOutline;

/// Brings tables of an older version up to this one, in one transaction, in which nobody else writes: a run that is taken goes on when
/// it is done.
///
/// # Errors
///
/// If the role may not change the tables, in the words of the server.
pub(super) fn upgrade(session: &mut Session) -> Result<(), Fault> {
    const FROM_1: &str = include_str!("upgrade.sql");
    const FROM_2: &str = include_str!("upgrade_2.sql");
    const LOCK: &str = "lock table etl_context.runs in access exclusive mode";
    const RUNS: &str = "select run_id::text from etl_context.runs where run_id is not null";
    const EVENTS: &str = "
        select runs.run_id::text, runs.events, seq, line
        from etl_context.runs left join etl_context.events on events.run_id = runs.run_id
        where runs.run_id = $1::text::uuid order by seq";
    const FILL_IN: &str = "update etl_context.runs set status = $2, next = $3 where run_id = $1::text::uuid";
    // Tables that do not say their version are used as they are.
    if version(session)?.is_none_or(|version| version == 0 || version == VERSION) {
        return Ok(());
    }
    let mut transaction = session.transaction()?;
    transaction.execute(CREATING, &[])?;
    transaction.execute(LOCK, &[])?;
    // Somebody else may have done it while this one waited.
    let version: i32 = transaction.query_one(THEIR_VERSION, &[])?.get(0);
    if version >= VERSION {
        return Ok(());
    }
    if version >= 2 {
        transaction.batch_execute(FROM_2)?;
        transaction.commit()?;
        return Ok(());
    }
    transaction.batch_execute(FROM_1)?;
    transaction.batch_execute(FROM_2)?;
    transaction.batch_execute(RUN_LIST)?;
    for run in transaction.query(RUNS, &[])? {
        let run: String = run.get(0);
        let lines = transaction.query(EVENTS, &[&run])?;
        // What cannot be read is told when the run is opened.
        if let Some(outline) = decoded(&lines).ok().and_then(|events| RunOutline::of(&events)) {
            transaction.execute(FILL_IN, &[&run, &outline.status().as_str(), &outline.next()])?;
        }
    }
    transaction.commit()?;
    Ok(())
}
