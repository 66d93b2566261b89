//! What is asked of a pipeline whose type is no longer at hand, as on the dynamic face? Which phases it has, and which may start here.

use std::ops::Deref;
use std::sync::Arc;

use crate::pipeline::phase::{InvalidName, PhaseName};
use crate::pipeline::phase_order::PhaseOrder;
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::pipeline::{PhaseDeclaration, Pipeline};
use crate::text::line::shown;

/// The pipeline that a run keeps to at run time: one that the program declares, or an order that it was given while it ran.
#[derive(Debug, Clone)]
pub(crate) enum KeptPipeline {
    Declared(&'static PipelineTable),
    Given(Arc<PipelineTable>),
}

/// A pipeline whose type is not known, as the dynamic face has it.
#[derive(Debug)]
pub(crate) struct PipelineTable {
    shape: PipelineShape,
    /// What its phases count; `None` if nobody has said.
    declared: Option<&'static [PhaseDeclaration]>,
}

/// The names of the counters of a phase, if somebody has said.
pub(crate) type CounterNames = Option<&'static [&'static str]>;

/// A phase that may not start where the run stands.
#[derive(Debug)]
pub(crate) struct NotHere {
    pub(crate) phase: PhaseName,
    pub(crate) after: Position,
    pub(crate) pipeline: String,
    /// After what it may start.
    pub(crate) allowed: String,
}

/// Gives every pipeline its one table.
pub(crate) trait Table: Pipeline {
    const TABLE: &'static PipelineTable =
        &PipelineTable { shape: PipelineShape::new(Self::NAME, Self::EDGES), declared: Some(Self::PHASES) };
    const KEPT: KeptPipeline = KeptPipeline::Declared(Self::TABLE);
}

impl<P: Pipeline> Table for P {}

impl KeptPipeline {
    /// The order as a pipeline of this name.
    pub(crate) fn given(name: &str, order: PhaseOrder) -> Self {
        KeptPipeline::Given(Arc::new(PipelineTable { shape: PipelineShape::given(name, order.into_edges()), declared: None }))
    }
}

impl Deref for KeptPipeline {
    type Target = PipelineTable;

    fn deref(&self) -> &PipelineTable {
        match self {
            KeptPipeline::Declared(table) => table,
            KeptPipeline::Given(table) => table,
        }
    }
}

impl PipelineTable {
    pub(crate) fn shape(&self) -> &PipelineShape {
        &self.shape
    }

    /// Whether a run that keeps to this one keeps to the other one as well.
    pub(crate) fn is_same_as(&self, other: &PipelineTable) -> bool {
        self.shape == other.shape && (self.declared.is_none() || self.declared == other.declared)
    }

    /// The phase with this name, and what it counts.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the pipeline has no such phase.
    pub(crate) fn declaration(&self, name: &PhaseName) -> Result<(PhaseName, CounterNames), InvalidName> {
        let found = match self.declared {
            Some(declared) => {
                let declaration = declared.iter().find(|phase| phase.name == *name);
                declaration.map(|phase| (phase.name.clone(), Some(phase.counters)))
            }
            None => self.shape.edges().iter().find(|edge| edge.phase == *name).map(|edge| (edge.phase.clone(), None)),
        };
        found.ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &PhaseName) -> InvalidName {
        let phases: Vec<_> = match self.declared {
            Some(declared) => declared.iter().map(|phase| &phase.name).collect(),
            None => self.shape.phases(),
        };
        let known = phases.into_iter().map(|phase| format!("`{phase}`")).collect::<Vec<_>>().join(", ");
        let reason = format!("is no phase of pipeline `{}`, which has {known}", shown(self.shape.name()));
        InvalidName { name: name.to_string(), reason }
    }

    /// Whether the phase may start where the run stands. A phase that failed may always be tried again.
    ///
    /// # Errors
    ///
    /// [`NotHere`], which says after what it may.
    pub(crate) fn check_order(&self, phase: &PhaseName, position: Position) -> Result<(), NotHere> {
        let retried = matches!(&position, Position::Failed(failed) if failed == phase);
        let edges = || self.shape.edges().iter().filter(|edge| edge.phase == *phase);
        if retried || edges().any(|edge| edge.after == position || edge.after == Position::Any) {
            return Ok(());
        }
        let allowed = edges().map(|edge| format!("`{}`", edge.after.in_pipeline())).collect::<Vec<_>>().join(" or ");
        Err(NotHere {
            phase: phase.clone(),
            after: position,
            pipeline: self.shape.name().to_owned(),
            allowed: format!("it may start after {allowed}"),
        })
    }
}
