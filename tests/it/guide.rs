//! The table and the diagram in `docs/pipelines.md` are what the code says.

use etl_context::{Edge, Etl, Extract, Load, PhaseName, Pipeline, Position, pipeline};

const PAGE: &str = include_str!("../../docs/pipelines.md");

pipeline! {
    /// The first pipeline of the page.
    pub Nightly {
        Extract after Idle;
        Validate = "validate" after Extract;
        Load after Validate | Extract;
        CleanUp = "clean-up" after Load | Failed<Load>;
    }
}

#[test]
fn the_diagram_is_drawn_by_the_pipeline() {
    assert!(PAGE.contains(&format!("```mermaid\n{}```", Nightly::mermaid())), "it should be\n{}", Nightly::mermaid());
}

#[test]
fn the_table_of_the_default_pipeline_has_its_edges() {
    let row = |edge: &Edge| format!("| `{}` | `{}` |", type_of(&edge.phase), place(&edge.after));
    let rows = Etl::EDGES.iter().map(row).collect::<Vec<_>>().join("\n");
    assert!(PAGE.contains(&format!("|---|---|\n{rows}\n\n")), "it should be\n{rows}");
}

/// As `pipeline!` writes it.
fn place(position: &Position) -> String {
    match position {
        Position::Idle => "Idle".to_owned(),
        Position::Completed(phase) => type_of(phase),
        Position::Failed(phase) => format!("Failed<{}>", type_of(phase)),
        Position::Any => "finally".to_owned(),
        Position::Joined(phases) => format!("({})", phases.iter().map(type_of).collect::<Vec<_>>().join(", ")),
    }
}

/// The marker type of a standard phase: `Extract` for `extract`.
fn type_of(phase: &PhaseName) -> String {
    let (first, rest) = phase.as_str().split_at(1);
    first.to_uppercase() + rest
}
