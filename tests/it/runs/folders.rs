//! What else may lie in a folder of runs: other files, torn and damaged journals, those of another job or of a newer version.

use std::fs;

use etl_context::{FileJournal, Keep, Run, RunStatus, Runs};
use tempfile::TempDir;

use crate::runs::places::names_in;
use crate::runs::{begun, complete};

#[test]
fn what_is_no_run_is_not_listed_and_what_cannot_be_read_is_told_of() {
    let folder = TempDir::new().unwrap();
    let (runs, job) = (Runs::in_folder(folder.path()), folder.path().join("taxi"));
    complete(begun(&runs, "2026-11-20"));
    drop(begun(&runs, "2026-11-21"));
    let whole = fs::read_to_string(job.join("2026-11-20.jsonl")).unwrap();
    fs::write(job.join("readme.txt"), "about these runs").unwrap();
    fs::create_dir(job.join("2026")).unwrap();
    // Its last line was cut off by a crash.
    fs::write(job.join("torn.jsonl"), &whole[..whole.len() - 10]).unwrap();
    fs::write(job.join("empty.jsonl"), "").unwrap();
    fs::write(job.join("damaged.jsonl"), whole.replacen("phase_started", "phase_startled", 1)).unwrap();
    fs::write(job.join("newer.jsonl"), whole.replacen("\"version\":1", "\"version\":9", 1)).unwrap();
    fs::write(job.join("foreign.jsonl"), "{\"rows\": 3}\n").unwrap();
    drop(Run::builder("another").journal(FileJournal::open(job.join("other.jsonl")).unwrap()).begin_dynamic().unwrap());
    let before = names_in(&job);

    let list = runs.list("taxi").unwrap();
    let mut keys: Vec<_> = list.iter().map(|run| (run.key(), run.status())).collect();
    keys.sort_by_key(|(key, _)| *key);
    let expected = [("2026-11-20", RunStatus::Completed), ("2026-11-21", RunStatus::Pending), ("torn", RunStatus::Unfinished)];
    assert_eq!(keys, expected);
    let mut told: Vec<_> = list.unreadable().iter().map(ToString::to_string).collect();
    told.sort();
    assert_eq!(told.len(), 4, "{told:#?}");
    for (file, words) in [
        ("damaged", "is damaged: line"),
        ("newer", "has the format version 9"),
        ("foreign", "is no journal"),
        ("other", "is the run of another job, `another`"),
    ] {
        assert!(told.iter().any(|told| told.contains(file) && told.contains(words)), "{told:#?}");
        assert!(list.to_string().contains("not read: "));
        assert!(runs.record("taxi", file).is_err());
    }
    assert_eq!(names_in(&job), before, "to look changes nothing");
    runs.prune("taxi", Keep::last(0)).unwrap();
    let gone: Vec<_> = before.iter().filter(|name| !names_in(&job).contains(name)).cloned().collect();
    assert_eq!(gone, ["2026-11-20.jsonl", "2026-11-20.jsonl.lock"]);
}

#[test]
fn a_thousand_runs_are_listed() {
    let folder = TempDir::new().unwrap();
    let (runs, job) = (Runs::in_folder(folder.path()), folder.path().join("taxi"));
    complete(begun(&runs, "0"));
    let journal = fs::read(job.join("0.jsonl")).unwrap();
    (1..1_000).for_each(|run| fs::write(job.join(format!("{run}.jsonl")), &journal).unwrap());
    let list = runs.list("taxi").unwrap();
    assert_eq!((list.iter().len(), list.unreadable().len()), (1_000, 0));
    let keys = (0..1_001).map(|run| run.to_string());
    let missing: Vec<_> = runs.missing("taxi", keys).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["1000: never begun"]);
}
