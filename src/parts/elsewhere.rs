//! Who works on the parts of a phase that another process runs?

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::counting::counters::Counters;
use crate::error::Error;
use crate::journal::JournalError;
use crate::journal::board::{Claim, Ended, EndedPart, PartBoard, PartNews};
use crate::journal::postgres::LEASE;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::parts::{Board, Boards};
use crate::parts::part::{Giver, HandedBy, PAUSE, Part, next_part, not_handed_out, work_on};
use crate::pipeline::phase::{Phase, PhaseName};
use crate::record::error::WorkError;
use crate::record::part::PartCheckpoint;
use crate::record::rejected::Rejected;
use crate::stopper::Stopper;

/// Works on the parts of phases that another process runs, anywhere the database can be reached from.
///
/// The process that runs the phase has the run's [`PostgresJournal`](crate::PostgresJournal), registers the
/// [`Parts`](crate::Parts) and records how they end. Any number of workers take them, each part in the hands of one of them at
/// a time. A worker that is not heard of for as long as its [lease](PostgresWorker::lease) lasts loses its part to another.
///
/// ```no_run
/// use etl_context::{Counts, Load, Part, PostgresWorker};
///
/// fn load_month(part: &mut Part) -> Result<(), std::io::Error> {
///     let month = std::fs::read_to_string(format!("{}.jsonl", part.name()))?;
///     let messages = month.lines().count() as u64;
///     // … load them …
///     part.update_progress(Counts { conversations: 0, messages });
///     Ok(())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = "postgres://nightly@db.example.org/imports";
/// let worker = PostgresWorker::connect(url, "import/2026-11-23")?;
/// let completed = worker.work(Load, load_month)?;
/// println!("completed {completed} parts here");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresWorker {
    boards: Boards,
    lease: Duration,
    stopper: Stopper,
    /// Of the phases of which parts were claimed one by one, and not all have ended.
    givers: Givers,
}

#[derive(Default)]
struct Givers(Mutex<HashMap<PhaseName, Arc<PostgresGiver>>>);

impl PostgresWorker {
    /// Connects to the database that holds the run with this key.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the database cannot be reached or its tables cannot be used.
    pub fn connect(database: impl Into<Database>, key: impl Into<String>) -> Result<Self, JournalError> {
        let boards = Boards::connect(database.into(), key.into())?;
        Ok(PostgresWorker { boards, lease: LEASE, stopper: Stopper::default(), givers: Givers::default() })
    }

    /// How long a part stays with this worker if it is not heard of: thirty seconds, unless this says otherwise. It is renewed in
    /// the background at a third of its time.
    #[must_use]
    pub fn lease(mut self, duration: Duration) -> Self {
        self.lease = duration.max(Duration::from_millis(10));
        self
    }

    /// A handle that asks this worker to stop. The part that it has sees [`is_cancelled`](Part::is_cancelled), and is given back
    /// if the work on it then returns an error.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Works on one part of the phase after the other until all of them have ended. If none is registered yet, this waits until
    /// they are.
    ///
    /// `Ok` completes the part, and an error fails it and goes on with the next one. Any number of threads may call this at once.
    /// Returns how many parts were completed here.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the database cannot be used.
    pub fn work<Ph, E, Kind>(
        &self,
        _phase: Ph,
        work: impl FnMut(&mut Part<'_, Ph::Counters>) -> Result<(), E>,
    ) -> Result<u64, Error>
    where
        Ph: Phase,
        E: WorkError<Kind>,
    {
        self.work_at(&Ph::NAME, work)
    }

    /// The same for a phase that is only known by its name, and counts `C`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPhaseName`], and as [`work`](PostgresWorker::work).
    pub fn work_by_name<C, E, Kind>(&self, phase: &str, work: impl FnMut(&mut Part<'_, C>) -> Result<(), E>) -> Result<u64, Error>
    where
        C: Counters,
        E: WorkError<Kind>,
    {
        self.work_at(&phase.parse()?, work)
    }

    fn work_at<C: Counters, E: WorkError<Kind>, Kind>(
        &self,
        phase: &PhaseName,
        work: impl FnMut(&mut Part<'_, C>) -> Result<(), E>,
    ) -> Result<u64, Error> {
        match self.giver(phase)? {
            Some(giver) => work_on(&HandedBy::Shared(giver), work),
            None => Ok(0),
        }
    }

    /// The next open part of the phase, for work that is no closure; `None` once all have ended, or if this worker was asked to stop. It
    /// waits as [`work`](PostgresWorker::work) does: until parts are registered, and while other workers have the last ones.
    ///
    /// The part does not borrow the worker, so it can go to a thread or a task of its own. Dropped, it has failed.
    ///
    /// ```no_run
    /// use etl_context::{Counts, Load, PostgresWorker};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let worker = PostgresWorker::connect("postgres://nightly@db.example.org/imports", "import/2026-11-23")?;
    /// while let Some(mut part) = worker.claim(Load)? {
    ///     let done: u64 = part.resume_point()?.unwrap_or(0);
    ///     for row in done..100 {
    ///         // … load it …
    ///         part.update_progress(Counts { conversations: 0, messages: 1 });
    ///     }
    ///     part.complete()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the database cannot be used.
    pub fn claim<Ph: Phase>(&self, _phase: Ph) -> Result<Option<Part<'static, Ph::Counters>>, Error> {
        self.claim_at(&Ph::NAME)
    }

    /// The same for a phase that is only known by its name, and counts `C`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPhaseName`], and as [`claim`](PostgresWorker::claim).
    pub fn claim_by_name<C: Counters>(&self, phase: &str) -> Result<Option<Part<'static, C>>, Error> {
        self.claim_at(&phase.parse()?)
    }

    fn claim_at<C: Counters>(&self, phase: &PhaseName) -> Result<Option<Part<'static, C>>, Error> {
        let known = self.givers.lock().get(phase).cloned();
        let giver = match known {
            Some(giver) => giver,
            None => match self.giver(phase)? {
                Some(giver) => self.givers.keep(giver),
                None => return Ok(None),
            },
        };
        let part = next_part(HandedBy::Shared(Arc::clone(&giver) as Arc<dyn Giver>))?;
        if part.is_none() {
            // The next one who asks may mean a later run with this key.
            self.givers.forget(&giver);
        }
        Ok(part)
    }

    /// The board of the phase, once the run has begun; `None` if this is asked to stop before.
    fn giver(&self, phase: &PhaseName) -> Result<Option<Arc<PostgresGiver>>, Error> {
        while !self.stopper.is_stopped() {
            let found = self.boards.find(phase, self.lease).map_err(|error| not_handed_out(phase, error))?;
            if let Some((board, run)) = found {
                let (phase, stopper) = (phase.clone(), self.stopper.clone());
                return Ok(Some(Arc::new(PostgresGiver { board, run, phase, stopper })));
            }
            thread::sleep(PAUSE);
        }
        Ok(None)
    }
}

/// Where a worker has its parts from.
struct PostgresGiver {
    board: Board,
    run: String,
    phase: PhaseName,
    stopper: Stopper,
}

impl Givers {
    fn lock(&self) -> MutexGuard<'_, HashMap<PhaseName, Arc<PostgresGiver>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This one, or that of somebody who was sooner.
    fn keep(&self, giver: Arc<PostgresGiver>) -> Arc<PostgresGiver> {
        Arc::clone(self.lock().entry(giver.phase.clone()).or_insert(giver))
    }

    fn forget(&self, giver: &Arc<PostgresGiver>) {
        self.lock().retain(|_, known| !Arc::ptr_eq(known, giver));
    }
}

impl fmt::Debug for Givers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

impl Giver for PostgresGiver {
    fn board(&self) -> &dyn PartBoard {
        &self.board
    }

    fn end(&self, claim: &Claim, part: EndedPart, takes_next: bool) -> Result<Ended, Error> {
        let ended = if takes_next {
            self.board.end_and_claim(claim, part)
        } else {
            self.board.end(claim, part).map(|was_ours| Ended { was_ours, next: None })
        };
        ended.map_err(|error| not_handed_out(&self.phase, error))
    }

    fn checkpoint(
        &self,
        claim: &Claim,
        checkpoint: &PartCheckpoint,
        _rejected: Option<Arc<Rejected>>,
        news: &PartNews,
    ) -> Result<bool, Error> {
        self.board.checkpoint(claim, checkpoint, news).map_err(|error| not_handed_out(&self.phase, error))
    }

    /// A board knows no others.
    fn next_claim(&self, _claim: &Claim) -> u32 {
        1
    }

    fn phase(&self) -> &PhaseName {
        &self.phase
    }

    fn run(&self) -> String {
        self.run.clone()
    }

    fn stopper(&self) -> &Stopper {
        &self.stopper
    }
}
