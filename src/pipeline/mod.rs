//! In what order? Phases, pipelines, their edges, and what the compiler makes of them.
//!
//! [`phase::Phase`] is a step, [`Pipeline`] a set of them, [`Edge`] and [`Follows`] say after what each may start,
//! [`position::Position`] is where a run stands, and [`state::State`] the same as a type.
//!
//! Imports from `counting` and `text`.

pub(crate) mod by_name;
pub(crate) mod check;
mod compile_message;
pub(crate) mod declare;
pub(crate) mod joined;
pub(crate) mod mermaid;
mod mistaken;
pub(crate) mod order;
pub(crate) mod phase;
pub(crate) mod phase_order;
pub(crate) mod position;
pub(crate) mod shape;
pub(crate) mod state;
pub(crate) mod table;

use serde::{Deserialize, Serialize};

use crate::counting::counters::Counters;
use crate::pipeline::phase::{Phase, PhaseName};
use crate::pipeline::position::Position;
use crate::pipeline::state::{Failed, Idle};

/// A set of phases and the order in which they may run. Declared with [`pipeline!`](crate::pipeline).
pub trait Pipeline: Sized + Send + Sync + 'static {
    /// The pipeline's name, as its type is called.
    const NAME: &'static str;

    /// Its phases, in the order of their declaration.
    const PHASES: &'static [PhaseDeclaration];

    /// After what each phase may start.
    const EDGES: &'static [Edge];
}

/// Says that this phase may start after `Last` in the pipeline `P`.
///
/// [`pipeline!`](crate::pipeline) writes the impls, from the same words as [`Pipeline::EDGES`]. One that is written by hand is
/// an edge that only the compiler knows.
///
/// The pipeline is a parameter so that authors may order the library's own phases without breaking the orphan rule, and so
/// that two pipelines may order the same phases differently.
#[diagnostic::on_unimplemented(
    message = "phase `{Self}` cannot start after `{Last}` in pipeline `{P}`",
    label = "cannot start after `{Last}`",
    note = "start a phase that the pipeline allows here; the documentation of `{P}` has a table of them",
    note = "for another order declare a pipeline of your own, with the edge `{Self} after {Last};` in `pipeline!`",
    note = "a phase that failed starts again with `retry()`"
)]
pub trait Follows<Last, P> {}

/// One phase of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PhaseDeclaration {
    /// Its name.
    pub name: PhaseName,
    /// The names of its counters.
    pub counters: &'static [&'static str],
}

/// One way through a pipeline: `phase` may start at `after`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edge {
    /// The phase that may start.
    pub phase: PhaseName,
    /// Where the run has to stand.
    pub after: Position,
}

/// What `after` can name in [`pipeline!`](crate::pipeline): `Idle`, a phase, `Failed<…>` of a phase, or a tuple of phases that are
/// all needed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a phase can start after",
    note = "write `Idle`, a phase, `Failed<…>` of a phase, or the phases that are all needed, as in `(Users, Orders)`"
)]
pub trait Predecessor {
    /// The position that it stands for.
    const POSITION: Position;
}

/// What a phase follows that is declared with `finally`.
#[doc(hidden)]
#[derive(Debug)]
pub enum Anywhere {}

#[diagnostic::do_not_recommend]
impl Predecessor for Idle {
    const POSITION: Position = Position::Idle;
}

#[diagnostic::do_not_recommend]
impl Predecessor for Anywhere {
    const POSITION: Position = Position::Any;
}

#[diagnostic::do_not_recommend]
impl<Ph: Phase> Predecessor for Ph {
    const POSITION: Position = Position::Completed(Ph::NAME);
}

#[diagnostic::do_not_recommend]
impl<Ph: Phase> Predecessor for Failed<Ph> {
    const POSITION: Position = Position::Failed(Ph::NAME);
}

impl PhaseDeclaration {
    /// The declaration of a phase.
    #[must_use]
    pub const fn of<Ph: Phase>() -> Self {
        PhaseDeclaration { name: Ph::NAME, counters: <Ph::Counters as Counters>::NAMES }
    }
}

impl Edge {
    /// The edge to a phase from what it may follow.
    #[must_use]
    pub const fn of<Ph: Phase, Last: Predecessor>() -> Self {
        Edge { phase: Ph::NAME, after: Last::POSITION }
    }
}
