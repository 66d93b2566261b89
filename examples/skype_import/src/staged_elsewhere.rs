//! What is to be done again, because its work is out of reach? A database tells what was completed, wherever it is moved and on every
//! machine, but what is kept between the phases stays where it was staged.

use etl_context::{Context, Idle, Load, Phase, PhaseScope, PhaseStatus, Transform};

use crate::pipeline::{Extract, SkypeImport};
use crate::places::Places;

/// What an earlier process has staged where this one cannot read it.
pub(crate) struct Lost {
    pub(crate) extracted: bool,
    pub(crate) transformed: bool,
}

impl Lost {
    pub(crate) fn of(context: &Context<Idle, SkypeImport>, places: &Places) -> Self {
        let is_needed = places.may_be_staged_elsewhere() && context.status(Load) != PhaseStatus::Completed;
        let is_completed = |status| is_needed && status == PhaseStatus::Completed;
        let lost = Lost {
            extracted: is_completed(context.status(Extract)) && !places.staging.has_extracted(),
            transformed: is_completed(context.status(Transform)) && !places.staging.has_people(),
        };
        if lost.extracted || lost.transformed {
            crate::say!("what was staged is not there, and is staged again");
        }
        lost
    }
}

pub(crate) fn again_if<Ph: Phase, S, P>(is_lost: bool, phase: PhaseScope<Ph, S, P>) -> PhaseScope<Ph, S, P> {
    if is_lost { phase.again() } else { phase }
}
