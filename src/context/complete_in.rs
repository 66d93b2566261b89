//! How does a phase end together with what it loaded? In one transaction of PostgreSQL, so that both are there or neither is.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use postgres::{Client, Transaction};
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::context::failure::PhaseFailure;
use crate::context::refused::Refused;
use crate::context::scope::{Done, Outcome, PhaseScope, RunningPhase, end};
use crate::engine::Engine;
use crate::error::Error;
use crate::journal::JournalError;
use crate::journal::postgres::PostgresJournal;
use crate::journal::postgres::parts::Board;
use crate::json::dictionary::PhaseResult;
use crate::parts::part::Part;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{Completed, InProgress, Running};
use crate::record::error::WorkError;
use crate::record::event::Event;
use crate::record::stored::ReadBack;

impl<S, P> Context<S, P> {
    /// Ends the running phase as completed, in a transaction of the caller's: the end is recorded if and when the transaction
    /// is committed. The transaction has to be one of the database that holds the run's journal.
    ///
    /// This closes the gap between a load's own commit and the journal's, in which a crash would load twice.
    /// [`PhaseScope::run_in`] does it around a closure.
    ///
    /// ```no_run
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
    /// ```
    ///
    /// From here to the commit, nobody can take the run over; a transaction that does not go on for as long as the run's lease
    /// lasts is therefore ended by the server.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the phase still running, as for [`complete`](Context::complete); with [`Error::Journal`] also if the
    /// run has no [`PostgresJournal`], or one in another database.
    pub fn complete_in<Ph, R>(self, transaction: &mut Transaction<'_>, result: R) -> Result<Uncommitted<Ph, P>, Refused<Self>>
    where
        S: InProgress<Ph>,
        Ph: Phase,
        R: PhaseResult,
    {
        let mut engine = self.into_engine();
        match write_completion(&mut engine, transaction, result) {
            Ok(event) => Ok(Uncommitted { engine: Some(engine), event, state: PhantomData }),
            Err(error) => Err(Refused::new(Context::from_engine(engine), error)),
        }
    }
}

fn write_completion(engine: &mut Engine, transaction: &mut Transaction<'_>, result: impl PhaseResult) -> Result<Event, Error> {
    let event = engine.completion(|| result.into_dictionary())?;
    engine.hold(&event)?;
    let written = engine.with_journal(|journal: &mut PostgresJournal, sequence| journal.append_in(transaction, sequence, &event));
    let none = || JournalError::new("the run has no journal in PostgreSQL, which a transaction could write to");
    match written.unwrap_or_else(|| Err(none())) {
        Ok(()) => Ok(event),
        Err(error) => {
            engine.release();
            Err(engine.not_recorded(&event, error))
        }
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
    state: PhantomData<fn() -> (Ph, P)>,
}

impl<Ph: Phase, P> Uncommitted<Ph, P> {
    /// Asks the database whether the transaction was committed, and goes on from there.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::Journal`], with the phase still running, if it was not, or if the database cannot be asked.
    #[allow(clippy::type_complexity, reason = "the states are the message")]
    #[allow(clippy::missing_panics_doc, clippy::expect_used, reason = "the context is taken here or when it is dropped")]
    pub fn committed(mut self) -> Result<Context<Completed<Ph>, P>, Refused<Context<Running<Ph>, P>>> {
        let mut engine = self.engine.take().expect("nothing has taken it");
        let held = engine.with_journal(|journal: &mut PostgresJournal, sequence| journal.holds(sequence, &self.event));
        let error = match held.unwrap_or(Ok(false)) {
            Ok(true) => {
                engine.completed_outside(&self.event);
                return Ok(Context::from_engine(engine));
            }
            Ok(false) => JournalError::new("its transaction was not committed"),
            Err(error) => error,
        };
        engine.release();
        let error = engine.not_recorded(&self.event, error);
        Err(Refused::new(Context::from_engine(engine), error))
    }
}

impl<Ph: Phase, P> Drop for Uncommitted<Ph, P> {
    fn drop(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        let held = engine.with_journal(|journal: &mut PostgresJournal, sequence| journal.settled(sequence, &self.event));
        match held {
            Some(Ok(true)) => engine.completed_outside(&self.event),
            Some(Ok(false)) => {}
            // The transaction is still open, or the database is not there; the next owner will find out.
            Some(Err(_)) | None => engine.leave_journal(),
        }
        engine.release();
    }
}

impl<Ph: Phase, P> fmt::Debug for Uncommitted<Ph, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uncommitted").field("phase", &Ph::NAME).finish_non_exhaustive()
    }
}

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
    /// The client has to be one of the database that holds the run's journal, which is a [`PostgresJournal`]. In all else this is
    /// [`run`](PhaseScope::run). A checkpoint is recorded at once, whatever becomes of the transaction, so this work needs none.
    ///
    /// ```no_run
    /// use etl_context::{Counts, Etl, Extract, Load, PostgresJournal, Run, Transform, dict};
    /// use postgres::{Client, NoTls};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let url = "postgres://nightly@db.example.org/imports";
    /// let journal = PostgresJournal::connect(url)?;
    /// let context = Run::builder("import").journal(journal).begin::<Etl>()?;
    /// # let context = context.start(Extract)?.complete(())?.start(Transform)?.complete(())?;
    /// // … extract and transform …
    /// let mut client = Client::connect(url, NoTls)?;
    /// let (loaded, result) = context.phase(Load).run_in(&mut client, |load, transaction| {
    ///     let insert = "insert into messages select * from staged_messages";
    ///     let messages = transaction.execute(insert, &[])?;
    ///     load.update_progress(Counts { conversations: 0, messages });
    ///     Ok::<_, postgres::Error>(dict! { "table": "messages" })
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PhaseFailure`]. If the work failed, or the transaction could not be begun or committed, the phase is recorded as failed.
    pub fn run_in<R, E, Kind>(
        self,
        client: &mut Client,
        work: impl FnOnce(&mut RunningPhase<'_, Ph>, &mut Transaction<'_>) -> Result<R, E>,
    ) -> Outcome<Ph, R, E, S, P>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind> + From<postgres::Error>,
    {
        let mut running = match self.done_or_running()? {
            Done::Earlier(context, result) => return Ok((context, result)),
            Done::NotYet(running) => running,
        };
        let mut transaction = match client.transaction() {
            Ok(transaction) => transaction,
            Err(error) => return end(running, Err(error.into())),
        };
        let result = match work(&mut running.handle(), &mut transaction) {
            Ok(result) => result,
            Err(error) => {
                // Before the failure is recorded: a transaction that is still open could be in its way.
                drop(transaction);
                return end(running, Err(error));
            }
        };
        let uncommitted = match running.complete_in(&mut transaction, ReadBack(&result)) {
            Ok(uncommitted) => uncommitted,
            Err(refused) => return Err(PhaseFailure::NotEnded { refused, error: None }),
        };
        let committed = transaction.commit();
        match (uncommitted.committed(), committed) {
            (Ok(context), _) => Ok((context, result)),
            (Err(refused), Err(error)) => end(refused.into_parts().0, Err(error.into())),
            (Err(refused), Ok(())) => Err(PhaseFailure::NotEnded { refused, error: None }),
        }
    }
}
