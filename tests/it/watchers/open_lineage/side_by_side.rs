//! What is told of phases that run side by side, and after what each attempt started.

use std::fs;
use std::time::Duration;

use etl_context::{Context, FileJournal, Idle, PhaseStatus, Pipeline, Run, RunId, pipeline};
use serde_json::{Value, json};

use super::{Told, error_message, run_id, text};

pipeline! {
    /// One branch of two phases and one of one.
    pub Nightly {
        Users = "users" after Idle;
        Clean = "clean" after Users;
        Orders = "orders" after Idle;
        Merge = "merge" after (Clean, Orders);
    }
}

pipeline! {
    /// A way around a failure, and a loop.
    pub Around {
        Primary = "primary" after Idle | Store;
        Fallback = "fallback" after Failed<Primary>;
        Store = "store" after Primary | Fallback;
    }
}

fn begin<P: Pipeline>(told: &Told) -> Context<Idle, P> {
    Run::builder("nightly").observe(told.lineage()).begin().unwrap()
}

/// Of the START of each attempt, the job and the facet of its dependencies, without what all facets have.
fn dependencies(told: &Told) -> Vec<(String, Value)> {
    let started = told.events().into_iter().filter(|event| event["eventType"] == "START");
    let attempts = started.filter(|event| event["job"]["facets"]["jobType"]["jobType"] == "PHASE");
    let facet = |event: Value| {
        let mut facet = event["run"]["facets"]["jobDependencies"].clone();
        if let Some(fields) = facet.as_object_mut() {
            fields.retain(|name, _| !name.starts_with('_'));
        }
        (text(&event["job"]["name"]).to_owned(), facet)
    };
    attempts.map(facet).collect()
}

fn upstream(job: &str, run: RunId, status: &str) -> Value {
    json!({
        "job": { "namespace": "tests", "name": format!("nightly.{job}") },
        "run": { "runId": run.of_attempt(job, 1) },
        "sequence_trigger_rule": "FINISH_TO_START",
        "status_trigger_rule": status,
    })
}

fn after(jobs: &[&str], run: RunId) -> Value {
    let upstream: Vec<_> = jobs.iter().map(|job| upstream(job, run, "EXECUTE_ON_SUCCESS")).collect();
    json!({ "upstream": upstream, "trigger_rule": "ALL_SUCCESS" })
}

#[test]
fn signs_of_life_are_throttled_for_each_attempt() {
    let told = Told::default();
    let lineage = told.lineage().running_every(Duration::from_secs(3_600));
    let [users, orders] = Run::builder("nightly").observe(lineage).begin::<Nightly>().unwrap().fork();
    let (mut users, mut orders) = (users.start(Users).unwrap(), orders.start(Orders).unwrap());
    for cursor in 0..10 {
        users.checkpoint(&cursor).unwrap();
        orders.record_error("no customer").unwrap();
    }
    let expected =
        ["nightly START", "nightly.users START", "nightly.orders START", "nightly.users RUNNING", "nightly.orders RUNNING"];
    assert_eq!(told.story(), expected);
    let mut orders = orders.fail("no connection").unwrap().retry().unwrap();
    orders.record_error("no customer").unwrap();
    users.checkpoint(&10).unwrap();
    assert_eq!(told.story()[5..], ["nightly.orders FAIL", "nightly.orders START", "nightly.orders RUNNING"]);
}

#[test]
fn an_error_of_the_phase_that_started_second_is_a_sign_of_its_life() {
    let told = Told::default();
    let [users, orders] = begin::<Nightly>(&told).fork();
    let (users, mut orders) = (users.start(Users).unwrap(), orders.start(Orders).unwrap());
    orders.record_error("no customer").unwrap();
    assert_eq!(told.story()[3..], ["nightly.orders RUNNING"]);
    // Of another branch's phase nobody here knows the counts.
    let mut users = users.erase();
    users.record_error("orders", &std::io::Error::other("too many")).unwrap();
    assert_eq!(told.story().len(), 4);
}

#[test]
fn a_start_tells_the_edge_by_which_it_came_and_a_join_all_branches() {
    let told = Told::default();
    let [users, orders] = begin::<Nightly>(&told).fork();
    let orders = orders.start(Orders).unwrap();
    let clean = users.start(Users).unwrap().complete(()).unwrap().start(Clean).unwrap().complete(()).unwrap();
    let joined = clean.join(orders.complete(()).unwrap()).unwrap();
    let run = joined.record().run_id();
    drop(joined.start(Merge).unwrap().fail("no room").unwrap().retry().unwrap());
    let joined = after(&["clean", "orders"], run);
    let expected = [
        ("nightly.orders", Value::Null),
        ("nightly.users", Value::Null),
        ("nightly.clean", after(&["users"], run)),
        ("nightly.merge", joined.clone()),
        ("nightly.merge", joined),
    ];
    assert_eq!(dependencies(&told), expected.map(|(job, facet)| (job.to_owned(), facet)));
    // The ids are those under which the attempts were told.
    let events = told.events();
    let merged = events.iter().find(|event| event["job"]["name"] == "nightly.merge").unwrap();
    let named: Vec<_> =
        (0..2).map(|place| &merged["run"]["facets"]["jobDependencies"]["upstream"][place]["run"]["runId"]).collect();
    let completed = |job| events.iter().find(|event| event["job"]["name"] == job && event["eventType"] == "COMPLETE").unwrap();
    assert_eq!(named, [run_id(completed("nightly.clean")), run_id(completed("nightly.orders"))]);
}

#[test]
fn a_start_behind_alternatives_tells_the_one_that_was_taken() {
    let told = Told::default();
    let failed = begin::<Around>(&told).start(Primary).unwrap().fail("no connection").unwrap();
    let run = failed.record().run_id();
    let stored = failed.start(Fallback).unwrap().complete(()).unwrap().start(Store).unwrap().complete(()).unwrap();
    let stored = stored.start(Primary).unwrap().complete(()).unwrap().start(Store).unwrap().complete(()).unwrap();
    drop(stored);
    let second = |job: &str| {
        let mut facet = after(&[job], run);
        facet["upstream"][0]["run"]["runId"] = json!(run.of_attempt(job, 2));
        facet
    };
    let expected = [
        ("nightly.primary", Value::Null),
        ("nightly.fallback", json!({ "upstream": [upstream("primary", run, "EXECUTE_ON_FAILURE")] })),
        ("nightly.store", after(&["fallback"], run)),
        ("nightly.primary", after(&["store"], run)),
        ("nightly.store", second("primary")),
    ];
    assert_eq!(dependencies(&told), expected.map(|(job, facet)| (job.to_owned(), facet)));
}

pipeline! {
    /// Something that either of two branches can do.
    pub Either {
        Left = "left" after Idle;
        Right = "right" after Idle;
        Extra = "extra" after Left | Right;
        Both = "both" after (Left, Right);
    }
}

#[test]
fn where_either_of_two_branches_can_have_led_to_a_phase_no_edge_is_told() {
    let told = Told::default();
    let [left, right] = begin::<Either>(&told).fork();
    let left = left.start(Left).unwrap().complete(()).unwrap();
    let right = right.start(Right).unwrap().complete(()).unwrap();
    drop((left.start(Extra).unwrap(), right));
    assert_eq!(dependencies(&told)[2], ("nightly.extra".to_owned(), Value::Null));
}

#[test]
fn without_a_pipeline_no_edge_is_told() {
    let told = Told::default();
    let mut context = Run::builder("nightly").observe(told.lineage()).begin_dynamic().unwrap();
    for phase in ["users", "orders"] {
        context.start_phase(phase, None).unwrap();
        context.end_phase(()).unwrap();
    }
    assert_eq!(dependencies(&told).into_iter().filter(|(_, facet)| !facet.is_null()).count(), 0);
}

#[test]
fn a_phase_that_was_completed_by_hand_is_told_without_a_run() {
    let told = Told::default();
    let mut context = begin::<Nightly>(&told).start(Users).unwrap().fail("one name is odd").unwrap().erase();
    context.set_phase_status("users", PhaseStatus::Completed).unwrap();
    context.start_phase("clean", None).unwrap();
    let expected = json!({
        "upstream": [{
            "job": { "namespace": "tests", "name": "nightly.users" },
            "sequence_trigger_rule": "FINISH_TO_START",
            "status_trigger_rule": "EXECUTE_ON_SUCCESS",
        }],
        "trigger_rule": "ALL_SUCCESS",
    });
    assert_eq!(dependencies(&told)[1], ("nightly.clean".to_owned(), expected));
}

pipeline! {
    /// Behind a load, however it ended; and a phase that leads to itself.
    pub However {
        Load = "load" after Idle | Load;
        Notify = "notify" after Load | Failed<Load>;
    }
}

#[test]
fn a_status_that_was_set_by_hand_decides_which_edge_is_told() {
    let told = Told::default();
    let mut context = begin::<However>(&told).start(Load).unwrap().complete(()).unwrap().erase();
    context.set_phase_status("load", PhaseStatus::Failed).unwrap();
    context.start_phase("notify", None).unwrap();
    let rule = &dependencies(&told)[1].1["upstream"][0]["status_trigger_rule"];
    assert_eq!(rule, "EXECUTE_ON_FAILURE");
}

#[test]
fn a_phase_that_leads_to_itself_is_told_behind_its_attempt_before() {
    let told = Told::default();
    let loaded = begin::<However>(&told).start(Load).unwrap().complete(()).unwrap();
    let run = loaded.record().run_id();
    drop(loaded.start(Load).unwrap().complete(()).unwrap());
    assert_eq!(dependencies(&told)[1], ("nightly.load".to_owned(), after(&["load"], run)));
}

#[test]
fn a_process_that_goes_on_names_the_attempts_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.jsonl"), folder.path().join("second.jsonl"));
    let begin = |path, told: &Told| {
        Run::builder("nightly").journal(FileJournal::open(path).unwrap()).observe(told.lineage()).begin::<Nightly>().unwrap()
    };
    let [users, orders] = begin(&first, &Told::default()).fork();
    let clean = users.start(Users).unwrap().complete(()).unwrap().start(Clean).unwrap();
    let orders = orders.start(Orders).unwrap();
    // A copy of the journal is what a process leaves that dies here.
    fs::copy(&first, &second).unwrap();
    drop((clean, orders));

    let told = Told::default();
    let context = begin(&second, &told);
    let run = context.record().run_id();
    let [users, orders] = context.fork();
    let (users, ()) = users.phase(Users).run(|_| -> Result<(), String> { panic!("it is completed") }).unwrap();
    drop((users.start(Clean).unwrap().complete(()).unwrap(), orders));
    let expected = [
        "nightly RUNNING",
        "nightly.clean ABORT",
        "nightly.orders ABORT",
        "nightly.clean START",
        "nightly.clean COMPLETE",
        "nightly ABORT",
    ];
    assert_eq!(told.story(), expected);
    assert_eq!(dependencies(&told), [("nightly.clean".to_owned(), after(&["users"], run))]);
    assert_eq!(error_message(told.events().last().unwrap()), "stopped in orders, after clean");
}

#[test]
fn the_run_tells_all_phases_that_failed() {
    let told = Told::default();
    let [users, orders] = begin::<Nightly>(&told).fork();
    let orders = orders.start(Orders).unwrap().fail(&std::io::Error::other("no connection")).unwrap();
    drop((users.start(Users).unwrap(), orders));
    let events = told.events();
    let abandoned = "the phase was abandoned: its context was dropped while it was running";
    let expected = format!("2 phases failed: phase `orders`: no connection; phase `users`: {abandoned}");
    assert_eq!(text(&events.last().unwrap()["eventType"]), "FAIL");
    assert_eq!(error_message(events.last().unwrap()), &expected);
}

#[test]
fn the_run_tells_each_branch_behind_which_it_stopped() {
    let told = Told::default();
    let [users, orders] = begin::<Nightly>(&told).fork();
    let (users, orders) =
        (users.start(Users).unwrap().complete(()).unwrap(), orders.start(Orders).unwrap().complete(()).unwrap());
    drop((users, orders));
    assert_eq!(error_message(told.events().last().unwrap()), "stopped after users, orders");
}
