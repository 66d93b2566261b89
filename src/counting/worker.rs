//! How does a task count that outlives the borrow of the context?

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::counting::cells::{Attempt, Cells, Other};
use crate::counting::counters::Counters;
use crate::counting::progress::Progress;

impl<C: Counters> Progress<'_, C> {
    /// An owned handle for a task that outlives the borrow, with counters of its own that no other thread touches.
    #[must_use]
    pub fn worker(&self) -> ProgressWorker<C> {
        let own = Arc::new(Cells::default());
        self.attempt.others.lock().unwrap_or_else(PoisonError::into_inner).push(Other::Worker(Arc::clone(&own)));
        self.attempt.has_others.store(true, Ordering::Relaxed);
        ProgressWorker { attempt: Arc::clone(self.kept), own, counters: PhantomData }
    }
}

/// Counting by one task that outlives the borrow of the context, such as a spawned one.
///
/// What it counts is part of the phase if it was counted before the phase ended; join the task before you end the phase, or
/// counts that arrive at that very moment may be left out. Once the end begins to be recorded, nothing more is taken.
///
/// ```
/// use etl_context::{Context, Counts, Extract, PhaseHasEnded};
///
/// let extract = Context::new("import").start(Extract)?;
/// let mut worker = extract.progress().worker();
/// let task = std::thread::spawn(move || {
///     worker.add(Counts { conversations: 1, messages: 20 })?;
///     Ok::<_, PhaseHasEnded>(worker)
/// });
/// let mut worker = task.join().expect("the task does not panic")?;
///
/// assert_eq!(extract.complete(())?.counts().messages, 20);
/// assert_eq!(worker.add(Counts { conversations: 0, messages: 1 }), Err(PhaseHasEnded));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProgressWorker<C> {
    attempt: Arc<Attempt>,
    own: Arc<Cells>,
    counters: PhantomData<fn() -> C>,
}

impl<C: Counters> ProgressWorker<C> {
    /// Adds to this worker's counters; they saturate.
    ///
    /// # Errors
    ///
    /// [`PhaseHasEnded`] if the attempt that the worker belongs to has ended, or its end is being recorded. Nothing was counted, there
    /// or anywhere else. If the end could not be recorded, the phase goes on, and so can its workers.
    #[inline]
    pub fn add(&mut self, counts: C) -> Result<(), PhaseHasEnded> {
        if self.attempt.ended() {
            return Err(PhaseHasEnded);
        }
        self.own.add_alone(C::NAMES.len(), &counts.to_values());
        Ok(())
    }
}

impl<C> fmt::Debug for ProgressWorker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressWorker").field("ended", &self.attempt.ended()).finish_non_exhaustive()
    }
}

/// A worker counted for an attempt that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the phase that this worker counts for has ended; nothing was counted")]
#[allow(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct PhaseHasEnded;
