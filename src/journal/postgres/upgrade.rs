//! How do tables of an older version become those of this one?

use postgres::Transaction;

use crate::journal::postgres::events::decoded;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::schema::{CREATING, FORGET_EVENTS, RUN_LIST, THEIR_VERSION, VERSION, version};
use crate::journal::postgres::session::Session;
use crate::record::outline::RunOutline;

/// Brings tables of an older version up to this one, in one transaction, in which nobody else writes: a run that is taken goes on when
/// it is done.
///
/// # Errors
///
/// If the role may not change the tables, in the words of the server.
pub(super) fn upgrade(session: &mut Session) -> Result<(), Fault> {
    const LOCK: &str = "lock table etl_context.runs in access exclusive mode";
    // Tables that do not say their version are used as they are.
    if version(session)?.is_none_or(|version| version == 0 || version == VERSION) {
        return Ok(());
    }
    let mut transaction = session.transaction()?;
    transaction.execute(CREATING, &[])?;
    transaction.execute(LOCK, &[])?;
    // Somebody else may have done some of it while this one waited.
    let version: i32 = transaction.query_one(THEIR_VERSION, &[])?.get(0);
    if version < 2 {
        transaction.batch_execute(include_str!("upgrade.sql"))?;
        transaction.batch_execute(RUN_LIST)?;
        fill_in(&mut transaction)?;
    }
    if version < 3 {
        transaction.batch_execute(include_str!("upgrade_2.sql"))?;
    }
    if version < 4 {
        transaction.batch_execute(include_str!("upgrade_3.sql"))?;
        transaction.batch_execute(FORGET_EVENTS)?;
    }
    transaction.commit()?;
    Ok(())
}

/// How each run stands, which tables of version 1 did not say.
fn fill_in(transaction: &mut Transaction<'_>) -> Result<(), Fault> {
    const RUNS: &str = "select run_id::text from etl_context.runs where run_id is not null";
    const EVENTS: &str = "
        select runs.run_id::text, runs.events, seq, line
        from etl_context.runs left join etl_context.events on events.run_id = runs.run_id
        where runs.run_id = $1::text::uuid order by seq";
    const FILL_IN: &str = "update etl_context.runs set status = $2, next = $3 where run_id = $1::text::uuid";
    for run in transaction.query(RUNS, &[])? {
        let run: String = run.get(0);
        let lines = transaction.query(EVENTS, &[&run])?;
        // What cannot be read is told when the run is opened.
        if let Some(outline) = decoded(&lines).ok().and_then(|events| RunOutline::of(&events)) {
            transaction.execute(FILL_IN, &[&run, &outline.status().as_str(), &outline.next()])?;
        }
    }
    Ok(())
}
