//! The table and the diagram in `docs/pipelines.md` are what the code says, and so is the program in `docs/nightly.md`.

use std::fs;
use std::path::Path;

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

/// A file of the repository.
fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The example without the comment at its top.
fn nightly_import() -> String {
    let program = text("examples/nightly_import.rs");
    program[program.find("use std").unwrap()..].to_owned()
}

#[test]
fn the_program_on_the_page_of_the_nightly_import_is_the_example() {
    assert!(text("docs/nightly.md").contains(&format!("```rust,no_run\n{}```", nightly_import())), "it should be the example");
}

#[test]
fn the_page_of_the_nightly_import_counts_its_lines() {
    let program = nightly_import();
    let told = format!(
        "Of its {} lines, comments and empty ones apart, {} are about the library",
        code(&program).count(),
        about_the_library(&program)
    );
    assert!(text("docs/nightly.md").replace('\n', " ").contains(&told), "it should be: {told}");
}

/// Its lines, without comments and empty ones.
fn code(program: &str) -> impl Iterator<Item = &str> {
    program.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"))
}

/// How many lines stand in `pipeline!` or `counters!`, name what comes from the library, or call a method of it.
fn about_the_library(program: &str) -> usize {
    const VALUES: [&str; 7] = ["context", "stopper", "summary", "fetch", "fetched", "load", "loaded"];
    const METHODS: [&str; 6] = ["journal", "rejects", "max_rejected", "report", "observe", "begin"];
    let imported: Vec<_> = code(program).filter(|line| line.starts_with("use etl_context::")).flat_map(words).collect();
    let is_known = |word: &str| (word != "use" && imported.contains(&word)) || VALUES.contains(&word) || METHODS.contains(&word);
    let mut in_macro = false;
    let about = program.lines().filter(|line| {
        let begins = line.starts_with("pipeline!") || line.starts_with("counters!");
        let counts = in_macro || begins;
        in_macro = counts && *line != "}";
        let line = line.trim();
        !line.starts_with("//") && (counts || words(line).any(is_known))
    });
    about.count()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_alphanumeric() && character != '_').filter(|word| !word.is_empty())
}
