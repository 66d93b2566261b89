//! In what order? Pipelines, their edges, and the checks that the compiler makes of them.

mod compile_message;
pub(crate) mod mermaid;
pub(crate) mod phase;
pub(crate) mod position;
pub(crate) mod shape;
pub(crate) mod state;

use serde::{Deserialize, Serialize};

use crate::counting::counters::Counters;
use crate::error::{Error, sentence};
use crate::pipeline::compile_message::Message;
use crate::pipeline::mermaid::flowchart;
use crate::pipeline::phase::{Extract, Load, Phase, PhaseName, Transform};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
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

/// What `after` can name in [`pipeline!`](crate::pipeline): `Idle`, a phase, or `Failed<…>` of a phase.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a phase can start after",
    note = "write `Idle`, a phase, or `Failed<…>` of a phase"
)]
pub trait Predecessor {
    /// The position that it stands for.
    const POSITION: Position;
}

#[diagnostic::do_not_recommend]
impl Predecessor for Idle {
    const POSITION: Position = Position::Idle;
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

/// A pipeline whose type is no longer known, as the dynamic face has it.
#[derive(Debug, PartialEq)]
pub(crate) struct PipelineTable {
    name: &'static str,
    phases: &'static [PhaseDeclaration],
    edges: &'static [Edge],
}

/// Gives every pipeline its one table.
pub(crate) trait Table: Pipeline {
    const TABLE: &'static PipelineTable = &PipelineTable { name: Self::NAME, phases: Self::PHASES, edges: Self::EDGES };
}

impl<P: Pipeline> Table for P {}

impl PipelineTable {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn shape(&self) -> PipelineShape {
        PipelineShape::new(self.name, self.edges)
    }

    /// The declaration of the phase with this name.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPhaseName`] if the pipeline has no such phase.
    pub(crate) fn declaration(&self, name: &PhaseName) -> Result<&'static PhaseDeclaration, Error> {
        self.phases.iter().find(|phase| phase.name == *name).ok_or_else(|| {
            let known = self.phases.iter().map(|phase| format!("`{}`", phase.name)).collect::<Vec<_>>().join(", ");
            Error::invalid_phase_name(name.as_str(), format!("is no phase of pipeline `{}`, which has {known}", self.name))
        })
    }

    /// Whether the phase may start where the run stands. A phase that failed may always be tried again.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfOrder`], which says after what it may.
    pub(crate) fn check_order(&self, phase: &PhaseName, position: Position) -> Result<(), Error> {
        let retried = matches!(&position, Position::Failed(failed) if failed == phase);
        let mut edges = self.edges.iter().filter(|edge| edge.phase == *phase);
        if retried || edges.any(|edge| edge.after == position) {
            return Ok(());
        }
        let edges = self.edges.iter().filter(|edge| edge.phase == *phase);
        let allowed = edges.map(|edge| format!("`{}`", edge.after.in_pipeline())).collect::<Vec<_>>().join(" or ");
        Err(Error::OutOfOrder {
            phase: phase.clone(),
            after: position,
            pipeline: self.name,
            allowed: format!("it may start after {allowed}"),
        })
    }
}

/// The pipeline as a Mermaid flowchart. Edges out of a failure are dotted.
#[doc(hidden)]
#[must_use]
pub fn mermaid<P: Pipeline>() -> String {
    flowchart(&P::PHASES.iter().map(|phase| &phase.name).collect::<Vec<_>>(), P::EDGES)
}

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

/// Declares a pipeline: its phases, and after what each may start.
///
/// ```
/// use etl_context::{Extract, Load, pipeline};
///
/// pipeline! {
///     /// Nightly chat import.
///     pub Nightly {
///         Extract after Idle;
///         /// Looks for messages without a sender.
///         Validate = "validate" after Extract;
///         Load after Validate | Extract;
///         Cleanup = "cleanup" after Load | Failed<Load>;
///     }
/// }
///
/// let extracted = Nightly::context("nightly").start(Extract)?.complete(())?;
/// let loaded = extracted.start(Load)?.complete(())?; // `Validate` may be left out
/// let cleaned = loaded.start(Cleanup)?.complete(())?;
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// - `Name = "name"` declares the phase's marker type and the name under which it is recorded; without a name, the phase is
///   one that exists already, such as [`Extract`].
/// - `Name = "name" counts Rows` declares what the phase counts, with [`counters!`](crate::counters).
/// - `after` names alternatives: `Idle`, a phase that completed, or `Failed<…>` of a phase. `Idle` and `Failed` need no import.
///
/// A phase that failed can always be retried; that is no edge.
///
/// The pipeline's type has `context(name)`, which makes a [`Context<Idle, …>`](crate::Context), and `mermaid()`, which draws
/// it; its documentation has a table of its edges. The compiler refuses a name that is no phase name, two phases with one name,
/// a phase that can never start, and one that is to start after a phase of another pipeline.
/// [The guide](crate::guide::pipelines) builds a pipeline step by step.
#[macro_export]
macro_rules! pipeline {
    (
        $(#[$meta:meta])*
        $visibility:vis $pipeline:ident {
            $(
                $(#[$phase_meta:meta])*
                $phase:ident $(= $name:literal)? $(counts $counters:ident)? after $($last:ty)|+ ;
            )+
        }
    ) => {
        #[allow(unused_imports)]
        use $crate::__pipeline_words::*;

        $(#[$meta])*
        ///
        /// | phase | starts after |
        /// |---|---|
        $(
            #[doc = ::std::concat!("| `", ::std::stringify!($phase), "` | ", $( "`", ::std::stringify!($last), "` ", )+ "|")]
        )+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $visibility struct $pipeline;

        $(
            $crate::__phase! { $visibility $phase { $(#[$phase_meta])* } $($name)? ; $($counters)? }
            $(
                #[diagnostic::do_not_recommend]
                impl $crate::Follows<$last, $pipeline> for $phase {}
            )+
        )+

        impl $crate::Pipeline for $pipeline {
            const NAME: &'static str = ::std::stringify!($pipeline);
            const PHASES: &'static [$crate::PhaseDeclaration] = &[$($crate::PhaseDeclaration::of::<$phase>()),+];
            const EDGES: &'static [$crate::Edge] = &[$($($crate::Edge::of::<$phase, $last>()),+),+];
        }

        const _: () = $crate::__check_pipeline::<$pipeline>();

        impl $pipeline {
            /// A context for a run of this pipeline; no phase has been started. The run is kept in memory; one that is
            /// recorded or watched begins with `Run::builder`.
            #[allow(dead_code)]
            $visibility fn context(name: impl ::std::convert::Into<::std::string::String>) -> $crate::Context<$crate::Idle, $pipeline> {
                $crate::Context::for_pipeline(name)
            }

            /// The pipeline as a Mermaid flowchart.
            #[must_use]
            #[allow(dead_code)]
            $visibility fn mermaid() -> ::std::string::String {
                $crate::__mermaid::<$pipeline>()
            }
        }
    };
}

/// Declares the marker of a phase that a pipeline names; does nothing for one that exists.
#[doc(hidden)]
#[macro_export]
macro_rules! __phase {
    ($visibility:vis $phase:ident { $(#[$meta:meta])* } ; ) => {};
    ($visibility:vis $phase:ident { $(#[$meta:meta])* } $name:literal ; ) => {
        $crate::__phase! { @declare $visibility $phase { $(#[$meta])* } $name ; $crate::Counts }
    };
    ($visibility:vis $phase:ident { $(#[$meta:meta])* } $name:literal ; $counters:ident) => {
        $crate::__phase! { @declare $visibility $phase { $(#[$meta])* } $name ; $counters }
    };
    (@declare $visibility:vis $phase:ident { $(#[$meta:meta])* } $name:literal ; $counters:path) => {
        $(#[$meta])*
        #[doc = ::std::concat!("\n\nThe phase `", $name, "`.")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $visibility struct $phase;

        #[diagnostic::do_not_recommend]
        impl $crate::Phase for $phase {
            type Counters = $counters;
            const NAME: $crate::PhaseName = $crate::PhaseName::new($name);
        }
    };
}

pipeline! {
    /// The default pipeline: extract, then transform, then load.
    pub Etl {
        Extract after Idle;
        Transform after Extract;
        Load after Transform;
    }
}
