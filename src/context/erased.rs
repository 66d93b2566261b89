//! How does a run go from one face to the other? By name, a run stands anywhere; back on the typed face, it has to be where the type
//! says.

use std::error::Error as StdError;
use std::fmt;

use crate::context::Context;
use crate::context::failure::PhaseFailure;
use crate::context::refused::Refused;
use crate::etl_context::EtlContext;
use crate::pipeline::Pipeline;
use crate::pipeline::position::Position;
use crate::pipeline::state::{Standing, State};
use crate::pipeline::table::Table;
use crate::record::attempt::PhaseReport;
use crate::text::line::shown;

impl<S, P> Context<S, P> {
    /// The same run behind the dynamic face, which keeps to the pipeline `P` at run time. The way back is
    /// [`EtlContext::try_into_state`].
    pub fn erase(self) -> EtlContext {
        EtlContext::from_engine(self.engine)
    }
}

/// The run of a phase that did not complete, wherever it stands: failed, or not started because the run was stopped or no attempt is
/// left. So under `?` any failure is the run, and what is done `finally` can be done in one place:
///
/// ```
/// use etl_context::{Context, Error, EtlContext, Idle, RunStatus, pipeline};
///
/// pipeline! {
///     Nightly {
///         Fetch = "fetch" after Idle;
///         Store = "store" after Fetch;
///         finally Notify = "notify";
///     }
/// }
///
/// fn import(context: Context<Idle, Nightly>) -> Result<EtlContext, EtlContext> {
///     let (fetched, ()) = context.phase(Fetch).run(|_fetch| Err::<(), _>("no connection"))?;
///     let (stored, ()) = fetched.phase(Store).run(|_store| Ok::<_, String>(()))?;
///     Ok(stored.erase())
/// }
///
/// let mut context = import(Nightly::context("nightly")).unwrap_or_else(|failed| failed);
/// assert_eq!(context.errors()[0].error().message(), "no connection"); // why, is on record
/// context.run_phase("notify", |_notify| Ok::<_, String>(()))?;
/// assert_eq!(context.record().run_status(), RunStatus::Failed);
/// # Ok::<(), Error>(())
/// ```
impl<Ph, E, S, P> From<PhaseFailure<Ph, E, S, P>> for EtlContext {
    fn from(failure: PhaseFailure<Ph, E, S, P>) -> Self {
        match failure {
            PhaseFailure::Failed { context, .. } => context.erase(),
            PhaseFailure::NotAsExpected(refused) => refused.into(),
            PhaseFailure::NotStarted(refused) => refused.into(),
            PhaseFailure::NotEnded { refused, .. } => refused.into(),
        }
    }
}

/// The run as it was before the move that was refused.
impl<S, P> From<Refused<Context<S, P>>> for EtlContext {
    fn from(refused: Refused<Context<S, P>>) -> Self {
        refused.into_parts().0.erase()
    }
}

impl EtlContext {
    /// The same run behind the typed face, if it is in the state `S` and keeps to the pipeline `P`.
    ///
    /// ```
    /// use etl_context::{Completed, Etl, EtlContext, Extract, Transform};
    ///
    /// let mut context = EtlContext::for_pipeline::<Etl>("skype-import");
    /// context.start_phase("extract", None)?;
    /// context.end_phase(())?;
    /// let extracted = context.try_into_state::<Completed<Extract>, Etl>()?;
    /// extracted.start(Transform)?.complete(())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`StateMismatch`], which gives the context back and says in which state it is.
    pub fn try_into_state<S: State, P: Pipeline>(mut self) -> Result<Context<S, P>, StateMismatch> {
        let pipeline = self.engine.pipeline.as_ref();
        let has_phases = S::PHASES.iter().all(|phase| P::TABLE.declaration(phase).is_ok());
        let keeps_to = has_phases && pipeline.is_none_or(|pipeline| pipeline.is_same_as(P::TABLE));
        // Of a run that goes on, both are true: where this process has come to, and where the run was left.
        let mut positions = [self.engine.position(), self.record().position()].into_iter();
        if keeps_to && positions.any(|position| S::matches(&self.standing_at(position))) {
            self.engine.pipeline = Some(P::KEPT);
            return Ok(Context::from_engine(self.engine));
        }
        let asked = format!("{} in pipeline {}", S::description(), P::NAME);
        let found = match pipeline {
            Some(pipeline) => format!("{} in pipeline {}", self.record().state(), shown(pipeline.shape().name())),
            None => format!("{} without a pipeline", self.record().state()),
        };
        Err(StateMismatch::new(self, asked, found))
    }

    fn standing_at(&self, position: Position) -> Standing<'_> {
        let record = self.record();
        let ended = position.phases().first().and_then(|phase| record.phase(phase.as_str())?.latest_report());
        let mut completed = record.standing_at();
        completed.extend(position.phases().iter().filter_map(|phase| Some(record.phase(phase.as_str())?.name())));
        Standing {
            running: record.current_phase().map(|phase| (phase, self.engine.meter.names())),
            counted: ended.map(PhaseReport::tally),
            completed,
            position,
        }
    }
}

/// A dynamic context is not in the state that was asked for. It is inside, as it was.
///
/// ```
/// use etl_context::{Completed, Etl, EtlContext, Extract};
///
/// let context = EtlContext::for_pipeline::<Etl>("import");
/// let mismatch = context.try_into_state::<Completed<Extract>, Etl>().unwrap_err();
/// assert_eq!(mismatch.found(), "Idle in pipeline Etl");
/// let mut context = mismatch.into_context();
/// context.start_phase("extract", None)?;
/// # Ok::<(), etl_context::Error>(())
/// ```
#[must_use = "the context is inside"]
pub struct StateMismatch(Box<(EtlContext, Mismatch)>);

#[derive(Debug)]
struct Mismatch {
    asked: String,
    found: String,
}

impl StateMismatch {
    pub(crate) fn new(context: EtlContext, asked: String, found: String) -> Self {
        StateMismatch(Box::new((context, Mismatch { asked, found })))
    }

    /// The state that was asked for, as in `Completed<extract> in pipeline Etl`.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.0.1.asked
    }

    /// The state that the context is in.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.0.1.found
    }

    /// The context, as it was.
    pub fn into_context(self) -> EtlContext {
        self.0.0
    }
}

impl fmt::Debug for StateMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.1.fmt(f)
    }
}

impl fmt::Display for StateMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the context is in state `{}`, not in `{}`", self.found(), self.asked())
    }
}

impl StdError for StateMismatch {}
