//! How is a run? One function decides, from the record and the pipeline that is in it, and everybody who tells of a run asks it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::phase::PhaseRecord;

/// How a run is, as a whole. As text, and in JSON: `pending`, `running`, `completed`, `failed`, `stopped`, `unfinished`.
///
/// ```
/// use etl_context::{Context, Extract, Load, RunStatus, Transform};
///
/// let context = Context::new("import");
/// assert_eq!(context.record().run_status(), RunStatus::Pending);
///
/// let extracted = context.start(Extract)?.complete(())?;
/// assert_eq!(extracted.record().run_status(), RunStatus::Unfinished); // what stops here has not loaded anything
///
/// let loaded = extracted.start(Transform)?.complete(())?.start(Load)?.complete(())?;
/// assert_eq!(loaded.record().run_status(), RunStatus::Completed);
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// A phase that failed is made good when it completes in a later attempt, or when the run comes by another way to a phase that
/// would have followed it and does not follow its failure, as with `Store after Primary | Fallback`.
///
/// Phases that the pipeline declares with `finally` decide none of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunStatus {
    /// No phase has been started.
    Pending,
    /// A phase is running.
    Running,
    /// The run stands at a completed phase, and no edge of its pipeline leads from there to a phase that has not completed. In a
    /// run without a pipeline, all phases that were mentioned have completed.
    Completed,
    /// A phase of the pipeline failed and was not made good since.
    Failed,
    /// The run was asked to stop before it was completed.
    Stopped,
    /// Anything else: it ended between two phases, or its process died.
    Unfinished,
}

impl RunStatus {
    /// Every status, in the order of their declaration.
    pub const ALL: [RunStatus; 6] = [
        RunStatus::Pending,
        RunStatus::Running,
        RunStatus::Completed,
        RunStatus::Failed,
        RunStatus::Stopped,
        RunStatus::Unfinished,
    ];

    /// The status as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            RunStatus::Pending => "pending",
            RunStatus::Running => "running",
            RunStatus::Completed => "completed",
            RunStatus::Failed => "failed",
            RunStatus::Stopped => "stopped",
            RunStatus::Unfinished => "unfinished",
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no status of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a run is `pending`, `running`, `completed`, `failed`, `stopped` or `unfinished`, and nothing else")]
#[non_exhaustive]
pub struct InvalidRunStatus;

impl FromStr for RunStatus {
    type Err = InvalidRunStatus;

    /// Exact and case-sensitive.
    fn from_str(word: &str) -> Result<Self, InvalidRunStatus> {
        RunStatus::ALL.into_iter().find(|status| status.as_str() == word).ok_or(InvalidRunStatus)
    }
}

/// A phase and a run have four words in common.
impl PartialEq<PhaseStatus> for RunStatus {
    fn eq(&self, other: &PhaseStatus) -> bool {
        self.as_str() == other.as_str()
    }
}

impl RunRecord {
    /// How the run is, as a whole.
    #[must_use]
    pub fn run_status(&self) -> RunStatus {
        if self.current().is_some() {
            RunStatus::Running
        } else if self.failed_phases().next().is_some() {
            RunStatus::Failed
        } else if self.is_completed() {
            RunStatus::Completed
        } else if self.stopped {
            RunStatus::Stopped
        } else if self.phases().all(|phase| phase.latest_report().is_none() || self.is_finally(phase.name())) {
            RunStatus::Pending
        } else {
            RunStatus::Unfinished
        }
    }

    /// The phases that may come next where the run stands, in the order of the pipeline; none if it is completed, if a phase is
    /// running, or if the run keeps to no pipeline.
    #[must_use]
    pub fn next_phases(&self) -> Vec<&PhaseName> {
        if matches!(self.run_status(), RunStatus::Running | RunStatus::Completed) {
            return Vec::new();
        }
        let positions = self.positions();
        let failed = positions.iter().filter(|position| matches!(position, Position::Failed(_))).flat_map(Position::phases);
        let again = failed.filter_map(|name| self.phase(name.as_str())).map(PhaseRecord::name);
        let again = again.filter(|name| self.is_of_pipeline(name) && self.pipeline().is_some());
        let following = self.startable().into_iter().filter(|phase| !self.has_completed(phase));
        again.chain(following).collect()
    }

    /// The same with those together of which one is enough; of each such choice something is needed.
    pub(crate) fn next_choices(&self) -> Vec<Vec<&PhaseName>> {
        let mut choices: Vec<Vec<&PhaseName>> = Vec::new();
        for phase in self.next_phases() {
            let is_one_of = |choice: &Vec<&PhaseName>| choice.iter().any(|other| !self.are_side_by_side(phase, other));
            let place = choices.iter().position(is_one_of).unwrap_or(choices.len());
            let (chosen, others): (Vec<_>, Vec<_>) = choices.into_iter().partition(is_one_of);
            choices = others;
            choices.insert(place, chosen.into_iter().flatten().chain([phase]).collect());
        }
        choices
    }

    /// The phases for which the run is told as failed.
    pub(crate) fn failed_phases(&self) -> impl Iterator<Item = &PhaseRecord> {
        self.phases().filter(|phase| self.failed_for_good(phase))
    }

    /// Nothing is left to do.
    fn is_completed(&self) -> bool {
        if self.pipeline().is_none() {
            let mut phases = self.phases().peekable();
            return phases.peek().is_some() && phases.all(|phase| phase.status() == PhaseStatus::Completed);
        }
        let positions = self.positions();
        !positions.is_empty()
            && positions.iter().all(|position| {
                let ended = !matches!(position, Position::Idle | Position::Failed(_));
                let is_known = position.phases().iter().all(|phase| self.is_of_pipeline(phase));
                ended && is_known && self.following(position).all(|phase| self.has_completed(phase))
            })
    }

    /// The phase has completed, and nothing that comes before it has run again since.
    fn has_completed(&self, phase: &PhaseName) -> bool {
        self.phase(phase.as_str()).is_some_and(|phase| phase.status() == PhaseStatus::Completed && !phase.is_outdated())
    }

    /// An attempt that was stopped, or whose process died, is no failure of the run.
    fn failed_for_good(&self, phase: &PhaseRecord) -> bool {
        let cause = phase.latest_report().and_then(PhaseReport::cause);
        let was_cut_off = matches!(cause, Some(FailureCause::Stopped | FailureCause::Interrupted));
        let counts = self.is_of_pipeline(phase.name()) && !self.is_finally(phase.name());
        phase.status() == PhaseStatus::Failed && !was_cut_off && counts && !self.is_made_good(phase)
    }

    /// The run has come by another way to where the phase would have led.
    fn is_made_good(&self, failed: &PhaseRecord) -> bool {
        let Some(edges) = self.pipeline().map(PipelineShape::edges) else { return false };
        let follows = |phase: &PhaseName, leads: &dyn Fn(&Position) -> bool| {
            let mut edges = edges.iter().filter(|edge| edge.phase == *phase);
            edges.any(|edge| leads(&edge.after))
        };
        self.phases().any(|phase| {
            self.has_completed(phase.name())
                && phase.started_after(failed)
                && follows(phase.name(), &|after| after.needs(failed.name()))
                && !follows(phase.name(), &|after| *after == Position::Failed(failed.name().clone()))
        })
    }

    /// Any phase is one of a run without a pipeline.
    fn is_of_pipeline(&self, phase: &PhaseName) -> bool {
        self.pipeline().is_none_or(|pipeline| pipeline.edges().iter().any(|edge| edge.phase == *phase))
    }
}
