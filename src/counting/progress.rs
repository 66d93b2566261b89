//! How far? The counters of one attempt: written at the cost of an addition, read from anywhere. The only lock-free code.
//!
//! Each cell has exactly one kind of writer, and the types below are the only way to reach it:
//!
//! - `own` is written through [`Meter`], of which an attempt has one, by `&mut`: a load and a store suffice;
//! - `shared` is written through [`Progress`], which many threads can hold: an atomic addition;
//! - each worker's cells are written through its [`ProgressWorker`], by `&mut`: a load and a store again.
//!
//! Readers add them up. All of it is relaxed: a count orders nothing else, and whoever needs the exact sum at the end has
//! joined the writers first.

use std::any::TypeId;
use std::array;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::counting::counters::{CounterValues, Counters, Counts, MAX_COUNTERS, Tally};
use crate::counting::pace::{Pace, time_left};
use crate::counting::snapshot::{CounterProgress, ProgressSnapshot};

use crate::counting::reader::ProgressReader;
use crate::counting::worker::ProgressWorker;

/// One cell for each counter, on cache lines of their own (two, because processors fetch them in pairs).
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Cells(pub(super) [AtomicU64; MAX_COUNTERS]);

impl Cells {
    /// Adds for a single writer. Two writers at once would lose counts, so callers hold the cells by `&mut` handles.
    #[inline]
    pub(super) fn add_alone(&self, used: usize, values: &CounterValues) {
        // Many calls say which counters they leave alone by a zero that the compiler sees.
        for (cell, value) in self.0.iter().zip(values).take(used).filter(|(_, value)| **value > 0) {
            cell.store(cell.load(Ordering::Relaxed).saturating_add(*value), Ordering::Relaxed);
        }
    }

    /// Adds for any number of writers. A sum that overflowed is set to the maximum at once.
    #[inline]
    pub(super) fn add_shared(&self, used: usize, values: &CounterValues) {
        for (cell, value) in self.0.iter().zip(values).take(used).filter(|(_, value)| **value > 0) {
            let before = cell.fetch_add(*value, Ordering::Relaxed);
            if before.checked_add(*value).is_none() {
                cell.store(u64::MAX, Ordering::Relaxed);
            }
        }
    }

    fn set(&self, values: &CounterValues) {
        for (cell, value) in self.0.iter().zip(values) {
            cell.store(*value, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> CounterValues {
        array::from_fn(|index| self.0[index].load(Ordering::Relaxed))
    }

    fn add_to(&self, used: usize, sums: &mut CounterValues) {
        for (sum, cell) in sums.iter_mut().zip(&self.0).take(used) {
            *sum = sum.saturating_add(cell.load(Ordering::Relaxed));
        }
    }
}

/// The counters of one attempt.
pub(super) struct Attempt {
    pub(super) names: &'static [&'static str],
    pub(super) started: Instant,
    own: Cells,
    shared: Cells,
    pub(super) totals: Cells,
    pub(super) workers: Mutex<Vec<Arc<Cells>>>,
    /// So that the lock is only taken where there is something behind it.
    pub(super) has_workers: AtomicBool,
    ended: AtomicBool,
    /// One for each counter, once somebody has looked. Only those who look take this lock, never those who count.
    paces: Mutex<Vec<Pace>>,
}

impl Attempt {
    fn new(names: &'static [&'static str], totals: &CounterValues, started: Instant) -> Self {
        let attempt = Attempt {
            names,
            started,
            own: Cells::default(),
            shared: Cells::default(),
            totals: Cells::default(),
            workers: Mutex::default(),
            has_workers: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            paces: Mutex::default(),
        };
        attempt.totals.set(totals);
        attempt
    }

    /// Becomes another attempt in the same place, which is cheaper than a new one.
    fn restart(&mut self, names: &'static [&'static str], totals: &CounterValues, started: Instant) {
        self.names = names;
        self.started = started;
        self.own = Cells::default();
        self.shared = Cells::default();
        self.totals = Cells(totals.map(AtomicU64::new));
        self.workers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.paces.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        *self.has_workers.get_mut() = false;
        *self.ended.get_mut() = false;
    }

    pub(super) fn counts(&self) -> CounterValues {
        let used = self.names.len();
        let mut sums = CounterValues::default();
        self.own.add_to(used, &mut sums);
        self.shared.add_to(used, &mut sums);
        if self.has_workers.load(Ordering::Relaxed) {
            let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
            workers.iter().for_each(|cells| cells.add_to(used, &mut sums));
        }
        sums
    }

    pub(super) fn look(&self) -> ProgressSnapshot {
        let (elapsed, counts, totals) = (self.started.elapsed(), self.counts(), self.totals.read());
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.resize_with(self.names.len(), Pace::default);
        let counters = self.names.iter().zip(counts).zip(totals).zip(paces.iter_mut());
        let counters = counters.map(|(((name, count), total), pace)| {
            let total = (total > 0).then_some(total);
            let per_second = pace.look(elapsed, count);
            CounterProgress { name, count, total, per_second, time_left: time_left(count, total, per_second) }
        });
        ProgressSnapshot { elapsed, counters: counters.collect() }
    }

    #[inline]
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

/// The running attempt's counters as their owner has them.
pub(crate) struct Meter {
    attempt: Arc<Attempt>,
    /// The counts that were found to belong to the running attempt, so that this need not be found out for each of them.
    accepted: Accepted,
}

/// Counts of which type a meter takes without a further look.
enum Accepted {
    Nothing,
    /// [`Counts`]; apart from the others because these are the most frequent, and one byte tells.
    Documented,
    Own(TypeId),
}

impl Meter {
    /// The meter of no attempt: it counts nothing and has ended. The time is never shown.
    pub(crate) fn idle(time: Instant) -> Self {
        let attempt = Attempt::new(&[], &CounterValues::default(), time);
        attempt.end();
        Meter { attempt: Arc::new(attempt), accepted: Accepted::Nothing }
    }

    /// Starts to count a new attempt. Whoever still holds a handle to the last one keeps seeing the last one.
    pub(crate) fn start(&mut self, names: &'static [&'static str], totals: &CounterValues, started: Instant) {
        match Arc::get_mut(&mut self.attempt) {
            Some(unwatched) => unwatched.restart(names, totals, started),
            None => self.attempt = Arc::new(Attempt::new(names, totals, started)),
        }
        self.accepted = Accepted::Nothing;
    }

    /// Whether an attempt is running of which it is known that it counts `C`.
    #[inline]
    pub(crate) fn accepts<C: Counters>(&self) -> bool {
        let counters = TypeId::of::<C>();
        if counters == TypeId::of::<Counts>() {
            return matches!(self.accepted, Accepted::Documented);
        }
        matches!(self.accepted, Accepted::Own(accepted) if accepted == counters)
    }

    /// Remembers that the running attempt counts `C`, which the caller has found out.
    pub(crate) fn accept<C: Counters>(&mut self) {
        let counters = TypeId::of::<C>();
        self.accepted = if counters == TypeId::of::<Counts>() { Accepted::Documented } else { Accepted::Own(counters) };
    }

    /// The caller has checked that the attempt counts `C`; with other counters, values would land under other names.
    #[inline]
    pub(crate) fn add<C: Counters>(&mut self, counts: C) {
        self.attempt.own.add_alone(C::NAMES.len(), &counts.to_values());
    }

    pub(crate) fn set_totals<C: Counters>(&mut self, totals: C) {
        self.attempt.totals.set(&totals.to_values());
    }

    pub(crate) fn names(&self) -> &'static [&'static str] {
        self.attempt.names
    }

    pub(crate) fn counts(&self) -> Tally {
        Tally::new(self.attempt.names, self.attempt.counts())
    }

    pub(crate) fn totals(&self) -> Tally {
        Tally::new(self.attempt.names, self.attempt.totals.read())
    }

    /// Tells everybody that nothing counts any more.
    pub(crate) fn end(&mut self) {
        self.attempt.end();
        self.accepted = Accepted::Nothing;
    }

    #[inline]
    pub(crate) fn progress<C: Counters>(&self) -> Progress<'_, C> {
        Progress { attempt: &self.attempt, kept: &self.attempt, counters: PhantomData }
    }

    pub(crate) fn reader(&self) -> ProgressReader {
        ProgressReader(Arc::clone(&self.attempt))
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts().fmt(f)
    }
}

/// Counting by many threads at once, for as long as the running context is borrowed.
///
/// Copies of it can go to scoped threads or a rayon loop. Because it borrows the context, the phase cannot be ended while
/// one of them still counts: the compiler says so.
///
/// ```
/// use etl_context::{Context, Counts, Extract};
///
/// let extract = Context::new("import").start(Extract)?;
/// let progress = extract.progress();
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(move || progress.add(Counts { conversations: 1, messages: 20 }));
///     }
/// });
/// assert_eq!(extract.complete(())?.counts(), Counts { conversations: 4, messages: 80 });
/// # Ok::<(), etl_context::Error>(())
/// ```
pub struct Progress<'a, C> {
    /// Where the counters are; apart from what keeps them alive, so that an addition need not look there first.
    attempt: &'a Attempt,
    kept: &'a Arc<Attempt>,
    counters: PhantomData<fn() -> C>,
}

impl<C: Counters> Progress<'_, C> {
    /// Adds to the counters; they saturate.
    #[inline]
    pub fn add(&self, counts: C) {
        self.attempt.shared.add_shared(C::NAMES.len(), &counts.to_values());
    }

    /// What was counted so far, by everybody.
    #[must_use]
    pub fn counts(&self) -> C {
        C::from_values(self.attempt.counts())
    }

    /// What is expected; 0 is unknown.
    #[must_use]
    pub fn totals(&self) -> C {
        C::from_values(self.attempt.totals.read())
    }

    /// Counts, totals, rates and what they say of the rest, as of now.
    #[must_use]
    pub fn snapshot(&self) -> ProgressSnapshot {
        self.attempt.look()
    }

    /// How long the attempt has been running, by the monotonic clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.attempt.started.elapsed()
    }

    /// An owned handle for reading the counters from anywhere, for as long as one likes.
    #[must_use]
    pub fn reader(&self) -> ProgressReader {
        ProgressReader(Arc::clone(self.kept))
    }

    /// An owned handle for a task that outlives the borrow, with counters of its own that no other thread touches.
    #[must_use]
    pub fn worker(&self) -> ProgressWorker<C> {
        let own = Arc::new(Cells::default());
        self.attempt.workers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&own));
        self.attempt.has_workers.store(true, Ordering::Relaxed);
        ProgressWorker { attempt: Arc::clone(self.kept), own, counters: PhantomData }
    }
}

impl<C> Clone for Progress<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Progress<'_, C> {}

impl<C: Counters> fmt::Debug for Progress<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("counts", &self.counts()).field("totals", &self.totals()).finish()
    }
}
