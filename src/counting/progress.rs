//! How do many threads count at once, while the running context is borrowed?

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::counting::cells::Attempt;
use crate::counting::counters::Counters;
use crate::counting::meter::Meter;
use crate::counting::reader::ProgressReader;
use crate::counting::snapshot::ProgressSnapshot;

impl Meter {
    #[inline]
    pub(crate) fn progress<C: Counters>(&self) -> Progress<'_, C> {
        Progress { attempt: &self.attempt, kept: &self.attempt, counters: PhantomData }
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
    pub(super) attempt: &'a Attempt,
    pub(super) kept: &'a Arc<Attempt>,
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
        C::from_values(self.attempt.seen().0)
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
