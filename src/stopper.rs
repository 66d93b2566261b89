//! Who may ask a run to stop, and how does the running phase hear of it?

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

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
pub struct Stopper(Arc<AtomicU8>);

/// Somebody asked.
const ASKED: u8 = 1;

/// The run belongs to another process now.
const LOST: u8 = 2;

impl Stopper {
    /// Asks the run to stop. A signal handler may call this: it only stores a flag.
    pub fn stop(&self) {
        self.0.fetch_or(ASKED, Ordering::Release);
    }

    /// Stops the run because it belongs to another process now, of which the journal tells when it is written to.
    pub(crate) fn stop_lost_run(&self) {
        self.0.fetch_or(LOST, Ordering::Release);
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }

    /// Whether somebody asked for it, and there is no other reason.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire) == ASKED
    }

    /// The same as an error, for `?`.
    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if self.is_stopped() { Err(Stopped) } else { Ok(()) }
    }
}

/// The run was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was asked to stop")]
#[allow(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct Stopped;
