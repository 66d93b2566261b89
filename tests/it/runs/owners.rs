//! Who has a run open is told, and is not disturbed by whoever only looks.

use etl_context::{Etl, Extract, Keep, RunStatus, Runs};

use crate::child::{self, Child};
use crate::runs::places::in_every_place;
use crate::runs::{begun, complete};

#[test]
fn a_run_that_somebody_has_open_is_refused_by_name() {
    in_every_place(|place| {
        let running = begun(&place.runs(), "2026-11-25").start(Extract).unwrap();
        let error = match place.runs().run("taxi", "2026-11-25") {
            Err(error) => error.to_string(),
            Ok(run) => run.begin::<Etl>().unwrap_err().to_string(),
        };
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        let again = place.runs().again("taxi", "2026-11-25").unwrap_err();
        assert!(again.is_owned() && again.to_string().contains("is owned by process"), "{again}");
        drop(running.complete(()).unwrap());
    });
}

#[test]
fn who_looks_sees_the_owner_and_takes_nothing_from_it() {
    in_every_place(|place| {
        complete(begun(&place.runs(), "2026-11-24"));
        let running = begun(&place.runs(), "2026-11-25").start(Extract).unwrap();
        let runs = place.runs();
        let list = runs.list("taxi").unwrap();
        let run = list.iter().next().unwrap();
        assert_eq!((run.key(), run.status()), ("2026-11-25", RunStatus::Running));
        assert!(run.owner().unwrap().starts_with(&format!("process {} on host", std::process::id())), "{:?}", run.owner());
        let missing = runs.missing("taxi", ["2026-11-25"]).unwrap();
        let told = missing[0].to_string();
        assert!(told.starts_with("2026-11-25: running, open in process"), "{told}");
        assert_eq!(missing[0].owner(), run.owner());
        assert_eq!(runs.prune("taxi", Keep::last(0)).unwrap().removed, ["2026-11-24"]);
        drop(running.complete(()).unwrap());
        assert_eq!(runs.list("taxi").unwrap().iter().len(), 1, "the run goes on");
    });
}

#[test]
#[ignore = "the part of the process that is killed"]
fn process_that_is_killed_in_a_phase() {
    let Some(folder) = child::given() else { return };
    let _running = begun(&Runs::in_folder(folder), "2026-11-25").start(Extract).unwrap();
    child::say("running");
    child::listen();
}

#[test]
fn a_run_whose_process_died_in_a_phase_is_unfinished_and_nobodys() {
    let folder = tempfile::TempDir::new().unwrap();
    let (runs, path) = (Runs::in_folder(folder.path()), folder.path());
    let mut process = Child::start(module_path!(), "process_that_is_killed_in_a_phase", path.to_str().unwrap());
    assert_eq!(process.hear().as_deref(), Some("running"));
    process.kill();
    process.end();
    let list = runs.list("taxi").unwrap();
    let run = list.iter().next().unwrap();
    assert_eq!((run.status(), run.owner()), (RunStatus::Unfinished, None));
    let missing = runs.missing("taxi", ["2026-11-25"]).unwrap();
    assert_eq!(missing[0].to_string(), "2026-11-25: unfinished");
    complete(begun(&runs, missing[0].key()));
    assert!(runs.missing("taxi", ["2026-11-25"]).unwrap().is_empty());
}

/// Whoever looks has the lock for a moment, and that must not keep anybody out.
#[test]
fn who_looks_keeps_nobody_from_a_run() {
    let folder = tempfile::TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    drop(begun(&runs, "2026-11-25"));
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| (0..2_000).for_each(|_| drop(runs.list("taxi").unwrap())));
        while !looking.is_finished() {
            drop(begun(&runs, "2026-11-25"));
        }
    });
}
