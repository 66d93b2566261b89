//! Own pipelines and own counters: what a phase counts is part of its type, and reported under its own names.

use etl_context::{Context, Counters, Counts, Error, EtlContext, Extract, Load, Tally, Transform};
use serde_json::json;

use crate::nightly::{Cleanup, LoadTables, Nightly, Restore, Rows, Validate};
use crate::parsed_json::keys;
use crate::unchanged::refused;

const BATCH: Rows = Rows { rows: 10, bytes: 4_096 };

fn loading(totals: Rows) -> Context<etl_context::Running<LoadTables>, Nightly> {
    let loaded = Nightly::context("nightly").start(Extract).unwrap().complete(()).unwrap().start(Load).unwrap();
    loaded.complete(()).unwrap().start_with(LoadTables, totals).unwrap()
}

#[test]
fn own_counters_are_reported_under_their_own_names() {
    let mut load = loading(Rows { rows: 40, bytes: 0 });
    load.update_progress(BATCH);
    load.progress().add(BATCH);
    let loaded = load.complete(()).unwrap();
    assert_eq!(loaded.counts(), Rows { rows: 20, bytes: 8_192 });

    let report = serde_json::to_value(loaded.report()).unwrap();
    assert_eq!((&report["rows_processed"], &report["bytes_processed"]), (&json!(20), &json!(8_192)));
    assert_eq!(
        (&report["processed_rows"], &report["total_rows"], &report["rows_percent"]),
        (&json!(20), &json!(40), &json!(50.0))
    );
    let written = keys(loaded.report());
    assert_eq!(written.contains(&"rows_per_second".to_owned()), !loaded.report().duration().is_zero());
    for absent in ["conversations_processed", "messages_processed", "total_bytes", "bytes_percent"] {
        assert!(!written.iter().any(|key| key == absent), "{absent}");
    }
}

#[test]
fn a_result_overrides_own_counters_too() {
    let mut load = loading(Rows::default());
    load.update_progress(BATCH);
    let loaded = load.complete(etl_context::dict! { "rows_processed": 11, "messages_processed": "passed through" }).unwrap();
    keys(loaded.report());
    let report = serde_json::to_value(loaded.report()).unwrap();
    assert_eq!((&report["rows_processed"], &report["processed_rows"]), (&json!(11), &json!(10)));
    assert_eq!(report["messages_processed"], "passed through");
}

#[test]
fn the_summary_adds_up_counters_by_name() {
    let mut load = loading(Rows::default());
    load.update_progress(BATCH);
    let json = serde_json::to_value(load.summary()).unwrap();
    let totals = json!({ "conversations_processed": 0, "messages_processed": 0, "rows_processed": 10, "bytes_processed": 4_096 });
    assert_eq!(json["totals"], totals);
}

#[test]
fn workers_and_shared_counting_know_the_counters() {
    let load = loading(Rows::default());
    let mut worker = load.progress().worker();
    worker.add(BATCH).unwrap();
    assert_eq!(load.progress().counts(), BATCH);
    let loaded = load.complete(()).unwrap();
    worker.add(BATCH).unwrap_err();
    assert_eq!(loaded.counts(), BATCH);
}

#[test]
fn the_dynamic_face_knows_what_a_declared_phase_counts() {
    let mut context = EtlContext::for_pipeline::<Nightly>("nightly");
    for name in ["extract", "load"] {
        context.start_phase(name, None).unwrap();
        context.end_phase(()).unwrap();
    }
    let error = refused(&mut context, |context| context.start_phase("load-tables", Counts::default()));
    assert!(matches!(error, Error::WrongCounters { .. }), "{error}");

    context.start_phase("load-tables", None).unwrap();
    let error = refused(&mut context, |context| context.update_progress(Counts { conversations: 1, messages: 1 }));
    assert_eq!(
        error.to_string(),
        "phase `load-tables` counts rows, bytes, not conversations, messages; count with the type that the phase declares"
    );
    refused(&mut context, |context| context.set_totals(Counts::default()));
    context.set_totals(Rows { rows: 20, bytes: 0 }).unwrap();
    context.update_progress(BATCH).unwrap();
    let report = context.end_phase(()).unwrap();
    assert_eq!((report.tally().typed(), report.totals().get("rows")), (Some(BATCH), Some(20)));
    assert_eq!(report.counts(), Counts::default());
}

#[test]
fn two_pipelines_order_the_same_phases_differently() {
    let loaded = Restore::context("restore").start(Load).unwrap().complete(()).unwrap();
    let transformed = loaded.start(Transform).unwrap().complete(()).unwrap();
    let restored = transformed.start(Extract).unwrap().complete(()).unwrap();
    let order: Vec<_> = restored.record().phases().map(|phase| phase.name().as_str()).collect();
    assert_eq!(order, ["load", "transform", "extract"]);
}

#[test]
fn alternatives_lead_to_the_same_phase() {
    let short = Nightly::context("nightly").start(Extract).unwrap().complete(()).unwrap().start(Load).unwrap();
    let long = Nightly::context("nightly").start(Extract).unwrap().complete(()).unwrap().start(Validate).unwrap();
    let long = long.complete(()).unwrap().start(Load).unwrap();
    for load in [short, long] {
        drop(load.complete(()).unwrap().start(Cleanup).unwrap().complete(()).unwrap());
    }
}

#[test]
fn a_tally_keeps_names_and_values_together() {
    let tally = Tally::of(BATCH);
    assert_eq!(tally.iter().collect::<Vec<_>>(), [("rows", 10), ("bytes", 4_096)]);
    assert_eq!((tally.get("rows"), tally.get("messages")), (Some(10), None));
    assert_eq!((tally.typed::<Rows>(), tally.typed::<Counts>()), (Some(BATCH), None));
    assert_eq!(Rows::from_values(BATCH.to_values()), BATCH);
}
