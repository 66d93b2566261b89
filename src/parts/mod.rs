//! How is a phase spread over workers? It is divided into parts, which any number of workers claim and end; the phase has the
//! sums of what they counted, and fails if one of them did.
//!
//! [`Parts`] are those of a phase, [`part::Part`] is what a worker has in hand, [`notes::Notes`] what it has noted of that.
//!
//! Imports from `engine`, which records how they end, and from `journal`, whose board hands them out.

mod checkpoint;
#[cfg(feature = "postgres")]
pub(crate) mod elsewhere;
pub(crate) mod here;
mod notes;
pub(crate) mod part;
mod together;

#[cfg(feature = "postgres")]
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
#[cfg(feature = "postgres")]
use std::time::Instant;

use crate::counting::counters::{Counters, Counts};
use crate::counting::open_parts::OpenParts;
use crate::counting::reader::ProgressReader;
use crate::engine::{Engine, Registration};
use crate::error::Error;
use crate::journal::Journal;
#[cfg(feature = "postgres")]
use crate::journal::JournalError;
use crate::journal::board::{Claim, Ended, EndedPart, Open, PartBoard, PartNews, PhaseBoard};
#[cfg(feature = "postgres")]
use crate::journal::postgres::{PostgresJournal, ends_here::MOST, registered::Registered};
use crate::parts::here::BoardHere;
use crate::parts::part::{Giver, HandedBy, PAUSE, Part, next_part, not_handed_out, work_on};
use crate::parts::together::{Turn, Waiting};
use crate::pipeline::phase::PhaseName;
use crate::record::error::WorkError;
use crate::record::part::PartCheckpoint;
use crate::record::rejected::Rejected;
use crate::stopper::Stopper;

/// So many ends are recorded at once: few commits, none of which takes long.
const RECORDED_TOGETHER: usize = 5_000;

/// The parts of a running phase, for the threads that work on them.
///
/// ```
/// use std::thread;
/// use etl_context::{Context, Counts, Error, Extract, Part};
///
/// fn read_month(part: &mut Part) -> Result<(), std::io::Error> {
///     let month = part.name(); // "2024-01"
/// #   assert_eq!(month.len(), 7);
///     part.update_progress(Counts { conversations: 1, messages: 20 });
///     Ok(())
/// }
///
/// let extract = Context::new("import").phase(Extract);
/// let (extracted, ()) = extract.run(|extract| -> Result<(), Error> {
///     let parts = extract.parts(["2024-01", "2024-02", "2024-03"])?;
///     thread::scope(|scope| {
///         for _ in 0..2 {
///             scope.spawn(|| parts.work(read_month));
///         }
///     });
///     parts.finish() // also tells what a worker could not record
/// })?;
/// assert_eq!(extracted.counts().messages, 60);
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// The same lines work on a run whose journal is a `PostgresJournal`; there, processes on other hosts can take parts as well,
/// with a `PostgresWorker`, and [`finish`](Parts::finish) waits for them.
///
/// # What is recorded
///
/// Each part that ended, with what its worker had counted, by the process that runs the phase. In a run that goes on after its
/// process died, or after the phase failed, the parts that have completed are done, and the others are open again. Work on one of them
/// can go on from its last [checkpoint](Part::checkpoint).
///
/// Bars and a [`ProgressReader`](crate::ProgressReader) show the counts of the phase with those of the parts that are open. Only those of
/// parts that have completed are recorded.
pub struct Parts<'a, C = Counts> {
    /// Behind a mutex, so that the threads that work on parts can record how these ended.
    engine: Mutex<&'a mut Engine>,
    /// What is seen of the counts of open parts.
    open: OpenParts,
    board: Box<dyn PhaseBoard>,
    phase: PhaseName,
    run: String,
    stopper: Stopper,
    waiting: Waiting,
    /// When it was looked last what has ended elsewhere.
    #[cfg(feature = "postgres")]
    looked: Mutex<Instant>,
    counters: PhantomData<fn() -> C>,
}

impl<'a, C: Counters> Parts<'a, C> {
    /// Registers the parts of the running phase, which counts `C`.
    pub(crate) fn register(engine: &'a mut Engine, names: &[Arc<str>]) -> Result<Self, Error> {
        let registration = engine.registration::<C>(names)?;
        let phase = registration.phase.clone();
        let board = board(engine, registration)?;
        let (run, stopper) = (engine.record().run_id().to_string(), engine.stopper.clone());
        let open = engine.meter.open_parts();
        Ok(Parts {
            engine: Mutex::new(engine),
            open,
            board,
            phase,
            run,
            stopper,
            waiting: Waiting::default(),
            #[cfg(feature = "postgres")]
            looked: Mutex::new(Instant::now()),
            counters: PhantomData,
        })
    }

    /// Works on one part after the other until all have ended. Any number of threads may call this at once.
    ///
    /// `Ok` completes the part, and an error fails it and goes on with the next one. If the run is asked to stop, an error gives
    /// the part back. Returns how many parts were completed here.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the end of a part cannot be recorded.
    pub fn work<E, Kind>(&self, work: impl FnMut(&mut Part<'_, C>) -> Result<(), E>) -> Result<u64, Error>
    where
        E: WorkError<Kind>,
    {
        work_on(&HandedBy::Borrowed(self), work)
    }

    /// The next open part, for work that is no closure; `None` once all have ended, or if the run was asked to stop.
    ///
    /// With parts in PostgreSQL this waits while other workers have the last ones, for one of them may not be heard of again.
    /// Within one process it does not: a part that a thread gives back later is for whoever asks then.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`].
    pub fn claim(&self) -> Result<Option<Part<'_, C>>, Error> {
        next_part(HandedBy::Borrowed(self))
    }

    /// Waits until every part has ended, and records those that ended elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::PartsFailed`] if one of them failed, or if some were left and nobody else can take them; [`Error::Stopped`] if the run
    /// was asked to stop before; [`Error::Journal`].
    pub fn finish(self) -> Result<(), Error> {
        loop {
            let open = self.board.open().map_err(|error| not_handed_out(&self.phase, error))?;
            self.record_ended()?;
            self.engine().check_limits_of_parts(0, 0)?;
            match open {
                Open::Nothing => return self.engine().check_parts(),
                _ if self.stopper.is_stopped() => return Err(Error::Stopped),
                Open::Here => return self.engine().check_parts(),
                Open::Elsewhere => thread::sleep(PAUSE),
            }
        }
    }

    fn end_alone(&self, claim: &Claim, part: EndedPart) -> Result<Ended, Error> {
        let was_ours = self.board.end(claim, part).map_err(|error| not_handed_out(&self.phase, error))?;
        self.record_ended()?;
        Ok(Ended { was_ours, next: None })
    }

    /// Ends a part of this process's own board. Whoever records it records all that have ended by then.
    fn end_here(&self, claim: &Claim, part: EndedPart) -> Result<Ended, Error> {
        self.board.end(claim, part.clone()).map_err(|error| not_handed_out(&self.phase, error))?;
        match self.waiting.turn(claim, part, false, usize::MAX) {
            Turn::Over(ended) => Ok(ended),
            Turn::Leads(lead) => {
                self.record_ended()?;
                Ok(lead.deliver(Vec::new()))
            }
        }
    }

    /// Ends a part of a board that hosts share, with its event, and gets the next one along.
    #[cfg(feature = "postgres")]
    fn end_together(&self, claim: &Claim, part: EndedPart, takes_next: bool) -> Result<Ended, Error> {
        let lead = match self.waiting.turn(claim, part, takes_next, MOST) {
            Turn::Over(ended) => return Ok(ended),
            Turn::Leads(lead) => lead,
        };
        let mut engine = self.engine();
        let Some(claims) = lead.end::<C>(&mut engine, &*self.board)? else {
            drop(engine);
            return self.end_alone(&lead.own().claim, lead.own().part.clone());
        };
        let ended = lead.deliver(claims);
        if let Err(error) = self.look_elsewhere(&mut engine) {
            // Nobody works on it here. If this fails, it is open once the lease has run out.
            let _ = ended.next.as_ref().map(|next| self.board.give_back(next));
            return Err(error);
        }
        Ok(ended)
    }

    #[cfg(not(feature = "postgres"))]
    fn end_together(&self, claim: &Claim, part: EndedPart, _: bool) -> Result<Ended, Error> {
        self.end_alone(claim, part)
    }

    /// Records now and then what has ended elsewhere, so that nobody has to wait for that until threads have no part left.
    #[cfg(feature = "postgres")]
    fn look_elsewhere(&self, engine: &mut Engine) -> Result<(), Error> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.elapsed() >= PAUSE {
            self.record_ended_in(engine)?;
            *looked = Instant::now();
        }
        Ok(())
    }

    fn record_ended(&self) -> Result<(), Error> {
        self.record_ended_in(&mut self.engine())
    }

    /// Records what has ended, here and elsewhere. Threads that end parts meanwhile wait, and are recorded together.
    fn record_ended_in(&self, engine: &mut Engine) -> Result<(), Error> {
        let not_handed_out = |error| not_handed_out(&self.phase, error);
        let ended = self.board.ended().map_err(not_handed_out)?;
        let mut ended = ended.into_iter();
        loop {
            let parts: Vec<_> = ended.by_ref().take(RECORDED_TOGETHER).collect();
            if parts.is_empty() {
                break;
            }
            let names: Vec<_> = parts.iter().map(|part| Arc::clone(&part.record.name)).collect();
            engine.end_parts::<C>(parts)?;
            self.board.recorded(&names).map_err(not_handed_out)?;
        }
        // Behind what has ended, and before anybody else records an end: no part is seen twice.
        let counted = self.board.counted_elsewhere().map_err(not_handed_out)?;
        self.open.counted_elsewhere(counted.into_iter().map(|part| (part.part, part.counts, part.carried)));
        Ok(())
    }

    fn engine(&self) -> MutexGuard<'_, &'a mut Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn part_names(names: impl IntoIterator<Item: Into<String>>) -> Vec<Arc<str>> {
    names.into_iter().map(|name| Into::<String>::into(name).into()).collect()
}

/// The board on which the parts are registered: that of the run's journal, if it has one.
fn board<C: Counters>(engine: &mut Engine, registration: Registration<C>) -> Result<Box<dyn PhaseBoard>, Error> {
    #[cfg(feature = "postgres")]
    if engine.with_journal(|_: &mut PostgresJournal, _| ()).is_some() {
        return board_elsewhere(engine, registration);
    }
    let board = BoardHere::new(registration.attempt, engine.keeps_rows(), registration.open.clone());
    engine.register_parts(registration, Journal::append)?;
    Ok(Box::new(board))
}

/// The event and the parts on the board are there together, or neither is.
#[cfg(feature = "postgres")]
fn board_elsewhere<C: Counters>(engine: &mut Engine, registration: Registration<C>) -> Result<Box<dyn PhaseBoard>, Error> {
    let (phase, names, failed) = (registration.phase.clone(), registration.names.clone(), registration.failed.clone());
    let open = registration.open.iter().map(|(name, _)| Arc::clone(name)).collect::<Vec<_>>();
    let (since, keeps_rows) = (engine.parts_since(&phase), engine.keeps_rows());
    let parts = Registered { since, names: &names, open: &open, failed: &failed, keeps_rows };
    let not_registered = |error| not_handed_out(&phase, error);
    let none = || JournalError::new("the run has no journal in PostgreSQL");
    let board = engine.with_journal(|journal: &mut PostgresJournal, _| journal.board(&phase));
    let mut board = board.unwrap_or_else(|| Err(none())).map_err(not_registered)?;
    if registration.is_again() {
        let again = engine.with_journal(|journal: &mut PostgresJournal, _| journal.register_again(&mut board, &parts));
        again.unwrap_or_else(|| Err(none())).map_err(not_registered)?;
    } else {
        engine.register_parts(registration, |journal, sequence, event| {
            let journal: &mut dyn Any = journal;
            match journal.downcast_mut::<PostgresJournal>() {
                Some(journal) => journal.append_with_parts(sequence, event, &mut board, &parts),
                None => Err(none()),
            }
        })?;
    }
    Ok(Box::new(board))
}

impl<C: Counters> Giver for Parts<'_, C> {
    fn board(&self) -> &dyn PartBoard {
        &*self.board
    }

    fn end(&self, claim: &Claim, part: EndedPart, takes_next: bool) -> Result<Ended, Error> {
        if !self.board.remembers() {
            self.end_here(claim, part)
        } else if part.is_plain() {
            self.end_together(claim, part, takes_next)
        } else {
            self.end_alone(claim, part)
        }
    }

    fn checkpoint(
        &self,
        claim: &Claim,
        checkpoint: &PartCheckpoint,
        rejected: Option<Arc<Rejected>>,
        news: &PartNews,
    ) -> Result<bool, Error> {
        if self.board.remembers() {
            return self.board.checkpoint(claim, checkpoint, news).map_err(|error| not_handed_out(&self.phase, error));
        }
        self.engine().checkpoint_part(&claim.part, checkpoint, rejected, news)?;
        Ok(true)
    }

    fn next_claim(&self, claim: &Claim) -> u32 {
        if self.board.remembers() { 1 } else { self.engine().next_claim(&self.phase, claim.phase_attempt, &claim.part) }
    }

    fn check_limits(&self, rejected: u64, errors: u64) -> Result<(), Error> {
        self.engine().check_limits_of_parts(rejected, errors)
    }

    fn open(&self, claim: &Claim, counts: &ProgressReader) {
        self.open.open(&claim.part, counts);
    }

    fn close(&self, counts: &ProgressReader) {
        self.open.close(counts);
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

    fn meanwhile(&self) -> Result<(), Error> {
        self.record_ended()
    }
}

impl<C> fmt::Debug for Parts<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("phase", &self.phase).finish_non_exhaustive()
    }
}
