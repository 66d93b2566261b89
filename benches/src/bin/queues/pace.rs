//! How many parts are worked on in a second? Counted from the moment when all workers have their first one, until the time is over or
//! the parts are.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, OnceLock};
use std::time::{Duration, Instant};

/// For so long parts are worked on at most.
const LONGEST: Duration = Duration::from_millis(700);

pub struct Pace {
    all: Barrier,
    workers: u64,
    begun: OnceLock<Instant>,
    /// How many parts were taken, and when the last one was, in nanoseconds since the beginning.
    taken: AtomicU64,
    latest: AtomicU64,
}

impl Pace {
    pub fn of(workers: usize) -> Self {
        Pace {
            all: Barrier::new(workers),
            workers: workers as u64,
            begun: OnceLock::new(),
            taken: AtomicU64::new(0),
            latest: AtomicU64::new(0),
        }
    }

    /// A worker has another part, its first one or a later one. False once the time is over.
    pub fn took(&self, is_first: bool) -> bool {
        if is_first {
            self.all.wait();
            self.begun.get_or_init(Instant::now);
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        let since = self.begun.get_or_init(Instant::now).elapsed();
        self.latest.fetch_max(u64::try_from(since.as_nanos()).unwrap(), Ordering::Relaxed);
        since < LONGEST
    }

    /// Parts in a second. Those that each worker had in hand at the beginning were not waited for.
    pub fn parts_per_second(&self) -> f64 {
        let (taken, latest) = (self.taken.load(Ordering::Relaxed), self.latest.load(Ordering::Relaxed));
        (taken - self.workers) as f64 * 1e9 / latest as f64
    }
}
