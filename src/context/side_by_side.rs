//! How do phases run side by side? As closures, each in a branch of its own, which are joined when all have ended.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::task::Poll;
use std::thread;

use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::context::branch::joined;
use crate::context::failure::PhaseFailure;
use crate::context::phases_failure::PhasesFailure;
use crate::context::scope::{Outcome, PhaseScope, RunningPhase};
use crate::context::task::{Polled, Task, Watch, unless_panicked};
use crate::json::dictionary::PhaseResult;
use crate::pipeline::Pipeline;
use crate::pipeline::check::{check_forks, check_side_by_side};
use crate::pipeline::joined::{AllFollow, Joined, JoinedPhases};
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{AtRest, State};
use crate::record::error::WorkError;

/// Phases that are about to run side by side as closures; [`Context::phases`] makes them, and [`run`](SideBySide::run) runs them.
#[must_use = "nothing runs until `run` or `run_async` is called"]
pub struct SideBySide<Phases, S, P> {
    context: Context<S, P>,
    phases: PhantomData<fn() -> Phases>,
    stops_others: bool,
}

impl<Phases: JoinedPhases, S: State, P: Pipeline> fmt::Debug for SideBySide<Phases, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("SideBySide");
        fields.field("phases", &Phases::NAMES).field("context", &self.context).field("stops_others", &self.stops_others).finish()
    }
}

impl<S, P> Context<S, P> {
    /// Phases to be run side by side as closures, one in each branch: [`run`](SideBySide::run) runs them on threads,
    /// [`run_async`](SideBySide::run_async) in one task.
    ///
    /// ```
    /// use etl_context::{Counts, Error, pipeline};
    /// use std::collections::BTreeMap;
    ///
    /// pipeline! {
    ///     Nightly {
    ///         Users = "users" after Idle;
    ///         Orders = "orders" after Idle;
    ///         Merge = "merge" after (Users, Orders);
    ///     }
    /// }
    ///
    /// let (fetched, ((), orders)) = Nightly::context("nightly").phases((Users, Orders)).run((
    ///     |users| {
    ///         users.update_progress(Counts { conversations: 0, messages: 20 });
    ///         Ok::<_, std::io::Error>(())
    ///     },
    ///     |_orders| Ok::<_, String>(BTreeMap::from([("eggs".to_owned(), 12)])),
    /// ))?;
    /// assert_eq!(orders["eggs"], 12);
    /// fetched.start(Merge)?.complete(())?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// The phases stand in the order in which the pipeline joins them, and no phase stands there twice. For more than one phase in a
    /// branch there is [`fork`](Context::fork).
    pub fn phases<Phases, Last>(self, phases: Phases) -> SideBySide<Phases, S, P>
    where
        S: AtRest<Last>,
        Phases: AllFollow<Last, P>,
        P: Pipeline,
    {
        const { check_forks::<P>() };
        const { check_side_by_side::<P>(Phases::NAMES) };
        drop(phases);
        SideBySide { context: self, phases: PhantomData, stops_others: false }
    }
}

impl<Phases, S, P> SideBySide<Phases, S, P> {
    /// Asks the other phases to stop when one fails: they see it by `is_cancelled()` or `check_cancelled()`. If this is not said, they
    /// go on to their end. The run itself is not asked to stop.
    pub fn stop_others(mut self) -> Self {
        self.stops_others = true;
        self
    }

    /// A context for each branch, and what each does if it ends badly.
    fn branches<const N: usize>(mut self) -> ([Context<S, P>; N], Watch) {
        let stopper = self.context.engine.stopper.of_branches();
        self.context.engine.stopper = stopper.clone();
        (self.context.engine.fork().map(Context::from_engine), Watch { stopper, stops_others: self.stops_others })
    }
}

/// The branch can no longer be asked to stop without the run.
fn on_its_own<Ph: Phase, R, E, S, P>(mut outcome: Outcome<Ph, R, E, S, P>) -> Outcome<Ph, R, E, S, P> {
    let engine = match &mut outcome {
        Ok((context, _)) => &mut context.engine,
        Err(PhaseFailure::Failed { context, .. }) => &mut context.engine,
        Err(PhaseFailure::NotAsExpected(refused)) => &mut refused.context_mut().engine,
        Err(PhaseFailure::NotStarted(refused)) => &mut refused.context_mut().engine,
        Err(PhaseFailure::NotEnded { refused, .. }) => &mut refused.context_mut().engine,
    };
    engine.stopper = engine.stopper.of_run();
    outcome
}

macro_rules! side_by_side {
    ($(($phase:ident $result:ident $error:ident $kind:ident $work:ident $branch:ident))+ ; $first:ident $($other:ident)+) => {
        impl<$($phase: Phase,)+ Before, P> SideBySide<($($phase,)+), Before, P> {
            /// Runs each closure inside its phase, on a thread of its own, as [`PhaseScope::run`] does, and returns when all have ended:
            /// with the joined context and all results, or with what became of each.
            ///
            /// A panic asks the others to stop, waits for them, and goes on.
            ///
            /// # Errors
            ///
            /// [`PhasesFailure`], which turns into an [`Error`](crate::Error) under `?`.
            #[allow(clippy::type_complexity, reason = "each phase has a result and an error of its own")]
            pub fn run<$($result, $error, $kind, $work),+>(
                self,
                work: ($($work,)+),
            ) -> Result<(Context<Joined<($($phase,)+)>, P>, ($($result,)+)), PhasesFailure<($(Outcome<$phase, $result, $error, Before, P>,)+)>>
            where
                $(
                    $work: FnOnce(&mut RunningPhase<'_, $phase>) -> Result<$result, $error> + Send,
                    $result: PhaseResult + DeserializeOwned + Send,
                    $error: WorkError<$kind> + Send,
                )+
            {
                let ([$($branch),+], watch) = self.branches();
                #[allow(non_snake_case, reason = "each closure is named as its type")]
                let ($($work,)+) = work;
                $( let $branch = Task::new(move || on_its_own(PhaseScope::<$phase, Before, P>::new($branch).run($work)), &watch); )+
                let ended = thread::scope(|scope| {
                    #[allow(non_snake_case, reason = "each thread is named as its closure")]
                    let ($($work,)+) = ($($branch.spawn(scope, &$phase::NAME),)+);
                    ($($branch.outcome($work),)+)
                });
                side_by_side! { @end ended, $($branch)+ ; $first $($other)+ }
            }

            /// The same for work that awaits: all of it is polled by the task that awaits this, so nothing has to be `Send`. A future that is
            /// dropped before it is done leaves each phase that runs failed, as `abandoned`.
            ///
            /// # Errors
            ///
            /// As [`run`](SideBySide::run).
            #[allow(clippy::type_complexity, reason = "each phase has a result and an error of its own")]
            pub async fn run_async<$($result, $error, $kind, $work),+>(
                self,
                work: ($($work,)+),
            ) -> Result<(Context<Joined<($($phase,)+)>, P>, ($($result,)+)), PhasesFailure<($(Outcome<$phase, $result, $error, Before, P>,)+)>>
            where
                $(
                    $work: AsyncFnOnce(&mut RunningPhase<'_, $phase>) -> Result<$result, $error>,
                    $result: PhaseResult + DeserializeOwned,
                    $error: WorkError<$kind>,
                )+
            {
                let ([$($branch),+], watch) = self.branches();
                #[allow(non_snake_case, reason = "each closure is named as its type")]
                let ($($work,)+) = work;
                $(
                    let scope = PhaseScope::<$phase, Before, P>::new($branch);
                    let mut $branch = Polled::new(async move { on_its_own(scope.run_async($work).await) }, &watch);
                )+
                poll_fn(|waking| {
                    let ended = [$($branch.poll(waking)),+];
                    if ended.contains(&false) { Poll::Pending } else { Poll::Ready(()) }
                })
                .await;
                let ended = ($($branch.outcome(),)+);
                side_by_side! { @end ended, $($branch)+ ; $first $($other)+ }
            }
        }
    };
    (@end $ended:ident, $($branch:ident)+ ; $first:ident $($other:ident)+) => {{
        let mut panic = None;
        let ($($branch,)+) = $ended;
        let ($(Some($branch),)+) = ($(unless_panicked($branch, &mut panic),)+) else {
            resume_unwind(panic.unwrap_or_else(|| Box::new("a branch is gone")))
        };
        match ($($branch,)+) {
            ($(Ok($branch),)+) => {
                let results = ($($branch.1,)+);
                Ok((joined($first.0.into_engine(), [$($other.0.into_engine()),+]), results))
            }
            outcomes => Err(PhasesFailure::new(outcomes)),
        }
    }};
}

side_by_side! { (A RA EA KA WA a) (B RB EB KB WB b) ; a b }
side_by_side! { (A RA EA KA WA a) (B RB EB KB WB b) (C RC EC KC WC c) ; a b c }
side_by_side! { (A RA EA KA WA a) (B RB EB KB WB b) (C RC EC KC WC c) (D RD ED KD WD d) ; a b c d }
side_by_side! { (A RA EA KA WA a) (B RB EB KB WB b) (C RC EC KC WC c) (D RD ED KD WD d) (E RE EE KE WE e) ; a b c d e }
side_by_side! {
    (A RA EA KA WA a) (B RB EB KB WB b) (C RC EC KC WC c) (D RD ED KD WD d) (E RE EE KE WE e) (F RF EF KF WF f) ; a b c d e f
}
side_by_side! {
    (A RA EA KA WA a) (B RB EB KB WB b) (C RC EC KC WC c) (D RD ED KD WD d) (E RE EE KE WE e) (F RF EF KF WF f)
    (G RG EG KG WG g) ; a b c d e f g
}
side_by_side! {
    (A RA EA KA WA a) (B RB EB KB WB b) (C RC EC KC WC c) (D RD ED KD WD d) (E RE EE KE WE e) (F RF EF KF WF f)
    (G RG EG KG WG g) (H RH EH KH WH h) ; a b c d e f g h
}
