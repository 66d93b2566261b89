//! An order of phases that is read while the program runs is kept to as a declared pipeline is.

use std::convert::Infallible;

use etl_context::{
    Completed, Error, Etl, EtlContext, Extract, FileJournal, Idle, Load, MemoryJournal, PhaseOrder, Pipeline, Run, RunStatus,
    Transform, pipeline,
};
use proptest::prelude::*;

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" after Extract;
        Load after Validate | Extract;
        CleanUp = "clean-up" after Load | Failed<Load>;
        finally Notify = "notify";
    }
}

const NIGHTLY: [&str; 5] =
    ["extract", "validate", "load after validate | extract", "clean-up after load | Failed<load>", "finally notify"];

fn order(lines: &[&str]) -> PhaseOrder {
    PhaseOrder::new(lines).unwrap()
}

fn run(context: &mut EtlContext, phase: &str) {
    context.start_phase(phase, None).unwrap();
    context.end_phase(()).unwrap();
}

fn fail(context: &mut EtlContext, phase: &str) {
    context.start_phase(phase, None).unwrap();
    context.fail_phase(&std::io::Error::other("no connection")).unwrap();
}

fn status(context: &EtlContext) -> RunStatus {
    context.record().run_status()
}

fn next(context: &EtlContext) -> Vec<&str> {
    context.record().next_phases().into_iter().map(AsRef::as_ref).collect()
}

#[test]
fn lines_say_what_pipeline_says() {
    let order = order(&NIGHTLY);
    assert_eq!(order.edges(), Nightly::EDGES);
    assert_eq!(order.phases().collect::<Vec<_>>(), Nightly::PHASES.iter().map(|phase| &phase.name).collect::<Vec<_>>());
    assert_eq!(order.mermaid(), Nightly::mermaid());
}

#[test]
fn a_phase_that_is_not_its_turn_is_refused_in_the_words_of_a_declared_pipeline() {
    let mut given = EtlContext::with_order("Nightly", order(&NIGHTLY));
    let mut declared = EtlContext::for_pipeline::<Nightly>("Nightly");
    let refused = |context: &mut EtlContext, phase| context.start_phase(phase, None).unwrap_err();
    for wrong in ["validate", "load", "clean-up", "laod", "Load"] {
        let (of_given, of_declared) = (refused(&mut given, wrong), refused(&mut declared, wrong));
        assert_eq!(of_given.to_string(), of_declared.to_string());
    }
    let error = refused(&mut given, "load");
    assert_eq!(
        error.to_string(),
        "phase `load` cannot start after `Idle` in pipeline `Nightly`; it may start after `validate` or `extract`"
    );
    assert!(matches!(error, Error::OutOfOrder { pipeline, .. } if pipeline == "Nightly"));
    assert_eq!((status(&given), given.record().phases().count()), (RunStatus::Pending, 0));
}

#[test]
fn alternatives_failures_and_what_is_done_finally_are_kept_to() {
    let mut context = EtlContext::with_order("import", order(&NIGHTLY));
    assert_eq!(next(&context), ["extract"]);
    run(&mut context, "extract");
    assert_eq!((status(&context), next(&context)), (RunStatus::Unfinished, vec!["validate", "load"]));
    fail(&mut context, "load");
    run(&mut context, "notify");
    assert_eq!((status(&context), next(&context)), (RunStatus::Failed, vec!["load", "clean-up"]));
    run(&mut context, "load"); // what failed may be tried again
    run(&mut context, "clean-up");
    run(&mut context, "notify");
    assert_eq!((status(&context), next(&context)), (RunStatus::Completed, vec![]));
}

#[test]
fn a_join_waits_for_all_and_a_loop_comes_again() {
    let mut context =
        EtlContext::with_order("import", order(&["users after Idle", "orders after Idle", "both after (users,orders)"]));
    run(&mut context, "users");
    assert!(matches!(context.start_phase("both", None), Err(Error::OutOfOrder { .. })));
    run(&mut context, "orders");
    run(&mut context, "both");
    assert_eq!(status(&context), RunStatus::Completed);

    let mut context = EtlContext::with_order("import", order(&["fetch after Idle | store", "store after fetch"]));
    for _round in 0..3 {
        run(&mut context, "fetch");
        run(&mut context, "store");
    }
    assert_eq!(context.record().phase("store").unwrap().attempts(), 3);
}

#[test]
fn the_order_is_on_record_and_in_every_report() {
    let mut context = EtlContext::with_order("import", order(&["fetch", "store"]));
    run(&mut context, "fetch");
    let pipeline = context.record().pipeline().unwrap();
    assert_eq!((pipeline.name(), pipeline.edges()), ("import", order(&["fetch", "store"]).edges()));
    let summary = context.get_summary();
    assert!(summary.to_markdown().contains(&order(&["fetch", "store"]).mermaid()), "{}", summary.to_markdown());
    assert!(summary.to_html().contains("<title id=\"diagram-title\">The pipeline import</title>"));
    assert!(summary.to_string().contains("next: store"), "{summary}");
}

#[test]
fn a_run_that_is_opened_again_goes_past_what_is_done_and_tells_finally_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = || FileJournal::open(folder.path().join("import.jsonl")).unwrap();
    let lines = ["fetch", "store", "finally notify"];
    let mut context = Run::builder("import").journal(journal()).begin_with_order(order(&lines)).unwrap();
    context.run_phase("fetch", |_| Ok::<_, Infallible>(())).unwrap();
    context.run_phase("notify", |_| Ok::<_, Infallible>(())).unwrap();
    drop(context);

    let mut context = Run::builder("import").journal(journal()).begin_with_order(order(&lines)).unwrap();
    assert_eq!(context.recovery().unwrap().pipeline_changes, [""; 0]);
    context.run_phase("fetch", |_| -> Result<(), Infallible> { unreachable!("it is done") }).unwrap();
    context.run_phase("store", |_| Ok::<_, Infallible>(())).unwrap();
    context.run_phase("notify", |_| Ok::<_, Infallible>(())).unwrap();
    let attempts = ["fetch", "store", "notify"].map(|phase| context.record().phase(phase).unwrap().attempts());
    assert_eq!((attempts, status(&context)), ([1, 1, 2], RunStatus::Completed));
}

#[test]
fn another_order_is_told_as_a_changed_pipeline() {
    let journal = MemoryJournal::new();
    let begin = |lines: &[&str]| Run::builder("import").journal(journal.clone()).begin_with_order(order(lines)).unwrap();
    run(&mut begin(&["fetch", "store"]), "fetch");
    let mut context = begin(&["fetch", "check", "store"]);
    assert_eq!(
        context.recovery().unwrap().pipeline_changes,
        ["new in the pipeline: `check after fetch`, `store after check`", "gone from the pipeline: `store after fetch`"]
    );
    assert!(matches!(context.start_phase("store", None), Err(Error::OutOfOrder { .. })));
    run(&mut context, "check");
    run(&mut context, "store");
    assert_eq!(context.record().pipeline().unwrap().edges(), order(&["fetch", "check", "store"]).edges());
}

#[test]
fn a_run_of_a_declared_pipeline_goes_on_with_an_order_only_if_that_is_allowed() {
    let journal = MemoryJournal::new();
    let builder = || Run::builder("import").journal(journal.clone());
    drop(builder().begin::<Etl>().unwrap());
    let error = builder().begin_with_order(order(&["extract"])).unwrap_err();
    assert!(error.to_string().contains("it keeps to the pipeline `Etl`, not `import`"), "{error}");
    let context = builder().allow_other_pipeline().begin_with_order(order(&["extract"])).unwrap();
    assert_eq!(context.record().pipeline().unwrap().name(), "import");
}

#[test]
fn a_run_that_kept_to_no_order_is_told_to_keep_to_one_now() {
    let journal = MemoryJournal::new();
    let builder = || Run::builder("import").journal(journal.clone());
    run(&mut builder().begin_dynamic().unwrap(), "fetch");
    let context = builder().begin_with_order(order(&["fetch", "store"])).unwrap();
    let changes = &context.recovery().unwrap().pipeline_changes;
    assert_eq!(changes, &["the run kept to no pipeline, and now keeps to `import`"]);
    assert_eq!(next(&context), ["store"]);
}

#[test]
fn an_order_that_is_a_declared_pipeline_gets_its_types() {
    let mut context = EtlContext::with_order("Etl", order(&["extract", "transform", "load"]));
    run(&mut context, "extract");
    let extracted = context.try_into_state::<Completed<Extract>, Etl>().unwrap();
    let loaded = extracted.start(Transform).unwrap().complete(()).unwrap().start(Load).unwrap().complete(()).unwrap();
    assert_eq!(loaded.record().run_status(), RunStatus::Completed);

    let context = EtlContext::with_order("Etl", order(&["extract", "load"]));
    let mismatch = context.try_into_state::<Idle, Etl>().unwrap_err();
    assert_eq!(mismatch.found(), "Idle in pipeline Etl");
}

#[test]
fn an_order_that_no_run_could_keep_to_is_refused_in_words() {
    for (lines, sentence) in [
        (&[][..], "an order of phases needs a phase"),
        (&["fetch", "Un pack"], "Phase name is invalid: `Un pack` does not start with a lower-case letter (a-z); a name is"),
        (&["fetch", ""], "Phase name is invalid: `` is empty"),
        (
            &["fetch", "store", "fetch"],
            "Phase name is invalid: `fetch` names two phases of the order; give each a name of its own",
        ),
        (
            &["fetch", "store after fetsh"],
            "phase `store` cannot start after `fetsh`, which is no phase of the order; list it there, or leave it out",
        ),
        (
            &["fetch", "a after b", "b after a"],
            "phase `a` can never start in the order: no way leads to it from `Idle`; let it start after a phase that can",
        ),
        (&["a after a"], "phase `a` can never start in the order"),
        (
            &["users", "clean", "merge after (users, clean)"],
            "phase `merge` of the order cannot join `users` and `clean`, of which one leads to the other, or both are one; name the last",
        ),
        (&["users", "merge after (users, users)"], "phase `merge` of the order cannot join `users` and `users`"),
        (&["fetch", "store after"], "nothing stands behind `after` of phase `store`; write `Idle`, or a phase"),
        (&["fetch", "store after fetch |"], "nothing stands behind `after` of phase `store`"),
        (&["fetch", "store after Failed<>"], "Phase name is invalid: `` is empty"),
        (&["fetch", "store after (fetch"], "Phase name is invalid: `(fetch` does not start with"),
        (&["fetch", "store after Any"], "Phase name is invalid: `Any` does not start with"),
        (&["fetch", "finally notify after fetch"], "phase `notify` is one that runs finally, wherever the run stands; leave out"),
        (
            &["fetch", "finally notify", "store after notify"],
            "phase `store` cannot start after `notify`, which runs finally, and nothing follows it; name another phase",
        ),
    ] {
        let error = PhaseOrder::new(lines).unwrap_err().to_string();
        assert!(error.starts_with(sentence), "{lines:?}: {error}");
        let json = serde_json::to_string(lines).unwrap();
        let told = serde_json::from_str::<PhaseOrder>(&json).unwrap_err().to_string();
        assert!(told.starts_with(sentence), "{json}: {told}");
    }
    let many: Vec<_> = (0..129).map(|number| format!("phase-{number}")).collect();
    assert_eq!(PhaseOrder::new(&many).unwrap_err().to_string(), "a pipeline can have at most 128 phases");
    assert_eq!(PhaseOrder::new(&many[1..]).unwrap().phases().count(), 128);
}

#[test]
fn a_phase_may_be_called_as_a_word_of_the_language_is() {
    let order = order(&["finally", "after", "failed after after", "finally notify"]);
    assert_eq!(order.phases().map(AsRef::as_ref).collect::<Vec<&str>>(), ["finally", "after", "failed", "notify"]);
}

#[test]
fn a_name_that_would_change_the_terminal_is_shown_as_it_is_written() {
    let mut context = EtlContext::with_order("night\u{1b}[2J", order(&["fetch", "store"]));
    let error = context.start_phase("store", None).unwrap_err().to_string();
    assert!(!error.contains('\u{1b}') && error.contains("in pipeline `night"), "{error:?}");
    let error = context.start_phase("stroe", None).unwrap_err().to_string();
    assert!(!error.contains('\u{1b}') && error.contains("is no phase of pipeline `night"), "{error:?}");
}

proptest! {
    /// Whatever is taken, some run can keep to it: phase after phase, each where it may start.
    #[test]
    fn any_lines_make_an_order_or_an_error(lines in prop::collection::vec("[a-d]( after (Idle|[a-d]|Failed<[a-d]>|\\([a-d], [a-d]\\))( \\| [a-d])?)?|finally [a-d]|.{0,12}", 0..6)) {
        if let Ok(order) = PhaseOrder::new(&lines) {
            let mut context = EtlContext::with_order("import", order.clone());
            let reachable = order.phases().any(|phase| context.start_phase(phase.as_ref(), None).is_ok());
            prop_assert!(reachable, "{lines:?}");
            prop_assert_eq!(context.record().pipeline().unwrap().edges(), order.edges());
        }
    }
}
