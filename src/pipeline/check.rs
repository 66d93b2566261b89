//! Which pipelines does the compiler refuse? One with a name that is there twice, or a phase that can never start.

use crate::pipeline::compile_message::Message;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::{Edge, PhaseDeclaration, Pipeline};
use crate::text::sentence;

/// Refuses, while the compiler evaluates a constant, a pipeline in which two phases share a name, or one can never start or is to
/// start after one that is not there.
#[doc(hidden)]
#[track_caller]
pub const fn check<P: Pipeline>() {
    assert!(P::PHASES.len() <= MOST_PHASES, "a pipeline can have at most 128 phases");
    check_names(P::NAME, P::PHASES);
    check_predecessors(P::NAME, P::PHASES, P::EDGES);
    check_reachable(P::NAME, P::PHASES, P::EDGES);
}

/// One for each bit of the set in `check_reachable`.
const MOST_PHASES: usize = u128::BITS as usize;

#[track_caller]
const fn check_names(pipeline: &str, phases: &[PhaseDeclaration]) {
    let mut index = 0;
    while index < phases.len() {
        let mut later = index + 1;
        while later < phases.len() {
            if phases[index].name.same_as(&phases[later].name) {
                Message::new(sentence::INVALID_PHASE_NAME)
                    .with(": `")
                    .with(phases[index].name.in_const())
                    .with("` names two phases of pipeline `")
                    .with(pipeline)
                    .with("`; give each a name of its own")
                    .refuse();
            }
            later += 1;
        }
        index += 1;
    }
}

#[track_caller]
const fn check_predecessors(pipeline: &str, phases: &[PhaseDeclaration], edges: &[Edge]) {
    let mut index = 0;
    while index < edges.len() {
        if let Position::Completed(from) | Position::Failed(from) = &edges[index].after
            && index_of(from, phases) == MOST_PHASES
        {
            Message::new("phase `")
                .with(edges[index].phase.in_const())
                .with("` cannot start after `")
                .with(from.in_const())
                .with("`, which is no phase of pipeline `")
                .with(pipeline)
                .with("`; declare it there, or leave it out")
                .refuse();
        }
        index += 1;
    }
}

/// Follows the edges from `Idle` until a round reaches nothing new. One bit of the set stands for one phase.
#[track_caller]
const fn check_reachable(pipeline: &str, phases: &[PhaseDeclaration], edges: &[Edge]) {
    let mut reached: u128 = 0;
    let mut before = !0;
    while reached != before {
        before = reached;
        reached = with_next(reached, phases, edges);
    }
    let mut index = 0;
    while index < phases.len() {
        if reached & bit(index) == 0 {
            Message::new("phase `")
                .with(phases[index].name.in_const())
                .with("` can never start in pipeline `")
                .with(pipeline)
                .with("`: no way leads to it from `Idle`; let it start after a phase that can")
                .refuse();
        }
        index += 1;
    }
}

/// Adds the phases that one more edge leads to.
const fn with_next(mut reached: u128, phases: &[PhaseDeclaration], edges: &[Edge]) -> u128 {
    let mut index = 0;
    while index < edges.len() {
        let leads = match &edges[index].after {
            Position::Idle => true,
            Position::Completed(from) | Position::Failed(from) => reached & bit(index_of(from, phases)) != 0,
        };
        if leads {
            reached |= bit(index_of(&edges[index].phase, phases));
        }
        index += 1;
    }
    reached
}

/// No bit for a phase that the pipeline does not have.
const fn bit(index: usize) -> u128 {
    if index < MOST_PHASES { 1 << index } else { 0 }
}

/// Where the phase is declared; past the end if it is not.
const fn index_of(name: &PhaseName, phases: &[PhaseDeclaration]) -> usize {
    let mut index = 0;
    while index < phases.len() && !phases[index].name.same_as(name) {
        index += 1;
    }
    if index < phases.len() { index } else { MOST_PHASES }
}
