//! `list`: jobs, runs of a job, and runs of no job.

use etl_context::{Etl, Extract, FileJournal, PostgresJournal, Run, SqliteJournal};

use crate::places::{Place, begun, complete, fail, in_every_place};
use crate::program::run;

#[test]
fn the_runs_of_a_job_are_listed_the_latest_first() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-24");
        fail(&place.runs, "2026-11-25");
        drop(place.runs.again("taxi", "2026-11-24").unwrap().begin::<Etl>().unwrap());
        let listed = run(place.folder.path(), &["list", &place.argument, "taxi"]).with_code(0);
        let lines: Vec<_> = listed.out.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>()).collect();
        assert_eq!(
            lines,
            [["run", "status"], ["2026-11-24~2", "pending"], ["2026-11-25", "failed"], ["2026-11-24", "completed"]]
        );
        assert_eq!(listed.err, "");
    });
}

#[test]
fn only_what_is_asked_for_is_listed() {
    in_every_place(|place| {
        (1..=3).for_each(|day| complete(&place.runs, &format!("2026-11-0{day}")));
        fail(&place.runs, "2026-11-04");
        drop(begun(&place.runs, "2026-11-05"));
        let listed = |options: &[&str]| {
            let said = run(place.folder.path(), &[&["list", &place.argument, "taxi"], options].concat()).with_code(0);
            said.out.lines().skip(1).map(|line| line[..10].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(listed(&["--status", "failed"]), ["2026-11-04"]);
        assert_eq!(listed(&["--status", "failed", "--status", "pending"]), ["2026-11-05", "2026-11-04"]);
        assert_eq!(listed(&["--status", "completed", "--limit", "2"]), ["2026-11-03", "2026-11-02"]);
        assert_eq!(listed(&["--status", "running"]), [""; 0]);
    });
}

#[test]
fn without_a_job_the_jobs_are_listed_and_who_wants_all_their_runs_has_them() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-24");
        fail(&place.runs, "2026-11-25");
        drop(place.runs.run("bus", "2026-11-25").unwrap().begin::<Etl>().unwrap());
        let listed = run(place.folder.path(), &["list", &place.argument]).with_code(0);
        let lines: Vec<_> = listed.out.lines().map(|line| line.split_whitespace().take(4).collect::<Vec<_>>()).collect();
        let expected =
            [["job", "runs", "latest", "status"], ["bus", "1", "2026-11-25", "pending"], ["taxi", "2", "2026-11-25", "failed"]];
        assert_eq!(lines, expected);
        let all = run(place.folder.path(), &["list", &place.argument, "--all"]).with_code(0);
        let first: Vec<_> = all.out.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(first, ["bus", "run", "2026-11-25", "", "taxi", "run", "2026-11-25", "2026-11-24"]);
        let failed = run(place.folder.path(), &["list", &place.argument, "--status", "failed", "--json"]).with_code(0).json();
        assert_eq!((failed["jobs"].as_array().unwrap().len(), &failed["jobs"][0]["runs"][0]["status"]), (1, &"failed".into()));
    });
}

#[test]
fn scripts_are_told_the_same() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-24");
        let listed = run(place.folder.path(), &["list", &place.argument, "taxi", "--json"]).with_code(0).json();
        assert_eq!((&listed["job"], &listed["unreadable"]), (&"taxi".into(), &serde_json::json!([])));
        let jobs = run(place.folder.path(), &["list", &place.argument, "--json"]).with_code(0).json();
        let expected = serde_json::json!([{ "job": "taxi", "runs": 1, "unreadable": 0, "latest": listed["runs"][0] }]);
        assert_eq!(jobs["jobs"], expected);
        assert_eq!(jobs["others"], serde_json::json!({ "job": "", "runs": [], "unreadable": [] }));
        let markdown = run(place.folder.path(), &["list", &place.argument, "taxi", "--markdown"]).with_code(0);
        assert!(markdown.out.contains("| 2026-11-24 | completed | "), "{}", markdown.out);
    });
}

/// A run that was given a journal of its own.
fn by_hand(place: &Place) {
    let run = Run::builder("import");
    let path = place.folder.path();
    let run = match place.argument.as_str() {
        "runs" => run.journal(FileJournal::open(path.join("runs/by-hand.jsonl")).unwrap()),
        "runs.db" => run.journal(SqliteJournal::open(path.join("runs.db")).unwrap().key("by-hand.jsonl")),
        url => run.journal(PostgresJournal::connect(url).unwrap().key("by-hand.jsonl")),
    };
    drop(run.begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap());
}

#[test]
fn a_run_that_is_no_jobs_is_listed_and_shown_by_its_key_and_by_its_id() {
    in_every_place(|place| {
        let folder = place.folder.path();
        complete(&place.runs, "2026-11-24");
        by_hand(place);
        let listed = run(folder, &["list", &place.argument]).with_code(0);
        assert!(listed.out.contains("\n\nruns of no job\nrun "), "{}", listed.out);
        assert!(listed.out.lines().last().unwrap().starts_with("by-hand.jsonl  unfinished  "), "{}", listed.out);
        let id = place.runs.others().unwrap().iter().next().unwrap().run_id().to_string();
        for named in ["by-hand.jsonl", &id] {
            let shown = run(folder, &["show", &place.argument, named]).with_code(1);
            assert!(shown.out.contains(&format!("run {id}, began ")), "{}", shown.out);
        }
        let id = place.runs.list("taxi").unwrap().iter().next().unwrap().run_id().to_string();
        assert!(run(folder, &["show", &place.argument, &id]).with_code(0).out.contains(&id));
    });
}

#[test]
fn who_has_a_run_open_is_told_and_keeps_it() {
    in_every_place(|place| {
        let running = begun(&place.runs, "2026-11-25").start(Extract).unwrap();
        let process = format!("process {}", std::process::id());
        for arguments in [["list", &place.argument, "taxi"].as_slice(), &["show", &place.argument, "taxi", "2026-11-25"]] {
            let said = run(place.folder.path(), arguments).with_code(0);
            assert!(said.out.contains("running") && said.out.contains(&process), "{}", said.out);
        }
        let told = run(place.folder.path(), &["show", &place.argument, "taxi", "2026-11-25", "--json"]).with_code(0).json();
        assert!(told["owner"].as_str().unwrap().starts_with(&process), "{told}");
        drop(running.complete(()).unwrap());
    });
}
