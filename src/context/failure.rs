//! Why did a phase that ran as a closure not complete, and what is left?

use std::error::Error as StdError;
use std::fmt;

use crate::context::Context;
use crate::context::refused::Refused;
use crate::error::Error;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{Failed, Running};
use crate::record::error::{RecordedError, WorkError};
use crate::text::line::shown;

/// Why a phase that ran as a closure did not complete.
///
/// `?` turns it into an [`Error`], a boxed error or an `anyhow::Error`. To go on with the context, match it:
///
/// ```
/// use etl_context::{Context, Extract, PhaseFailure};
///
/// let extract = Context::new("import").phase(Extract);
/// let outcome = extract.run(|_| -> Result<(), String> { Err("no such file".to_owned()) });
/// match outcome {
///     Err(PhaseFailure::Failed { context, error }) => {
///         assert_eq!(error, "no such file");
///         let extract = context.retry()?;
///         extract.complete(())?;
///     }
///     Err(other) => return Err(other.into()),
///     Ok((extracted, ())) => drop(extracted),
/// }
/// # Ok::<(), etl_context::Error>(())
/// ```
#[must_use = "the context is inside"]
#[allow(clippy::exhaustive_enums, reason = "a phase can fail to start, in its work, by what it came to, or to end")]
pub enum PhaseFailure<Ph, E, S, P> {
    /// The work failed, and the phase is recorded as failed.
    Failed {
        /// The context, from which the phase can be retried.
        context: Context<Failed<Ph>, P>,
        /// The error that the work returned.
        error: E,
    },
    /// The work is done, but the phase has not come to what was expected of it with [`or_fail`](crate::Expect::or_fail). It was refused to
    /// complete, with [`Error::NotAsExpected`], and is recorded as failed; it can be retried from this context.
    NotAsExpected(Refused<Context<Failed<Ph>, P>>),
    /// The phase could not be started; the work was not called.
    NotStarted(Refused<Context<S, P>>),
    /// The work is done, but its outcome could not be recorded. The phase is still running, with all its counts.
    NotEnded {
        /// The context, and why.
        refused: Refused<Context<Running<Ph>, P>>,
        /// The error that the work returned; `None` if it succeeded.
        error: Option<E>,
    },
}

impl<Ph: Phase, E, S, P> PhaseFailure<Ph, E, S, P> {
    /// The failed context and the error of the work.
    ///
    /// ```
    /// # use etl_context::{Context, Extract};
    /// let extract = Context::new("import").phase(Extract);
    /// let outcome = extract.run(|_| -> Result<(), String> { Err("no such file".to_owned()) });
    /// let (failed, error) = outcome.unwrap_err().into_parts()?;
    /// # assert_eq!(error, "no such file");
    /// # failed.retry()?.complete(())?;
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why the phase was not started, not as expected or not ended, if that is what happened.
    pub fn into_parts(self) -> Result<(Context<Failed<Ph>, P>, E), Error> {
        match self {
            PhaseFailure::Failed { context, error } => Ok((context, error)),
            PhaseFailure::NotAsExpected(refused) => Err(refused.into()),
            PhaseFailure::NotStarted(refused) => Err(refused.into()),
            PhaseFailure::NotEnded { refused, .. } => Err(refused.into()),
        }
    }
}

impl<Ph: Phase, E, S, P> From<PhaseFailure<Ph, E, S, P>> for Error {
    fn from(failure: PhaseFailure<Ph, E, S, P>) -> Self {
        match failure.into_parts() {
            Ok((context, _)) => context.failure(),
            Err(error) => error,
        }
    }
}

impl<Ph: Phase, E, S, P> fmt::Display for PhaseFailure<Ph, E, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PhaseFailure::Failed { context, .. } => context.failure().fmt(f),
            PhaseFailure::NotAsExpected(refused) => refused.fmt(f),
            PhaseFailure::NotStarted(refused) => refused.fmt(f),
            PhaseFailure::NotEnded { refused, .. } => refused.fmt(f),
        }
    }
}

impl<Ph: Phase, E, S, P> fmt::Debug for PhaseFailure<Ph, E, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            PhaseFailure::Failed { .. } => "Failed",
            PhaseFailure::NotAsExpected(_) => "NotAsExpected",
            PhaseFailure::NotStarted(_) => "NotStarted",
            PhaseFailure::NotEnded { .. } => "NotEnded",
        };
        write!(f, "{kind}({self})")
    }
}

impl<Ph: Phase, E, S, P> StdError for PhaseFailure<Ph, E, S, P> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            PhaseFailure::Failed { context, .. } => context.failed_with()?.source(),
            PhaseFailure::NotAsExpected(refused) => refused.source(),
            PhaseFailure::NotStarted(refused) => refused.source(),
            PhaseFailure::NotEnded { refused, .. } => refused.source(),
        }
    }
}

/// Of work that is done, and a phase that was refused to complete: it fails if it is not as expected, and is else still running.
pub(crate) fn not_completed<Ph: Phase, E, S, P>(refused: Refused<Context<Running<Ph>, P>>) -> PhaseFailure<Ph, E, S, P> {
    match refused.into_parts() {
        (running, error @ Error::NotAsExpected { .. }) => not_as_expected(running, error),
        (running, error) => PhaseFailure::NotEnded { refused: recorded(running, error), error: None },
    }
}

pub(crate) fn not_as_expected<Ph: Phase, E, S, P>(running: Context<Running<Ph>, P>, error: Error) -> PhaseFailure<Ph, E, S, P> {
    match running.fail(&error) {
        Ok(context) => PhaseFailure::NotAsExpected(Refused::new(context, error)),
        Err(refused) => {
            let refused = refused.saying(|refusal| unrecorded(refusal, &error.recorded()));
            PhaseFailure::NotEnded { refused, error: None }
        }
    }
}

/// Tells both: why the work failed, and why that is not in the record.
pub(crate) fn unrecorded(mut error: Error, failure: &RecordedError) -> Error {
    if let Error::Journal { refused, .. } = &mut error {
        *refused = format!("the work failed ({}), and {refused}", shown(failure.message()));
    }
    error
}

/// Says in the record why the phase was not completed. If the journal cannot take that either, the caller still has the error.
fn recorded<Ph: Phase, P>(mut context: Context<Running<Ph>, P>, error: Error) -> Refused<Context<Running<Ph>, P>> {
    let _ = context.record_error(&error);
    Refused::new(context, error)
}
