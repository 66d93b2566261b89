//! How is a pipeline drawn by Mermaid? One flowchart over edges, whether its type is at hand or a journal tells of it.

use std::fmt::Write;

use crate::pipeline::Edge;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;

/// The edges as a Mermaid flowchart, with the phases in this order. Edges out of a failure are dotted.
pub(crate) fn flowchart(phases: &[&PhaseName], edges: &[Edge]) -> String {
    let node = |name: &PhaseName| phases.iter().position(|phase| *phase == name).unwrap_or_default();
    let mut chart = "flowchart LR\n    idle((idle))\n".to_owned();
    for (index, phase) in phases.iter().enumerate() {
        let _ = writeln!(chart, "    phase{index}[\"{phase}\"]");
    }
    for edge in edges {
        let to = node(&edge.phase);
        let _ = match &edge.after {
            Position::Idle => writeln!(chart, "    idle --> phase{to}"),
            Position::Completed(from) => writeln!(chart, "    phase{} --> phase{to}", node(from)),
            Position::Failed(from) => writeln!(chart, "    phase{} -. failed .-> phase{to}", node(from)),
        };
    }
    chart
}
