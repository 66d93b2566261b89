//! Which pipeline did a run keep to? Its name and edges, as a journal has them, when its type is not at hand.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::pipeline::Edge;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::text::line::shown;

/// The name and the edges of a pipeline.
///
/// ```
/// use etl_context::Context;
///
/// let context = Context::new("import");
/// let pipeline = context.record().pipeline().expect("a typed run keeps to a pipeline");
/// assert_eq!(pipeline.name(), "Etl");
/// assert_eq!(pipeline.edges().len(), 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineShape {
    name: Cow<'static, str>,
    edges: Cow<'static, [Edge]>,
}

impl PipelineShape {
    pub(crate) const fn new(name: &'static str, edges: &'static [Edge]) -> Self {
        PipelineShape { name: Cow::Borrowed(name), edges: Cow::Borrowed(edges) }
    }

    /// One that no program declares.
    pub(crate) fn given(name: &str, edges: Vec<Edge>) -> Self {
        PipelineShape { name: name.to_owned().into(), edges: edges.into() }
    }

    /// The pipeline's name, as its type is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// After what each phase may start.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Whether a phase needs several others, which may run side by side.
    pub(crate) fn joins_branches(&self) -> bool {
        self.edges.iter().any(|edge| matches!(edge.after, Position::Joined(_)))
    }

    /// What is different in a later pipeline, each as a sentence.
    pub(crate) fn changes(&self, later: &PipelineShape) -> Vec<String> {
        let told = |edge: &Edge| format!("`{} after {}`", edge.phase, edge.after.in_pipeline());
        let only_in = |of: &PipelineShape, other: &PipelineShape| {
            of.edges.iter().filter(|edge| !other.edges.contains(edge)).map(told).collect::<Vec<_>>().join(", ")
        };
        let name = (self.name != later.name)
            .then(|| format!("the pipeline was `{}` and is now `{}`", shown(&self.name), shown(&later.name)));
        let new =
            Some(only_in(later, self)).filter(|edges| !edges.is_empty()).map(|edges| format!("new in the pipeline: {edges}"));
        let gone =
            Some(only_in(self, later)).filter(|edges| !edges.is_empty()).map(|edges| format!("gone from the pipeline: {edges}"));
        let order = || Some("the order of the pipeline's declaration has changed".to_owned());
        let changes: Vec<_> = [name, new, gone].into_iter().flatten().collect();
        if changes.is_empty() { order().into_iter().collect() } else { changes }
    }

    /// The phases that are declared with `finally`; `None` if there are none.
    pub(crate) fn finally(&self) -> Option<Arc<[PhaseName]>> {
        let finally = self.edges.iter().filter(|edge| edge.after == Position::Any).map(|edge| edge.phase.clone());
        Some(finally.collect::<Arc<[_]>>()).filter(|finally| !finally.is_empty())
    }

    /// Its phases, in the order in which the edges name them, which is that of their declaration.
    pub(crate) fn phases(&self) -> Vec<&PhaseName> {
        let (mut phases, mut known) = (Vec::new(), BTreeSet::new());
        let predecessors = self.edges.iter().flat_map(|edge| edge.after.phases());
        for phase in self.edges.iter().map(|edge| &edge.phase).chain(predecessors) {
            if known.insert(phase) {
                phases.push(phase);
            }
        }
        phases
    }
}
