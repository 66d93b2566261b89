//! What does a worker have in hand? One part, which it ends, or which ends when it is let go of.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::counting::counters::{CounterValues, Counters, Counts};
use crate::counting::meter::Meter;
use crate::counting::progress::Progress;
use crate::counting::reader::ProgressReader;
use crate::error::Error;
use crate::journal::JournalError;
use crate::journal::board::{Claim, Ended, EndedPart, Next, PartBoard, PartNews};
use crate::journal::owner::this_process;
use crate::parts::notes::Notes;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::error::{RecordedError, WorkError};
use crate::record::part::{PartCheckpoint, PartRecord};
use crate::record::rejected::Rejected;
use crate::stopper::{Stopped, Stopper};

/// From whom a worker has its part, and whom it tells how that ended.
pub(crate) trait Giver: Send + Sync {
    fn board(&self) -> &dyn PartBoard;

    /// The part has ended so. Who takes the next one may get it at once.
    fn end(&self, claim: &Claim, part: EndedPart, takes_next: bool) -> Result<Ended, Error>;

    /// Whoever has the part next can go on from here; false if it belonged to another worker by then. `rejected` is what was rejected since
    /// the last checkpoint.
    fn checkpoint(
        &self,
        claim: &Claim,
        checkpoint: &PartCheckpoint,
        rejected: Option<Arc<Rejected>>,
        news: &PartNews,
    ) -> Result<bool, Error>;

    /// By which number this worker is known who begins the part anew.
    fn next_claim(&self, claim: &Claim) -> u32;

    /// Whether there are more errors or rejected rows than there may be, with so many of a part that is open, as far as that is known here.
    fn check_limits(&self, _rejected: u64, _errors: u64) -> Result<(), Error> {
        Ok(())
    }

    /// What is counted of the part is seen from now on.
    fn open(&self, _claim: &Claim, _counts: &ProgressReader) {}

    /// It is not any more.
    fn close(&self, _counts: &ProgressReader) {}

    fn phase(&self) -> &PhaseName;

    fn run(&self) -> String;

    fn stopper(&self) -> &Stopper;

    /// What is to be done while there is no part.
    fn meanwhile(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// How long to wait before asking again whether a part was given back or has ended elsewhere.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// A giver, for as long as a part of its is in somebody's hands.
#[derive(Clone)]
pub(crate) enum HandedBy<'a> {
    Borrowed(&'a dyn Giver),
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only a worker elsewhere has a giver of its own"))]
    Shared(Arc<dyn Giver>),
}

impl<'a> Deref for HandedBy<'a> {
    type Target = dyn Giver + 'a;

    fn deref(&self) -> &(dyn Giver + 'a) {
        match self {
            HandedBy::Borrowed(giver) => *giver,
            HandedBy::Shared(giver) => &**giver,
        }
    }
}

/// The next open part; `None` once all have ended, or if this is asked to stop.
pub(crate) fn next_part<C: Counters>(giver: HandedBy<'_>) -> Result<Option<Part<'_, C>>, Error> {
    while !giver.stopper().is_stopped() {
        match giver.board().claim().map_err(|error| not_handed_out(giver.phase(), error))? {
            Next::Part(claim) => return Ok(Some(Part::new(giver, claim))),
            Next::Nothing => return Ok(None),
            Next::Later => {
                giver.meanwhile()?;
                thread::sleep(PAUSE);
            }
        }
    }
    Ok(None)
}

/// Works on what can be claimed until nothing can be; returns how many parts were completed.
pub(crate) fn work_on<'a, C: Counters, E: WorkError<Kind>, Kind>(
    giver: &HandedBy<'a>,
    mut work: impl FnMut(&mut Part<'a, C>) -> Result<(), E>,
) -> Result<u64, Error> {
    let (mut completed, mut at_hand) = (0, None);
    while let Some(mut part) = at_hand_or_next(giver, at_hand.take())? {
        let outcome = work(&mut part);
        let succeeded = outcome.is_ok();
        match part.end_as(outcome, &mut at_hand) {
            Ok(()) => completed += u64::from(succeeded),
            // Another worker has it, and this one goes on with the next.
            Err(Error::PartLost { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(completed)
}

/// The part of this claim, which came along with the end of another one, or else the next open one.
fn at_hand_or_next<'a, C: Counters>(giver: &HandedBy<'a>, at_hand: Option<Claim>) -> Result<Option<Part<'a, C>>, Error> {
    match at_hand {
        None => next_part(giver.clone()),
        Some(claim) if giver.stopper().is_stopped() => {
            giver.board().give_back(&claim).map_err(|error| not_handed_out(giver.phase(), error))?;
            Ok(None)
        }
        Some(claim) => Ok(Some(Part::new(giver.clone(), claim))),
    }
}

pub(crate) fn not_handed_out(phase: &PhaseName, source: JournalError) -> Error {
    Error::Journal { refused: format!("the parts of phase `{phase}` cannot be handed out"), source }
}

/// A part of a phase, in the hands of the one worker that has it.
///
/// Workers get it from [`Parts`](crate::Parts), where the phase is run, or on another host from a `PostgresWorker`. One that
/// is dropped is recorded as failed.
#[must_use = "a part that is dropped is recorded as failed"]
pub struct Part<'a, C = Counts> {
    pub(super) giver: HandedBy<'a>,
    pub(super) claim: Claim,
    pub(super) meter: Meter,
    pub(super) notes: Notes,
    started: Instant,
    /// Whether the part was taken while its thread was unwinding already, for a panic that is not its own.
    taken_in_panic: bool,
    /// Whether somebody was told how the part ended.
    has_ended: bool,
    counters: PhantomData<fn() -> C>,
}

impl<'a, C: Counters> Part<'a, C> {
    pub(crate) fn new(giver: HandedBy<'a>, claim: Claim) -> Self {
        let started = Instant::now();
        let mut meter = Meter::idle(started);
        meter.start(C::NAMES, &CounterValues::default(), started);
        giver.board().watch(&claim, meter.reader());
        giver.open(&claim, &meter.reader());
        let (notes, taken_in_panic) = (Notes::default(), thread::panicking());
        Part { giver, claim, meter, notes, started, taken_in_panic, has_ended: false, counters: PhantomData }
    }

    /// The part's name, as it was registered.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.claim.part
    }

    /// How often the part was given to a worker in this attempt at the phase, this time included. More than 1 says that an
    /// earlier one was not heard of again.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.claim.times
    }

    /// Adds to the counters of the part. They are added to those of the phase when the part completes.
    pub fn update_progress(&mut self, counts: C) {
        self.meter.add(counts);
    }

    /// The counters of the part for reading, and for counting by several threads.
    #[must_use]
    pub fn progress(&self) -> Progress<'_, C> {
        self.meter.progress()
    }

    /// Whether it is no use to go on: the run was asked to stop, or the part was given to another worker because this one was
    /// not heard of.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.giver.stopper().is_stopped() || self.claim.is_lost()
    }

    /// The same as an error, for `?`.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if it is no use to go on.
    pub fn check_cancelled(&self) -> Result<(), Stopped> {
        if self.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    /// A key that is the same whoever works on this part of this run, however often: the run's id, the phase and the part.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}/{}", self.giver.run(), self.giver.phase(), self.name())
    }

    /// The part is done.
    ///
    /// # Errors
    ///
    /// [`Error::PartLost`] if it was given to another worker meanwhile, [`Error::Journal`] if its end cannot be recorded.
    pub fn complete(mut self) -> Result<(), Error> {
        if self.has_ended { Ok(()) } else { self.end(PhaseStatus::Completed, None, None) }
    }

    /// The part has failed. The others go on; the phase fails when all have ended.
    ///
    /// # Errors
    ///
    /// As [`complete`](Part::complete).
    pub fn fail<E, Kind>(mut self, error: &E) -> Result<(), Error>
    where
        E: WorkError<Kind> + ?Sized,
    {
        self.end(PhaseStatus::Failed, Some(error.recorded()), None)
    }

    /// The part is open again, for another worker or a later attempt. What was counted and noted since its last checkpoint is not
    /// recorded, for it is done again.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if that cannot be said. The part is then open when this worker is not heard of any more.
    pub fn give_back(mut self) -> Result<(), Error> {
        self.has_ended = true;
        self.giver.close(&self.meter.reader());
        self.giver.board().give_back(&self.claim).map_err(Error::from)
    }

    /// Ends the part as the work on it ended. Work that stopped because it was asked to has not failed. The next part may come along.
    pub(crate) fn end_as<E: WorkError<Kind>, Kind>(
        mut self,
        outcome: Result<(), E>,
        next: &mut Option<Claim>,
    ) -> Result<(), Error> {
        match outcome {
            Ok(()) if self.has_ended => Ok(()),
            Ok(()) => self.end(PhaseStatus::Completed, None, Some(next)),
            Err(_) if self.is_cancelled() => self.give_back(),
            Err(error) => self.end(PhaseStatus::Failed, Some(error.recorded()), Some(next)),
        }
    }
}

impl<C> Part<'_, C> {
    /// `next` is where another part goes, if one is wanted.
    fn end(&mut self, status: PhaseStatus, error: Option<RecordedError>, next: Option<&mut Option<Claim>>) -> Result<(), Error> {
        self.has_ended = true;
        if self.notes.is_in_doubt() {
            self.giver.close(&self.meter.reader());
            self.giver.board().give_back(&self.claim)?;
            return Err(self.lost());
        }
        let part = self.ended_as(status, error);
        let takes_next = next.is_some() && !self.giver.stopper().is_stopped();
        let ended = self.giver.end(&self.claim, part, takes_next);
        // If it counts, it was taken out already where it was put in.
        self.giver.close(&self.meter.reader());
        let Ended { was_ours, next: claimed } = ended?;
        if let Some(next) = next {
            *next = claimed;
        }
        if was_ours { Ok(()) } else { Err(self.lost()) }
    }

    /// Ends the part as completed in a way of its board's own, which says whether it is still ours.
    #[cfg(feature = "postgres")]
    pub(crate) fn complete_by(
        &mut self,
        complete: impl FnOnce(&dyn PartBoard, &Claim, &EndedPart) -> Result<bool, JournalError>,
    ) -> Result<(), Error> {
        if self.notes.is_in_doubt() {
            return Err(self.lost());
        }
        let part = self.ended_as(PhaseStatus::Completed, None);
        let completed = complete(self.giver.board(), &self.claim, &part);
        if !completed.map_err(|error| not_handed_out(self.giver.phase(), error))? {
            return Err(self.lost());
        }
        self.has_ended = true;
        Ok(())
    }

    fn ended_as(&self, status: PhaseStatus, error: Option<RecordedError>) -> EndedPart {
        let record = PartRecord {
            status,
            counts: Some(self.meter.counts()),
            microseconds: u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            worker: Some(this_process().into()),
            error,
            carried: self.meter.carried().map(Box::new),
            rejected: self.notes.all_rejected(),
            ..PartRecord::open(Arc::clone(&self.claim.part))
        };
        EndedPart { record, claim: self.notes.claim(), news: self.notes.news() }
    }

    pub(super) fn lost(&self) -> Error {
        Error::PartLost { phase: self.giver.phase().clone(), part: self.claim.part.to_string() }
    }
}

impl<C> Drop for Part<'_, C> {
    fn drop(&mut self) {
        if !self.has_ended {
            let own_panic = thread::panicking() && !self.taken_in_panic;
            let error = if own_panic { "the worker panicked" } else { "the worker let go of the part" };
            // If this cannot be recorded, there is nobody left to tell.
            let _ = self.end(PhaseStatus::Failed, Some(error.recorded()), None);
        }
    }
}

impl<C> fmt::Debug for Part<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("name", &self.claim.part).field("counts", &self.meter.counts()).finish_non_exhaustive()
    }
}
