//! Is this phase done already? For those who resume a run by hand, in the manner of a map's entry.

use crate::context::Context;
use crate::context::scope::PhaseScope;
use crate::pipeline::Pipeline;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{Completed, State};

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
