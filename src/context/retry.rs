//! How often is a phase tried, and how long is waited in between?

use std::fmt;
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::context::failure::PhaseFailure;
use crate::context::scope::{Outcome, PhaseScope, RunningPhase};
use crate::json::dictionary::PhaseResult;
use crate::pipeline::Pipeline;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{Failed, State};
use crate::record::error::WorkError;
use crate::record::phase::PhaseRecord;

/// A pause is made of pieces so long, so that a stop ends it at once.
const SLICE: Duration = Duration::from_millis(20);

/// How often a phase is tried, and how long is waited in between; [`PhaseScope::retrying`] takes it.
///
/// ```
/// use etl_context::{Pause, Retry};
/// use std::time::Duration;
///
/// let four_times = Retry::up_to(4).pausing(Pause::exponential(Duration::from_secs(1), Duration::from_secs(60)));
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "a phase is retried by `retrying`, which takes this"]
pub struct Retry {
    attempts: u32,
    pause: Pause,
}

impl Retry {
    /// So many attempts in all, those of earlier processes included, since the phase last completed; at least one.
    pub const fn up_to(attempts: u32) -> Self {
        Retry { attempts: if attempts == 0 { 1 } else { attempts }, pause: Pause::fixed(Duration::ZERO) }
    }

    /// Waits before each further attempt.
    pub const fn pausing(mut self, pause: Pause) -> Self {
        self.pause = pause;
        self
    }
}

/// How long is waited between two attempts.
#[derive(Debug, Clone, Copy)]
pub struct Pause {
    first: Duration,
    longest: Duration,
}

impl Pause {
    /// As long each time.
    #[must_use]
    pub const fn fixed(pause: Duration) -> Self {
        Pause { first: pause, longest: pause }
    }

    /// Twice as long each time, from the first pause up to the longest.
    #[must_use]
    pub const fn exponential(first: Duration, longest: Duration) -> Self {
        Pause { first, longest }
    }

    /// The pause after so many failures.
    fn after(self, failures: usize) -> Duration {
        let doubled = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 2_u32.checked_pow(doubled).unwrap_or(u32::MAX);
        if self.first == self.longest { self.first } else { self.first.saturating_mul(factor).min(self.longest) }
    }
}

/// Whether another attempt may mend an error: what [`RetryingPhase::retry_if`] was given, or always.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide on an error of the type `{Error}`",
    note = "what is given to `retry_if` takes the error that the work returns, by reference, as in `|error: &std::io::Error| …`"
)]
pub trait Decides<Error> {
    /// Whether the phase is to be tried again.
    fn decide(&mut self, error: &Error) -> bool;
}

/// Every error may be mended by another attempt.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Always;

#[diagnostic::do_not_recommend]
impl<Error> Decides<Error> for Always {
    fn decide(&mut self, _: &Error) -> bool {
        true
    }
}

#[diagnostic::do_not_recommend]
impl<Error, F: FnMut(&Error) -> bool> Decides<Error> for F {
    fn decide(&mut self, error: &Error) -> bool {
        self(error)
    }
}

/// A phase that is about to run as a closure, and again if that fails; [`PhaseScope::retrying`] makes one.
#[must_use = "nothing runs until `run` is called"]
pub struct RetryingPhase<Ph: Phase, S, P, If = Always> {
    scope: PhaseScope<Ph, S, P>,
    retry: Retry,
    decides: If,
}

impl<Ph: Phase, S: State, P: Pipeline, If> fmt::Debug for RetryingPhase<Ph, S, P, If> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryingPhase").field("scope", &self.scope).field("retry", &self.retry).finish_non_exhaustive()
    }
}

impl<Ph: Phase, S, P> PhaseScope<Ph, S, P> {
    /// Tries the phase again when it fails.
    ///
    /// ```
    /// use etl_context::{Context, Extract, Retry};
    ///
    /// let mut answers = ["no connection", "no connection", "the export"].into_iter();
    /// let extract = Context::new("import").phase(Extract).retrying(Retry::up_to(4));
    /// let (extracted, ()) = extract.run(|_extract| match answers.next() {
    ///     Some("the export") => Ok(()),
    ///     other => Err(other.unwrap_or_default()),
    /// })?;
    /// assert_eq!(extracted.report().attempt(), 3);
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    ///
    /// Each failure is an attempt on record. A run that is opened again goes on with the attempts that are left, and a phase without
    /// any is refused with [`Error::TooManyAttempts`](crate::Error::TooManyAttempts).
    /// [`max_attempts`](crate::RunBuilder::max_attempts) bounds them too.
    ///
    /// An attempt that was stopped is not tried again, and a stop ends a pause at once. Nor is one that has done its work and is
    /// [not as expected](PhaseFailure::NotAsExpected).
    pub fn retrying(self, retry: Retry) -> RetryingPhase<Ph, S, P> {
        RetryingPhase { scope: self.allowing(retry.attempts), retry, decides: Always }
    }
}

impl<Ph: Phase, S, P> RetryingPhase<Ph, S, P> {
    /// Tries the phase again only if this says so of the error.
    ///
    /// ```
    /// use etl_context::{Context, Extract, Retry};
    /// use std::io::{Error, ErrorKind};
    ///
    /// let extract = Context::new("import").phase(Extract).retrying(Retry::up_to(4));
    /// let outcome = extract
    ///     .retry_if(|error: &Error| error.kind() == ErrorKind::ConnectionReset)
    ///     .run(|_extract| -> Result<(), Error> { Err(ErrorKind::NotFound.into()) });
    /// let (failed, _) = outcome.unwrap_err().into_parts()?;
    /// assert_eq!(failed.report().attempt(), 1); // what is not there will not be there in a minute
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    pub fn retry_if<E, If: FnMut(&E) -> bool>(self, decides: If) -> RetryingPhase<Ph, S, P, If> {
        RetryingPhase { scope: self.scope, retry: self.retry, decides }
    }
}

impl<Ph: Phase, S, P, If> RetryingPhase<Ph, S, P, If> {
    /// Runs the phase as [`PhaseScope::run`] does, as often as it takes. The work is called once for each attempt, so it keeps what it
    /// takes: it is an `FnMut`.
    ///
    /// # Errors
    ///
    /// [`PhaseFailure`], with the error of the last attempt.
    pub fn run<R, E, Kind>(mut self, mut work: impl FnMut(&mut RunningPhase<'_, Ph>) -> Result<R, E>) -> Outcome<Ph, R, E, S, P>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
        If: Decides<E>,
    {
        let (mut context, mut error) = match self.scope.run(&mut work) {
            Err(PhaseFailure::Failed { context, error }) => (context, error),
            other => return other,
        };
        while self.retry.is_open(&context) && self.decides.decide(&error) {
            let mut left = self.retry.pause_after(&context);
            context.engine.pausing(&Ph::NAME, left);
            while !left.is_zero() && !context.engine.is_cancelled() {
                let slice = left.min(SLICE);
                thread::sleep(slice);
                left -= slice;
            }
            (context, error) = match failed_again(context.retry_phase().run(&mut work), error) {
                Ok(failed) => failed,
                Err(outcome) => return outcome,
            };
        }
        Err(PhaseFailure::Failed { context, error })
    }

    /// The same for work that awaits; `sleep` is how a pause is waited for.
    ///
    /// ```no_run
    /// use etl_context::{Context, Error, Extract, Retry};
    ///
    /// # async fn fetch(_: &str) -> Result<(), std::io::Error> { Ok(()) }
    /// # async fn import() -> Result<(), Error> {
    /// let extract = Context::new("import").phase(Extract).retrying(Retry::up_to(4));
    /// let (extracted, ()) = extract.sleeping_with(tokio::time::sleep).run_async(async |_extract| fetch("users").await).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sleeping_with<Sleep, Slept>(self, sleep: Sleep) -> SleepingPhase<Ph, S, P, If, Sleep>
    where
        Sleep: FnMut(Duration) -> Slept,
        Slept: Future,
    {
        SleepingPhase { phase: self, sleep }
    }
}

/// A phase that is about to run as an async closure, and again if that fails; [`RetryingPhase::sleeping_with`] makes one.
#[must_use = "nothing runs until `run_async` is called"]
pub struct SleepingPhase<Ph: Phase, S, P, If, Sleep> {
    phase: RetryingPhase<Ph, S, P, If>,
    sleep: Sleep,
}

impl<Ph: Phase, S: State, P: Pipeline, If, Sleep> fmt::Debug for SleepingPhase<Ph, S, P, If, Sleep> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SleepingPhase").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl<Ph: Phase, S, P, If, Sleep, Slept> SleepingPhase<Ph, S, P, If, Sleep>
where
    Sleep: FnMut(Duration) -> Slept,
    Slept: Future,
{
    /// Runs the phase as [`PhaseScope::run_async`] does, as often as it takes.
    ///
    /// # Errors
    ///
    /// As [`RetryingPhase::run`].
    pub async fn run_async<R, E, Kind>(
        self,
        mut work: impl AsyncFnMut(&mut RunningPhase<'_, Ph>) -> Result<R, E>,
    ) -> Outcome<Ph, R, E, S, P>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
        If: Decides<E>,
    {
        let SleepingPhase { phase: RetryingPhase { scope, retry, mut decides }, mut sleep } = self;
        let (mut context, mut error) = match scope.run_async(&mut work).await {
            Err(PhaseFailure::Failed { context, error }) => (context, error),
            other => return other,
        };
        while retry.is_open(&context) && decides.decide(&error) {
            let mut left = retry.pause_after(&context);
            context.engine.pausing(&Ph::NAME, left);
            while !left.is_zero() && !context.engine.is_cancelled() {
                let slice = left.min(SLICE);
                sleep(slice).await;
                left -= slice;
            }
            (context, error) = match failed_again(context.retry_phase().run_async(&mut work).await, error) {
                Ok(failed) => failed,
                Err(outcome) => return outcome,
            };
        }
        Err(PhaseFailure::Failed { context, error })
    }
}

impl Retry {
    /// Whether another attempt is left, and the run has no objection.
    fn is_open<Ph: Phase, P>(self, context: &Context<Failed<Ph>, P>) -> bool {
        failures(context) < self.attempts as usize && context.engine.may_start(&Ph::NAME)
    }

    fn pause_after<Ph: Phase, P>(self, context: &Context<Failed<Ph>, P>) -> Duration {
        self.pause.after(failures(context))
    }
}

fn failures<Ph: Phase, P>(context: &Context<Failed<Ph>, P>) -> usize {
    context.record().phase(Ph::NAME.as_str()).map_or(0, PhaseRecord::failures)
}

/// The failed context and its error, if another attempt has failed; else the outcome of the whole. Of an attempt that was not started,
/// the phase stands as the one before has left it.
#[allow(clippy::type_complexity, reason = "the states are the message")]
fn failed_again<Ph: Phase, R, E, S, P>(
    outcome: Outcome<Ph, R, E, Failed<Ph>, P>,
    before: E,
) -> Result<(Context<Failed<Ph>, P>, E), Outcome<Ph, R, E, S, P>> {
    match outcome {
        Ok(completed) => Err(Ok(completed)),
        Err(PhaseFailure::Failed { context, error }) => Ok((context, error)),
        Err(PhaseFailure::NotAsExpected(refused)) => Err(Err(PhaseFailure::NotAsExpected(refused))),
        Err(PhaseFailure::NotStarted(refused)) => {
            Err(Err(PhaseFailure::Failed { context: refused.into_parts().0, error: before }))
        }
        Err(PhaseFailure::NotEnded { refused, error }) => Err(Err(PhaseFailure::NotEnded { refused, error })),
    }
}
