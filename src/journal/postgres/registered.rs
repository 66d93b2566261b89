//! How do the parts that a phase has registered get on the board?

use std::sync::Arc;

use postgres::Transaction;

use crate::journal::JournalError;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::lease::Lease;
use crate::journal::postgres::session::{PLANNED_ANEW, Session};

/// The parts that the process that runs a phase has registered in the run.
pub(crate) struct Registered<'a> {
    /// The attempt since which those that have completed are done.
    pub(crate) since: u32,
    pub(crate) names: &'a [Arc<str>],
    /// Those that have not ended.
    pub(crate) open: &'a [Arc<str>],
    /// Those that have failed in an earlier attempt, as the run knows, with all that was noted of them.
    pub(crate) failed: &'a [Arc<str>],
    /// Whether the rows that workers reject are to be kept one by one.
    pub(crate) keeps_rows: bool,
}

/// The parts that are to be on the board.
pub(super) struct Rows {
    run: String,
    phase: String,
    since: i64,
    names: Vec<String>,
    open: Vec<String>,
    failed: Vec<String>,
    one_by_one: bool,
}

/// What failed in an earlier attempt is open again. In the same one it stays failed, whether or not the run has noticed.
pub(super) const IN_A_NEW_ATTEMPT: bool = true;

impl Rows {
    pub(super) fn new((run, phase): (String, String), parts: &Registered<'_>) -> Self {
        Rows {
            run,
            phase,
            since: i64::from(parts.since),
            names: strings(parts.names),
            open: strings(parts.open),
            failed: strings(parts.failed),
            one_by_one: parts.keeps_rows,
        }
    }

    /// Those that have completed since that attempt are done, and those that somebody is working on stay with them.
    pub(super) fn write(&self, transaction: &mut Transaction<'_>, is_new_attempt: bool) -> Result<(), postgres::Error> {
        const FORGET: &str = "
            delete from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and (since <> $3 or part <> all ($4))";
        // What is open in the run's own record is still to be recorded, whatever became of it here.
        const REGISTER: &str = "
            insert into etl_context.parts as known (run_id, phase, part, position, since, keeps_rows)
            select $1::text::uuid, $2, part, position, $3, $8 from pg_catalog.unnest($4::text[]) with ordinality as given (part, position)
            on conflict (run_id, phase, part) do update
            set position = excluded.position,
                state = case when $6 and known.state = 'failed' then 'open' else known.state end,
                claims = case when $6 and known.state <> 'running' then 0 else known.claims end,
                error = case when $6 then null else known.error end,
                news = case when $6 and known.state = 'failed' then null else known.news end,
                errors = case when known.part = any ($7) then null else known.errors end,
                carried = case when $6 then known.cursor_counts else known.carried end,
                keeps_rows = excluded.keeps_rows,
                recorded = false
            where known.part = any ($5)";
        let Rows { run, phase, since, names, open, failed, one_by_one } = self;
        transaction.execute(PLANNED_ANEW, &[])?;
        transaction.execute(FORGET, &[run, phase, since, names])?;
        transaction.execute(REGISTER, &[run, phase, since, names, open, &is_new_attempt, failed, one_by_one])?;
        Ok(())
    }

    pub(super) fn write_if_ours(&self, session: &mut Session, owner: &Lease) -> Result<(), Fault> {
        const OURS: &str = "
            select 1 from etl_context.runs where key = $1 and epoch = $2 and owner = $3 and run_id = $4::text::uuid for share";
        let are_written = session.change_together(|transaction| {
            let ours = transaction.query_opt(OURS, &[&owner.key, &owner.epoch, &owner.owner, &self.run])?.is_some();
            if ours {
                self.write(transaction, !IN_A_NEW_ATTEMPT)?;
            }
            Ok(ours)
        })?;
        if are_written {
            return Ok(());
        }
        owner.check(session)?;
        Err(Fault::Refused(JournalError::new("the database does not hold the run")))
    }
}

pub(super) fn strings(names: &[Arc<str>]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
