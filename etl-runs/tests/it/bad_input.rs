//! What else may be where runs are looked for: nothing, other files, journals that are torn, damaged, newer or of another job, databases of
//! other programs, names that mean something elsewhere.

use std::fs;

use crate::nights;
use crate::places::{Place, begun, complete, in_every_place};
use crate::program::run;

#[test]
fn a_place_that_is_not_there_is_named() {
    let place = Place::folder();
    for arguments in [
        ["list", "no/runs"].as_slice(),
        &["list", "no/runs", "taxi"],
        &["show", "no/runs", "taxi", "2026-11-25"],
        &["compare", "no/runs", "taxi", "a", "b"],
        &["missing", "no/runs", "taxi", "a"],
        &["prune", "no/runs", "taxi", "--keep-last", "1", "--yes"],
        &["rejects", "no/runs", "taxi", "a"],
        &["html", "no/runs", "taxi"],
    ] {
        let said = run(place.folder.path(), arguments).with_code(3);
        assert!(said.err.starts_with("etl-runs: cannot read `no/runs`: ") && said.err.lines().count() == 1, "{said:?}");
    }
    let server = run(place.folder.path(), &["list", "postgres://nobody:secret@%2Fno%2Fsocket/imports"]).with_code(3).err;
    assert!(server.starts_with("etl-runs: ") && !server.contains("secret"), "{server}");
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 0, "nothing is created by looking");
}

#[test]
fn what_cannot_be_read_is_told_of_beside_the_others() {
    let place = Place::folder();
    nights::write(place.folder.path());
    let job = place.folder.path().join("runs/taxi");
    let whole = fs::read_to_string(job.join("2026-11-21.jsonl")).unwrap();
    fs::write(job.join("readme.txt"), "about these runs").unwrap();
    fs::write(job.join("torn.jsonl"), &whole[..whole.len() - 10]).unwrap();
    fs::write(job.join("empty.jsonl"), "").unwrap();
    fs::write(job.join("damaged.jsonl"), whole.replacen("phase_started", "phase_startled", 1)).unwrap();
    fs::write(job.join("newer.jsonl"), whole.replacen("\"version\":1", "\"version\":9", 1)).unwrap();
    fs::write(job.join("foreign.jsonl"), "{\"rows\": 3}\n").unwrap();
    fs::create_dir(place.folder.path().join("runs/bus")).unwrap();
    fs::write(place.folder.path().join("runs/bus/2026-11-21.jsonl"), &whole).unwrap();

    let listed = run(place.folder.path(), &["list", "runs", "taxi"]).with_code(3).out;
    assert_eq!(listed.lines().filter(|line| line.starts_with("not read: ")).count(), 3, "{listed}");
    assert!(listed.contains("\ntorn ") && !listed.contains("empty") && !listed.contains("readme"), "{listed}");
    let told = run(place.folder.path(), &["list", "runs", "taxi", "--json"]).with_code(3).json();
    assert_eq!((told["runs"].as_array().unwrap().len(), told["unreadable"].as_array().unwrap().len()), (7, 3));
    let jobs = run(place.folder.path(), &["list", "runs"]).with_code(3).out;
    assert!(jobs.contains("\n3 of `taxi` not read: list them to see why\n"), "{jobs}");

    for (file, message) in [
        ("damaged", "damaged.jsonl` is damaged: line 2 "),
        ("newer", "newer.jsonl` has the format version 9"),
        ("foreign", "foreign.jsonl` is no journal"),
    ] {
        let path = format!("runs/taxi/{file}.jsonl");
        for arguments in [["show", "runs", "taxi", file].as_slice(), &["show", &path], &["rejects", &path], &["html", &path]] {
            let said = run(place.folder.path(), arguments).with_code(3);
            assert!(said.err.starts_with("etl-runs: ") && said.err.contains(message) && said.out.is_empty(), "{said:?}");
        }
    }
    let empty = run(place.folder.path(), &["show", "runs/taxi/empty.jsonl"]).with_code(3).err;
    assert_eq!(empty, "etl-runs: the journal `runs/taxi/empty.jsonl` holds no run yet\n");
    let other = run(place.folder.path(), &["show", "runs", "bus", "2026-11-21"]).with_code(3).err;
    assert!(other.contains("is the run of another job, `taxi`"), "{other}");
}

#[test]
fn a_file_that_is_no_place_of_jobs_is_refused_in_words() {
    let place = Place::folder();
    nights::write(place.folder.path());
    let said = run(place.folder.path(), &["list", "runs/taxi/2026-11-21.jsonl"]).with_code(3).err;
    assert!(said.contains("is a file, and no database of SQLite") && said.contains("`etl-runs show`"), "{said}");
    let said = run(place.folder.path(), &["show", "runs/taxi/2026-11-21.jsonl", "taxi", "2026-11-21"]).with_code(2).err;
    assert_eq!(said, "etl-runs: `runs/taxi/2026-11-21.jsonl` is a single journal, so leave out `taxi` and what follows it\n");
}

#[test]
fn the_folder_of_one_job_shows_its_journals() {
    let place = Place::folder();
    nights::write(place.folder.path());
    let listed = run(place.folder.path(), &["list", "runs/taxi"]).with_code(0).out;
    assert!(listed.starts_with("runs of no job\nrun ") && listed.contains("\n2026-11-22.jsonl  failed"), "{listed}");
}

#[test]
fn a_database_of_another_program_has_no_runs_and_is_not_changed() {
    let place = Place::folder();
    let path = place.folder.path().join("other.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("create table rides (id integer); insert into rides values (1)").unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    assert_eq!(run(place.folder.path(), &["list", "other.db"]).with_code(0).out, "there is no run in `other.db`\n");
    let none = run(place.folder.path(), &["prune", "other.db", "taxi", "--keep-last", "0", "--yes"]).with_code(3).err;
    assert_eq!(none, "etl-runs: there is no run of `taxi` in `other.db`: it has no run of any job\n");
    assert!(fs::read(&path).unwrap() == before);

    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("create table etl_context_runs (id integer)").unwrap();
    drop(database);
    let foreign = run(place.folder.path(), &["list", "other.db"]).with_code(3).err;
    assert!(foreign.contains("its `etl_context_runs` is not of etl-context"), "{foreign}");
    fs::write(&path, [b"SQLite format 3\0".as_slice(), &[7; 5_000]].concat()).unwrap();
    let damaged = run(place.folder.path(), &["list", "other.db"]).with_code(3).err;
    assert!(damaged.starts_with("etl-runs: cannot "), "{damaged}");
}

#[test]
fn any_text_may_be_a_key_and_none_leads_elsewhere() {
    let long = "x".repeat(201);
    in_every_place(|place| {
        let keys = ["a/b", "..", "Ünïcode", "2026~2", "A", "a", "-v", "\u{1b}[2Jx"];
        for key in keys {
            complete(&place.runs, key);
        }
        for key in keys {
            let said = run(place.folder.path(), &["show", &place.argument, "taxi", "--", key]).with_code(0);
            assert!(said.out.starts_with("taxi: completed") && !said.out.contains('\u{1b}'), "{said:?}");
        }
        let listed = run(place.folder.path(), &["list", &place.argument, "taxi"]).with_code(0).out;
        assert!(listed.lines().count() == 9 && !listed.contains('\u{1b}'), "{listed}");
        for key in ["../taxi/a", "../../etc/passwd", "/etc/passwd", "a/b/", "%2e%2e"] {
            let said = run(place.folder.path(), &["show", &place.argument, "taxi", key]).with_code(3);
            assert!(said.err.starts_with("etl-runs: there is no run `"), "{said:?}");
        }
        let said = run(place.folder.path(), &["show", &place.argument, "taxi", &long]).with_code(3).err;
        assert!(said.contains("and at most 200 are possible"), "{said}");
    });
}

#[test]
fn a_run_that_somebody_has_open_is_never_removed() {
    in_every_place(|place| {
        complete(&place.runs, "2026-11-25");
        let open = begun(&place.runs, "2026-11-25");
        let prune =
            || run(place.folder.path(), &["prune", &place.argument, "taxi", "--keep-last", "0", "--yes"]).with_code(0).out;
        assert_eq!(prune(), "removed no run\n");
        assert_eq!(open.record().run_id(), place.runs.record("taxi", "2026-11-25").unwrap().unwrap().run_id());
        drop(open);
        assert_eq!(prune(), "removed 1 run: 2026-11-25\n");
    });
}
