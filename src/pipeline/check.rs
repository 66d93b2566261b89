//! Which pipelines does the compiler refuse? One with a name that is there twice, a phase that can never start, or a join of phases
//! that are no branches.

use std::borrow::Cow;
use std::slice;

use crate::pipeline::compile_message::Message;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::{Edge, PhaseDeclaration, Pipeline};
use crate::text::sentence;

/// Refuses, while the compiler evaluates a constant, a pipeline in which two phases share a name, one can never start or is to
/// start after one that is not there, or one joins what does not run side by side.
#[doc(hidden)]
#[track_caller]
pub const fn check<P: Pipeline>() {
    assert!(P::PHASES.len() <= MOST_PHASES, "a pipeline can have at most 128 phases");
    check_names(P::NAME, P::PHASES);
    check_predecessors(P::NAME, P::PHASES, P::EDGES);
    check_reachable(P::NAME, P::PHASES, P::EDGES);
    check_joins(P::NAME, P::PHASES, P::EDGES);
}

/// Refuses, while the compiler evaluates a constant, to fork a run of a pipeline that brings no branches together.
#[track_caller]
pub(crate) const fn check_forks<P: Pipeline>() {
    if !joins(P::EDGES) {
        Message::new("a run of pipeline `")
            .with(P::NAME)
            .with("` cannot fork, because no phase of it joins branches; declare one that starts after several phases, as in ")
            .with("`Merge after (Users, Orders);`, or run the phases one after the other")
            .refuse();
    }
}

const fn joins(edges: &[Edge]) -> bool {
    let mut index = 0;
    while index < edges.len() {
        if matches!(edges[index].after, Position::Joined(_)) {
            return true;
        }
        index += 1;
    }
    false
}

/// Refuses, while the compiler evaluates a constant, to run a phase side by side with itself.
#[track_caller]
pub(crate) const fn check_side_by_side<P: Pipeline>(phases: &[PhaseName]) {
    let mut index = 0;
    while index < phases.len() {
        let mut later = index + 1;
        while later < phases.len() {
            if phases[index].same_as(&phases[later]) {
                Message::new("phase `")
                    .with(phases[index].in_const())
                    .with("` of pipeline `")
                    .with(P::NAME)
                    .with("` was given twice; side by side run different phases")
                    .refuse();
            }
            later += 1;
        }
        index += 1;
    }
}

/// One for each bit of the set in `check_reachable`.
pub(crate) const MOST_PHASES: usize = u128::BITS as usize;

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
        let after = named_by(&edges[index].after);
        let mut each = 0;
        while each < after.len() {
            if index_of(&after[each], phases) == MOST_PHASES {
                Message::new("phase `")
                    .with(edges[index].phase.in_const())
                    .with("` cannot start after `")
                    .with(after[each].in_const())
                    .with("`, which is no phase of pipeline `")
                    .with(pipeline)
                    .with("`; declare it there, or leave it out")
                    .refuse();
            }
            each += 1;
        }
        index += 1;
    }
}

/// Branches that come together are apart before: none of the phases that an edge joins leads to another one.
#[track_caller]
const fn check_joins(pipeline: &str, phases: &[PhaseDeclaration], edges: &[Edge]) {
    let mut index = 0;
    while index < edges.len() {
        let joined = named_by(&edges[index].after);
        let mut each = 0;
        while joined.len() > 1 && each < joined.len() {
            let behind = all_behind(index_of(&joined[each], phases), phases, edges);
            let mut other = 0;
            while other < joined.len() {
                let place = index_of(&joined[other], phases);
                let is_twice = other < each && place == index_of(&joined[each], phases);
                if other != each && (is_twice || behind & bit(place) != 0) {
                    refuse_join(pipeline, &edges[index].phase, &joined[each], &joined[other]);
                }
                other += 1;
            }
            each += 1;
        }
        index += 1;
    }
}

#[track_caller]
const fn refuse_join(pipeline: &str, phase: &PhaseName, earlier: &PhaseName, later: &PhaseName) {
    Message::new("phase `")
        .with(phase.in_const())
        .with("` of pipeline `")
        .with(pipeline)
        .with("` cannot join `")
        .with(earlier.in_const())
        .with("` and `")
        .with(later.in_const())
        .with("`, of which one leads to the other, or both are one; name the last phase of each branch")
        .refuse();
}

/// The phases that one or more edges lead to from this one.
const fn all_behind(phase: usize, phases: &[PhaseDeclaration], edges: &[Edge]) -> u128 {
    let mut behind: u128 = 0;
    let mut before = !0;
    while behind != before {
        before = behind;
        let mut index = 0;
        while index < edges.len() {
            let after = named_by(&edges[index].after);
            let mut each = 0;
            while each < after.len() {
                let place = index_of(&after[each], phases);
                if place == phase || behind & bit(place) != 0 {
                    behind |= bit(index_of(&edges[index].phase, phases));
                }
                each += 1;
            }
            index += 1;
        }
    }
    behind
}

/// The phases that have to have ended.
const fn named_by(after: &Position) -> &[PhaseName] {
    match after {
        Position::Completed(phase) | Position::Failed(phase) => slice::from_ref(phase),
        Position::Joined(Cow::Borrowed(phases)) => phases,
        // Only a journal has an edge with names of its own.
        Position::Idle | Position::Any | Position::Joined(Cow::Owned(_)) => &[],
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
        let after = named_by(&edges[index].after);
        let mut leads = true;
        let mut each = 0;
        while each < after.len() {
            leads = leads && reached & bit(index_of(&after[each], phases)) != 0;
            each += 1;
        }
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
