//! What somebody finds who did not begin the runs: jobs, single runs, journals that are no job's; and what scripts are told of them.

use std::fs;

use etl_context::{Counts, Etl, Extract, FileJournal, Run, RunStatus, Runs, dict};
use tempfile::TempDir;

use crate::runs::places::{Place, in_every_place};
use crate::runs::{begun, complete};

/// A run with a journal of its own, under the key `by hand`; in a folder the file of this name.
fn by_hand(place: &Place) -> &'static str {
    let run = Run::builder("import");
    match place {
        Place::Folder(folder) => {
            let path = folder.path().join("runs/by hand.jsonl");
            drop(run.journal(FileJournal::open(path).unwrap()).begin::<Etl>().unwrap());
            "by hand.jsonl"
        }
        #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
        Place::Sqlite(folder) => {
            let journal = etl_context::SqliteJournal::open(folder.path().join("runs.db")).unwrap();
            drop(run.journal(journal.key("by hand")).begin::<Etl>().unwrap());
            "by hand"
        }
        #[cfg(all(unix, feature = "postgres", feature = "testing"))]
        Place::Postgres(database) => {
            let journal = etl_context::PostgresJournal::connect(database.url()).unwrap();
            drop(run.journal(journal.key("by hand")).begin::<Etl>().unwrap());
            "by hand"
        }
    }
}

#[test]
fn every_job_is_found_by_its_name() {
    in_every_place(|place| {
        let runs = place.runs();
        assert_eq!(runs.jobs().unwrap(), [""; 0]);
        for job in ["taxi", "a/b", "Über", ".."] {
            drop(runs.run(job, "2026-11-25").unwrap().begin::<Etl>().unwrap());
        }
        by_hand(place);
        assert_eq!(runs.jobs().unwrap(), ["..", "a/b", "taxi", "Über"]);
        for job in runs.jobs().unwrap() {
            assert_eq!(runs.list(&job).unwrap().iter().len(), 1, "{job}");
        }
    });
}

#[test]
fn a_folder_that_holds_no_run_is_no_job() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("taxi")).unwrap();
    fs::write(folder.path().join("taxi/readme.txt"), "").unwrap();
    fs::create_dir_all(folder.path().join("Site")).unwrap();
    fs::write(folder.path().join("bus"), "").unwrap();
    assert_eq!(Runs::in_folder(folder.path()).jobs().unwrap(), [""; 0]);
    let file = Runs::in_folder(folder.path().join("bus")).jobs().unwrap_err().to_string();
    assert!(file.starts_with("cannot read the folder `"), "{file}");
}

#[test]
fn one_run_is_looked_at_with_its_record_also_an_earlier_one_under_the_key() {
    in_every_place(|place| {
        let runs = place.runs();
        assert!(runs.look("taxi", "2026-11-25", None).unwrap().is_none());
        complete(begun(&runs, "2026-11-25"));
        let again = runs.again("taxi", "2026-11-25").unwrap().begin::<Etl>().unwrap().start(Extract).unwrap();
        let (run, record) = runs.look("taxi", "2026-11-25", None).unwrap().unwrap();
        assert_eq!((run.number(), run.status(), run.run_id()), (2, RunStatus::Running, record.run_id()));
        assert!(run.owner().unwrap().starts_with(&format!("process {}", std::process::id())), "{:?}", run.owner());
        let (first, record) = runs.look("taxi", "2026-11-25", 1).unwrap().unwrap();
        assert_eq!((first.number(), first.status(), record.run_status()), (1, RunStatus::Completed, RunStatus::Completed));
        assert!(runs.look("taxi", "2026-11-25", 3).unwrap().is_none());
        drop(again);
    });
}

#[test]
fn journals_that_are_no_jobs_are_found_beside_the_jobs() {
    in_every_place(|place| {
        let runs = place.runs();
        drop(begun(&runs, "2026-11-25"));
        assert_eq!(runs.others().unwrap().iter().len(), 0);
        let key = by_hand(place);
        let others = runs.others().unwrap();
        let found: Vec<_> = others.iter().map(|run| (run.key(), run.status())).collect();
        assert_eq!(found, [(key, RunStatus::Pending)]);
        let (run, record) = runs.other(key).unwrap().unwrap();
        assert_eq!((record.name(), run.run_id()), ("import", record.run_id()));
        for other in ["nothing", "../runs/by hand.jsonl", "taxi/2026-11-26", ".."] {
            assert!(runs.other(other).unwrap().is_none(), "{other}");
        }
        assert_eq!(runs.list("taxi").unwrap().iter().len(), 1);
    });
}

#[test]
fn a_list_is_cut_down_to_what_is_asked_for() {
    in_every_place(|place| {
        let runs = place.runs();
        (1..=3).for_each(|day| complete(begun(&runs, &format!("2026-11-0{day}"))));
        drop(begun(&runs, "2026-11-04"));
        let mut list = runs.list("taxi").unwrap();
        list.retain(|run| run.status() == RunStatus::Completed);
        list.truncate(2);
        let keys: Vec<_> = list.iter().map(|run| run.key().to_owned()).collect();
        assert_eq!(keys, ["2026-11-03", "2026-11-02"]);
    });
}

#[test]
fn tables_are_as_wide_as_is_asked_for_and_the_owner_is_always_told() {
    in_every_place(|place| {
        let runs = place.runs();
        let mut extract = begun(&runs, "2026-11-25").start(Extract).unwrap();
        extract.update_progress(Counts { conversations: 123_456, messages: 123_456_789 });
        extract.record_error(&"a long story ".repeat(30)).unwrap();
        extract.checkpoint(&1).unwrap();
        let (list, owner) = (runs.list("taxi").unwrap(), format!("process {}", std::process::id()));
        let summary = runs.record("taxi", "2026-11-25").unwrap().unwrap().summary();
        let comparison = runs.compare("taxi", "2026-11-25", "2026-11-25").unwrap().unwrap();
        for width in [80, 120, 200] {
            for text in [format!("{list:.width$}"), format!("{summary:.width$}"), format!("{comparison:.width$}")] {
                assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
            }
            assert!(format!("{list:.width$}").contains(&owner), "{list:.width$}");
        }
        assert!(format!("{list:.200}").lines().next().unwrap().ends_with("owner"), "{list:.200}");
        assert_eq!(format!("{list:.80}").lines().nth(2).unwrap().find(" is open in process "), Some(10), "{list:.80}");
        drop(extract);
    });
}

#[test]
fn in_json_a_list_says_what_its_table_says() {
    in_every_place(|place| {
        let runs = place.runs();
        let mut extract = begun(&runs, "2026-11-25").start(Extract).unwrap();
        extract.update_progress(Counts { conversations: 2, messages: 1_200 });
        drop(extract.complete(()).unwrap());
        let list = runs.list("taxi").unwrap();
        let told = serde_json::to_value(&list).unwrap();
        let run = list.iter().next().unwrap();
        let expected = serde_json::json!({
            "job": "taxi",
            "key": "2026-11-25",
            "number": 1,
            "run_id": run.run_id().to_string(),
            "status": "unfinished",
            "start_time": run.start_time().to_string(),
            "latest_time": run.latest_time().to_string(),
            "total_duration_seconds": run.total_duration().as_secs_f64(),
            "attempts": 1,
            "error_count": 0,
            "counts": { "conversations": 2, "messages": 1_200 },
            "owner": null,
            "phases": told["runs"][0]["phases"],
        });
        assert_eq!(told, serde_json::json!({ "job": "taxi", "runs": [expected], "unreadable": [] }));
        let phases = told["runs"][0]["phases"].as_array().unwrap();
        assert_eq!(phases.len(), 1);
        assert!(phases[0]["duration_seconds"].is_number());
        assert_eq!(
            (&phases[0]["phase"], &phases[0]["status"], &phases[0]["attempts"]),
            (&"extract".into(), &"completed".into(), &1.into())
        );
        assert_eq!(phases[0]["counts"], serde_json::json!({ "conversations": 2, "messages": 1_200 }));
        let missing = serde_json::to_value(runs.missing("taxi", ["2026-11-24", "2026-11-25"]).unwrap()).unwrap();
        let expected = serde_json::json!([
            { "key": "2026-11-24", "status": null, "owner": null },
            { "key": "2026-11-25", "status": "unfinished", "owner": null },
        ]);
        assert_eq!(missing, expected);
    });
}

#[test]
fn two_runs_have_the_same_outcome_however_long_they_took() {
    in_every_place(|place| {
        let runs = place.runs();
        for (key, day, messages) in [("monday", 1, 10), ("tuesday", 1, 10), ("wednesday", 1, 11), ("thursday", 2, 10)] {
            let context = runs.run("taxi", key).unwrap().parameters(&dict! { "day": day }).begin::<Etl>().unwrap();
            let mut extract = context.start(Extract).unwrap();
            extract.update_progress(Counts { conversations: 0, messages });
            drop(extract.complete(()).unwrap());
        }
        let failed = runs.run("taxi", "friday").unwrap().parameters(&dict! { "day": 1 }).begin::<Etl>().unwrap();
        let extract = failed.phase(Extract).run(|extract| {
            extract.update_progress(Counts { conversations: 0, messages: 10 });
            Err::<(), _>("the source was not there")
        });
        drop(extract);
        for (other, same) in [("tuesday", true), ("wednesday", false), ("thursday", false), ("friday", false)] {
            let comparison = runs.compare("taxi", "monday", other).unwrap().unwrap();
            assert_eq!(comparison.has_same_outcome(), same, "{other}: {comparison}");
            assert_eq!(comparison.runs()[1].key(), other);
            let told = serde_json::to_value(&comparison).unwrap();
            assert_eq!((&told["same_outcome"], &told["second"]["key"]), (&same.into(), &other.into()));
        }
    });
}
