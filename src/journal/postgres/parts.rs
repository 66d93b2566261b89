//! Who hands out parts to workers on many hosts? A table in which each open part can be claimed, under a lease, by one of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::Transaction;
use postgres::types::ToSql;

use crate::counting::reader::ProgressReader;
use crate::journal::JournalError;
use crate::journal::board::{Claim, CountedPart, Ended, EndedPart, Next, Open, PartBoard, PartNews, PhaseBoard};
use crate::journal::owner::this_process;
use crate::journal::postgres::connection::Connection;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::holding::Holding;
use crate::journal::postgres::keeper::Keeper;
use crate::journal::postgres::lease::{Lease, bound};
use crate::journal::postgres::part_ends::{END, End, Place};
use crate::journal::postgres::part_rows::{self, WrittenCheckpoint};
use crate::journal::postgres::registered::{Registered, Rows, strings};
use crate::journal::postgres::session::Session;
use crate::journal::postgres::{runs, schema};
use crate::pipeline::phase::PhaseName;
use crate::record::part::PartCheckpoint;

/// Where to find the boards of a run that another process owns.
#[derive(Debug)]
pub(crate) struct Boards {
    database: Database,
    key: String,
    /// A connection that no board has yet.
    spare: Mutex<Option<Connection>>,
}

impl Boards {
    pub(crate) fn connect(database: Database, key: String) -> Result<Self, JournalError> {
        let spare = Connection::open(database.clone(), schema::create)?;
        Ok(Boards { database, key, spare: Mutex::new(Some(spare)) })
    }

    /// The board of the phase, and the identity of the run; `None` if the run has not begun.
    pub(crate) fn find(&self, phase: &PhaseName, lease: Duration) -> Result<Option<(Board, String)>, JournalError> {
        let (key, spare) = (self.key.clone(), self.spare().take());
        let connection = spare.unwrap_or_else(|| Connection::new(self.database.clone()));
        let run = connection.run(lease, move |session| runs::run_id(session, &key));
        let Some(run) = run.map_err(|fault| connection.cannot("read", fault))? else {
            self.spare().get_or_insert(connection);
            return Ok(None);
        };
        Ok(Some((Board::on(connection, run.clone(), phase, lease)?, run)))
    }

    fn spare(&self) -> MutexGuard<'_, Option<Connection>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The board of one phase of one run, as one process sees it.
pub(crate) struct Board {
    connection: Connection,
    place: Place,
    lease: Duration,
    /// Whether this process knows that the parts are registered, be there any or none.
    is_registered: bool,
    holding: Arc<Holding>,
    /// Renews what is held, as long as the board is there.
    _keeper: Keeper,
}

impl Board {
    pub(super) fn open(database: Database, run: String, phase: &PhaseName, lease: Duration) -> Result<Self, JournalError> {
        Board::on(Connection::open(database, schema::create)?, run, phase, lease)
    }

    fn on(connection: Connection, run: String, phase: &PhaseName, lease: Duration) -> Result<Self, JournalError> {
        let holding = Arc::new(Holding::new(run.clone(), phase.to_string(), lease));
        let keeper = Keeper::start(connection.database().clone(), lease, Arc::clone(&holding))?;
        let place = Place { run, phase: phase.to_string(), worker: this_process(), seconds: lease.as_secs_f64() };
        Ok(Board { connection, place, lease, holding, _keeper: keeper, is_registered: false })
    }

    /// Writes the parts again that the run has registered, if it is ours.
    pub(super) fn register_again(&mut self, owner: &Lease, parts: &Registered<'_>) -> Result<(), JournalError> {
        let (owner, rows) = (owner.clone(), self.rows(parts));
        self.run(move |session| rows.write_if_ours(session, &owner))?;
        self.are_registered();
        Ok(())
    }

    pub(super) fn rows(&self, parts: &Registered<'_>) -> Rows {
        Rows::new(self.named(), parts)
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
        part: &EndedPart,
    ) -> Result<bool, JournalError> {
        let end = End::new(claim, part);
        let ended = end.with_values(&self.place, |values| transaction.query_opt(END, values)).and_then(|ended| {
            bound(transaction, self.lease)?;
            Ok(ended.is_some())
        });
        let ended = ended.map_err(|error| self.connection.cannot("write in a transaction to", error.into()))?;
        self.holding.let_go(claim);
        Ok(ended)
    }

    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// These are in nobody's hands any more.
    pub(super) fn let_go<'a>(&self, claims: impl IntoIterator<Item = &'a Claim>) {
        claims.into_iter().for_each(|claim| self.holding.let_go(claim));
    }

    fn named(&self) -> (String, String) {
        (self.place.run.clone(), self.place.phase.clone())
    }

    fn claimed(&self, claim: &Claim) -> Claimed {
        let (run, phase) = self.named();
        Claimed { run, phase, part: claim.part.to_string(), number: claim.number }
    }
}

/// A part in somebody's hands.
struct Claimed {
    run: String,
    phase: String,
    part: String,
    number: i64,
}

impl Claimed {
    fn values(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.run, &self.phase, &self.part, &self.number]
    }
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
            update etl_context.parts
            set state = 'running', claim = pg_catalog.nextval('etl_context.claims'), claims = claims + 1, worker = $3,
                expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $4), counts = null
            where run_id = $1::text::uuid and phase = $2 and part = (select part from next)
            returning part, claim, claims, keeps_rows, cursor, cursor_counts, carried, rejected";
        // Whether there are any at all, and any that have not ended.
        const STATE: &str = "
            select exists (select from etl_context.parts where run_id = $1::text::uuid and phase = $2),
                exists (
                    select from etl_context.parts where run_id = $1::text::uuid and phase = $2 and state in ('open', 'running')
                )";
        let (Place { run, phase, worker, seconds }, is_registered) = (self.place.clone(), self.is_registered);
        self.run(move |session| {
            if let Some(row) = session.query_one(CLAIM, &[&run, &phase, &worker, &seconds])? {
                return Ok(Next::Part(part_rows::claim(&row)?));
            }
            let (any, open) = session.query_one(STATE, &[&run, &phase])?.map_or((false, false), |row| (row.get(0), row.get(1)));
            Ok(if !open && (is_registered || any) { Next::Nothing } else { Next::Later })
        })
    }

    fn watch(&self, claim: &Claim, counts: ProgressReader) {
        self.holding.hold(claim, counts);
    }

    fn end(&self, claim: &Claim, part: EndedPart) -> Result<bool, JournalError> {
        self.holding.let_go(claim);
        let (end, place) = (End::new(claim, &part), self.place.clone());
        self.run(move |session| end.end(&place, session))
    }

    fn end_and_claim(&self, claim: &Claim, part: EndedPart) -> Result<Ended, JournalError> {
        self.holding.let_go(claim);
        let (end, place) = (End::new(claim, &part), self.place.clone());
        self.run(move |session| end.end_and_claim(&place, session))
    }

    /// Done twice, because the answer to the first one got lost, it is there once: what is new is only added to what was there before.
    fn checkpoint(&self, claim: &Claim, checkpoint: &PartCheckpoint, news: &PartNews) -> Result<bool, JournalError> {
        const CHECKPOINT: &str = "
            update etl_context.parts
            set cursor = $5, cursor_counts = $6, carried = $7, rejected = $8,
                rows = case when $11 then nullif(concat(rows, $9::text), '') else $9::text end,
                errors = case when $11 then nullif(concat(errors, $10::text), '') else $10::text end,
                checkpoint = $12, counts = $6,
                expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $13)
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and expires is not null
                and checkpoint is distinct from $12
            returning claim";
        const IS_THERE: &str = "
            select 1 from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and checkpoint = $5 and state = 'running'";
        let (of, written, seconds) = (self.claimed(claim), WrittenCheckpoint::new(checkpoint, news), self.lease.as_secs_f64());
        let (goes_on, number) = (news.goes_on, new_checkpoint(claim));
        self.run(move |session| {
            let WrittenCheckpoint { cursor, counts, carried, rejected, rows, errors } = &written;
            let [run, phase, part, claim] = of.values();
            let new: [&(dyn ToSql + Sync); 9] = [cursor, counts, carried, rejected, rows, errors, &goes_on, &number, &seconds];
            let values = [&[run, phase, part, claim][..], &new].concat();
            let is_there = session.change(CHECKPOINT, &values)?.is_some();
            Ok(is_there || session.query_one(IS_THERE, &[run, phase, part, claim, &number])?.is_some())
        })
    }

    fn give_back(&self, claim: &Claim) -> Result<(), JournalError> {
        const OPEN: &str = "
            update etl_context.parts set state = 'open', expires = null, counts = null
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and expires is not null";
        self.holding.let_go(claim);
        let of = self.claimed(claim);
        self.run(move |session| session.query(OPEN, &of.values()).map(drop))
    }
}

/// As no other checkpoint of the part is called: no other claim has this number.
fn new_checkpoint(claim: &Claim) -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("{}/{}", claim.number, LAST.fetch_add(1, Ordering::Relaxed))
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

    fn ended(&self) -> Result<Vec<EndedPart>, JournalError> {
        const ENDED: &str = "
            select part, state, counts, error, microseconds, worker, carried, news, rows, errors from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and state in ('completed', 'failed') and not recorded
            order by claim";
        let (run, phase) = self.named();
        self.run(move |session| {
            let rows = session.query(ENDED, &[&run, &phase])?;
            Ok(rows.iter().map(part_rows::ended).collect::<Result<_, JournalError>>()?)
        })
    }

    /// What was noted of one that has completed is in the run, and of no further use here.
    fn recorded(&self, parts: &[Arc<str>]) -> Result<(), JournalError> {
        const RECORDED: &str = "
            update etl_context.parts
            set recorded = true, news = null, errors = null,
                rows = case when state = 'completed' then null else rows end
            where run_id = $1::text::uuid and phase = $2 and part = any ($3) and state in ('completed', 'failed') and not recorded";
        let (run, phase) = self.named();
        let parts = strings(parts);
        self.run(move |session| session.query_anew(RECORDED, &[&run, &phase, &parts]).map(drop))
    }

    fn remembers(&self) -> bool {
        true
    }

    /// Also of parts that have just completed, which are to be seen until they are recorded.
    fn counted_elsewhere(&self) -> Result<Vec<CountedPart>, JournalError> {
        const COUNTED: &str = "
            select part, counts, carried from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and counts is not null
                and (state = 'running' or (state = 'completed' and not recorded))";
        let (run, phase) = self.named();
        self.run(move |session| {
            let rows = session.query(COUNTED, &[&run, &phase])?;
            let counted = rows.iter().map(|row| Ok(part_rows::counted(row)?)).collect::<Result<Vec<_>, Fault>>()?;
            Ok(counted.into_iter().flatten().collect())
        })
    }
}
