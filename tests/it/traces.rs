//! The trace of a run, for viewers of Chrome's trace format.

use std::collections::BTreeMap;
use std::time::Duration;

use etl_context::{Counts, EtlContext, PhaseRecord, RunSummary};
use serde_json::{Value, json};

use crate::report_samples::{HOSTILE, clean, forty_phases, hostile, joined, side_by_side, ten_phases, troubled};
use crate::written_run::WrittenRun;

/// The trace, after a look at its shape.
#[track_caller]
fn events(summary: &RunSummary) -> Vec<Value> {
    let trace: Value = serde_json::from_str(&summary.to_trace()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap().clone();
    let kinds = events.iter().map(|event| event["ph"].as_str().unwrap()).collect::<Vec<_>>();
    let named = kinds.iter().take_while(|kind| **kind == "M").count();
    assert!(kinds[named..].iter().all(|kind| ["X", "i"].contains(kind)), "{kinds:?}");
    let times = events[named..].iter().map(|event| event["ts"].as_u64().unwrap()).collect::<Vec<_>>();
    assert!(times.is_sorted(), "{times:?}");
    let tracks = tracks(&events);
    for event in &events[named..] {
        assert_eq!(event["pid"], 1);
        assert!(tracks.contains_key(&event["tid"].as_u64().unwrap()), "{event}");
        assert!(event["name"].as_str().is_some_and(|name| !name.is_empty()), "{event}");
        assert_eq!(event["ph"] == "X", event["dur"].as_u64().is_some(), "{event}");
        assert_eq!(event["ph"] == "i", event["s"] == "t", "{event}");
    }
    events
}

/// The names of the tracks, by their numbers.
fn tracks(events: &[Value]) -> BTreeMap<u64, String> {
    let named = events.iter().filter(|event| event["name"] == "thread_name");
    named.map(|event| (event["tid"].as_u64().unwrap(), event["args"]["name"].as_str().unwrap().to_owned())).collect()
}

/// Each span: its track, its name, where it begins and how long it is, in seconds.
fn spans(events: &[Value]) -> Vec<(String, String, u64, u64)> {
    let tracks = tracks(events);
    let spans = events.iter().filter(|event| event["ph"] == "X");
    let seconds = |value: &Value| value.as_u64().unwrap() / 1_000_000;
    let span = |event: &Value| {
        let name = event["name"].as_str().unwrap().to_owned();
        (tracks[&event["tid"].as_u64().unwrap()].clone(), name, seconds(&event["ts"]), seconds(&event["dur"]))
    };
    spans.map(span).collect()
}

#[test]
fn each_phase_has_a_track_with_its_attempts_and_its_parts_below() {
    let events = events(&side_by_side().summary());
    let tracks: Vec<_> = tracks(&events).into_values().collect();
    assert_eq!(tracks, ["users", "orders", "prices", "prices: parts", "prices: parts, 2", "clean"]);
    let told = [
        ("users", "users 1: completed", 0, 100),
        ("orders", "orders 1: failed (error)", 0, 50),
        ("prices", "prices 1: running", 0, 240),
        ("prices: parts", "eu: completed", 0, 80),
        ("prices: parts, 2", "us: failed", 10, 110),
        ("orders", "orders 2: completed", 55, 125),
        ("clean", "clean 1: running", 100, 140),
    ];
    let mut spans = spans(&events);
    spans.sort_by_key(|(_, name, from, _)| (*from, name.clone()));
    let mut told = told.map(|(track, name, from, took)| (track.to_owned(), name.to_owned(), from, took));
    told.sort_by_key(|(_, name, from, _)| (*from, name.clone()));
    assert_eq!(spans, told);
}

#[test]
fn an_error_is_an_instant_on_the_track_of_its_phase() {
    let events = events(&side_by_side().summary());
    let errors = events.iter().filter(|event| event["ph"] == "i").collect::<Vec<_>>();
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0]["name"], "the shop does not answer");
    assert_eq!(errors[0]["ts"], 50_000_000);
    assert_eq!(
        errors[0]["args"],
        json!({ "attempt": 1, "message": "the shop does not answer", "caused by": ["connection reset by peer"] })
    );
    assert_eq!(tracks(&events)[&errors[0]["tid"].as_u64().unwrap()], "orders");
}

#[test]
fn counts_are_arguments_of_their_attempt() {
    let events = events(&joined().summary());
    let cut_off = events.iter().find(|event| event["name"] == "prices 1: failed (interrupted)").unwrap();
    let counts = json!({ "conversations": 0, "messages": 200 });
    let totals = json!({ "messages": 600 });
    let expected = json!({ "attempt": 1, "status": "failed", "cause": "interrupted", "counts": counts, "totals": totals });
    assert_eq!(cut_off["args"], expected);
    let part =
        json!({ "counts": { "conversations": 0, "messages": 200 }, "status": "completed", "worker": "process 7 on host a" });
    let parts = self::events(&side_by_side().summary());
    assert_eq!(parts.iter().find(|event| event["name"] == "eu: completed").unwrap()["args"], part);
}

#[test]
fn the_run_is_the_process() {
    let record = side_by_side();
    let events = events(&record.summary());
    let process = events.iter().find(|event| event["name"] == "process_name").unwrap();
    assert_eq!(process["args"]["name"], "nightly-merge");
    let trace: Value = serde_json::from_str(&record.summary().to_trace()).unwrap();
    assert_eq!(trace["otherData"]["run_id"], record.run_id().to_string());
    assert_eq!(trace["otherData"]["start_time"], "2026-11-23T02:00:00Z");
    assert_eq!(trace["otherData"]["status"], "running");
}

#[test]
fn every_run_has_a_trace_of_this_shape_and_tracks_do_not_overlap() {
    for record in [clean(), troubled(), ten_phases(), forty_phases(), side_by_side(), joined(), hostile()] {
        let summary = record.summary();
        let events = events(&summary);
        let attempts = record.phases().map(|phase| phase.reports().len()).sum::<usize>() + record.running_phases().count();
        let parts = record.phases().flat_map(PhaseRecord::parts).filter(|part| part.end_time().is_some()).count();
        let count = |kind: &str| events.iter().filter(|event| event["ph"] == kind).count();
        assert_eq!((count("X"), count("i")), (attempts + parts, record.errors().len()));
        let mut ends = BTreeMap::new();
        for event in events.iter().filter(|event| event["ph"] == "X") {
            let (from, took) = (event["ts"].as_u64().unwrap(), event["dur"].as_u64().unwrap());
            let end = ends.insert(event["tid"].as_u64().unwrap(), from + took).unwrap_or_default();
            assert!(end <= from, "{event} begins before {end}");
        }
    }
}

#[test]
fn texts_from_outside_are_names_and_arguments_and_nothing_else() {
    let summary = hostile().summary();
    let (trace, events) = (summary.to_trace(), events(&summary));
    for text in HOSTILE.iter().filter(|text| !text.contains(['\n', '\0'])) {
        let shown = events.iter().filter(|event| event["args"]["caused by"][0] == *text);
        assert!(shown.count() >= 1, "{text}");
    }
    assert!(!trace.contains(['\0', '\u{1b}']) && trace.lines().all(|line| line.starts_with(['{', ']'])), "an event a line");
    assert!(events.iter().any(|event| event["name"] == "turned \\u{202e}gnp.exe\\u{202c} and \\u{2067}isolated\\u{2069}"));
}

#[test]
fn a_clock_that_was_set_back_makes_no_time_negative() {
    let counts = json!({ "rows": 1 });
    let mut run = WrittenRun::begin("import", "2026-11-23T02:00:00Z", Value::Null, Value::Null);
    run.after(Duration::from_secs(9)).start("extract", counts.clone()).divide(&["one"]);
    run.end_part("one", Duration::from_secs(60), counts.clone(), &[]);
    run.set_back(Duration::from_secs(30)).complete(counts, Value::Null);
    let events = events(&run.record().summary());
    assert_eq!(spans(&events).len(), 2);
}

#[test]
fn a_run_that_has_done_nothing_has_a_trace_without_tracks() {
    let mut context = EtlContext::new("early");
    assert!(tracks(&events(&context.get_summary())).is_empty());
    context.start_phase_with("load", Counts { conversations: 0, messages: 5 }).unwrap();
    let events = events(&context.get_summary());
    assert_eq!(tracks(&events).into_values().collect::<Vec<_>>(), ["load"]);
    assert_eq!(events.iter().find(|event| event["ph"] == "X").unwrap()["args"]["totals"]["messages"], 5);
}
