//! What is told of a clean, a failed, a retried, a stopped, an interrupted run.

use std::fs;
use std::io;

use etl_context::{Context, Counts, Etl, Extract, FileJournal, Idle, Load, Run, Transform};

use super::{Told, error_message, run_id, schema};

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

fn begin(told: &Told) -> Context<Idle, Etl> {
    Run::builder("import").metadata("operator", "night shift").observe(told.lineage()).begin().unwrap()
}

#[test]
fn the_schema_can_refuse() {
    let told = Told::default();
    drop(begin(&told).start(Extract).unwrap().fail("no file").unwrap());
    let event = told.events()[2].clone();
    for (place, broken) in [
        ("/run/runId", "import"),
        ("/eventTime", "yesterday"),
        ("/eventType", "ENDED"),
        ("/run/facets/parent/job", "import"),
        ("/run/facets/errorMessage/_schemaURL", "https://openlineage.io/spec/facets/9-9-9/ErrorMessageRunFacet.json#/$defs/E"),
        ("/job/facets/jobType/_producer", "not a URI"),
    ] {
        let mut event = event.clone();
        *event.pointer_mut(place).unwrap() = broken.into();
        assert_eq!(schema::faults(&event).is_empty(), !schema::are_there(), "{place}");
    }
}

#[test]
fn a_clean_run_completes_its_phases_and_itself() {
    let told = Told::default();
    let mut extract = begin(&told).start(Extract).unwrap();
    extract.update_progress(BATCH);
    extract.checkpoint(&7).unwrap();
    let transform = extract.complete(()).unwrap().start(Transform).unwrap();
    let load = transform.complete(()).unwrap().start(Load).unwrap();
    drop(load.complete(()).unwrap());

    assert_eq!(
        told.story(),
        [
            "import START",
            "import.extract START",
            "import.extract RUNNING",
            "import.extract COMPLETE",
            "import.transform START",
            "import.transform COMPLETE",
            "import.load START",
            "import.load COMPLETE",
            "import COMPLETE",
        ]
    );
    let times: Vec<_> = told.events().iter().map(|event| super::text(&event["eventTime"]).to_owned()).collect();
    let times: Vec<etl_context::Timestamp> = times.iter().map(|time| time.parse().unwrap()).collect();
    assert!(times.is_sorted());
}

#[test]
fn a_run_is_the_parent_of_its_attempts() {
    let told = Told::default();
    let extracted = begin(&told).start(Extract).unwrap().complete(()).unwrap();
    let run = extracted.record().run_id();
    drop(extracted);

    let events = told.events();
    let [begun, start, complete, ended] = &events[..] else { panic!("{events:#?}") };
    assert_eq!([run_id(begun), run_id(ended)], [run.to_string(), run.to_string()]);
    assert_eq!(begun["run"]["facets"]["tags"]["tags"][0]["value"], "night shift");
    for event in [start, complete] {
        assert_eq!(run_id(event), run.of_attempt("extract", 1).to_string());
        let parent = &event["run"]["facets"]["parent"];
        assert_eq!(parent["run"]["runId"], run.to_string());
        assert_eq!([&parent["job"]["namespace"], &parent["job"]["name"]], ["tests", "import"]);
        assert_eq!(event["job"]["namespace"], "tests");
        assert_eq!(event["job"]["facets"]["jobType"]["jobType"], "PHASE");
    }
}

#[test]
fn a_failed_phase_fails_the_run_and_says_why() {
    let told = Told::default();
    let error = io::Error::other(io::Error::other("the disk is full"));
    let error = Box::<dyn std::error::Error + Send + Sync>::from(Layered(error));
    drop(begin(&told).start(Extract).unwrap().fail(&error).unwrap());

    assert_eq!(told.story(), ["import START", "import.extract START", "import.extract FAIL", "import FAIL"]);
    let events = told.events();
    assert_eq!(error_message(&events[2]), "cannot write the staging file");
    assert_eq!(events[2]["run"]["facets"]["errorMessage"]["stackTrace"], "caused by: the disk is full");
    assert_eq!(error_message(&events[3]), "phase `extract`: cannot write the staging file");
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write the staging file")]
struct Layered(#[source] io::Error);

#[test]
fn a_retry_is_a_run_of_its_own_and_can_save_the_run() {
    let told = Told::default();
    let failed = begin(&told).start(Extract).unwrap().fail("no file").unwrap();
    drop(failed.retry().unwrap().complete(()).unwrap());

    let story = ["START", "FAIL", "START", "COMPLETE"].map(|event| format!("import.extract {event}"));
    assert_eq!(told.story()[1..5], story);
    assert_eq!(told.story().last().unwrap(), "import ABORT", "it has not been transformed and loaded");
    assert_eq!(error_message(told.events().last().unwrap()), "stopped after extract");
    let events = told.events();
    assert_eq!(run_id(&events[1]), run_id(&events[2]));
    assert_eq!(run_id(&events[3]), run_id(&events[4]));
    assert_ne!(run_id(&events[1]), run_id(&events[3]));
}

#[test]
fn an_abandoned_phase_is_aborted_and_its_run_has_failed() {
    let told = Told::default();
    drop(begin(&told).start(Extract).unwrap());
    assert_eq!(told.story()[2..], ["import.extract ABORT", "import FAIL"]);
    let message = "the phase was abandoned: its context was dropped while it was running";
    assert_eq!(error_message(&told.events()[2]), message);
}

#[test]
fn a_stopped_phase_is_aborted() {
    let told = Told::default();
    let context = begin(&told);
    let stopper = context.stopper();
    let outcome = context.phase(Extract).run(|extract| {
        stopper.stop();
        extract.check_cancelled()
    });
    drop(outcome.unwrap_err());
    assert_eq!(told.story()[2..], ["import.extract ABORT", "import ABORT"]);
}

#[test]
fn a_panic_fails_the_phase_and_the_run() {
    let told = Told::default();
    let run = std::panic::AssertUnwindSafe(|| {
        let _extract = begin(&told).start(Extract).unwrap();
        panic!("a bug in the phase");
    });
    std::panic::catch_unwind(run).unwrap_err();
    assert_eq!(told.story()[2..], ["import.extract FAIL", "import FAIL"]);
    assert_eq!(error_message(&told.events()[2]), "the phase panicked");
}

#[test]
fn a_run_without_a_phase_is_aborted() {
    let told = Told::default();
    drop(begin(&told));
    assert_eq!(told.story(), ["import START", "import ABORT"]);
}

#[test]
fn the_process_that_goes_on_aborts_the_interrupted_attempt_under_its_own_id() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.jsonl"), folder.path().join("second.jsonl"));
    let begin = |path, told: &Told| {
        Run::builder("import").journal(FileJournal::open(path).unwrap()).observe(told.lineage()).begin::<Etl>().unwrap()
    };
    let (before, after) = (Told::default(), Told::default());
    let mut extract = begin(&first, &before).start(Extract).unwrap();
    extract.update_progress(BATCH);
    extract.checkpoint(&20).unwrap();
    // A copy of the journal is what a process leaves that dies here.
    fs::copy(&first, &second).unwrap();
    let told = before.events();
    assert_eq!(before.story(), ["import START", "import.extract START", "import.extract RUNNING"]);

    drop(begin(&second, &after).start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(
        after.story(),
        ["import RUNNING", "import.extract ABORT", "import.extract START", "import.extract COMPLETE", "import ABORT"]
    );
    let events = after.events();
    assert_eq!(run_id(&events[0]), run_id(&told[0]));
    assert_eq!(run_id(&events[1]), run_id(&told[1]));
    assert_ne!(run_id(&events[2]), run_id(&told[1]));
    assert_eq!(error_message(&events[1]), "the process died while the phase was running");
    let output = &events[1]["outputs"][0]["outputFacets"]["outputStatistics"];
    assert_eq!(output["rowCount"], 20, "as of the last checkpoint");
    assert_eq!(error_message(&events[4]), "stopped after extract");
}
