//! What a pipeline knows of itself: its phases, its edges, its drawing, and the order that it keeps at run time.

use etl_context::{Edge, Error, Etl, EtlContext, Extract, Failed, Idle, Load, Pipeline, Position, Transform};

use crate::layered_error::ImportError;
use crate::nightly::{Cleanup, LoadTables, Nightly, Restore, Validate};
use crate::unchanged::refused;

#[test]
fn the_phases_are_those_of_the_declaration_in_its_order() {
    let phases: Vec<_> = Nightly::PHASES.iter().map(|phase| (phase.name.as_str(), phase.counters)).collect();
    let counts: &[&str] = &["conversations", "messages"];
    assert_eq!(
        phases,
        [("extract", counts), ("validate", counts), ("load", counts), ("load-tables", &["rows", "bytes"]), ("cleanup", counts),]
    );
    assert_eq!((Nightly::NAME, Etl::NAME), ("Nightly", "Etl"));
}

#[test]
fn the_edges_are_those_of_the_declaration_in_its_order() {
    assert_eq!(
        Nightly::EDGES,
        [
            Edge::of::<Extract, Idle>(),
            Edge::of::<Validate, Extract>(),
            Edge::of::<Load, Validate>(),
            Edge::of::<Load, Extract>(),
            Edge::of::<LoadTables, Load>(),
            Edge::of::<Cleanup, Load>(),
            Edge::of::<Cleanup, LoadTables>(),
            Edge::of::<Cleanup, Failed<Load>>(),
        ]
    );
    assert_eq!(Etl::EDGES, [Edge::of::<Extract, Idle>(), Edge::of::<Transform, Extract>(), Edge::of::<Load, Transform>()]);
    assert_eq!(Restore::EDGES[0], Edge::of::<Load, Idle>());
}

#[test]
fn an_edge_reads_as_phase_and_position() {
    let out_of_failure = &Nightly::EDGES[7];
    assert_eq!(out_of_failure.phase, "cleanup");
    assert_eq!(out_of_failure.after, Position::Failed("load".parse().unwrap()));
    let positions: Vec<_> = Nightly::EDGES.iter().map(|edge| edge.after.to_string()).collect();
    assert_eq!(positions[..2], ["Idle", "Completed<extract>"]);
    assert_eq!(positions[7], "Failed<load>");
}

#[test]
fn mermaid_draws_phases_and_edges() {
    let drawing = r#"flowchart LR
    idle((idle))
    phase0["extract"]
    phase1["validate"]
    phase2["load"]
    phase3["load-tables"]
    phase4["cleanup"]
    idle --> phase0
    phase0 --> phase1
    phase1 --> phase2
    phase0 --> phase2
    phase2 --> phase3
    phase2 --> phase4
    phase3 --> phase4
    phase2 -. failed .-> phase4
"#;
    assert_eq!(Nightly::mermaid(), drawing);
}

/// Runs a phase at run time, to the end that is asked for.
fn run(context: &mut EtlContext, phase: &str, well: bool) {
    context.start_phase(phase, None).unwrap();
    if well {
        context.end_phase(()).unwrap();
    } else {
        context.fail_phase(&ImportError::Empty).unwrap();
    }
}

/// Asserts which of the pipeline's phases may start here, and that no other may.
#[track_caller]
fn may_start(run_so_far: &[(&str, bool)], allowed: &[&str]) {
    for phase in ["extract", "validate", "load", "load-tables", "cleanup"] {
        let mut context = EtlContext::for_pipeline::<Nightly>("nightly");
        for (phase, well) in run_so_far {
            run(&mut context, phase, *well);
        }
        if allowed.contains(&phase) {
            context.start_phase(phase, None).unwrap();
        } else {
            let error = refused(&mut context, |context| context.start_phase(phase, None));
            assert!(matches!(error, Error::OutOfOrder { .. }), "{phase}: {error}");
        }
    }
}

#[test]
fn the_order_is_kept_at_run_time() {
    may_start(&[], &["extract"]);
    may_start(&[("extract", true)], &["validate", "load"]);
    may_start(&[("extract", true), ("validate", true)], &["load"]);
    may_start(&[("extract", true), ("load", true)], &["load-tables", "cleanup"]);
    may_start(&[("extract", true), ("load", true), ("load-tables", true)], &["cleanup"]);
    may_start(&[("extract", true), ("load", true), ("cleanup", true)], &[]);
}

#[test]
fn a_phase_that_failed_may_be_tried_again_or_left_by_its_edge() {
    may_start(&[("extract", false)], &["extract"]);
    may_start(&[("extract", true), ("load", false)], &["load", "cleanup"]);
    may_start(&[("extract", true), ("load", false), ("load", true)], &["load-tables", "cleanup"]);
    may_start(&[("extract", true), ("load", false), ("cleanup", false)], &["cleanup"]);
}

#[test]
fn the_set_of_phases_is_closed() {
    let mut context = EtlContext::for_pipeline::<Nightly>("nightly");
    for phase in ["transform", "laod"] {
        for error in [
            refused(&mut context, |context| context.start_phase(phase, None)),
            refused(&mut context, |context| context.set_phase_status(phase, "failed")),
            refused(&mut context, |context| context.record_error(phase, &ImportError::Empty)),
        ] {
            assert!(matches!(error, Error::InvalidPhaseName { .. }), "{error}");
            assert!(error.to_string().contains("`extract`, `validate`, `load`, `load-tables`, `cleanup`"), "{error}");
        }
    }
}

#[test]
fn an_order_error_says_where_the_run_stands_and_what_may_come() {
    let mut context = EtlContext::for_pipeline::<Nightly>("nightly");
    run(&mut context, "extract", false);
    let error = context.start_phase("load", None).unwrap_err();
    let Error::OutOfOrder { phase, after, pipeline, .. } = &error else { panic!("{error}") };
    assert_eq!((phase.as_str(), pipeline.as_str()), ("load", "Nightly"));
    assert_eq!(*after, Position::Failed("extract".parse().unwrap()));
    let message = error.to_string();
    assert!(message.starts_with("phase `load` cannot start after `Failed<extract>` in pipeline `Nightly`"), "{message}");
    assert!(message.contains("validate") && message.contains("extract"), "{message}");
}

#[test]
fn a_pipelines_context_begins_at_idle() {
    let context = Nightly::context("nightly");
    assert_eq!((context.record().name(), context.record().position()), ("nightly", Position::Idle));
}

#[test]
fn an_order_error_uses_the_words_of_the_compiler() {
    let mut context = EtlContext::for_pipeline::<Etl>("import");
    run(&mut context, "extract", true);
    let message = context.start_phase("load", None).unwrap_err().to_string();
    assert!(message.starts_with("phase `load` cannot start after `extract` in pipeline `Etl`"), "{message}");
}
