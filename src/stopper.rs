//! Who may ask a run to stop, and how does the running phase hear of it?

use std::collections::BTreeMap;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll, Waker};

/// Asks a run to stop: on a signal, at a deadline, from another thread.
///
/// Nothing is interrupted. The running phase sees it with `is_cancelled()` or `check_cancelled()`, or awaits it, leaves its work at a good
/// place, and is recorded as failed with the cause `stopped`; a run with a journal goes on from its last checkpoint later. No
/// phase starts any more: that is refused with [`Error::Stopped`](crate::Error::Stopped).
///
/// ```
/// use etl_context::{Context, Extract, FailureCause, Stopped};
///
/// let context = Context::new("import");
/// let stopper = context.stopper();
/// let outcome = context.phase(Extract).run(|extract| -> Result<(), Stopped> {
///     stopper.stop(); // usually from elsewhere
///     extract.check_cancelled()
/// });
/// let (failed, Stopped) = outcome.unwrap_err().into_parts()?;
/// assert_eq!(failed.report().cause(), Some(FailureCause::Stopped));
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stopper {
    run: Arc<Request>,
    /// Of branches that end together, if one of them ends badly.
    branches: Option<Arc<Request>>,
}

/// Somebody asked.
const ASKED: u8 = 1;

/// The run belongs to another process now.
const LOST: u8 = 2;

impl Stopper {
    /// Asks the run to stop.
    ///
    /// This stores a flag, and wakes whoever awaits [`stopped`](Stopper::stopped). In a program in which nobody awaits that, it only
    /// stores the flag, and a signal handler itself may call it. In any other one a thread or a task has to, to which the signal is
    /// handed: that is what `ctrlc`, `signal_hook::iterator` and `tokio::signal` do, as [the guide](crate::guide::durable) shows.
    pub fn stop(&self) {
        self.run.ask(ASKED);
    }

    /// Stops the run because it belongs to another process now, of which the journal tells when it is written to.
    pub(crate) fn stop_lost_run(&self) {
        self.run.ask(LOST);
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.run.asked() != 0 || self.is_called_off()
    }

    /// Waits until the run is asked to stop, in async code: for a `select!` with a request that may hang. It needs no runtime, and
    /// dropping it costs nothing. In a phase, [`RunningPhase::cancelled`](crate::RunningPhase::cancelled) is the same.
    ///
    /// ```
    /// use etl_context::{Stopped, Stopper};
    ///
    /// # async fn fetch_page() -> Result<u64, Stopped> { std::future::pending().await }
    /// async fn fetch(stopper: &Stopper) -> Result<u64, Stopped> {
    ///     tokio::select! {
    ///         stopped = stopper.stopped() => Err(stopped),
    ///         page = fetch_page() => page, // which never comes
    ///     }
    /// }
    ///
    /// let stopper = Stopper::default();
    /// let asking = stopper.clone();
    /// std::thread::spawn(move || asking.stop());
    /// assert_eq!(futures::executor::block_on(fetch(&stopper)), Err(Stopped));
    /// ```
    pub fn stopped(&self) -> impl Future<Output = Stopped> + Send + Sync + Unpin + use<> {
        self.asked()
    }

    pub(crate) fn asked(&self) -> Stopping {
        self.asked_for(ASKED | LOST)
    }

    /// The same for what goes on if somebody asks, and ends only if the run belongs to another process.
    pub(crate) fn lost(&self) -> Stopping {
        self.asked_for(LOST)
    }

    fn asked_for(&self, reasons: u8) -> Stopping {
        let requests = [Some(&self.run), self.branches.as_ref()];
        Stopping { places: requests.into_iter().flatten().map(|request| (Arc::clone(request), None)).collect(), reasons }
    }

    /// Whether this is a branch whose others have failed, and that was to end then.
    pub(crate) fn is_called_off(&self) -> bool {
        self.branches.as_ref().is_some_and(|branches| branches.asked() != 0)
    }

    /// Asks the branches to stop to which this one belongs, and not the run.
    pub(crate) fn call_off(&self) {
        if let Some(branches) = &self.branches {
            branches.ask(ASKED);
        }
    }

    /// That of branches which can be asked to stop without the run.
    pub(crate) fn of_branches(&self) -> Self {
        Stopper { run: Arc::clone(&self.run), branches: Some(Arc::default()) }
    }

    /// That of the run alone.
    pub(crate) fn of_run(&self) -> Self {
        Stopper { run: Arc::clone(&self.run), branches: None }
    }

    /// Whether somebody asked for it, and there is no other reason.
    pub(crate) fn is_asked(&self) -> bool {
        self.run.asked() == ASKED
    }

    /// Whether the run belongs to another process now.
    pub(crate) fn is_lost(&self) -> bool {
        self.run.asked() & LOST != 0
    }
}

/// Whether somebody asked, and who waits for that.
#[derive(Debug, Default)]
struct Request {
    asked: AtomicU8,
    /// How many wait, so that nobody locks anything if nobody does.
    waiting: AtomicUsize,
    wakers: Mutex<Wakers>,
}

#[derive(Debug, Default)]
struct Wakers {
    /// Each by the place that it was given.
    waiting: BTreeMap<u64, Waker>,
    places: u64,
}

impl Request {
    fn asked(&self) -> u8 {
        self.asked.load(Ordering::Acquire)
    }

    fn ask(&self, reason: u8) {
        self.asked.fetch_or(reason, Ordering::Release);
        // Who begins to wait says so first and then looks whether somebody asked; this is the other way round, so one sees the other.
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            let wakers = self.change(|wakers| mem::take(&mut wakers.waiting));
            wakers.into_values().for_each(Waker::wake);
        }
    }

    /// Has this waker woken, at the place of the one that it had before.
    fn wait(&self, place: &mut Option<u64>, waker: Waker) {
        let replaced = self.change(|wakers| {
            let place = place.get_or_insert(wakers.places);
            wakers.places = wakers.places.max(*place + 1);
            wakers.waiting.insert(*place, waker)
        });
        fence(Ordering::SeqCst);
        drop(replaced);
    }

    fn leave(&self, place: u64) {
        drop(self.change(|wakers| wakers.waiting.remove(&place)));
    }

    /// What is woken or dropped is so by the caller, without the lock: a task that ends then may wait here itself.
    fn change<R>(&self, change: impl FnOnce(&mut Wakers) -> R) -> R {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut wakers);
        self.waiting.store(wakers.waiting.len(), Ordering::Relaxed);
        changed
    }
}

/// Waits for one of several requests, with its place in each.
pub(crate) struct Stopping {
    places: Vec<(Arc<Request>, Option<u64>)>,
    /// Which reasons count.
    reasons: u8,
}

impl Stopping {
    fn is_asked(&self) -> bool {
        self.places.iter().any(|(request, _)| request.asked() & self.reasons != 0)
    }
}

impl Future for Stopping {
    type Output = Stopped;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Stopped> {
        if !self.is_asked() {
            self.places.iter_mut().for_each(|(request, place)| request.wait(place, context.waker().clone()));
        }
        if self.is_asked() { Poll::Ready(Stopped) } else { Poll::Pending }
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        self.places
            .iter()
            .filter_map(|(request, place)| Some((request, (*place)?)))
            .for_each(|(request, place)| request.leave(place));
    }
}

/// The run was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was asked to stop")]
#[allow(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct Stopped;
