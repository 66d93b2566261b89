//! Which runs go: those that are complete, and never one that somebody needs.

use std::time::Duration;

use etl_context::{Extract, Keep};

use crate::runs::places::{in_every_place, names_in};
use crate::runs::{begun, complete};

#[test]
fn the_last_ones_are_kept_and_those_that_are_not_complete() {
    in_every_place(|place| {
        let runs = place.runs();
        (1..=5).for_each(|day| complete(begun(&runs, &format!("2026-11-0{day}"))));
        drop(begun(&runs, "2026-11-00").start(Extract).unwrap());
        let to_go = runs.to_prune("taxi", Keep::last(2)).unwrap();
        let to_go: Vec<_> = to_go.iter().map(|run| run.key().to_owned()).collect();
        assert_eq!(to_go, ["2026-11-03", "2026-11-02", "2026-11-01"]);
        assert_eq!(runs.list("taxi").unwrap().iter().len(), 6, "nothing has gone yet");

        let pruned = runs.prune("taxi", Keep::last(2)).unwrap();
        assert_eq!(pruned.removed, to_go);
        assert_eq!(pruned.to_string(), "removed 3 runs, 2026-11-01 to 2026-11-03");
        let left: Vec<_> = runs.list("taxi").unwrap().iter().map(|run| run.key().to_owned()).collect();
        assert_eq!(left, ["2026-11-00", "2026-11-05", "2026-11-04"]);
        assert_eq!(runs.prune("taxi", Keep::last(2)).unwrap().to_string(), "removed no run");
    });
}

#[test]
fn a_key_whose_run_was_removed_begins_anew() {
    in_every_place(|place| {
        let runs = place.runs();
        complete(begun(&runs, "2026-11-25"));
        assert_eq!(runs.prune("taxi", Keep::within(Duration::from_secs(3_600))).unwrap().removed, [""; 0]);
        assert_eq!(runs.prune("taxi", Keep::within(Duration::ZERO)).unwrap().to_string(), "removed 1 run: 2026-11-25");
        assert_eq!(begun(&runs, "2026-11-25").recovery(), None);
    });
}

#[test]
fn a_completed_run_that_somebody_reads_through_is_left() {
    in_every_place(|place| {
        let runs = place.runs();
        complete(begun(&runs, "2026-11-25"));
        let open = begun(&runs, "2026-11-25");
        assert_eq!(runs.prune("taxi", Keep::last(0)).unwrap().removed, [""; 0]);
        drop(open);
        assert_eq!(runs.prune("taxi", Keep::last(0)).unwrap().removed, ["2026-11-25"]);
    });
}

#[test]
fn in_a_folder_nothing_of_it_is_left() {
    let folder = tempfile::TempDir::new().unwrap();
    let runs = etl_context::Runs::in_folder(folder.path());
    complete(begun(&runs, "2026-11-25"));
    runs.prune("taxi", Keep::last(0)).unwrap();
    assert_eq!(names_in(&folder.path().join("taxi")), [""; 0]);
}
