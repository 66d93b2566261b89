//! `prune`: what is removed, and what is not.

use crate::places::{begun, complete, fail, in_every_place};
use crate::program::run;

#[test]
fn a_dry_run_says_exactly_what_the_real_one_removes() {
    in_every_place(|place| {
        (1..=5).for_each(|day| complete(&place.runs, &format!("2026-11-0{day}")));
        fail(&place.runs, "2026-11-06");
        drop(begun(&place.runs, "2026-11-07"));
        let _read_through = begun(&place.runs, "2026-11-01");
        let prune =
            |rest: &[&str]| run(place.folder.path(), &[&["prune", &place.argument, "taxi", "--keep-last", "2"], rest].concat());
        let would = prune(&["--dry-run"]).with_code(0);
        assert_eq!(would.out, "would remove 2 runs:\n  2026-11-03\n  2026-11-02\n");
        let would = prune(&["--dry-run", "--json"]).with_code(0).json();
        assert_eq!(place.runs.list("taxi").unwrap().iter().len(), 7, "nothing has gone yet");
        let removed = prune(&["--yes", "--json"]).with_code(0).json();
        assert_eq!(
            (&removed["removed"], &removed["dry_run"], &removed["left"]),
            (&would["removed"], &false.into(), &serde_json::json!([]))
        );
        assert_eq!(removed["removed"], serde_json::json!(["2026-11-03", "2026-11-02"]));
        let mut left: Vec<_> = place.runs.list("taxi").unwrap().iter().map(|run| run.key().to_owned()).collect();
        left.sort();
        assert_eq!(left, ["2026-11-01", "2026-11-04", "2026-11-05", "2026-11-06", "2026-11-07"]);
        assert_eq!(prune(&["--yes"]).with_code(0).out, "removed no run\n");
        assert_eq!(prune(&["--dry-run"]).with_code(0).out, "would remove no run\n");
    });
}

#[test]
fn runs_may_be_kept_by_their_age() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-01");
        let prune = |age: &str| run(place.folder.path(), &["prune", &place.argument, "taxi", "--keep-within", age, "--yes"]);
        assert_eq!(prune("90d").with_code(0).out, "removed no run\n");
        assert_eq!(prune("0d").with_code(0).out, "removed 1 run: 2026-11-01\n");
    });
}

#[test]
fn where_nobody_can_be_asked_nothing_is_removed_without_a_yes() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-01");
        let said = run(place.folder.path(), &["prune", &place.argument, "taxi", "--keep-last", "0"]).with_code(2);
        assert_eq!(said.err, "etl-runs: nobody can be asked here: say --yes to remove runs, or --dry-run to see which\n");
        assert_eq!(place.runs.list("taxi").unwrap().iter().len(), 1);
    });
}

#[test]
fn what_is_to_be_kept_has_to_be_said_once() {
    let place = crate::places::Place::folder();
    complete(&place.runs, "2026-11-01");
    for rest in [vec![], vec!["--keep-last", "1", "--keep-within", "1d"], vec!["--keep-within", "90"], vec!["--keep-last", "-1"]]
    {
        run(place.folder.path(), &[&["prune", "runs", "taxi", "--yes"], &rest[..]].concat()).with_code(2);
    }
    let none = run(place.folder.path(), &["prune", "runs", "bus", "--keep-last", "1", "--yes"]).with_code(3);
    assert_eq!(none.err, "etl-runs: there is no run of `bus` in `runs`: its jobs are `taxi`\n");
    assert_eq!(place.runs.list("taxi").unwrap().iter().len(), 1);
}
