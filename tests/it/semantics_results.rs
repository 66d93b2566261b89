//! The numbered semantics 6, 7, 8 and 16: what a phase may end with, and what its result decides.

use std::collections::BTreeMap;

use etl_context::{Context, Counts, Dictionary, Error, EtlContext, Extract, PhaseReport, PhaseStatus, dict};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::parsed_json::keys;
use crate::unchanged::{refused, says};

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

fn extracting() -> EtlContext {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context.update_progress(BATCH).unwrap();
    context
}

/// Ends the phase with a result that must be refused, and then without one, which shows that it is open with its counters.
fn ending_refused(result: impl Serialize) -> Error {
    let mut context = extracting();
    let error = refused(&mut context, |context| context.end_phase(result));
    assert_eq!(context.end_phase(()).unwrap().counts(), BATCH);
    error
}

fn ended_with(result: impl Serialize) -> PhaseReport {
    extracting().end_phase(result).unwrap()
}

fn shown(report: &PhaseReport) -> Value {
    serde_json::to_value(report).unwrap()
}

/// A list in lists.
fn nested(levels: usize) -> Value {
    (1..levels).fold(json!([]), |inner, _| json!([inner]))
}

/// A result that must not be looked at.
struct Untouchable;

impl Serialize for Untouchable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("no phase is running, so there is nothing to serialise for")
    }
}

#[test]
fn s06_first_a_phase_must_be_running() {
    let mut context = EtlContext::new("import");
    says(&refused(&mut context, |context| context.end_phase(Untouchable)), "No phase is currently in progress");
}

#[test]
fn s06_then_the_result_must_serialise() {
    let list_with_nan = ending_refused(vec![f64::NAN]);
    assert!(matches!(list_with_nan, Error::NotSerializable { .. }), "{list_with_nan}");
    let bad_status_beside_infinity = ending_refused(json_like(&[("rate", f64::INFINITY), ("status", 0.5)]));
    assert!(matches!(bad_status_beside_infinity, Error::NotSerializable { .. }), "{bad_status_beside_infinity}");
}

#[test]
fn s06_then_it_must_be_a_dictionary_or_nothing() {
    for result in [json!(42), json!("done"), json!(true), json!([1, 2]), json!([])] {
        let error = ending_refused(result);
        says(&error, "Result must be a dictionary");
        assert!(matches!(error, Error::ResultNotObject { .. }), "{error}");
    }
}

#[test]
fn s06_then_its_status_must_be_completed_or_failed() {
    for status in [json!("pending"), json!("running"), json!("Completed"), json!(""), json!(1), json!(true), json!([]), json!({})]
    {
        let error = ending_refused(dict! { "status": status });
        says(&error, "Status is invalid");
        assert!(matches!(error, Error::InvalidStatus { .. }), "{error}");
    }
}

#[test]
fn s06_nan_and_infinity_are_refused() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = ending_refused(json_like(&[("rate", number)]));
        assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
    }
}

#[test]
fn s06_nesting_of_100_is_the_deepest() {
    assert_eq!(ended_with(dict! { "nested": nested(99) }).status(), PhaseStatus::Completed);
    let error = ending_refused(dict! { "nested": nested(100) });
    assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
    assert!(error.to_string().ends_with("it is nested deeper than 100 levels"), "{error}");

    let typed = Context::new("import").start(Extract).unwrap();
    let (typed, error) = typed.complete(dict! { "nested": nested(100) }).unwrap_err().into_parts();
    assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
    drop(typed.complete(dict! { "nested": nested(99) }).unwrap());
}

#[test]
fn s06_a_result_refused_on_the_typed_face_leaves_the_phase_open() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.update_progress(BATCH);
    let before = extract.record().clone();
    let (extract, error) = extract.complete(json_like(&[("rate", f64::NAN)])).unwrap_err().into_parts();
    assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
    assert_eq!(*extract.record(), before);
    assert_eq!(extract.complete(()).unwrap().counts(), BATCH);
}

#[test]
fn s07_a_result_that_says_no_status_completes() {
    let nothing = [ended_with(()), ended_with(None::<Dictionary>), ended_with(Value::Null)];
    let no_status = [ended_with(dict! {}), ended_with(dict! { "status": null }), ended_with(dict! { "file": "export.tar" })];
    for report in nothing.iter().chain(&no_status) {
        assert_eq!((report.status(), report.cause()), (PhaseStatus::Completed, None));
        assert_eq!(shown(report)["status"], "completed");
    }
}

#[test]
fn s07_a_status_set_to_failed_meanwhile_sticks() {
    for result in [Value::Null, json!({}), json!({ "status": null }), json!({ "file": "export.tar" })] {
        let mut context = extracting();
        context.set_phase_status("extract", "failed").unwrap();
        assert_eq!(context.end_phase(result).unwrap().status(), PhaseStatus::Failed);
        assert_eq!(context.get_phase_status("extract"), PhaseStatus::Failed);
    }
}

#[test]
fn s07_no_other_status_sticks() {
    for status in ["pending", "running", "completed"] {
        let mut context = extracting();
        context.set_phase_status("extract", "failed").unwrap();
        context.set_phase_status("extract", status).unwrap();
        assert_eq!(context.end_phase(()).unwrap().status(), PhaseStatus::Completed);
    }
}

#[test]
fn s07_a_failed_status_sticks_to_one_attempt_only() {
    let mut context = extracting();
    context.set_phase_status("extract", "failed").unwrap();
    context.end_phase(()).unwrap();
    context.start_phase("extract", None).unwrap();
    assert_eq!(context.end_phase(()).unwrap().status(), PhaseStatus::Completed);
}

#[test]
fn s07_an_explicit_status_wins() {
    for (set, said) in [("failed", "completed"), ("completed", "failed"), ("pending", "failed")] {
        let mut context = extracting();
        context.set_phase_status("extract", set).unwrap();
        let report = context.end_phase(dict! { "status": said }).unwrap();
        assert_eq!(report.status().as_str(), said);
        assert_eq!(context.get_phase_status("extract").as_str(), said);
    }
}

#[test]
fn s08_three_keys_override_each_on_its_own() {
    let cases = [
        (dict! { "conversations_processed": 7 }, (7, 20, "completed")),
        (dict! { "messages_processed": 8 }, (1, 8, "completed")),
        (dict! { "status": "failed" }, (1, 20, "failed")),
        (dict! { "conversations_processed": 7, "messages_processed": 8, "status": "failed" }, (7, 8, "failed")),
    ];
    for (result, (conversations, messages, status)) in cases {
        let report = ended_with(result);
        let json = shown(&report);
        assert_eq!(json["conversations_processed"], conversations);
        assert_eq!(json["messages_processed"], messages);
        assert_eq!(json["status"], status);
        // What was tracked stands beside it.
        assert_eq!((&json["processed_conversations"], &json["processed_messages"]), (&1.into(), &20.into()));
        assert_eq!(report.counts(), BATCH);
    }
}

#[test]
fn s08_a_count_that_is_none_is_refused_and_the_phase_is_still_open() {
    for (said, shown) in
        [(json!(-1), "-1"), (json!("500"), "\"500\""), (json!(1.5), "1.5"), (json!(1e30), "1e+30"), (json!([]), "[]")]
    {
        let mut context = extracting();
        let result = dict! { "messages_processed": said };
        let error = refused(&mut context, |context| context.end_phase(&result).map(drop));
        assert!(matches!(error, Error::InvalidCount { .. }), "{error}");
        let sentence = format!(
            "the result of phase `extract` says `messages_processed: {shown}`, which is no count; \
             a count is a whole number from 0 to 2⁶⁴ - 1, or null to say nothing"
        );
        assert_eq!(error.to_string(), sentence);
        let extract = Context::new("import").start(Extract).unwrap();
        let (extract, error) = extract.complete(result).unwrap_err().into_parts();
        assert_eq!(error.to_string(), sentence);
        drop(extract.complete(dict! { "messages_processed": null, "rows_processed": "many" }).unwrap());
    }
}

#[test]
fn s08_the_summary_takes_the_results_word_too() {
    let extract = Context::new("import").start(Extract).unwrap();
    let summary = extract.complete(dict! { "messages_processed": 8 }).unwrap().summary();
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["phases"]["extract"]["messages_processed"], 8);
    assert_eq!(json["totals"]["messages_processed"], 8);
}

#[test]
fn s08_phase_and_duration_cannot_be_overridden() {
    let report = ended_with(dict! { "phase": "load", "duration_seconds": 1e9 });
    keys(&report);
    assert_eq!(shown(&report)["phase"], "extract");
    assert_eq!(shown(&report)["duration_seconds"], report.duration().as_secs_f64());
}

#[test]
fn s08_every_other_key_is_passed_through() {
    let own = dict! {
        "file": "export.tar", "empty": null, "nested": { "phase": "kept", "status": "kept" }, "list": [1, 2.5, null],
        "rows_processed": 3, "total_rows": 4, "": "an empty key", "größe": "1 GB",
    };
    let report = ended_with(&own);
    keys(&report);
    assert!(own.iter().all(|(key, value)| shown(&report).get(key) == Some(value)));
    assert_eq!(report.result(), Some(&own));
}

#[test]
fn s16_a_result_that_contradicts_complete_is_handed_back() {
    for status in [json!("failed"), json!("pending"), json!("running"), json!("Completed"), json!(1)] {
        let mut extract = Context::new("import").start(Extract).unwrap();
        extract.update_progress(BATCH);
        let before = extract.record().clone();
        let (extract, error) = extract.complete(dict! { "status": status }).unwrap_err().into_parts();
        says(&error, "Status is invalid");
        assert_eq!(*extract.record(), before);
        assert_eq!(extract.complete(dict! { "file": "export.tar" }).unwrap().counts(), BATCH);
    }
}

#[test]
fn s16_a_result_that_agrees_with_complete_is_taken() {
    for status in [json!("completed"), Value::Null] {
        let extract = Context::new("import").start(Extract).unwrap();
        assert_eq!(extract.complete(dict! { "status": status }).unwrap().report().status(), PhaseStatus::Completed);
    }
}

#[test]
fn s16_the_method_outweighs_a_status_set_meanwhile() {
    let mut erased = Context::new("import").start(Extract).unwrap().erase();
    erased.set_phase_status("extract", "failed").unwrap();
    let extract = erased.try_into_state::<etl_context::Running<Extract>, etl_context::Etl>().unwrap();
    assert_eq!(extract.complete(()).unwrap().status(Extract), PhaseStatus::Completed);
}

/// A map as a program has it, which can hold numbers that JSON cannot.
fn json_like(entries: &[(&'static str, f64)]) -> BTreeMap<&'static str, f64> {
    entries.iter().copied().collect()
}

#[test]
fn s16_the_refusal_names_the_one_status_that_is_allowed() {
    for status in ["failed", "pending"] {
        let extract = Context::new("import").start(Extract).unwrap();
        let message = extract.complete(dict! { "status": status }).unwrap_err().to_string();
        assert!(
            message.contains("`completed`") && message.matches("`failed`").count() == usize::from(status == "failed"),
            "{message}"
        );
    }
}
