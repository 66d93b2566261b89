//! Which branches have come together? The state of a context whose branches were joined, and what can join.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::pipeline::phase::{Phase, PhaseName};
use crate::pipeline::position::Position;
use crate::pipeline::state::{AtRest, Completed, Forks, SealedState, Standing, State};
use crate::pipeline::{Follows, Predecessor};

/// The state of a [`Context`](crate::Context) whose branches were joined: each ended with a completed phase, and `Phases` are these,
/// as in `Joined<(Users, Orders)>`, in the order in which the pipeline joins them.
pub struct Joined<Phases>(PhantomData<fn() -> Phases>);

impl<Phases: JoinedPhases> fmt::Debug for Joined<Phases> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::description())
    }
}

/// Two to eight phases, as a tuple. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no phases that can run side by side",
    note = "write two to eight phases in parentheses, as in `(Users, Orders)`"
)]
pub trait JoinedPhases: sealed::Sealed + Send + Sync + 'static {
    /// Their names.
    #[doc(hidden)]
    const NAMES: &'static [PhaseName];
}

/// Phases that may all start after `Last` in the pipeline `P`: each of them [`Follows`] it.
pub trait AllFollow<Last, P>: JoinedPhases {}

/// What a branch can be joined with: `Phases` are those of both. Sealed.
#[diagnostic::on_unimplemented(
    message = "Branches are joined when their phases have completed: this one is `{Self}`, the other one `{Other}`",
    label = "cannot be joined yet",
    note = "a phase that runs is ended first, with `complete(result)`; one that failed starts again with `retry()`",
    note = "several branches are joined one after the other, as in `users.join(orders)?.join(prices)?`"
)]
pub trait Joins<Other, Phases>: State {}

mod sealed {
    /// Only tuples of phases are joined.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` are no phases that can run side by side",
        note = "write two to eight phases in parentheses, as in `(Users, Orders)`"
    )]
    pub trait Sealed {}
}

#[diagnostic::do_not_recommend]
impl<Phases: JoinedPhases> AtRest<Phases> for Joined<Phases> {}

#[diagnostic::do_not_recommend]
impl<Phases: JoinedPhases> Forks for Joined<Phases> {}

#[diagnostic::do_not_recommend]
impl<Phases: JoinedPhases> SealedState for Joined<Phases> {
    const PHASES: &'static [PhaseName] = Phases::NAMES;

    fn description() -> String {
        Position::Joined(Cow::Borrowed(Phases::NAMES)).to_string()
    }

    fn matches(standing: &Standing<'_>) -> bool {
        standing.running.is_none() && Phases::NAMES.iter().all(|phase| standing.completed.contains(&phase))
    }
}

/// Each of them is joined to all before it; or the first one to the others, if these were joined before.
macro_rules! joined {
    ($first:ident $($before:ident)* ; $last:ident) => {
        #[diagnostic::do_not_recommend]
        impl<$first: Phase, $($before: Phase,)* $last: Phase> sealed::Sealed for ($first, $($before,)* $last) {}

        #[diagnostic::do_not_recommend]
        impl<$first: Phase, $($before: Phase,)* $last: Phase> JoinedPhases for ($first, $($before,)* $last) {
            const NAMES: &'static [PhaseName] = &[$first::NAME, $($before::NAME,)* $last::NAME];
        }

        #[diagnostic::do_not_recommend]
        impl<$first: Phase, $($before: Phase,)* $last: Phase> Predecessor for ($first, $($before,)* $last) {
            const POSITION: Position = Position::Joined(Cow::Borrowed(Self::NAMES));
        }

        #[diagnostic::do_not_recommend]
        impl<After, P, $first, $($before,)* $last> AllFollow<After, P> for ($first, $($before,)* $last)
        where
            $first: Phase + Follows<After, P>,
            $($before: Phase + Follows<After, P>,)*
            $last: Phase + Follows<After, P>,
        {
        }

        joined! { @step $first $($before)* ; $last }
    };
    (@step $first:ident ; $last:ident) => {
        #[diagnostic::do_not_recommend]
        impl<$first: Phase, $last: Phase> Joins<Completed<$last>, ($first, $last)> for Completed<$first> {}
    };
    (@step $first:ident $($before:ident)+ ; $last:ident) => {
        #[diagnostic::do_not_recommend]
        impl<$first: Phase, $($before: Phase,)+ $last: Phase> Joins<Completed<$last>, ($first, $($before,)+ $last)>
            for Joined<($first, $($before,)+)>
        {
        }

        #[diagnostic::do_not_recommend]
        impl<$first: Phase, $($before: Phase,)+ $last: Phase> Joins<Joined<($($before,)+ $last)>, ($first, $($before,)+ $last)>
            for Completed<$first>
        {
        }
    };
}

joined! { A; B }
joined! { A B; C }
joined! { A B C; D }
joined! { A B C D; E }
joined! { A B C D E; F }
joined! { A B C D E F; G }
joined! { A B C D E F G; H }
