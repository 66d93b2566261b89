//! Why did phases that ran side by side not all complete, and what is left of each?

use std::error::Error as StdError;
use std::fmt;

use crate::context::failure::PhaseFailure;
use crate::context::scope::Outcome;
use crate::error::Error;
use crate::pipeline::phase::Phase;

/// Why phases that ran side by side did not all complete: what became of each of them, in the order in which they were given.
///
/// `?` turns it into an [`Error`]: that of the phase that failed, or [`Error::PhasesFailed`] with those of all that did. To go on,
/// take the outcomes. A branch that failed is tried again, and then the branches are joined by hand:
///
/// ```
/// use etl_context::{Error, pipeline};
///
/// pipeline! {
///     Nightly {
///         Users = "users" after Idle;
///         Orders = "orders" after Idle;
///         Merge = "merge" after (Users, Orders);
///     }
/// }
///
/// let fetched = Nightly::context("nightly").phases((Users, Orders)).run((
///     |_users| Ok::<_, String>(()),
///     |_orders| Err::<(), _>("no connection".to_owned()),
/// ));
/// let (users, orders) = fetched.unwrap_err().into_outcomes();
/// let (users, ()) = users?;
/// let (failed, _) = orders.unwrap_err().into_parts()?;
/// let orders = failed.retry()?.complete(())?;
/// users.join(orders)?.start(Merge)?.complete(())?;
/// # Ok::<(), Error>(())
/// ```
#[must_use = "the contexts are inside"]
pub struct PhasesFailure<Outcomes>(Outcomes);

impl<Outcomes> PhasesFailure<Outcomes> {
    pub(crate) fn new(outcomes: Outcomes) -> Self {
        PhasesFailure(outcomes)
    }

    /// What became of each phase, as a tuple: the completed context and the result, or the [`PhaseFailure`].
    pub fn into_outcomes(self) -> Outcomes {
        self.0
    }
}

/// What became of several phases. Sealed.
pub trait PhaseOutcomes: sealed::Sealed {
    /// The failures, in order.
    #[doc(hidden)]
    fn failures(&self) -> Vec<&dyn StdError>;

    /// The same as errors of the crate.
    #[doc(hidden)]
    fn into_errors(self) -> Vec<Error>;
}

mod sealed {
    /// Only outcomes of phases are told of.
    pub trait Sealed {}
}

impl<Outcomes: PhaseOutcomes> From<PhasesFailure<Outcomes>> for Error {
    fn from(failure: PhasesFailure<Outcomes>) -> Self {
        let mut failures = failure.0.into_errors();
        if failures.len() == 1 { failures.remove(0) } else { Error::PhasesFailed { failures } }
    }
}

impl<Outcomes: PhaseOutcomes> fmt::Display for PhasesFailure<Outcomes> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.0.failures();
        if failures.len() > 1 {
            write!(f, "{} phases failed: ", failures.len())?;
        }
        f.write_str(&failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

impl<Outcomes: PhaseOutcomes> fmt::Debug for PhasesFailure<Outcomes> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhasesFailure({self})")
    }
}

impl<Outcomes: PhaseOutcomes> StdError for PhasesFailure<Outcomes> {
    /// That of the first failure.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.failures().into_iter().next()?.source()
    }
}

macro_rules! outcomes {
    ($($phase:ident $result:ident $error:ident $outcome:ident)+) => {
        impl<Before, P, $($phase: Phase, $result, $error),+> sealed::Sealed for ($(Outcome<$phase, $result, $error, Before, P>,)+) {}

        impl<Before, P, $($phase: Phase, $result, $error),+> PhaseOutcomes for ($(Outcome<$phase, $result, $error, Before, P>,)+) {
            fn failures(&self) -> Vec<&dyn StdError> {
                let ($($outcome,)+) = self;
                let failures = [$($outcome.as_ref().err().map(|failure| -> &dyn StdError { failure })),+];
                failures.into_iter().flatten().collect()
            }

            fn into_errors(self) -> Vec<Error> {
                let ($($outcome,)+) = self;
                let failures = [$($outcome.err().map(PhaseFailure::into)),+];
                failures.into_iter().flatten().collect()
            }
        }
    };
}

outcomes! { A RA EA a B RB EB b }
outcomes! { A RA EA a B RB EB b C RC EC c }
outcomes! { A RA EA a B RB EB b C RC EC c D RD ED d }
outcomes! { A RA EA a B RB EB b C RC EC c D RD ED d E RE EE e }
outcomes! { A RA EA a B RB EB b C RC EC c D RD ED d E RE EE e F RF EF f }
outcomes! { A RA EA a B RB EB b C RC EC c D RD ED d E RE EE e F RF EF f G RG EG g }
outcomes! { A RA EA a B RB EB b C RC EC c D RD ED d E RE EE e F RF EF f G RG EG g H RH EH h }
