//! Who hands out parts to workers on many hosts? A table in which each open part can be claimed, under a lease, by one of them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use postgres::types::ToSql;
use postgres::{Row, Transaction};

use crate::counting::reader::ProgressReader;
use crate::journal::JournalError;
use crate::journal::board::{Claim, Next, Open, PartBoard, PhaseBoard};
use crate::journal::owner::this_process;
use crate::journal::postgres::connection::Connection;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::holding::{Holding, counted};
use crate::journal::postgres::keeper::Keeper;
use crate::journal::postgres::lease::{Lease, bound};
use crate::journal::postgres::session::Session;
use crate::journal::postgres::{runs, schema};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::part::PartRecord;

/// Where to find the boards of a run that another process owns.
#[derive(Debug)]
pub(crate) struct Boards {
    connection: Connection,
    key: String,
}

impl Boards {
    pub(crate) fn connect(database: Database, key: String) -> Result<Self, JournalError> {
        Ok(Boards { connection: Connection::open(database, schema::create)?, key })
    }

    /// The board of the phase, and the identity of the run; `None` if the run has not begun.
    pub(crate) fn find(&self, phase: &PhaseName, lease: Duration) -> Result<Option<(Board, String)>, JournalError> {
        let key = self.key.clone();
        let run = self.connection.run(lease, move |session| runs::run_id(session, &key));
        let Some(run) = run.map_err(|fault| self.connection.cannot("read", fault))? else { return Ok(None) };
        let board = Board::open(self.connection.database().clone(), run.clone(), phase, lease)?;
        Ok(Some((board, run)))
    }
}

/// The board of one phase of one run, as one process sees it.
pub(crate) struct Board {
    connection: Connection,
    run: String,
    phase: PhaseName,
    lease: Duration,
    worker: String,
    /// Whether this process knows that the parts are registered, be there any or none.
    is_registered: bool,
    holding: Arc<Holding>,
    /// Renews what is held, as long as the board is there.
    _keeper: Keeper,
}

/// The parts that the process that runs a phase has registered in the run.
pub(crate) struct Registered<'a> {
    /// The attempt since which those that have completed are done.
    pub(crate) since: u32,
    pub(crate) names: &'a [Arc<str>],
    /// Those that have not ended.
    pub(crate) open: &'a [Arc<str>],
}

impl Board {
    pub(super) fn open(database: Database, run: String, phase: &PhaseName, lease: Duration) -> Result<Self, JournalError> {
        let connection = Connection::open(database, schema::create)?;
        let holding = Arc::new(Holding::new(run.clone(), phase.to_string(), lease));
        let keeper = Keeper::start(connection.database().clone(), lease, Arc::clone(&holding))?;
        let (phase, worker) = (phase.clone(), this_process());
        Ok(Board { connection, run, phase, lease, worker, holding, _keeper: keeper, is_registered: false })
    }

    /// Writes the parts again that the run has registered, if it is ours.
    pub(super) fn register_again(&mut self, owner: &Lease, parts: &Registered<'_>) -> Result<(), JournalError> {
        let (owner, rows) = (owner.clone(), self.rows(parts));
        self.run(move |session| rows.write_if_ours(session, &owner))?;
        self.are_registered();
        Ok(())
    }

    pub(super) fn rows(&self, parts: &Registered<'_>) -> Rows {
        let (run, phase) = self.named();
        Rows { run, phase, since: i64::from(parts.since), names: strings(parts.names), open: strings(parts.open) }
    }

    /// This process knows from now on that they are on the board.
    pub(super) fn are_registered(&mut self) {
        self.is_registered = true;
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Session) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.connection.run(self.lease, work).map_err(|fault| self.connection.cannot("use", fault))
    }

    /// Completes the part in the transaction; false if it belongs to another worker, or the database is another one.
    pub(crate) fn complete_in(
        &self,
        transaction: &mut Transaction<'_>,
        claim: &Claim,
        part: &PartRecord,
    ) -> Result<bool, JournalError> {
        let counts = part.counts.as_ref().and_then(counted);
        let microseconds = i64::try_from(part.microseconds).unwrap_or(i64::MAX);
        let values: &[&(dyn ToSql + Sync)] = &[
            &self.run,
            &self.phase.as_str(),
            &&*claim.part,
            &claim.number,
            &PhaseStatus::Completed.as_str(),
            &counts,
            &None::<&str>,
            &microseconds,
        ];
        let ended = transaction.query_opt(END, values).and_then(|ended| {
            bound(transaction, self.lease)?;
            Ok(ended.is_some())
        });
        let ended = ended.map_err(|error| self.connection.cannot("write in a transaction to", error.into()))?;
        self.holding.let_go(claim);
        Ok(ended)
    }

    fn named(&self) -> (String, String) {
        (self.run.clone(), self.phase.to_string())
    }
}

/// Only of a part that is still ours.
const END: &str = "
    update etl_context.parts
    set state = $5, counts = $6, error = $7, microseconds = $8, expires = null
    where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and state = 'running'
    returning claim";

/// The parts that are to be on the board.
pub(super) struct Rows {
    run: String,
    phase: String,
    since: i64,
    names: Vec<String>,
    open: Vec<String>,
}

/// What failed in an earlier attempt is open again. In the same one it stays failed, whether or not the run has noticed.
pub(super) const IN_A_NEW_ATTEMPT: bool = true;

impl Rows {
    /// Those that have completed since that attempt are done, and those that somebody is working on stay with them.
    pub(super) fn write(&self, transaction: &mut Transaction<'_>, is_new_attempt: bool) -> Result<(), postgres::Error> {
        const FORGET: &str = "
            delete from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and (since <> $3 or part <> all ($4))";
        // What is open in the run's own record is still to be recorded, whatever became of it here.
        const REGISTER: &str = "
            insert into etl_context.parts as known (run_id, phase, part, position, since)
            select $1::text::uuid, $2, part, position, $3 from pg_catalog.unnest($4::text[]) with ordinality as given (part, position)
            on conflict (run_id, phase, part) do update
            set position = excluded.position,
                state = case when $6 and known.state = 'failed' then 'open' else known.state end,
                claims = case when $6 and known.state <> 'running' then 0 else known.claims end,
                error = case when $6 then null else known.error end,
                recorded = false
            where known.part = any ($5)";
        let Rows { run, phase, since, names, open } = self;
        transaction.execute(FORGET, &[run, phase, since, names])?;
        transaction.execute(REGISTER, &[run, phase, since, names, open, &is_new_attempt])?;
        Ok(())
    }

    fn write_if_ours(&self, session: &mut Session, owner: &Lease) -> Result<(), Fault> {
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

fn strings(names: &[Arc<str>]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

impl PartBoard for Board {
    fn claim(&self) -> Result<Next, JournalError> {
        const CLAIM: &str = "
            with next as (
                select part from etl_context.parts
                where run_id = $1::text::uuid and phase = $2
                    and (state = 'open' or (state = 'running' and expires <= pg_catalog.clock_timestamp()))
                order by position
                limit 1
                for no key update skip locked
            )
            update etl_context.parts as parts
            set state = 'running', claim = pg_catalog.nextval('etl_context.claims'), claims = claims + 1, worker = $3,
                expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $4), counts = null
            from next
            where parts.run_id = $1::text::uuid and parts.phase = $2 and parts.part = next.part
            returning parts.part, parts.claim, parts.claims";
        const STATE: &str = "
            select count(*), count(*) filter (where state in ('open', 'running'))
            from etl_context.parts where run_id = $1::text::uuid and phase = $2";
        let ((run, phase), worker, seconds) = (self.named(), self.worker.clone(), self.lease.as_secs_f64());
        let is_registered = self.is_registered;
        self.run(move |session| {
            if let Some(row) = session.query_one(CLAIM, &[&run, &phase, &worker, &seconds])? {
                return Ok(Next::Part(claim(&row)));
            }
            let (all, open): (i64, i64) =
                session.query_one(STATE, &[&run, &phase])?.map_or((0, 0), |row| (row.get(0), row.get(1)));
            Ok(if open == 0 && (is_registered || all > 0) { Next::Nothing } else { Next::Later })
        })
    }

    fn watch(&self, claim: &Claim, counts: ProgressReader) {
        self.holding.hold(claim, counts);
    }

    fn end(&self, claim: &Claim, part: PartRecord) -> Result<bool, JournalError> {
        // Of an end that was committed while the answer got lost.
        const ENDED: &str = "
            select 1 from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and state = $5";
        self.holding.let_go(claim);
        let ((run, phase), name, number) = (self.named(), claim.part.to_string(), claim.number);
        let counts = part.counts.as_ref().and_then(counted);
        let error = part.error.as_ref().and_then(|error| serde_json::to_string(error).ok());
        let microseconds = i64::try_from(part.microseconds).unwrap_or(i64::MAX);
        let status = part.status.as_str();
        self.run(move |session| {
            let values: &[&(dyn ToSql + Sync)] = &[&run, &phase, &name, &number, &status, &counts, &error, &microseconds];
            let has_ended = |session: &mut Session| session.query_one(ENDED, &values[..5]);
            if session.is_in_doubt() && has_ended(session)?.is_some() {
                return Ok(true);
            }
            Ok(session.change(END, values)?.is_some() || has_ended(session)?.is_some())
        })
    }

    fn give_back(&self, claim: &Claim) -> Result<(), JournalError> {
        const OPEN: &str = "
            update etl_context.parts set state = 'open', expires = null, counts = null
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and state = 'running'";
        self.holding.let_go(claim);
        let ((run, phase), name, number) = (self.named(), claim.part.to_string(), claim.number);
        self.run(move |session| session.query(OPEN, &[&run, &phase, &name, &number]).map(drop))
    }
}

fn claim(row: &Row) -> Claim {
    Claim {
        part: row.get::<_, &str>(0).into(),
        number: row.get(1),
        times: u32::try_from(row.get::<_, i64>(2)).unwrap_or(u32::MAX),
        lost: Arc::new(AtomicBool::new(false)),
    }
}

impl PhaseBoard for Board {
    fn open(&self) -> Result<Open, JournalError> {
        const ANY: &str = "
            select exists (
                select from etl_context.parts
                where run_id = $1::text::uuid and phase = $2 and state in ('open', 'running')
            )";
        let (run, phase) = self.named();
        self.run(move |session| {
            let open = session.query_one(ANY, &[&run, &phase])?.is_some_and(|row| row.get(0));
            Ok(if open { Open::Elsewhere } else { Open::Nothing })
        })
    }

    fn ended(&self) -> Result<Vec<PartRecord>, JournalError> {
        const ENDED: &str = "
            select part, state, counts, error, microseconds, worker from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and state in ('completed', 'failed') and not recorded
            order by claim";
        let (run, phase) = self.named();
        self.run(move |session| {
            let rows = session.query(ENDED, &[&run, &phase])?;
            Ok(rows.iter().map(part).collect::<Result<_, JournalError>>()?)
        })
    }

    fn recorded(&self, parts: &[Arc<str>]) -> Result<(), JournalError> {
        const RECORDED: &str = "
            update etl_context.parts set recorded = true
            where run_id = $1::text::uuid and phase = $2 and part = any ($3) and state in ('completed', 'failed')";
        let (run, phase) = self.named();
        let parts = strings(parts);
        self.run(move |session| session.query(RECORDED, &[&run, &phase, &parts]).map(drop))
    }
}

fn part(row: &Row) -> Result<PartRecord, JournalError> {
    let name: &str = row.get(0);
    let unreadable = |what: &str| JournalError::new(format!("the {what} of part `{name}` in `etl_context.parts` cannot be read"));
    let status = row.get::<_, &str>(1).parse().map_err(|_| unreadable("state"))?;
    let counts = row.get::<_, Option<&str>>(2).and_then(|counts| serde_json::from_str(counts).ok());
    let error = row.get::<_, Option<&str>>(3).map(serde_json::from_str).transpose();
    let microseconds: Option<i64> = row.get(4);
    Ok(PartRecord {
        name: name.into(),
        status,
        counts: Some(counts.ok_or_else(|| unreadable("counts"))?),
        microseconds: microseconds.unwrap_or_default().unsigned_abs(),
        worker: row.get::<_, Option<&str>>(5).map(Into::into),
        error: error.map_err(|_| unreadable("error"))?.filter(|_| status == PhaseStatus::Failed),
        ended: None,
    })
}
