//! A figure is compared with the median of the last runs of the job that completed, wherever they are kept.

use std::fs;

use etl_context::{Expect, Expectation, Runs};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{Load, Nightly, Rows, only};
use crate::runs::places::in_every_place;

/// Loads so many rows on this night, and returns what was expected of them.
fn night(runs: &Runs, key: &str, rows: u64, expected: Expect<u64>) -> Expectation {
    let run = runs.run("taxi", key).unwrap().expect::<Load>(expected);
    let mut load = run.begin::<Nightly>().unwrap().start(Load).unwrap();
    load.update_progress(Rows { rows, bytes: 0 });
    only(load.complete(()).unwrap().report()).clone()
}

/// Nights of which nothing is expected.
fn nights(runs: &Runs, rows: &[u64]) {
    for (night, rows) in (1..).zip(rows) {
        let mut load = runs.run("taxi", format!("2026-11-{night:02}")).unwrap().begin::<Nightly>().unwrap().start(Load).unwrap();
        load.update_progress(Rows { rows: *rows, bytes: 0 });
        drop(load.complete(()).unwrap());
    }
}

fn near_median() -> Expect<u64> {
    Expect::counter("rows").within(0.5..=2.0).of_median(3)
}

#[test]
fn the_median_of_the_last_completed_runs_counts() {
    in_every_place(|place| {
        let runs = place.runs();
        nights(&runs, &[1, 100_000, 101_000, 900_000]);
        // One that failed, and one that goes on, do not count.
        let mut failing = runs.run("taxi", "failed").unwrap().begin::<Nightly>().unwrap().start(Load).unwrap();
        failing.update_progress(Rows { rows: 5, bytes: 0 });
        drop(failing.fail("no connection").unwrap());
        let going_on = runs.run("taxi", "going on").unwrap().begin::<Nightly>().unwrap().start(Load).unwrap();
        // Nor does another job.
        nights_of_another_job(&runs);
        let tuesday = night(&runs, "tuesday", 9_800, near_median());
        assert_eq!(tuesday.to_string(), "rows: 9,800, expected at least half of 101,000, the median of the last 3 runs");
        assert!(!tuesday.holds());
        drop(going_on);
        // That of Tuesday counts for the next one, for it has completed.
        let wednesday = night(&runs, "wednesday", 202_000, near_median());
        assert_eq!(wednesday.to_string(), "rows: 202,000, expected 0.5 to 2 times 101,000, the median of the last 3 runs");
        let thursday = night(&runs, "thursday", 404_001, near_median());
        assert_eq!(thursday.to_string(), "rows: 404,001, expected at most twice 202,000, the median of the last 3 runs");
        let kept = runs.record("taxi", "thursday").unwrap().unwrap();
        assert_eq!(only(kept.phase("load").unwrap().latest_report().unwrap()), &thursday);
    });
}

fn nights_of_another_job(runs: &Runs) {
    let mut load = runs.run("trains", "2026-11-30").unwrap().begin::<Nightly>().unwrap().start(Load).unwrap();
    load.update_progress(Rows { rows: 7, bytes: 0 });
    drop(load.complete(()).unwrap());
}

#[test]
fn fewer_runs_are_compared_with_those_there_are_and_none_with_nothing() {
    in_every_place(|place| {
        let runs = place.runs();
        let first = night(&runs, "monday", 5, near_median());
        assert_eq!(first.to_string(), "rows: 5; there is no earlier run to compare with");
        assert_eq!((first.holds(), first.is_checked()), (true, false));
        let second = night(&runs, "tuesday", 2, near_median());
        assert_eq!(second.to_string(), "rows: 2, expected at least half of 5, as in the last run");
        // Of two it is the middle, here three and a half, rounded down.
        let third = night(&runs, "wednesday", 8, near_median());
        assert_eq!(third.to_string(), "rows: 8, expected at most twice 3, the median of the last 2 runs");
    });
}

#[test]
fn a_fixed_bound_holds_without_earlier_runs() {
    in_every_place(|place| {
        let first = night(&place.runs(), "monday", 0, near_median().at_least(1));
        assert_eq!(first.to_string(), "rows: 0, expected at least 1; there is no earlier run to compare with");
        assert!(!first.holds());
    });
}

#[test]
fn of_a_median_of_zero_only_zero_is_within() {
    let folder = TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    nights(&runs, &[0, 0, 0]);
    assert!(night(&runs, "monday", 0, near_median()).holds());
    let tuesday = night(&runs, "tuesday", 1, near_median());
    assert_eq!(tuesday.to_string(), "rows: 1, expected at most twice 0, the median of the last 3 runs");
}

#[test]
fn the_largest_counts_have_a_median_too() {
    let folder = TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    nights(&runs, &[u64::MAX, u64::MAX]);
    assert!(night(&runs, "monday", u64::MAX, near_median()).holds());
    assert!(!night(&runs, "tuesday", u64::MAX / 2, near_median()).holds());
}

/// A run goes on in another process: what it is compared with are the others, and not itself.
#[test]
fn a_run_that_goes_on_is_not_compared_with_itself() {
    in_every_place(|place| {
        let runs = place.runs();
        nights(&runs, &[100]);
        let load = runs.run("taxi", "monday").unwrap().begin::<Nightly>().unwrap().start(Load).unwrap();
        drop(load);
        let monday = night(&runs, "monday", 10, near_median());
        assert_eq!(monday.to_string(), "rows: 10, expected at least half of 100, as in the last run");
    });
}

/// Nothing is checked again of what is done.
#[test]
fn a_phase_that_completed_earlier_keeps_what_was_found_then() {
    in_every_place(|place| {
        let runs = place.runs();
        let monday = night(&runs, "monday", 10, near_median());
        nights(&runs, &[1_000, 1_000, 1_000]);
        let run = runs.run("taxi", "monday").unwrap().expect::<Load>(near_median().or_fail());
        let (loaded, ()) = run.begin::<Nightly>().unwrap().phase(Load).run(|_| Ok::<_, String>(())).unwrap();
        assert_eq!(only(loaded.report()), &monday);
    });
}

#[test]
fn a_run_under_the_same_key_is_one_of_the_others() {
    in_every_place(|place| {
        let runs = place.runs();
        night(&runs, "monday", 100, near_median());
        let run = runs.again("taxi", "monday").unwrap().expect::<Load>(near_median());
        let loaded = run.begin::<Nightly>().unwrap().start(Load).unwrap().complete(()).unwrap();
        assert_eq!(only(loaded.report()).to_string(), "rows: 0, expected at least half of 100, as in the last run");
    });
}

#[test]
fn a_run_that_cannot_be_read_stops_no_night_and_is_told() {
    let folder = TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    nights(&runs, &[100, 100]);
    fs::write(folder.path().join("taxi/2026-11-01.jsonl"), "{\"format\":\"etl-context-journal\",\n").unwrap();
    let monday = night(&runs, "monday", 10, near_median());
    assert_eq!(monday.to_string(), "rows: 10, expected at least half of 100, as in the last run; 1 run could not be read");
}

#[test]
fn a_run_whose_phase_has_no_such_figure_is_left_out() {
    let folder = TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    let mut other = runs.run("taxi", "older").unwrap().begin_dynamic().unwrap();
    other.start_phase("load", None).unwrap();
    other.end_phase(()).unwrap();
    drop(other);
    nights(&runs, &[100]);
    assert!(night(&runs, "monday", 10, near_median()).to_string().ends_with("as in the last run"));
}

/// Nobody reads the earlier runs for bounds that do not need them.
#[test]
fn fixed_bounds_read_no_other_run() {
    let folder = TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    nights(&runs, &[100]);
    fs::write(folder.path().join("taxi/2026-11-01.jsonl"), "no journal").unwrap();
    let monday = night(&runs, "monday", 10, Expect::counter("rows").at_least(1));
    assert_eq!(monday.to_string(), "rows: 10, expected at least 1");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// By quarters, which a `f64` holds exactly, it can be told what is right.
    #[test]
    fn a_count_is_compared_with_the_median_of_the_last_runs(
        earlier in proptest::collection::vec(0..1_000_u64, 1..5), rows in 0..2_000_u64, of in 1..5_u32, quarters in 0..8_u8
    ) {
        let folder = TempDir::new().unwrap();
        let runs = Runs::in_folder(folder.path());
        nights(&runs, &earlier);
        let lowest = f64::from(quarters) / 4.0;
        let found = night(&runs, "monday", rows, Expect::counter("rows").within(lowest..).of_median(of));
        let mut last: Vec<_> = earlier.iter().rev().take(of as usize).copied().collect();
        last.sort_unstable();
        let median = last[(last.len() - 1) / 2].midpoint(last[last.len() / 2]);
        prop_assert_eq!(found.holds(), 4 * rows >= u64::from(quarters) * median, "{}", found);
    }
}
