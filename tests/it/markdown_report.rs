//! The Markdown report.

use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::report_samples::{HOSTILE, hostile, troubled_with, visible};

#[test]
fn the_report_of_a_run_with_trouble_reads_like_this() {
    let report = troubled_with(2).summary().to_markdown();
    assert_eq!(report, include_str!("troubled.md"), "to accept it: {}", accept(&report));
}

/// Leaves the report beside the golden one's name in `target/tmp`, so that it can be copied once it has been read.
fn accept(report: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("troubled.md");
    fs::write(&path, report).unwrap();
    format!("cp {} tests/it/troubled.md", path.display())
}

#[test]
fn texts_from_outside_are_nothing_but_text() {
    let report = hostile().summary().to_markdown();
    for event in Parser::new_ext(&report, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH) {
        match event {
            Event::InlineHtml(tag) => assert!(["<code>", "</code>", "<br>"].contains(&tag.as_ref()), "{tag}"),
            Event::Start(tag) => {
                let ours = matches!(
                    tag,
                    Tag::Heading { .. }
                        | Tag::Paragraph
                        | Tag::Strong
                        | Tag::Table(_)
                        | Tag::TableHead
                        | Tag::TableRow
                        | Tag::TableCell
                        | Tag::CodeBlock(_)
                );
                assert!(ours, "{tag:?}");
            }
            Event::Text(_) | Event::Code(_) | Event::End(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(!report.contains(['\0', '\u{1b}', '\u{202e}', '\u{2067}', '\u{feff}']));
}

#[test]
fn every_text_reads_as_it_is_in_the_cell_that_it_belongs_to() {
    let report = hostile().summary().to_markdown();
    let cells = cells(&report);
    for hostile in HOSTILE {
        let visible = visible(hostile);
        // In the metadata and in a result, as key and value.
        let rows = cells.windows(2).filter(|pair| pair[0] == visible && pair[1] == visible);
        assert_eq!(rows.count(), 2, "{visible}");
        let parts = cells.windows(2).filter(|pair| pair[0] == visible && pair[1] == "completed");
        assert_eq!(parts.count(), 1, "{visible}");
    }
}

#[test]
fn no_text_ends_the_fence_that_it_is_in() {
    let report = hostile().summary().to_markdown();
    let fences = report.lines().filter(|line| line.starts_with("```")).collect::<Vec<_>>();
    assert_eq!(fences, ["````text", "````", "```text", "```", "```mermaid", "```"]);
}

/// The texts of all tables' cells.
fn cells(report: &str) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    let mut inside = false;
    for event in Parser::new_ext(report, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::TableCell) => {
                cells.push(String::new());
                inside = true;
            }
            Event::End(TagEnd::TableCell) => inside = false,
            Event::Text(text) | Event::Code(text) if inside => cells.last_mut().unwrap().push_str(&text),
            _ => {}
        }
    }
    cells
}
