//! How is a pipeline drawn by Mermaid? One flowchart over edges, whether its type is at hand or a journal tells of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::{Edge, Pipeline};

/// The pipeline as a Mermaid flowchart. Edges out of a failure are dotted.
#[doc(hidden)]
#[must_use]
pub fn mermaid<P: Pipeline>() -> String {
    flowchart(&P::PHASES.iter().map(|phase| &phase.name).collect::<Vec<_>>(), P::EDGES)
}

/// The edges as a Mermaid flowchart, with the phases in this order. Edges out of a failure are dotted, and branches that are all needed
/// come together in a node of their own.
pub(crate) fn flowchart(phases: &[&PhaseName], edges: &[Edge]) -> String {
    let places: BTreeMap<_, _> = phases.iter().copied().zip(0..).collect();
    let node = |name: &PhaseName| places.get(name).copied().unwrap_or(0);
    let mut chart = "flowchart LR\n    idle((idle))\n".to_owned();
    for (index, phase) in phases.iter().enumerate() {
        let _ = writeln!(chart, "    phase{index}[\"{phase}\"]");
    }
    let mut joins = 0;
    for edge in edges {
        let to = node(&edge.phase);
        let _ = match &edge.after {
            Position::Idle => writeln!(chart, "    idle --> phase{to}"),
            Position::Completed(from) => writeln!(chart, "    phase{} --> phase{to}", node(from)),
            Position::Failed(from) => writeln!(chart, "    phase{} -. failed .-> phase{to}", node(from)),
            Position::Any => writeln!(chart, "    finally((finally)) --> phase{to}"),
            Position::Joined(all) => {
                joins += 1;
                let from = all.iter().map(|phase| format!("phase{}", node(phase))).collect::<Vec<_>>().join(" & ");
                writeln!(chart, "    join{joins}{{{{all}}}}\n    {from} --> join{joins} --> phase{to}")
            }
        };
    }
    chart
}
