//! `show`: one run, for people, for files and for scripts.

use std::fs;

use etl_context::Etl;

use crate::nights;
use crate::places::{Place, begun, complete, fail, in_every_place};
use crate::program::run;

#[test]
fn a_run_is_shown_as_a_table_and_written_as_a_page_as_markdown_and_as_a_trace() {
    in_every_place(|place| {
        let folder = place.folder.path();
        complete(&place.runs, "2026-11-25");
        let id = place.runs.record("taxi", "2026-11-25").unwrap().unwrap().run_id().to_string();
        let files = ["--html", "run.html", "--markdown", "run.md", "--trace", "run.json"];
        let said = run(folder, &[&["show", &place.argument, "taxi", "2026-11-25"], &files[..]].concat()).with_code(0);
        assert!(said.out.starts_with("taxi: completed after "), "{}", said.out);
        assert!(said.out.contains(&format!("run {id}, began ")) && said.out.contains("extract"), "{}", said.out);
        assert_eq!(said.err, "wrote run.html\nwrote run.md\nwrote run.json\n");
        for (option, file) in [("--html", "run.html"), ("--markdown", "run.md"), ("--trace", "run.json")] {
            let written = fs::read_to_string(folder.join(file)).unwrap();
            assert!(written.contains(&id), "{file}");
            let printed = run(folder, &["show", &place.argument, "taxi", "2026-11-25", option, "-"]).with_code(0);
            assert_eq!((printed.out, printed.err.as_str()), (written, ""));
        }
    });
}

#[test]
fn a_run_that_did_not_complete_is_a_no_unless_somebody_has_it_open() {
    in_every_place(|place| {
        complete(&place.runs, "completed");
        fail(&place.runs, "failed");
        drop(begun(&place.runs, "pending"));
        let _open = begun(&place.runs, "open");
        for (key, code) in [("completed", 0), ("failed", 1), ("pending", 1), ("open", 0)] {
            run(place.folder.path(), &["show", &place.argument, "taxi", key]).with_code(code);
            let told = run(place.folder.path(), &["show", &place.argument, "taxi", key, "--json"]).with_code(code).json();
            assert_eq!((&told["key"], &told["number"], &told["name"]), (&key.into(), &1.into(), &"taxi".into()));
            assert_eq!(told["owner"].is_string(), key == "open");
            assert!(told["phases"].is_object() && told["totals"].is_object(), "{told}");
        }
    });
}

#[test]
fn a_run_whose_process_died_is_unfinished_also_for_scripts() {
    let place = Place::folder();
    nights::write(place.folder.path());
    let told = run(place.folder.path(), &["show", "runs", "taxi", "2026-11-24", "--json"]).with_code(1).json();
    assert_eq!((&told["status"], &told["current_phase"]), (&"unfinished".into(), &"store".into()));
}

#[test]
fn an_earlier_run_under_a_key_is_shown_by_its_number() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-25");
        drop(place.runs.again("taxi", "2026-11-25").unwrap().begin::<Etl>().unwrap());
        let show =
            |number: &[&str]| run(place.folder.path(), &[&["show", &place.argument, "taxi", "2026-11-25"], number].concat());
        assert!(show(&[]).with_code(1).out.starts_with("taxi: pending"));
        assert!(show(&["--number", "1"]).with_code(0).out.starts_with("taxi: completed"));
        let none = show(&["--number", "3"]).with_code(3).err;
        assert!(none.starts_with("etl-runs: there is no run `2026-11-25`, number 3, of `taxi` in "), "{none}");
    });
}

#[test]
fn a_single_journal_is_shown_and_only_read() {
    let place = Place::folder();
    nights::write(place.folder.path());
    let journal = place.folder.path().join("runs/taxi/2026-11-21.jsonl");
    let before = fs::read(&journal).unwrap();
    let by_file = run(place.folder.path(), &["show", "runs/taxi/2026-11-21.jsonl"]).with_code(0);
    assert_eq!(by_file.out, run(place.folder.path(), &["show", "runs", "taxi", "2026-11-21"]).with_code(0).out);
    fs::copy(&journal, place.folder.path().join("a journal")).unwrap();
    assert_eq!(run(place.folder.path(), &["show", "a journal"]).with_code(0).out, by_file.out);
    assert!(fs::read(&journal).unwrap() == before);
    assert_eq!(fs::read_dir(place.folder.path().join("runs/taxi")).unwrap().count(), 6, "nothing is left beside them");
}

#[test]
fn what_cannot_be_shown_is_said() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-25");
        let (at, named) = (place.argument.as_str(), ["show", &place.argument, "taxi", "2026-11-25"]);
        for (arguments, code, message) in [
            (vec!["show", at], 2, "say which run in "),
            (vec!["show", at, "taxi"], 2, "say which run of `taxi`; `etl-runs list` lists their keys"),
            (vec!["show", at, "bus"], 3, "there is no run `bus` in "),
            (
                vec!["show", at, "01a20a5d-1eeb-75a0-9ed9-abd5ba0c0fd2"],
                3,
                "there is no run `01a20a5d-1eeb-75a0-9ed9-abd5ba0c0fd2` in ",
            ),
            (vec!["show", at, "bus", "2026-11-25"], 3, "there is no run of `bus` in "),
            (vec!["show", at, "taxi", "2026-11-26"], 3, "there is no run `2026-11-26` of `taxi` in "),
            (vec!["show", at, "taxi", ""], 3, "the key is empty, and names no run"),
            ([&named[..], &["--json", "--html", "-"]].concat(), 2, "only one of them can go to standard output"),
            ([&named[..], &["--html", "no/run.html"]].concat(), 3, "cannot write `no/run.html`: "),
        ] {
            let said = run(place.folder.path(), &arguments).with_code(code);
            assert!(said.err.starts_with(&format!("etl-runs: {message}")), "{said:?}");
            assert_eq!(said.out, "");
        }
    });
}
