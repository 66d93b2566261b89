//! Every report tells how the parts of a phase ended: how many there are, and of the many those that somebody looks for.

use std::time::Duration;

use etl_context::RunRecord;
use serde_json::{Value, json};

use crate::written_run::WrittenRun;

const PARTS: u64 = 100;

/// Of so many parts, one has failed, ten are open, and each of the others took a second longer than the one before.
fn divided() -> RunRecord {
    let names = (1..=PARTS).map(|number| format!("file {number}")).collect::<Vec<_>>();
    let pipeline = json!({ "name": "Files", "edges": [{ "phase": "load", "after": "Idle" }] });
    let mut run = WrittenRun::begin("import", "2026-11-23T02:00:00Z", pipeline, Value::Null);
    run.start("load", json!({ "rows": 0, "bytes": 0 })).divide(&names.iter().map(String::as_str).collect::<Vec<_>>());
    run.after(Duration::from_secs(PARTS));
    for (number, name) in (1..=PARTS - 10).zip(&names) {
        let error: &[&str] = if number == 3 { &["the file ends in the middle of a row"] } else { &[] };
        run.end_part(name, Duration::from_secs(number), json!({ "rows": 10 * number, "bytes": 2_048 }), error);
    }
    run.fail("error", json!({ "rows": 40_920, "bytes": 182_272 }), &[]).record()
}

#[test]
fn the_table_tells_how_many_have_ended_and_how() {
    let summary = divided().summary().to_string();
    assert!(summary.contains("\n\nload: 89 of 100 parts completed, 1 failed, 10 open\n"), "{summary}");
}

#[test]
fn a_page_tells_those_that_failed_and_those_that_took_longest() {
    let page = divided().summary().to_html();
    assert!(page.contains("<caption>89 of 100 parts completed, 1 failed, 10 open</caption>"), "{page}");
    let rows = page.split("<tr>").filter(|row| row.contains("\">file ")).collect::<Vec<_>>();
    assert_eq!(rows.len(), 20);
    assert!(rows[0].contains(">file 3<") && rows[0].contains("the file ends in the middle of a row"), "{}", rows[0]);
    for (row, number) in rows[1..].iter().zip((1..=90).rev()) {
        let rows = format!("2.0 KiB, {} rows", 10 * number);
        assert!(row.contains(&format!(">file {number}<")) && row.contains(&rows), "{row}");
    }
    assert!(rows[1].contains("width:100.00%") && rows[1].contains("process 7 on host a"), "{}", rows[1]);
    assert!(page.contains("and 80 more parts"), "{page}");
    assert!(page.contains("href=\"#phase-load\""), "{page}");
}

#[test]
fn markdown_tells_the_first_twenty_of_them() {
    let report = divided().summary().to_markdown();
    let (_, parts) = report.split_once("\n## Parts\n\n### load\n\n").unwrap();
    let expected = "\
        89 of 100 parts completed, 1 failed, 10 open\n\n\
        | part | status | duration | processed |\n|---|---|--:|---|\n\
        | `file 3` | failed | 3.00 s | `2.0 KiB`<br>`30 rows` |\n\
        | `file 90` | completed | 1 min 30 s | `2.0 KiB`<br>`900 rows` |\n";
    assert!(parts.starts_with(expected), "{parts}");
    assert_eq!(parts.matches("| `file ").count(), 20);
    assert!(parts.contains("\n\nand 80 more\n"), "{parts}");
}

#[test]
fn a_part_that_is_open_has_taken_no_time_yet() {
    let pipeline = json!({ "name": "Files", "edges": [{ "phase": "load", "after": "Idle" }] });
    let mut run = WrittenRun::begin("import", "2026-11-23T02:00:00Z", pipeline, Value::Null);
    let summary = run.start("load", json!({ "rows": 0 })).divide(&["users"]).record().summary();
    assert!(summary.to_markdown().contains("\n0 of 1 part completed, 1 open\n"), "{}", summary.to_markdown());
    assert!(summary.to_markdown().contains("\n| `users` | pending |  |  |\n"), "{}", summary.to_markdown());
    assert!(summary.to_html().contains("<td></td><td></td><td></td><td></td></tr>"), "{}", summary.to_html());
}
