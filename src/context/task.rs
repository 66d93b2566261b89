//! How does one of several branches run? Beside the others, which it asks to stop if it ends badly.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context as Waking, Poll};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use crate::pipeline::phase::PhaseName;
use crate::stopper::Stopper;

/// What a branch is told to do if it ends badly. A panic asks the others to stop in any case.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub(super) stopper: Stopper,
    pub(super) stops_others: bool,
}

impl Watch {
    fn ended<T, E>(&self, outcome: &thread::Result<Result<T, E>>) {
        if outcome.as_ref().map_or(true, |outcome| outcome.is_err() && self.stops_others) {
            self.stopper.call_off();
        }
    }
}

/// Work for a thread of its own; where there is no thread to be had, for the one that waits.
pub(super) struct Task<W> {
    work: Mutex<Option<W>>,
    watch: Watch,
}

impl<W, T, E> Task<W>
where
    W: FnOnce() -> Result<T, E>,
{
    pub(super) fn new(work: W, watch: &Watch) -> Self {
        Task { work: Mutex::new(Some(work)), watch: watch.clone() }
    }

    /// `None` if it was done already.
    fn work(&self) -> Option<thread::Result<Result<T, E>>> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let outcome = catch_unwind(AssertUnwindSafe(work));
        self.watch.ended(&outcome);
        Some(outcome)
    }

    /// `None` if there is no thread.
    pub(super) fn spawn<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        phase: &PhaseName,
    ) -> Option<Spawned<'scope, T, E>>
    where
        W: Send,
        T: Send + 'scope,
        E: Send + 'scope,
    {
        Builder::new().name(phase.to_string()).spawn_scoped(scope, || self.work()).ok()
    }

    /// What has become of it.
    pub(super) fn outcome(&self, spawned: Option<Spawned<'_, T, E>>) -> thread::Result<Result<T, E>> {
        let outcome = spawned.and_then(|thread| thread.join().ok().flatten());
        outcome.or_else(|| self.work()).unwrap_or_else(|| Err(Box::new("the branch is gone")))
    }
}

pub(super) type Spawned<'scope, T, E> = ScopedJoinHandle<'scope, Option<thread::Result<Result<T, E>>>>;

/// Work that is polled beside the others.
pub(super) struct Polled<F: Future> {
    /// `None` once it is done.
    future: Option<Pin<Box<F>>>,
    outcome: Option<thread::Result<F::Output>>,
    watch: Watch,
}

impl<T, E, F: Future<Output = Result<T, E>>> Polled<F> {
    pub(super) fn new(future: F, watch: &Watch) -> Self {
        Polled { future: Some(Box::pin(future)), outcome: None, watch: watch.clone() }
    }

    /// Whether it is done.
    pub(super) fn poll(&mut self, waking: &mut Waking<'_>) -> bool {
        let Some(future) = &mut self.future else { return true };
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(waking))) {
            Ok(Poll::Pending) => return false,
            Ok(Poll::Ready(outcome)) => Ok(outcome),
            Err(panic) => Err(panic),
        };
        self.future = None;
        self.watch.ended(&outcome);
        self.outcome = Some(outcome);
        true
    }

    pub(super) fn outcome(self) -> thread::Result<Result<T, E>> {
        self.outcome.unwrap_or_else(|| Err(Box::new("the branch is gone")))
    }
}

/// The outcome; of the first branch that panicked, the panic is kept.
pub(super) fn unless_panicked<T>(outcome: thread::Result<T>, panic: &mut Option<Box<dyn Any + Send>>) -> Option<T> {
    match outcome {
        Ok(outcome) => Some(outcome),
        Err(payload) => {
            panic.get_or_insert(payload);
            None
        }
    }
}
