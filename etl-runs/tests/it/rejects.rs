//! `rejects`: rows by their reasons.

use etl_context::{Counts, Extract};

use crate::places::{begun, complete, in_every_place};
use crate::program::run;

#[test]
fn rows_are_told_by_reason_the_most_frequent_first() {
    in_every_place(|place| {
        let mut extract = begun(&place.runs, "2026-11-25").start(Extract).unwrap();
        for (row, reason) in [("a", "no number"), ("", "\u{1b}[2Jempty"), ("b", "no number")] {
            extract.update_progress(Counts { conversations: 0, messages: 1 });
            extract.reject(row, reason).unwrap();
        }
        drop(extract.complete(()).unwrap());
        let rejects = |rest: &[&str]| {
            run(place.folder.path(), &[&["rejects", &place.argument, "taxi", "2026-11-25"], rest].concat()).with_code(0).out
        };
        let expected = "extract, attempt 1: 3 rows rejected\n  2 rows: no number\n    \"a\"\n    \"b\"\n  1 row: \\u{1b}[2Jempty\n    \"\"\n";
        assert_eq!(rejects(&[]), expected);
        let lines: Vec<serde_json::Value> =
            rejects(&["--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = serde_json::json!({ "phase": "extract", "attempt": 1, "reason": "no number", "rows": 2, "samples": ["\"a\"", "\"b\""] });
        assert_eq!((lines.len(), &lines[0]), (2, &expected));
    });
}

#[test]
fn a_run_that_rejected_nothing_says_so() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-25");
        let rejects = |rest: &[&str]| {
            run(place.folder.path(), &[&["rejects", &place.argument, "taxi", "2026-11-25"], rest].concat()).with_code(0).out
        };
        assert_eq!((rejects(&[]).as_str(), rejects(&["--json"]).as_str()), ("no row was rejected\n", ""));
    });
}
