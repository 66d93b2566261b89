//! `missing`: what a backfill has to do.

use etl_context::Extract;

use crate::places::{begun, complete, fail, in_every_place};
use crate::program::run;

#[test]
fn each_key_is_told_under_which_no_run_has_completed() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-01");
        fail(&place.runs, "2026-11-02");
        let _running = begun(&place.runs, "2026-11-04").start(Extract).unwrap();
        let missing = |rest: &[&str]| run(place.folder.path(), &[&["missing", &place.argument, "taxi"], rest].concat());
        let days = missing(&["--days", "2026-11-01..2026-11-04"]).with_code(1);
        let lines: Vec<_> = days.out.lines().collect();
        assert_eq!(lines[..2], ["2026-11-02: failed", "2026-11-03: never begun"]);
        assert!(lines.len() == 3 && lines[2].starts_with("2026-11-04: running, open in process "), "{lines:?}");
        let told = missing(&["2026-11-02", "2026-11-01", "a/b", "--json"]).with_code(1).json();
        let expected = serde_json::json!({
            "job": "taxi",
            "missing": [
                { "key": "2026-11-02", "status": "failed", "owner": null },
                { "key": "a/b", "status": null, "owner": null },
            ],
        });
        assert_eq!(told, expected);
        assert_eq!(missing(&["2026-11-01"]).with_code(0).out, "");
        assert_eq!(missing(&["2026-11-01", "--json"]).with_code(0).json()["missing"], serde_json::json!([]));
    });
}

#[test]
fn of_a_job_that_never_ran_everything_is_missing() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-01");
        let said = run(place.folder.path(), &["missing", &place.argument, "bus", "2026-11-01"]).with_code(1);
        assert_eq!(said.out, "2026-11-01: never begun\n");
    });
}

#[test]
fn days_that_are_none_are_refused() {
    let place = crate::places::Place::folder();
    complete(&place.runs, "2026-11-01");
    for arguments in [
        vec![],
        vec!["--days", "2026-11-01"],
        vec!["--days", "2026-11-02..2026-11-01"],
        vec!["a", "--days", "2026-11-01..2026-11-02"],
    ] {
        let said = run(place.folder.path(), &[&["missing", "runs", "taxi"], &arguments[..]].concat()).with_code(2);
        assert!(said.err.starts_with("error: "), "{said:?}");
    }
}
