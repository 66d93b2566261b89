//! Reports tell of rejected rows by reason, with samples and the share of all rows.

use etl_context::{Context, Counts, Etl, EtlContext, Extract, Idle, RunSummary, Transform};
use serde_json::{Value, json};

use super::rejected_rows::messages;
use crate::nightly::Rows;
use crate::report_samples::{HOSTILE, visible};

/// Three of three hundred rows.
fn summary() -> RunSummary {
    let context: Context<Idle, Etl> = Context::new("import");
    let mut extract = context.start_with(Extract, messages(300)).unwrap();
    extract.update_progress(messages(300));
    extract.reject(&json!({ "id": 7 }), "no date").unwrap();
    extract.reject(&json!({ "id": 8 }), "no sender").unwrap();
    extract.reject(&json!({ "id": 9 }), "no sender").unwrap();
    extract.complete(()).unwrap().start(Transform).unwrap().complete(()).unwrap().summary()
}

#[test]
fn the_table_tells_the_share_beside_the_phase_and_the_reasons_below() {
    let printed = summary().to_string();
    let line = printed.lines().find(|line| line.starts_with("extract ")).unwrap();
    assert!(line.ends_with("  1.0 % rejected"), "{printed}");
    let expected = "\n\nextract: 3 rows rejected (1.0 %)\n  2 no sender, as in {\"id\":8}\n  1 no date, as in {\"id\":7}";
    assert!(printed.contains(expected), "{printed}");
}

/// Four counters have no room beside one another.
#[test]
fn a_table_with_a_line_for_each_counter_tells_it_on_the_first() {
    const MANY: u64 = 1_000_000_000;
    let mut context = EtlContext::new("import");
    for (phase, rows) in [("extract", Rows { rows: MANY, bytes: MANY }), ("nothing", Rows::default())] {
        context.start_phase_with(phase, rows).unwrap();
        context.update_progress(rows).unwrap();
        context.reject(&1, "odd").unwrap();
        context.end_phase(()).unwrap();
    }
    context.start_phase("load", Counts { conversations: MANY, messages: MANY }).unwrap();
    let printed = context.get_summary().to_string();
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
    let ends: Vec<_> = printed.lines().filter(|line| line.ends_with(" rejected")).collect();
    assert!(ends.len() == 2 && ends[0].starts_with("extract") && ends[1].starts_with("nothing"), "{printed}");
    assert!(ends[0].ends_with("under 0.1 % rejected") && ends[1].ends_with("100 % rejected"), "{printed}");
    let columns: Vec<_> =
        ["under 0.1 % rejected", "100 % rejected"].iter().zip(&ends).map(|(share, line)| line.find(share)).collect();
    assert_eq!(
        columns[0].map(|at| ends[0][..at].chars().count()),
        columns[1].map(|at| ends[1][..at].chars().count()),
        "{printed}"
    );
}

/// Where there is no room for it, it stands below.
#[test]
fn no_line_is_too_long() {
    let mut context = EtlContext::new("import");
    let rows = Rows { rows: u64::MAX, bytes: u64::MAX };
    context.start_phase_with("count-the-rows-of-all-tables-once-more", rows).unwrap();
    context.update_progress(rows).unwrap();
    context.reject(&"x".repeat(500), "y".repeat(500)).unwrap();
    let printed = context.get_summary().to_string();
    assert!(printed.lines().all(|line| line.chars().count() <= 100 && !line.ends_with(' ')), "{printed}");
    assert!(printed.contains("1 row rejected (under 0.1 %)"), "{printed}");
}

#[test]
fn a_run_that_rejects_nothing_tells_nothing() {
    let summary = Context::new("import").start(Extract).unwrap().complete(()).unwrap().summary();
    for report in [summary.to_string(), summary.to_markdown(), serde_json::to_string(&summary).unwrap()] {
        assert!(!report.to_lowercase().contains("rejected"), "{report}");
    }
    assert!(!summary.to_html().contains("rows rejected"));
}

#[test]
fn the_json_has_it_all() {
    let json = serde_json::to_value(summary()).unwrap();
    let expected = json!({
        "rows": 3, "percent": 1.0, "reasons": [
            { "reason": "no date", "rows": 1, "samples": ["{\"id\":7}"] },
            { "reason": "no sender", "rows": 2, "samples": ["{\"id\":8}", "{\"id\":9}"] },
        ]
    });
    assert_eq!(json["phases"]["extract"]["rejected"], expected);
    assert_eq!(json["phases"]["extract"]["attempts"][0]["rejected"], expected);
    assert_eq!(json["phases"]["transform"].get("rejected"), None);
}

#[test]
fn the_word_of_a_result_goes_first() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context.reject(&1, "odd").unwrap();
    context.end_phase(json!({ "rejected": 9 })).unwrap();
    let json = serde_json::to_value(context.get_summary()).unwrap();
    assert_eq!(json["phases"]["extract"]["rejected"], 9);
}

#[test]
fn a_phase_that_is_running_tells_it_as_well() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.update_progress(messages(10));
    extract.reject(&1, "odd").unwrap();
    assert!(extract.summary().to_string().contains("10 % rejected"));
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_report_of_its_own_tells_it() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.update_progress(messages(50));
    extract.reject(&1, "odd").unwrap();
    let extracted = extract.complete(()).unwrap();
    assert!(extracted.report().to_string().contains("rejected  1 row rejected (2.0 %)"), "{}", extracted.report());
}

#[test]
fn markdown_and_html_have_reasons_and_samples() {
    let markdown = summary().to_markdown();
    let expected = "## Rejected rows\n\n### extract\n\n3 rows rejected (1.0 %)\n\n| rows | reason | samples |\n|--:|---|---|\n\
                    | 2 | `no sender` | `{\"id\":8}`<br>`{\"id\":9}` |\n| 1 | `no date` | `{\"id\":7}` |\n";
    assert!(markdown.contains(expected), "{markdown}");
    let page = summary().to_html();
    assert!(page.contains("<caption>3 rows rejected (1.0 %)</caption>"));
    assert!(page.contains("href=\"#phase-extract\"") && page.contains("{&quot;id&quot;:9}"), "{page}");
}

#[test]
fn texts_from_outside_are_nothing_but_text() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    for text in HOSTILE {
        extract.reject(text, text).unwrap();
    }
    let summary = extract.complete(()).unwrap().summary();
    let page = summary.to_html();
    let document =
        roxmltree::Document::parse_with_options(&page, roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() })
            .unwrap();
    assert!(!document.descendants().any(|node| node.has_tag_name("script")), "no markup of theirs");
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("h1")).count(), 1);
    let table = document.descendants().find(|node| node.attribute("class") == Some("errors rejects")).unwrap();
    let shown: String = table.descendants().filter_map(|node| node.text()).collect();
    for text in HOSTILE {
        let visible = visible(text).replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t");
        assert!(shown.contains(&visible), "{visible}");
    }
    let (markdown, table) = (summary.to_markdown(), summary.to_string());
    for report in [&page, &markdown, &table] {
        assert!(!report.contains(['\0', '\u{1b}', '\u{202e}', '\u{2067}', '\u{feff}']));
    }
    let rows = markdown.lines().filter(|line| line.starts_with("| 1 |")).collect::<Vec<_>>();
    assert_eq!(rows.len(), HOSTILE.len());
    assert!(rows.iter().all(|row| row.matches('|').count() == 4), "{rows:?}");
    let json: Value = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["phases"]["extract"]["rejected"]["reasons"][0]["reason"], HOSTILE[0]);
}
