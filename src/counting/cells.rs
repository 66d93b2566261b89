//! Where are the counters of one attempt? In cells, written at the cost of an addition, read from anywhere. The only lock-free code.
//!
//! Each cell has exactly one kind of writer, and the types below are the only way to reach it:
//!
//! - `own` is written through [`Meter`], of which an attempt has one, by `&mut`: a load and a store suffice;
//! - `shared` is written through [`Progress`], which many threads can hold: an atomic addition;
//! - each worker's cells are written through its [`ProgressWorker`], by `&mut`: a load and a store again.
//!
//! Readers add them up, and with them what was counted of parts that are open, which is recorded when a part ends. All of it is
//! relaxed: a count orders nothing else, and whoever needs the exact sum at the end has joined the writers first.

use std::array;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::counting::counters::{CounterValues, MAX_COUNTERS, Tally};
use crate::counting::pace::{Pace, time_left};
use crate::counting::snapshot::{CounterProgress, ProgressSnapshot};

/// One cell for each counter, on cache lines of their own (two, because processors fetch them in pairs).
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Cells([AtomicU64; MAX_COUNTERS]);

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

    pub(super) fn set(&self, values: &CounterValues) {
        for (cell, value) in self.0.iter().zip(values) {
            cell.store(*value, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> CounterValues {
        array::from_fn(|index| self.0[index].load(Ordering::Relaxed))
    }

    /// Raises each cell to at least this value.
    pub(super) fn raise(&self, values: &CounterValues) {
        for (cell, value) in self.0.iter().zip(values) {
            cell.fetch_max(*value, Ordering::Relaxed);
        }
    }

    fn add_to(&self, used: usize, sums: &mut CounterValues) {
        for (sum, cell) in sums.iter_mut().zip(&self.0).take(used) {
            *sum = sum.saturating_add(cell.load(Ordering::Relaxed));
        }
    }
}

/// Adds counts to others.
fn add(sums: &mut CounterValues, counts: &CounterValues) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
}

/// Who counts beside the owner of an attempt.
pub(super) enum Other {
    Worker(Arc<Cells>),
    /// Whoever has this part.
    Part {
        name: Arc<str>,
        counted: PartCounted,
    },
}

/// What was counted of a part that is open.
pub(super) enum PartCounted {
    Here(Arc<Attempt>),
    Elsewhere { counts: CounterValues, carried: CounterValues },
}

impl Other {
    fn worker(&self) -> Option<&Cells> {
        match self {
            Other::Worker(cells) => Some(cells),
            Other::Part { .. } => None,
        }
    }
}

impl PartCounted {
    /// All of it, and what was done of that before.
    fn values(&self) -> (CounterValues, CounterValues) {
        match self {
            PartCounted::Here(part) => (part.counts(), part.carried.read()),
            PartCounted::Elsewhere { counts, carried } => (*counts, *carried),
        }
    }
}

/// The counters of one attempt.
pub(super) struct Attempt {
    pub(super) names: &'static [&'static str],
    pub(super) started: Instant,
    pub(super) own: Cells,
    pub(super) shared: Cells,
    pub(super) totals: Cells,
    /// What earlier attempts did; part of the counts.
    pub(super) carried: Cells,
    /// Who else counts.
    pub(super) others: Mutex<Vec<Other>>,
    /// So that the lock is only taken where there is something behind it.
    pub(super) has_others: AtomicBool,
    ended: AtomicBool,
    /// One for each counter, once somebody has looked. Only those who look take this lock, never those who count.
    paces: Mutex<Vec<Pace>>,
}

impl Attempt {
    pub(super) fn new(names: &'static [&'static str], totals: &CounterValues, started: Instant) -> Self {
        let attempt = Attempt {
            names,
            started,
            own: Cells::default(),
            shared: Cells::default(),
            totals: Cells::default(),
            carried: Cells::default(),
            others: Mutex::default(),
            has_others: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            paces: Mutex::default(),
        };
        attempt.totals.set(totals);
        attempt
    }

    /// Becomes another attempt in the same place, which is cheaper than a new one.
    #[inline]
    pub(super) fn restart(&mut self, names: &'static [&'static str], totals: &CounterValues, started: Instant) {
        self.names = names;
        self.started = started;
        self.own = Cells::default();
        self.shared = Cells::default();
        self.totals = Cells(totals.map(AtomicU64::new));
        self.carried = Cells::default();
        self.others.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.paces.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        *self.has_others.get_mut() = false;
        *self.ended.get_mut() = false;
    }

    /// What can be recorded.
    pub(super) fn counts(&self) -> CounterValues {
        let used = self.names.len();
        let mut sums = CounterValues::default();
        self.own.add_to(used, &mut sums);
        self.shared.add_to(used, &mut sums);
        self.carried.add_to(used, &mut sums);
        if self.has_others.load(Ordering::Relaxed) {
            let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            others.iter().filter_map(Other::worker).for_each(|cells| cells.add_to(used, &mut sums));
        }
        sums
    }

    /// The same with what was counted of open parts, and what earlier attempts did of all that.
    pub(super) fn seen(&self) -> (CounterValues, CounterValues) {
        if !self.has_others.load(Ordering::Relaxed) {
            return (self.counts(), self.carried.read());
        }
        // A part that ends becomes one of the sums under this lock, so that it is in them once.
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let (used, mut counts, mut carried) = (self.names.len(), CounterValues::default(), self.carried.read());
        self.own.add_to(used, &mut counts);
        self.shared.add_to(used, &mut counts);
        self.carried.add_to(used, &mut counts);
        for other in others.iter() {
            match other {
                Other::Worker(cells) => cells.add_to(used, &mut counts),
                Other::Part { counted, .. } => {
                    let (of_part, carried_of_part) = counted.values();
                    add(&mut counts, &of_part);
                    add(&mut carried, &carried_of_part);
                }
            }
        }
        (counts, carried)
    }

    /// The counts of the counters that the attempt has.
    pub(super) fn values(&self, counts: &Tally) -> CounterValues {
        let mut values = CounterValues::default();
        values.iter_mut().zip(self.names).for_each(|(value, name)| *value = counts.get(name).unwrap_or_default());
        values
    }

    /// Adds these counts, of which so much was done before. There is one who may: the owner of the meter.
    pub(super) fn go_on_from(&self, counts: &Tally, carried: Option<&Tally>) {
        let (mut own, carried) = (self.values(counts), carried.map(|carried| self.values(carried)).unwrap_or_default());
        own.iter_mut().zip(&carried).for_each(|(own, carried)| *own = own.saturating_sub(*carried));
        self.own.add_alone(self.names.len(), &own);
        self.carried.add_alone(self.names.len(), &carried);
    }

    /// What earlier attempts did of the counts, if they did anything.
    pub(super) fn carried(&self) -> Option<Tally> {
        let carried = self.carried.read();
        carried.iter().any(|count| *count > 0).then(|| Tally::new(self.names, carried))
    }

    pub(super) fn look(&self) -> ProgressSnapshot {
        let (elapsed, totals, (counts, carried)) = (self.started.elapsed(), self.totals.read(), self.seen());
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.resize_with(self.names.len(), Pace::default);
        let counters = self.names.iter().zip(counts).zip(totals).zip(carried).zip(paces.iter_mut());
        let counters = counters.map(|((((name, count), total), carried), pace)| {
            let total = (total > 0).then_some(total);
            // What earlier attempts did says nothing of how fast this one is.
            let per_second = pace.look(elapsed, count.saturating_sub(carried));
            CounterProgress { name, count, total, per_second, time_left: time_left(count, total, per_second) }
        });
        ProgressSnapshot { elapsed, counters: counters.collect() }
    }

    #[inline]
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Takes back its end, which could not be recorded.
    pub(super) fn reopen(&self) {
        self.ended.store(false, Ordering::Release);
    }
}
