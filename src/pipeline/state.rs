//! Which state at compile time? The states of a context, and what the compiler knows of each.
//!
//! Programs name these types in signatures (`Context<Running<Load>>`) and never make one: only the library can.

use std::fmt;
use std::marker::PhantomData;

use crate::counting::counters::{Counters, Tally};
use crate::pipeline::phase::{Phase, PhaseName};
use crate::pipeline::position::Position;

/// The state of a [`Context`](crate::Context) in which no phase has been started.
#[derive(Debug)]
pub struct Idle(PhantomData<()>);

/// The state of a [`Context`](crate::Context) in which the phase `Ph` is in progress.
pub struct Running<Ph>(PhantomData<fn() -> Ph>);

/// The state of a [`Context`](crate::Context) whose phase `Ph` ended last, and completed.
pub struct Completed<Ph>(PhantomData<fn() -> Ph>);

/// The state of a [`Context`](crate::Context) whose phase `Ph` ended last, and failed.
pub struct Failed<Ph>(PhantomData<fn() -> Ph>);

mod sealed {
    use crate::counting::counters::Tally;
    use crate::pipeline::phase::PhaseName;
    use crate::pipeline::position::Position;

    /// What a state asks of a run.
    #[derive(Debug)]
    pub struct Standing<'a> {
        /// The running phase and the names of its counters.
        pub running: Option<(&'a PhaseName, &'a [&'static str])>,
        /// The phase that ended last.
        pub position: Position,
        /// What that phase counted.
        pub counted: Option<&'a Tally>,
        /// The completed phases at which a run with branches stands.
        pub completed: Vec<&'a PhaseName>,
    }

    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no state of a context",
        label = "not a state",
        note = "the states are `Idle`, `Running<…>`, `Completed<…>`, `Failed<…>` and `Joined<…>`; a context moves from one to the next by its methods"
    )]
    pub trait SealedState {
        /// The state as the record would show it, as in `Running<load>`.
        fn description() -> String;

        /// The phases that the state is about.
        const PHASES: &'static [PhaseName];

        /// Whether a run that stands so is in this state.
        fn matches(standing: &Standing<'_>) -> bool;
    }
}

pub(crate) use sealed::{SealedState, Standing};

/// A state that a [`Context`](crate::Context) can be in: [`Idle`], [`Running`], [`Completed`], [`Failed`] or
/// [`Joined`](crate::Joined). Sealed.
///
/// Signatures say with it what they need and what they give:
///
/// ```
/// use etl_context::{Completed, Context, Error, Extract, Transform, State};
///
/// fn transform(extracted: Context<Completed<Extract>>) -> Result<Context<Completed<Transform>>, Error> {
///     Ok(extracted.start(Transform)?.complete(())?)
/// }
///
/// /// Takes a context whatever its state.
/// fn print<S: State>(context: &Context<S>) {
///     println!("{}", context.summary());
/// }
///
/// let transformed = transform(Context::new("import").start(Extract)?.complete(())?)?;
/// print(&transformed);
/// # Ok::<(), Error>(())
/// ```
pub trait State: SealedState + Send + Sync + 'static {}

// Here and elsewhere `do_not_recommend` keeps the compiler from listing what implements a trait: the notes say it shorter.
#[diagnostic::do_not_recommend]
impl<S: SealedState + Send + Sync + 'static> State for S {}

/// A state in which no phase is running, so that one can be started. `Last` is what the started phase has to follow: what
/// completed last, `Failed<…>` of what failed last, the tuple of the phases that were joined, or `Idle`. Sealed.
#[diagnostic::on_unimplemented(
    message = "A phase is already in progress: the context is `{Self}`",
    label = "a phase is already in progress",
    note = "end the running phase first, with `complete(result)` or `fail(&error)`, and start the next one from the context that this returns"
)]
pub trait AtRest<Last>: State {}

/// A state in which no phase is running, so that the run can go on in several branches. Sealed.
#[diagnostic::on_unimplemented(
    message = "A phase is already in progress: the context is `{Self}`",
    label = "a phase is already in progress",
    note = "end the running phase first, with `complete(result)` or `fail(&error)`, and fork the context that this returns"
)]
pub trait Forks: State {}

/// A state in which the phase `Ph` is running. Sealed.
#[diagnostic::on_unimplemented(
    message = "No phase is currently in progress: the context is `{Self}`",
    label = "no phase is currently in progress",
    note = "start a phase first, with `start(phase)`, and use the context that this returns"
)]
pub trait InProgress<Ph>: State {}

#[diagnostic::do_not_recommend]
impl AtRest<Idle> for Idle {}
#[diagnostic::do_not_recommend]
impl<Ph: Phase> AtRest<Ph> for Completed<Ph> {}
#[diagnostic::do_not_recommend]
impl<Ph: Phase> AtRest<Failed<Ph>> for Failed<Ph> {}
#[diagnostic::do_not_recommend]
impl Forks for Idle {}
#[diagnostic::do_not_recommend]
impl<Ph: Phase> Forks for Completed<Ph> {}
#[diagnostic::do_not_recommend]
impl<Ph: Phase> Forks for Failed<Ph> {}
#[diagnostic::do_not_recommend]
impl<Ph: Phase> InProgress<Ph> for Running<Ph> {}

#[diagnostic::do_not_recommend]
impl SealedState for Idle {
    const PHASES: &'static [PhaseName] = &[];

    fn description() -> String {
        Position::Idle.to_string()
    }

    fn matches(standing: &Standing<'_>) -> bool {
        standing.running.is_none() && standing.position == Position::Idle
    }
}

#[diagnostic::do_not_recommend]
impl<Ph: Phase> SealedState for Running<Ph> {
    const PHASES: &'static [PhaseName] = &[Ph::NAME];

    fn description() -> String {
        format!("Running<{}>", Ph::NAME)
    }

    fn matches(standing: &Standing<'_>) -> bool {
        standing.running.is_some_and(|(phase, counters)| *phase == Ph::NAME && counters == <Ph::Counters as Counters>::NAMES)
    }
}

#[diagnostic::do_not_recommend]
impl<Ph: Phase> SealedState for Completed<Ph> {
    const PHASES: &'static [PhaseName] = &[Ph::NAME];

    fn description() -> String {
        Position::Completed(Ph::NAME).to_string()
    }

    fn matches(standing: &Standing<'_>) -> bool {
        rests::<Ph>(standing) && standing.position == Position::Completed(Ph::NAME)
    }
}

#[diagnostic::do_not_recommend]
impl<Ph: Phase> SealedState for Failed<Ph> {
    const PHASES: &'static [PhaseName] = &[Ph::NAME];

    fn description() -> String {
        Position::Failed(Ph::NAME).to_string()
    }

    fn matches(standing: &Standing<'_>) -> bool {
        rests::<Ph>(standing) && standing.position == Position::Failed(Ph::NAME)
    }
}

/// No phase is running, and the phase has counted what its type says.
fn rests<Ph: Phase>(standing: &Standing<'_>) -> bool {
    standing.running.is_none() && standing.counted.and_then(Tally::typed::<Ph::Counters>).is_some()
}

macro_rules! debug_as_description {
    ($($state:ident)*) => { $(
        impl<Ph: Phase> fmt::Debug for $state<Ph> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&Self::description())
            }
        }
    )* };
}

debug_as_description! { Running Completed Failed }
