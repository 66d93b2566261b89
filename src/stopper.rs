//! Who may ask a run to stop, and how does the running phase hear of it?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Asks a run to stop: from a signal handler, a deadline, another thread.
///
/// Nothing is interrupted. The running phase sees it with `is_cancelled()` or `check_cancelled()`, leaves its work at a good
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
    run: Arc<AtomicU8>,
    /// Of branches that end together, if one of them ends badly.
    branches: Option<Arc<AtomicBool>>,
}

/// Somebody asked.
const ASKED: u8 = 1;

/// The run belongs to another process now.
const LOST: u8 = 2;

impl Stopper {
    /// Asks the run to stop. A signal handler may call this: it only stores a flag.
    pub fn stop(&self) {
        self.run.fetch_or(ASKED, Ordering::Release);
    }

    /// Stops the run because it belongs to another process now, of which the journal tells when it is written to.
    pub(crate) fn stop_lost_run(&self) {
        self.run.fetch_or(LOST, Ordering::Release);
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.run.load(Ordering::Acquire) != 0 || self.is_called_off()
    }

    /// Whether this is a branch whose others have failed, and that was to end then.
    pub(crate) fn is_called_off(&self) -> bool {
        self.branches.as_ref().is_some_and(|branches| branches.load(Ordering::Acquire))
    }

    /// Asks the branches to stop to which this one belongs, and not the run.
    pub(crate) fn call_off(&self) {
        if let Some(branches) = &self.branches {
            branches.store(true, Ordering::Release);
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
        self.run.load(Ordering::Acquire) == ASKED
    }

    /// Whether the run belongs to another process now.
    pub(crate) fn is_lost(&self) -> bool {
        self.run.load(Ordering::Acquire) & LOST != 0
    }
}

/// The run was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was asked to stop")]
#[allow(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct Stopped;
