//! How do branches of a run go side by side? Each has an engine of its own, and what is one for the run lies behind a lock.
//!
//! A branch counts, checkpoints and decides by its own record. Whatever happens is appended, applied to the record of the whole and
//! told under the lock of the trunk, so that the run has one order of events.

use std::array;
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::counting::meter::Meter;
use crate::counting::reader::ProgressReader;
use crate::engine::{Companions, Engine, Passed};
use crate::error::Error;
use crate::journal::{Journal, JournalError};
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::stopper::Stopper;

/// How long a branch waits for another one that has written its end into a transaction of the caller's.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// That an engine is one of several of its run.
#[derive(Debug)]
pub(super) struct Branch {
    number: u32,
    /// So many events were there before it became a branch.
    shared: u64,
    trunk: Arc<Trunk>,
}

/// What the branches of a run have in common.
#[derive(Debug)]
struct Trunk {
    whole: Mutex<Whole>,
    /// Told when no transaction is open any more.
    settled: Condvar,
}

#[derive(Debug)]
pub(super) struct Whole {
    pub(super) record: RunRecord,
    pub(super) companions: Companions,
    /// How many branches there were.
    numbers: u32,
    /// Which branch has started each phase.
    started_by: BTreeMap<PhaseName, u32>,
    /// The counters of the running attempts.
    counters: Vec<(PhaseName, ProgressReader)>,
    /// Who has a transaction open in which the next event may be.
    holder: Option<Holder>,
    stopper: Stopper,
}

/// A branch that keeps the others from appending.
#[derive(Debug)]
struct Holder {
    thread: ThreadId,
    branch: u32,
    why: &'static str,
}

impl Holder {
    fn is_this_thread(&self) -> bool {
        self.thread == thread::current().id()
    }
}

/// That a branch keeps the others from appending, until this is dropped.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug)]
pub(crate) struct Held {
    trunk: Arc<Trunk>,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Drop for Held {
    fn drop(&mut self) {
        self.trunk.whole().holder = None;
        self.trunk.settled.notify_all();
    }
}

/// The last branch is gone.
impl Drop for Whole {
    fn drop(&mut self) {
        if !self.stopper.is_lost() {
            self.companions.closed(&self.record, || Meter::idle(Instant::now()).reader());
        }
    }
}

impl Trunk {
    fn whole(&self) -> MutexGuard<'_, Whole> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same once nobody has a transaction open in which the next event may already be.
    fn settled(&self, branch: u32) -> Result<MutexGuard<'_, Whole>, JournalError> {
        let whole = self.whole();
        if let Some(holder) = whole.holder.as_ref().filter(|holder| holder.branch == branch || holder.is_this_thread()) {
            return Err(JournalError::new(holder.why));
        }
        let waited = self.settled.wait_timeout_while(whole, LONGEST_WAIT, |whole| whole.holder.is_some());
        let (whole, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(JournalError::new("another branch has had a transaction open for too long"));
        }
        Ok(whole)
    }

    /// Gives the next branch its number.
    fn branch(self: &Arc<Self>, shared: u64) -> Branch {
        let mut whole = self.whole();
        whole.numbers = whole.numbers.saturating_add(1);
        Branch { number: whole.numbers, shared, trunk: Arc::clone(self) }
    }
}

impl Whole {
    fn admits(&self, branch: u32, event: &Event) -> Result<(), Error> {
        if let Event::PhaseStarted { phase, .. } = event
            && self.started_by.get(phase).is_some_and(|starter| *starter != branch)
        {
            return Err(Error::InOtherBranch { phase: phase.clone() });
        }
        Ok(self.record.admits(event)?)
    }

    fn happened(&mut self, branch: u32, event: &Event, meter: &Meter) {
        self.record.apply(event);
        match event {
            Event::PhaseStarted { phase, .. } => {
                self.started_by.insert(phase.clone(), branch);
                self.counters.push((phase.clone(), meter.reader()));
            }
            Event::PhaseEnded { report, .. } => self.counters.retain(|(phase, _)| phase != report.phase()),
            _ => {}
        }
        self.companions.notify(event, &self.record, || meter.reader());
    }

    pub(super) fn counters_of(&self, phase: &PhaseName) -> Option<&ProgressReader> {
        self.counters.iter().find(|(running, _)| running == phase).map(|(_, counters)| counters)
    }
}

impl Engine {
    /// Several engines in place of this one, each for a branch.
    pub(crate) fn fork<const N: usize>(mut self: Box<Self>) -> [Box<Engine>; N] {
        let trunk = match self.branch.take() {
            Some(branch) => {
                // What it has started, any branch of it may start again.
                branch.trunk.whole().started_by.retain(|_, starter| *starter != branch.number);
                branch.trunk
            }
            None => self.grow_trunk(),
        };
        array::from_fn(|_| Box::new(self.branching_from(trunk.branch(self.record.events()))))
    }

    fn grow_trunk(&mut self) -> Arc<Trunk> {
        let companions = mem::take(self.companions.get_mut().unwrap_or_else(PoisonError::into_inner));
        let whole = Whole {
            record: self.record.clone(),
            companions,
            numbers: 0,
            started_by: BTreeMap::new(),
            counters: Vec::new(),
            holder: None,
            stopper: self.stopper.of_run(),
        };
        Arc::new(Trunk { whole: Mutex::new(whole), settled: Condvar::new() })
    }

    fn branching_from(&self, branch: Branch) -> Engine {
        Engine {
            record: self.record.clone(),
            clock: self.clock,
            limits: self.limits,
            stopper: self.stopper.clone(),
            recovery: self.recovery.clone(),
            passed: self.passed.clone(),
            visits: self.visits.clone(),
            meter: Meter::idle(self.clock.started()),
            started_in_panic: false,
            pipeline: self.pipeline.clone(),
            companions: Mutex::default(),
            branch: Some(branch),
            rejects: self.rejects.as_ref().map(|rejects| rejects.beside()),
            expected: self.expected.clone(),
        }
    }

    /// Both are branches of one run.
    ///
    /// # Errors
    ///
    /// [`Error::NotJoined`], if they are not.
    pub(crate) fn check_join(&self, other: &Engine) -> Result<(), Error> {
        match (&self.branch, &other.branch) {
            (Some(own), Some(others)) if Arc::ptr_eq(&own.trunk, &others.trunk) => Ok(()),
            _ => Err(Error::NotJoined { run: self.record.run_id(), other: other.record.run_id() }),
        }
    }

    /// Goes on for both branches, which were found to be of one run. Together they have completed these phases.
    pub(crate) fn join(&mut self, mut other: Box<Engine>, phases: &'static [PhaseName]) {
        let (Some(own), Some(others)) = (self.branch.take(), other.branch.take()) else { return };
        self.passed = match (self.passed.take(), other.passed.take()) {
            (Some(own), Some(others)) => {
                Some(Passed { position: Position::Joined(phases.into()), steps: own.steps.max(others.steps) })
            }
            _ => None,
        };
        for (phase, visits) in other.visits.iter() {
            self.visited_at_least(phase, *visits);
        }
        for starter in own.trunk.whole().started_by.values_mut().filter(|starter| **starter == others.number) {
            *starter = own.number;
        }
        // A phase of either may be tried again.
        self.rejects = self.rejects.take().or_else(|| other.rejects.take());
        let shared = own.shared.min(others.shared);
        drop(others);
        match Arc::try_unwrap(own.trunk) {
            // It was the last one: what is known of the run is known here.
            Ok(trunk) => {
                let mut whole = trunk.whole.into_inner().unwrap_or_else(PoisonError::into_inner);
                mem::swap(&mut self.record, &mut whole.record);
                self.companions = Mutex::new(mem::take(&mut whole.companions));
            }
            Err(trunk) => {
                self.record.merge(&other.record, shared);
                self.branch = Some(Branch { number: own.number, shared, trunk });
            }
        }
    }

    /// Decide, append, apply, notify, as a branch: the whole decides too.
    #[cold]
    #[inline(never)]
    pub(super) fn happen_beside(
        &mut self,
        event: &Event,
        append: impl FnOnce(&mut dyn Journal, u64) -> Result<(), JournalError>,
        meter: impl FnOnce(&mut Meter),
    ) -> Result<(), Error> {
        let Some(Branch { number, trunk, .. }) = &self.branch else { return Ok(()) };
        let (number, trunk) = (*number, Arc::clone(trunk));
        let mut whole = trunk.settled(number).map_err(|source| self.not_recorded(event, source))?;
        whole.admits(number, event)?;
        let sequence = whole.record.events();
        let appended = whole.companions.append(|journal| append(journal, sequence));
        appended.map_err(|source| self.not_recorded(event, source))?;
        self.follow(event, meter);
        whole.happened(number, event, &self.meter);
        Ok(())
    }

    /// The same for several events at once.
    pub(super) fn happen_together_beside(
        &mut self,
        events: &[Event],
        append: impl FnOnce(&mut dyn Journal, u64) -> Result<bool, JournalError>,
        mut meter: impl FnMut(&mut Meter, usize),
    ) -> Result<bool, Error> {
        let (Some(Branch { number, trunk, .. }), Some(first)) = (&self.branch, events.first()) else { return Ok(true) };
        let (number, trunk) = (*number, Arc::clone(trunk));
        let mut whole = trunk.settled(number).map_err(|source| self.not_recorded(first, source))?;
        events.iter().try_for_each(|event| whole.admits(number, event))?;
        let (sequence, mut have_happened) = (whole.record.events(), true);
        let appended = whole.companions.append(|journal| {
            have_happened = append(journal, sequence)?;
            Ok(())
        });
        appended.map_err(|source| self.not_recorded(first, source))?;
        if have_happened {
            for (place, event) in events.iter().enumerate() {
                self.follow(event, |counters| meter(counters, place));
                whole.happened(number, event, &self.meter);
            }
        }
        Ok(have_happened)
    }

    /// Applies what the journal holds already.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn happened_beside(&mut self, event: &Event, meter: impl FnOnce(&mut Meter)) {
        let Some(Branch { number, trunk, .. }) = &self.branch else { return };
        let (number, trunk) = (*number, Arc::clone(trunk));
        let mut whole = trunk.whole();
        self.follow(event, meter);
        whole.happened(number, event, &self.meter);
    }

    /// Keeps the other branches from appending, for this reason, as long as what is returned is there; `None` where there are none.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn hold(&self, why: &'static str) -> Result<Option<Held>, JournalError> {
        let Some(Branch { number, trunk, .. }) = &self.branch else { return Ok(None) };
        trunk.settled(*number)?.holder = Some(Holder { thread: thread::current().id(), branch: *number, why });
        Ok(Some(Held { trunk: Arc::clone(trunk) }))
    }

    /// What this branch has in common with the others; `None` where there are no others.
    pub(super) fn with_whole<R>(&self, look: impl FnOnce(&mut Whole) -> R) -> Option<R> {
        self.branch.as_ref().map(|branch| look(&mut branch.trunk.whole()))
    }
}
