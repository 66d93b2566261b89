//! What else can be asked of a context whose phase is running? From where it goes on, and whether it should.

use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::error::Error;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::Running;

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
