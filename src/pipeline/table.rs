//! What is asked of a pipeline whose type is no longer at hand, as on the dynamic face? Which phases it has, and which may start here.

use crate::pipeline::phase::{InvalidName, PhaseName};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::pipeline::{Edge, PhaseDeclaration, Pipeline};

/// A pipeline whose type is no longer known, as the dynamic face has it.
#[derive(Debug, PartialEq)]
pub(crate) struct PipelineTable {
    name: &'static str,
    phases: &'static [PhaseDeclaration],
    edges: &'static [Edge],
}

/// A phase that may not start where the run stands.
#[derive(Debug)]
pub(crate) struct NotHere {
    pub(crate) phase: PhaseName,
    pub(crate) after: Position,
    pub(crate) pipeline: &'static str,
    /// After what it may start.
    pub(crate) allowed: String,
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

    /// Whether a phase of it joins branches.
    pub(crate) const fn joins(&self) -> bool {
        let mut index = 0;
        while index < self.edges.len() {
            if matches!(self.edges[index].after, Position::Joined(_)) {
                return true;
            }
            index += 1;
        }
        false
    }

    pub(crate) fn shape(&self) -> PipelineShape {
        PipelineShape::new(self.name, self.edges)
    }

    /// The declaration of the phase with this name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the pipeline has no such phase.
    pub(crate) fn declaration(&self, name: &PhaseName) -> Result<&'static PhaseDeclaration, InvalidName> {
        self.phases.iter().find(|phase| phase.name == *name).ok_or_else(|| {
            let known = self.phases.iter().map(|phase| format!("`{}`", phase.name)).collect::<Vec<_>>().join(", ");
            InvalidName { name: name.to_string(), reason: format!("is no phase of pipeline `{}`, which has {known}", self.name) }
        })
    }

    /// Whether the phase may start where the run stands. A phase that failed may always be tried again.
    ///
    /// # Errors
    ///
    /// [`NotHere`], which says after what it may.
    pub(crate) fn check_order(&self, phase: &PhaseName, position: Position) -> Result<(), NotHere> {
        let retried = matches!(&position, Position::Failed(failed) if failed == phase);
        let mut edges = self.edges.iter().filter(|edge| edge.phase == *phase);
        if retried || edges.any(|edge| edge.after == position || edge.after == Position::Any) {
            return Ok(());
        }
        let edges = self.edges.iter().filter(|edge| edge.phase == *phase);
        let allowed = edges.map(|edge| format!("`{}`", edge.after.in_pipeline())).collect::<Vec<_>>().join(" or ");
        Err(NotHere {
            phase: phase.clone(),
            after: position,
            pipeline: self.name,
            allowed: format!("it may start after {allowed}"),
        })
    }
}
