//! What else can be asked of a context whose phase is running? From where it goes on, and whether it should.

use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::context::scope::RunningPhase;
use crate::error::Error;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::Running;
use crate::stopper::Stopped;

impl<Ph: Phase, P> Context<Running<Ph>, P> {
    /// The cursor of the phase's last checkpoint, by this attempt or one that failed before it; `None` if there is none since
    /// the phase last completed.
    ///
    /// # Errors
    ///
    /// [`Error::StoredShape`] if the cursor is no `C`.
    pub fn resume_point<C: DeserializeOwned>(&self) -> Result<Option<C>, Error> {
        self.engine().resume_point(&Ph::NAME)
    }

    /// Whether the run was asked to stop, by a [`Stopper`](crate::Stopper) or because it now belongs to somebody else.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.engine().is_cancelled()
    }

    /// A key that is the same in every attempt at this phase of this run, for loading into systems that can tell a repeated
    /// request by its key: the run's id and the phase's name.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.record().idempotency_key(&Ph::NAME)
    }
}

impl<Ph: Phase> RunningPhase<'_, Ph> {
    /// Waits until the run is asked to stop, for a `select!` with a request that may hang. It does not borrow the phase.
    ///
    /// ```
    /// use etl_context::{Context, Extract, FailureCause, Stopped};
    ///
    /// # async fn fetch_page() -> Result<u64, Stopped> { std::future::pending().await }
    /// # async fn import() -> Result<(), etl_context::Error> {
    /// let context = Context::new("import");
    /// let stopper = context.stopper();
    /// let outcome = context.phase(Extract).run_async(async |extract| -> Result<(), Stopped> {
    ///     std::thread::spawn(move || stopper.stop()); // as a signal would
    ///     loop {
    ///         tokio::select! {
    ///             stopped = extract.cancelled() => return Err(stopped),
    ///             page = fetch_page() => drop(page?),
    ///         }
    ///     }
    /// });
    /// let (failed, Stopped) = outcome.await.unwrap_err().into_parts()?;
    /// assert_eq!(failed.report().cause(), Some(FailureCause::Stopped));
    /// # Ok(())
    /// # }
    /// # futures::executor::block_on(import()).unwrap();
    /// ```
    ///
    /// A phase that runs `finally` does so after a stop too; it only hears that the run belongs to somebody else.
    ///
    /// Of phases that run side by side, it also hears that the [others are asked to stop](crate::SideBySide::stop_others).
    pub fn cancelled(&self) -> impl Future<Output = Stopped> + Send + Sync + Unpin + use<Ph> {
        self.engine.cancelled()
    }
}
