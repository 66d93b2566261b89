//! Is this phase done already? For those who resume a run by hand, in the manner of a map's entry.

use crate::context::refused::Refused;
use crate::context::scope::PhaseScope;
use crate::context::{Context, marker};
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{AtRest, Completed, State};
use crate::pipeline::{Follows, Pipeline};

/// A phase of a run that may have been completed by an earlier process; [`Context::enter`] makes one.
///
/// ```
/// use etl_context::{Context, Entry, Extract, dict};
///
/// let context = Context::new("import");
/// let extracted = match context.enter(Extract)? {
///     Entry::Done(extracted) => extracted,
///     Entry::Vacant(extract) => extract.start()?.complete(dict! { "source": "export.tar" })?,
/// };
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the context is inside"]
#[allow(clippy::exhaustive_enums, reason = "a phase is done or it is not")]
pub enum Entry<Ph: Phase, S: State, P: Pipeline> {
    /// An earlier process completed the phase; its report is in the context.
    Done(Context<Completed<Ph>, P>),
    /// The phase is still to be run, from the beginning or from its last checkpoint.
    Vacant(PhaseScope<Ph, S, P>),
}

impl<S, P> Context<S, P> {
    /// A phase that may have been completed by an earlier process, for those who resume a run by hand; [`Entry`] has an example.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the phase would have to run: with [`TooManyAttempts`](crate::Error::TooManyAttempts) if it has failed too often,
    /// with [`Stopped`](crate::Error::Stopped) if the run was asked to stop. And with [`StoredShape`](crate::Error::StoredShape) if it
    /// is done, and its counters were others.
    pub fn enter<Ph, Last>(mut self, phase: Ph) -> Result<Entry<Ph, S, P>, Refused<Self>>
    where
        S: AtRest<Last>,
        Ph: Phase + Follows<Last, P>,
        P: Pipeline,
    {
        marker(phase);
        match self.completed_earlier::<Ph>() {
            Ok(Some(_)) => return Ok(Entry::Done(self.go_past())),
            Ok(None) => {}
            Err(error) => return Err(Refused::new(self, error.into())),
        }
        match self.engine.admit(&Ph::NAME) {
            Ok(()) => Ok(Entry::Vacant(PhaseScope::new(self))),
            Err(error) => Err(Refused::new(self, error)),
        }
    }
}
