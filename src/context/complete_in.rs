//! How does a phase end together with what it loaded? In one transaction of the database that holds the run, so that both are there or
//! neither is.

#[cfg(feature = "postgres")]
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

#[cfg(feature = "postgres")]
use postgres::Transaction;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::context::failure::{PhaseFailure, not_as_expected};
use crate::context::refused::Refused;
use crate::context::scope::{Done, Outcome, PhaseScope, RunningPhase, end};
use crate::engine::{Engine, Held};
use crate::error::Error;
use crate::journal::JournalError;
#[cfg(feature = "postgres")]
use crate::journal::postgres::parts::Board;
use crate::journal::transaction::{Append, Commit, JournalConnection, LentTransaction, SharedJournal, no_journal};
use crate::json::dictionary::PhaseResult;
#[cfg(feature = "postgres")]
use crate::parts::part::Part;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{Completed, InProgress, Running};
use crate::record::error::WorkError;
use crate::record::event::Event;
use crate::record::stored::ReadBack;

impl<S, P> Context<S, P> {
    /// Ends the running phase as completed, in a transaction of the caller's: the end is recorded if and when the transaction
    /// is committed. The transaction has to be one of the database that holds the run's journal: a `&mut postgres::Transaction`, or
    /// a `&rusqlite::Transaction`.
    ///
    /// This closes the gap between a load's own commit and the journal's, in which a crash would load twice.
    /// [`PhaseScope::run_in`] does it around a closure, and [`checkpoint_in`](Context::checkpoint_in) for each batch of a load that is
    /// too large for one transaction.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # mod loads {
    /// use etl_context::{Context, Load, Running, dict};
    /// use postgres::{Client, NoTls};
    ///
    /// type Failure = Box<dyn std::error::Error>;
    ///
    /// fn load(load: Context<Running<Load>>, client: &mut Client) -> Result<(), Failure> {
    ///     let mut transaction = client.transaction()?;
    ///     let insert = "insert into messages select * from staged_messages";
    ///     let rows = transaction.execute(insert, &[])?;
    ///     let end = load.complete_in(&mut transaction, dict! { "rows": rows })?;
    ///     transaction.commit()?;
    ///     let loaded = end.committed()?;
    ///     println!("{}", loaded.summary());
    ///     Ok(())
    /// }
    /// # }
    /// ```
    ///
    /// From here to the commit, nobody can take the run over. In PostgreSQL, a transaction that does not go on for as long as the run's
    /// lease lasts is therefore ended by the server. In SQLite, nobody else can write to the database meanwhile.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the phase still running, as for [`complete`](Context::complete); with [`Error::Journal`] also if the
    /// run has no journal in such a database, or one in another database.
    pub fn complete_in<Ph, R>(self, transaction: impl LentTransaction, result: R) -> Result<Uncommitted<Ph, P>, Refused<Self>>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        R: PhaseResult,
    {
        let mut engine = self.into_engine();
        match write_lent(&mut engine, transaction, result) {
            Ok(written) => Ok(Uncommitted::of(engine, written)),
            Err(error) => Err(Refused::new(Context::from_engine(engine), error)),
        }
    }
}

/// An event that is in a transaction, and what keeps other branches from appending until that has ended.
type Written = (Event, Option<Held>, Settle);

/// Looks for the event in the run's journal, which only waits for it if its transaction is over; `None` if there is no journal.
type Settle = fn(&mut Engine, &Event, IsOver) -> Option<Result<bool, JournalError>>;

/// Whether somebody says that the transaction is over.
type IsOver = bool;

fn settle<J: SharedJournal>(engine: &mut Engine, event: &Event, is_over: IsOver) -> Option<Result<bool, JournalError>> {
    engine.with_journal(
        |journal: &mut J, sequence| {
            if is_over { journal.holds(sequence, event) } else { journal.settled(sequence, event) }
        },
    )
}

fn write_lent<T: Append>(engine: &mut Engine, transaction: T, result: impl PhaseResult) -> Result<Written, Error> {
    let event = engine.completion(|| result.into_kept())?;
    let held = engine.hold_end().map_err(|error| engine.not_recorded(&event, error))?;
    write(engine, event, held, |journal, sequence, event| transaction.append(journal, sequence, event))
}

fn write<J: SharedJournal>(
    engine: &mut Engine,
    event: Event,
    held: Option<Held>,
    append: impl FnOnce(&mut J, u64, &Event) -> Result<(), JournalError>,
) -> Result<Written, Error> {
    let written = engine.with_journal(|journal: &mut J, sequence| append(journal, sequence, &event));
    match written.unwrap_or_else(|| Err(no_journal::<J>())) {
        Ok(()) => Ok((event, held, settle::<J>)),
        Err(error) => Err(engine.not_recorded(&event, error)),
    }
}

/// A phase that has completed if its transaction is committed; [`Context::complete_in`] makes one.
///
/// Dropped without [`committed`](Uncommitted::committed), it looks for itself: a phase whose end is not in the database is
/// recorded as abandoned.
#[must_use = "commit the transaction, then call `committed`"]
pub struct Uncommitted<Ph: Phase, P> {
    /// Of the running phase; `None` once it is known what became of it.
    engine: Option<Box<Engine>>,
    event: Event,
    settle: Settle,
    held: Option<Held>,
    state: PhantomData<fn() -> (Ph, P)>,
}

impl<Ph: Phase, P> Uncommitted<Ph, P> {
    fn of(engine: Box<Engine>, (event, held, settle): Written) -> Self {
        Uncommitted { engine: Some(engine), event, settle, held, state: PhantomData }
    }

    /// Asks the database whether the transaction was committed, and goes on from there.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::Journal`], with the phase still running, if it was not, or if the database cannot be asked.
    #[allow(clippy::type_complexity, reason = "the states are the message")]
    #[allow(clippy::missing_panics_doc, clippy::expect_used, reason = "the context is taken here or when it is dropped")]
    pub fn committed(mut self) -> Result<Context<Completed<Ph>, P>, Refused<Context<Running<Ph>, P>>> {
        let mut engine = self.engine.take().expect("nothing has taken it");
        let there = (self.settle)(&mut engine, &self.event, true);
        let error = match there.unwrap_or(Ok(false)) {
            Ok(true) => {
                engine.completed_outside(&self.event);
                return Ok(Context::from_engine(engine));
            }
            Ok(false) => JournalError::new("its transaction was not committed"),
            Err(error) => error,
        };
        let error = engine.not_recorded(&self.event, error);
        Err(Refused::new(Context::from_engine(engine), error))
    }
}

impl<Ph: Phase, P> Drop for Uncommitted<Ph, P> {
    fn drop(&mut self) {
        if let Some(engine) = &mut self.engine {
            match (self.settle)(engine, &self.event, false) {
                Some(Ok(true)) => engine.completed_outside(&self.event),
                Some(Ok(false)) => {}
                // The transaction is still open, or the database is not there; the next owner will find out.
                Some(Err(_)) | None => engine.leave_journal(),
            }
        }
        // Before the engine goes, which records what is left of the phase.
        self.held = None;
    }
}

impl<Ph: Phase, P> fmt::Debug for Uncommitted<Ph, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uncommitted").field("phase", &Ph::NAME).finish_non_exhaustive()
    }
}

#[cfg(feature = "postgres")]
impl<C> Part<'_, C> {
    /// Completes the part in a transaction of the caller's: it has completed if and when the transaction is committed. The
    /// transaction has to be one of the database that holds the run.
    ///
    /// The work then commits and returns `Ok`. If it returns an error instead, the part has failed, and if the transaction was
    /// not committed for any other reason, the part goes to another worker when the lease on it has run out. An error after the
    /// commit changes nothing: the part has completed.
    ///
    /// ```no_run
    /// use etl_context::{Load, PostgresWorker};
    /// use postgres::{Client, NoTls};
    ///
    /// type Failure = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// # fn main() -> Result<(), Failure> {
    /// let url = "postgres://nightly@db.example.org/imports";
    /// let mut client = Client::connect(url, NoTls)?;
    /// let worker = PostgresWorker::connect(url, "import/2026-11-23")?;
    /// worker.work(Load, |part| -> Result<(), Failure> {
    ///     let mut transaction = client.transaction()?;
    ///     let insert = "insert into messages select * from staged_messages where month = $1";
    ///     transaction.execute(insert, &[&part.name()])?;
    ///     part.complete_in(&mut transaction)?;
    ///     Ok(transaction.commit()?)
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::PartLost`] if the part was given to another worker meanwhile, [`Error::Journal`] if the parts are not handed out by
    /// PostgreSQL, or not in this database.
    pub fn complete_in(&mut self, transaction: &mut Transaction<'_>) -> Result<(), Error> {
        self.complete_by(|board, claim, part| {
            let board: &dyn Any = board;
            match board.downcast_ref::<Board>() {
                Some(board) => board.complete_in(transaction, claim, part),
                None => Err(JournalError::new("the run has no journal in PostgreSQL, which a transaction could write to")),
            }
        })
    }
}

impl<Ph: Phase, S, P> PhaseScope<Ph, S, P> {
    /// Starts the phase, does the work in a transaction, and commits the phase's end with it: what the work wrote and that the
    /// phase has completed are in the database together, or neither is.
    ///
    /// The connection, a `postgres::Client` or a `rusqlite::Connection`, has to be one of the database that holds the run's journal. In
    /// all else this is [`run`](PhaseScope::run).
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use etl_context::{Counts, Etl, Extract, Load, Run, SqliteJournal, Transform, dict};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("messages.db");
    /// let context = Run::builder("import").journal(SqliteJournal::open(&path)?).begin::<Etl>()?;
    /// # let context = context.start(Extract)?.complete(())?.start(Transform)?.complete(())?;
    /// // … extract and transform …
    /// let mut connection = rusqlite::Connection::open(&path)?;
    /// # connection.execute_batch("create table messages (id integer); create table staged_messages (id integer)")?;
    /// let (loaded, result) = context.phase(Load).run_in(&mut connection, |load, transaction| {
    ///     let insert = "insert into messages select * from staged_messages";
    ///     let messages = transaction.execute(insert, [])? as u64;
    ///     load.update_progress(Counts { conversations: 0, messages });
    ///     Ok::<_, rusqlite::Error>(dict! { "table": "messages" })
    /// })?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// In PostgreSQL, a checkpoint or an error is recorded at once, whatever becomes of the transaction. In SQLite, where one connection
    /// writes at a time, it is refused with [`Error::Journal`] while the work has the transaction, and other branches wait until it has
    /// ended. Such work needs no checkpoint: it is done, or it is not. To go on in the middle of it, run it in batches, each with
    /// [`checkpoint_in`](RunningPhase::checkpoint_in).
    ///
    /// # Errors
    ///
    /// [`PhaseFailure`]. If the work failed, or the transaction could not be begun or committed, the phase is recorded as failed.
    pub fn run_in<D, R, E, Kind>(
        self,
        connection: &mut D,
        work: impl FnOnce(&mut RunningPhase<'_, Ph>, &mut D::Transaction<'_>) -> Result<R, E>,
    ) -> Outcome<Ph, R, E, S, P>
    where
        D: JournalConnection,
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind> + From<D::Error>,
    {
        let mut running = match self.done_or_running()? {
            Done::Earlier(context, result) => return Ok((context, result)),
            Done::NotYet(running) => running,
        };
        let lent = match running.engine.lend::<D::Journal>() {
            Ok(lent) => lent,
            Err(error) => return Err(not_run(running, error)),
        };
        let mut transaction = match connection.begin() {
            Ok(transaction) => transaction,
            Err(error) => {
                drop(lent);
                return end(running, Err(error.into()));
            }
        };
        if let Some(Err(error)) = running.engine.with_journal(|journal: &mut D::Journal, _| transaction.check(journal)) {
            return Err(not_run(running, error));
        }
        let result = match work(&mut running.handle(), &mut transaction) {
            Ok(result) => result,
            Err(error) => {
                // Before the failure is recorded: a transaction that is still open could be in its way.
                drop(transaction);
                drop(lent);
                return end(running, Err(error));
            }
        };
        let mut engine = running.into_engine();
        let written = engine.completion(|| ReadBack(&result).into_kept()).and_then(|event| {
            let append = |journal: &mut D::Journal, sequence: u64, event: &Event| transaction.append(journal, sequence, event);
            write(&mut engine, event, lent.into_held(), append)
        });
        let uncommitted = match written {
            Ok(written) => Uncommitted::<Ph, P>::of(engine, written),
            Err(error @ Error::NotAsExpected { .. }) => {
                // As above.
                drop(transaction);
                return Err(not_as_expected(Context::from_engine(engine), error));
            }
            Err(error) => {
                let refused = Refused::new(Context::from_engine(engine), error);
                return Err(PhaseFailure::NotEnded { refused, error: None });
            }
        };
        let committed = D::commit(transaction);
        match (uncommitted.committed(), committed) {
            (Ok(context), _) => Ok((context, result)),
            (Err(refused), Err(error)) => end(refused.into_parts().0, Err(error.into())),
            (Err(refused), Ok(())) => Err(PhaseFailure::NotEnded { refused, error: None }),
        }
    }
}

/// The phase is running, and its work was not done.
fn not_run<Ph: Phase, E, S, P>(running: Context<Running<Ph>, P>, source: JournalError) -> PhaseFailure<Ph, E, S, P> {
    let error = Error::Journal { refused: format!("the work of phase `{}` was not begun in a transaction", Ph::NAME), source };
    PhaseFailure::NotEnded { refused: Refused::new(running, error), error: None }
}
