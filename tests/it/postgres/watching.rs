//! Whoever watches from elsewhere sees what the run itself would say, after every move.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use etl_context::{
    Etl, EtlContext, Extract, Journal, ListedRun, Load, PostgresJournal, PostgresRuns, Run, RunStatus, Transform, dict,
};
use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::test_runner::TestRunner;

use super::server::{TestDatabase, database};
use crate::properties::{call, make};
use crate::random_moves::move_at_random;

fn begin(database: &TestDatabase, name: &str) -> EtlContext {
    Run::builder(name).journal(PostgresJournal::connect(database.url()).unwrap()).begin_dynamic().unwrap()
}

fn runs(database: &TestDatabase) -> PostgresRuns {
    PostgresRuns::connect(database.url()).unwrap()
}

fn only(runs: &PostgresRuns, name: &str) -> ListedRun {
    let mut listed = runs.list_runs(name, 2).unwrap();
    assert_eq!(listed.len(), 1);
    listed.remove(0)
}

/// What is listed of the run, and what is read of it, is what the run says itself.
fn agrees(runs: &PostgresRuns, run: &EtlContext) {
    let (listed, record, summary) = (only(runs, run.record().name()), run.record(), run.get_summary());
    assert_eq!(runs.read(listed.run_id).unwrap().as_ref(), Some(record));
    assert_eq!((listed.run_id, listed.name.as_str()), (record.run_id(), record.name()));
    assert_eq!(listed.start_time, record.start_time());
    assert_eq!(listed.status, summary.status());
    assert_eq!(listed.current_phase.as_deref(), run.current_phase());
    if summary.end_time().is_some() {
        assert_eq!(listed.duration, summary.total_duration());
    } else {
        assert!(listed.duration < Duration::from_secs(3_600), "{listed:?}");
    }
    assert!(listed.owner.unwrap().starts_with(&format!("process {} on host ", std::process::id())));
}

#[test]
fn a_run_is_seen_as_it_is_after_every_kind_of_move() {
    let Some(database) = database() else { return };
    let (runs, mut run) = (runs(&database), begin(&database, "import"));
    agrees(&runs, &run);
    let moves: [fn(&mut EtlContext); 13] = [
        |run| run.set_phase_status("load", "completed").unwrap(),
        |run| run.start_phase("extract", None).unwrap(),
        |run| run.checkpoint(&7).unwrap(),
        |run| run.set_phase_status("extract", "failed").unwrap(),
        |run| run.record_error("extract", &std::fmt::Error).unwrap(),
        |run| drop(run.end_phase(()).unwrap()),
        |run| run.set_phase_status("extract", "pending").unwrap(),
        |run| run.start_phase("extract", None).unwrap(),
        |run| drop(run.fail_phase(&std::fmt::Error).unwrap()),
        |run| run.start_phase("extract", None).unwrap(),
        |run| drop(run.end_phase(dict! { "rows": 7 }).unwrap()),
        |run| run.set_phase_status("transform", "running").unwrap(),
        |run| run.set_phase_status("transform", "completed").unwrap(),
    ];
    let mut seen = Vec::new();
    for make in moves {
        make(&mut run);
        agrees(&runs, &run);
        seen.push(only(&runs, "import").status);
    }
    for status in [RunStatus::Running, RunStatus::Completed, RunStatus::Failed, RunStatus::Unfinished] {
        assert!(seen.contains(&status), "{seen:?}");
    }
}

#[test]
fn a_run_of_a_pipeline_is_listed_as_it_says_itself() {
    let Some(database) = database() else { return };
    let runs = runs(&database);
    let begin = |database: &TestDatabase| {
        let journal = PostgresJournal::connect(database.url()).unwrap();
        Run::builder("nightly").journal(journal).begin::<Etl>().unwrap()
    };
    let listed = || only(&runs, "nightly").status;
    let extract = begin(&database).start(Extract).unwrap();
    assert_eq!(listed(), RunStatus::Running);
    let extracted = extract.complete(()).unwrap();
    assert_eq!(listed(), RunStatus::Unfinished);
    extracted.stopper().stop();
    drop(extracted);
    assert_eq!(listed(), RunStatus::Stopped);
    let (extracted, ()) = begin(&database).phase(Extract).run(|_| -> Result<(), String> { unreachable!("it is done") }).unwrap();
    let failed = extracted.start(Transform).unwrap().fail("no space").unwrap();
    assert_eq!(listed(), RunStatus::Failed);
    let transformed = failed.retry().unwrap().complete(()).unwrap();
    assert_eq!(listed(), RunStatus::Unfinished);
    let loaded = transformed.start(Load).unwrap().complete(()).unwrap();
    assert_eq!((listed(), loaded.record().run_status()), (RunStatus::Completed, RunStatus::Completed));
}

#[test]
fn whatever_is_done_the_list_says_the_same_as_the_run() {
    let Some(database) = database() else { return };
    let runs = runs(&database);
    for seed in 0..8 {
        let begin = || {
            let journal = PostgresJournal::connect(database.url()).unwrap().key(seed.to_string());
            Run::builder(format!("run {seed}")).journal(journal).begin::<Etl>().unwrap().erase()
        };
        move_at_random(seed, begin, |record| {
            assert_eq!(only(&runs, record.name()).status, record.run_status(), "seed {seed}");
        });
    }
}

/// A run that is left behind is seen as the next process finds it.
#[test]
fn a_run_that_goes_on_is_seen_as_it_is() {
    let Some(database) = database() else { return };
    let runs = runs(&database);
    let mut run = begin(&database, "import");
    run.start_phase("extract", None).unwrap();
    drop(run);
    let listed = only(&runs, "import");
    assert_eq!((listed.status, listed.current_phase), (RunStatus::Failed, None), "it was abandoned");
    agrees(&runs, &begin(&database, "import"));
}

#[test]
fn a_run_is_seen_as_it_is_after_any_calls() {
    let Some(database) = database() else { return };
    let (runs, begun) = (runs(&database), AtomicU32::new(0));
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&vec(call(), 1..25), |calls| {
        let mut run = begin(&database, &format!("run {}", begun.fetch_add(1, Ordering::Relaxed)));
        for call in calls {
            // A refused call changes nothing, which is seen as well.
            let _ = make(call, &mut run);
            agrees(&runs, &run);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn runs_are_listed_from_the_latest_and_by_name() {
    let Some(database) = database() else { return };
    let runs = runs(&database);
    let names = |name: Option<&str>, limit| -> Vec<String> {
        runs.list_runs(name, limit).unwrap().into_iter().map(|run| format!("{} {}", run.name, run.key)).collect()
    };
    for (name, key) in [("import", "monday"), ("export", "tuesday"), ("import", "wednesday")] {
        let journal = PostgresJournal::connect(database.url()).unwrap().key(key);
        drop(Run::builder(name).journal(journal).begin_dynamic().unwrap());
    }
    assert_eq!(names(None, 10), ["import wednesday", "export tuesday", "import monday"]);
    assert_eq!(names(None, 2), ["import wednesday", "export tuesday"]);
    assert_eq!(names(Some("import"), u32::MAX), ["import wednesday", "import monday"]);
    assert_eq!(names(Some("import"), 1), ["import wednesday"]);
    assert!(names(Some("Import"), 10).is_empty());
    assert!(names(None, 0).is_empty());
}

#[test]
fn an_owner_is_seen_while_it_owns_the_run() {
    let Some(database) = database() else { return };
    let (runs, run) = (runs(&database), begin(&database, "import"));
    assert!(only(&runs, "import").owner.is_some());
    drop(run);
    assert_eq!(only(&runs, "import").owner, None);
}

/// Of a process that died, the run is running and nobody's, and its duration stands still.
#[test]
fn a_run_without_an_owner_took_until_its_latest_event() {
    let Some(database) = database() else { return };
    let (runs, mut run) = (runs(&database), begin(&database, "import"));
    run.start_phase("extract", None).unwrap();
    run.checkpoint(&1).unwrap();
    database.client().execute("update etl_context.runs set owner = 'gone', epoch = 9, expires = now()", &[]).unwrap();
    let listed = only(&runs, "import");
    assert_eq!((listed.status, listed.current_phase.as_deref()), (RunStatus::Running, Some("extract")));
    assert_eq!(listed.owner, None);
    assert_eq!(listed.duration, run.record().summary().total_duration());
}

#[test]
fn a_run_that_has_not_begun_is_not_listed() {
    let Some(database) = database() else { return };
    let mut journal = PostgresJournal::connect(database.url()).unwrap().key("import");
    assert_eq!(journal.load().unwrap(), []);
    assert_eq!(runs(&database).list_runs(None, 10).unwrap(), []);
}

#[test]
fn a_run_that_is_not_there_is_none() {
    let Some(database) = database() else { return };
    let run = begin(&database, "import");
    assert_eq!(runs(&database).read("0193c9a8-0000-7000-8000-000000000000".parse().unwrap()).unwrap(), None);
    drop(run);
}
