//! The numbered semantics 9, 12, 14, 15 and 17: what is reported, and how it was measured.

use std::error::Error as _;
use std::thread;

use etl_context::{Context, Counts, EtlContext, Extract, Load, PhaseReport, PhaseStatus, RunStatus, Transform, counters, dict};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::layered_error::ImportError;
use crate::measurable::let_time_pass;
use crate::parsed_json::keys;
use crate::unchanged::refused;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };
const MOST: Counts = Counts { conversations: u64::MAX, messages: u64::MAX };

fn shown(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn extracted(totals: Option<Counts>, result: impl serde::Serialize) -> PhaseReport {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", totals).unwrap();
    context.update_progress(BATCH).unwrap();
    let_time_pass(&context.progress());
    context.end_phase(result).unwrap()
}

#[test]
fn s09_the_report_is_a_flat_dictionary() {
    let report = extracted(None, dict! { "file": "export.tar" });
    let documented = [
        "phase",
        "status",
        "duration_seconds",
        "conversations_processed",
        "messages_processed",
        "file",
        "processed_conversations",
        "conversations_per_second",
        "processed_messages",
        "messages_per_second",
        "start_time",
        "end_time",
        "attempt",
    ];
    assert_eq!(keys(&report), documented);
    let json = shown(&report);
    assert_eq!((&json["phase"], &json["status"], &json["attempt"]), (&json!("extract"), &json!("completed"), &json!(1)));
    assert_eq!((&json["conversations_processed"], &json["processed_messages"]), (&json!(1), &json!(20)));
}

#[test]
fn s09_known_totals_bring_totals_and_percentages() {
    let report = extracted(Some(Counts { conversations: 4, messages: 40 }), ());
    let json = shown(&report);
    assert_eq!((&json["total_conversations"], &json["total_messages"]), (&json!(4), &json!(40)));
    assert_eq!((&json["conversations_percent"], &json["messages_percent"]), (&json!(25.0), &json!(50.0)));
}

#[test]
fn s09_rates_are_what_was_tracked_by_the_second() {
    let report = extracted(None, dict! { "messages_processed": 1_000 });
    let seconds = report.duration().as_secs_f64();
    assert_eq!(shown(&report)["conversations_per_second"], 1.0 / seconds);
    assert_eq!(shown(&report)["messages_per_second"], 20.0 / seconds);
}

#[test]
fn s09_no_key_is_written_twice_whatever_the_result_says() {
    let taken = keys(&extracted(Some(Counts { conversations: 4, messages: 40 }), ()));
    let mut result: etl_context::Dictionary = taken.into_iter().map(|key| (key, json!(1))).collect();
    result.insert("status".to_owned(), json!("completed"));
    result.extend(dict! { "attempts": 2, "cause": "a lucky day", "conversations_per_second": 3, "messages_per_second": 3 });

    let mut context = EtlContext::new("import");
    context.start_phase("extract", BATCH).unwrap();
    keys(&context.get_summary());
    keys(&context.end_phase(result).unwrap());
    keys(&context.get_summary());
}

counters! {
    /// A plain word for what a phase has done with files, which is also a word of the report.
    struct Files {
        processed: u64,
        skipped: u64,
    }
}

#[test]
fn s09_no_key_is_written_twice_whatever_the_counters_are_called() {
    let mut context = EtlContext::new("import");
    context.start_phase_with("extract", Files { processed: 4, skipped: 0 }).unwrap();
    context.update_progress(Files { processed: 1, skipped: 0 }).unwrap();
    keys(&context.end_phase(()).unwrap());
}

#[test]
fn s12_an_error_is_recorded_and_changes_no_status() {
    let mut context = EtlContext::new("import");
    context.record_error("load", &ImportError::Empty).unwrap();
    assert_eq!(context.get_phase_status("load"), PhaseStatus::Pending);
    context.start_phase("load", None).unwrap();
    context.record_error("load", &ImportError::unreadable()).unwrap();
    assert_eq!(context.get_phase_status("load"), PhaseStatus::Running);
    let report = context.end_phase(()).unwrap();
    assert_eq!(report.status(), PhaseStatus::Completed);
    context.record_error("load", &ImportError::Empty).unwrap();
    assert_eq!(context.get_phase_status("load"), PhaseStatus::Completed);

    let attempts: Vec<_> = context.errors().iter().map(etl_context::ErrorRecord::attempt).collect();
    assert_eq!(attempts, [None, Some(1), Some(1)]);
    assert_eq!(context.errors_for("load").count(), 3);
    assert_eq!(context.errors_for("extract").count(), 0);
}

#[test]
fn s12_an_error_keeps_phase_time_message_and_sources() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.record_error(&ImportError::unreadable()).unwrap();
    let summary = extract.summary();
    let error = &summary.errors()[0];
    assert_eq!((error.phase().as_str(), error.attempt()), ("extract", Some(1)));
    assert_eq!(error.message(), "export.tar cannot be read");
    assert_eq!(error.sources().collect::<Vec<_>>(), ["no such file"]);
    assert_eq!(error.error().source().unwrap().to_string(), "no such file");
    assert_eq!(keys(error), ["phase", "attempt", "time", "message", "sources"]);
    assert_eq!(shown(error)["time"], error.time().to_string());
}

#[test]
fn s12_failing_records_the_error_and_ends_the_phase_in_one() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let events = context.record().events();
    let report = context.fail_phase(&ImportError::unreadable()).unwrap();
    assert_eq!(context.record().events(), events + 1);
    assert_eq!((report.status(), context.current_phase()), (PhaseStatus::Failed, None));
    assert_eq!(context.errors()[0].message(), "export.tar cannot be read");
}

#[test]
fn s12_failing_without_a_running_phase_names_the_call() {
    let error = refused(&mut EtlContext::new("import"), |context| context.fail_phase(&ImportError::Empty));
    assert!(error.to_string().contains("fail_phase"), "{error}");
}

#[test]
fn s14_durations_are_whole_microseconds_and_shown_as_seconds() {
    let report = extracted(None, ());
    assert_eq!(report.duration().subsec_nanos() % 1_000, 0);
    assert_eq!(shown(&report)["duration_seconds"], report.duration().as_secs_f64());
    assert!(report.end_time() >= report.start_time());
    let between = report.end_time().to_datetime() - report.start_time().to_datetime();
    assert_eq!(between.unsigned_abs(), report.duration());
}

#[test]
fn s14_times_are_rfc_3339_in_utc() {
    let extracted = Context::new("import").start(Extract).unwrap().complete(()).unwrap();
    let (report, summary) = (shown(extracted.report()), shown(&extracted.summary()));
    for time in [&report["start_time"], &report["end_time"], &summary["start_time"], &summary["end_time"]] {
        let time = time.as_str().unwrap();
        assert!(time.ends_with('Z'), "{time}");
        OffsetDateTime::parse(time, &Rfc3339).unwrap();
    }
}

#[test]
fn s14_a_time_as_text_is_the_time_to_the_microsecond() {
    let extracted = Context::new("import").start(Extract).unwrap().complete(()).unwrap();
    for time in [extracted.report().start_time(), extracted.report().end_time(), extracted.record().start_time()] {
        assert_eq!(OffsetDateTime::parse(&time.to_string(), &Rfc3339), Ok(time.to_datetime()));
    }
}

#[test]
fn s15_the_summary_has_the_documented_keys() {
    let documented = [
        "run_id",
        "name",
        "status",
        "next",
        "current_phase",
        "current_phases",
        "start_time",
        "end_time",
        "total_duration_seconds",
        "error_count",
        "errors",
        "phase_order",
        "phases",
        "totals",
    ];
    let idle = Context::new("import");
    assert_eq!(keys(&idle.summary()), documented);
    let running = idle.start(Extract).unwrap();
    assert_eq!(keys(&running.summary()), documented);
    assert_eq!(keys(&running.complete(()).unwrap().summary()), documented);
}

#[test]
fn s15_a_run_id_is_a_uuid_of_version_7() {
    let (first, second) = (Context::new("import"), Context::new("import"));
    let (id, text) = (first.record().run_id(), first.record().run_id().to_string());
    assert_ne!(id, second.record().run_id());
    assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_eq!(u128::from_str_radix(&text.replace('-', ""), 16), Ok(id.as_u128()));
    assert_eq!((id.as_u128() >> 76 & 0xf, id.as_u128() >> 62 & 0b11), (7, 0b10));
    let began = first.record().start_time().to_datetime().unix_timestamp_nanos() / 1_000_000;
    assert_eq!(i128::try_from(id.as_u128() >> 80), Ok(began));
}

#[test]
fn s15_the_summary_tells_the_run() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.update_progress(BATCH);
    let failed = extract.fail(&ImportError::Empty).unwrap();
    let extracted = failed.retry().unwrap().complete(dict! { "messages_processed": 5 }).unwrap();
    let mut transform = extracted.start(Transform).unwrap();
    transform.update_progress(BATCH);

    let json = shown(&transform.summary());
    assert_eq!(
        (&json["name"], &json["status"], &json["current_phase"]),
        (&json!("import"), &json!("running"), &json!("transform"))
    );
    assert_eq!((&json["end_time"], &json["error_count"]), (&Value::Null, &json!(1)));
    assert_eq!(json["phase_order"], json!(["extract", "transform"]));
    assert_eq!(json["phases"]["extract"]["attempts"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["phases"]["transform"]["messages_processed"], 20);
    assert_eq!(json["phases"]["transform"].get("end_time"), None);
    assert_eq!(json["totals"], json!({ "conversations_processed": 1, "messages_processed": 25 }));
}

#[test]
fn s15_each_phase_has_its_status_its_report_and_its_attempts() {
    let extracted = Context::new("import").start(Extract).unwrap().complete(dict! { "file": "export.tar" }).unwrap();
    let phase = &shown(&extracted.summary())["phases"]["extract"];
    let mut written = keys(phase);
    let mut documented = keys(extracted.report());
    documented.retain(|key| key != "phase");
    documented.extend(["attempts", "error_count"].map(str::to_owned));
    written.sort();
    documented.sort();
    assert_eq!(written, documented);
    assert_eq!(phase["attempts"], json!([extracted.report()]));

    let (ended, summary) = (extracted.report().end_time(), extracted.summary());
    assert_eq!(summary.end_time(), Some(ended));
    let began = extracted.record().start_time().to_datetime();
    assert_eq!(summary.total_duration(), (ended.to_datetime() - began).unsigned_abs());
}

#[test]
fn s15_the_status_of_a_run_without_a_pipeline_is_that_of_its_phases() {
    let mut context = EtlContext::new("import");
    let status = |context: &EtlContext| context.get_summary().status();
    assert_eq!(status(&context), PhaseStatus::Pending);
    context.start_phase("extract", None).unwrap();
    assert_eq!(status(&context), PhaseStatus::Running);
    context.end_phase(()).unwrap();
    assert_eq!(status(&context), PhaseStatus::Completed);
    context.set_phase_status("load", "failed").unwrap();
    assert_eq!(status(&context), PhaseStatus::Failed);
    context.set_phase_status("load", "pending").unwrap();
    assert_eq!(status(&context), RunStatus::Unfinished);
}

#[test]
fn s17_shared_counting_saturates() {
    let load = Context::new("import").start(Extract).unwrap().complete(()).unwrap().start(Transform).unwrap();
    let load = load.complete(()).unwrap().start(Load).unwrap();
    let progress = load.progress();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || (0..1_000).for_each(|_| progress.add(Counts { conversations: u64::MAX / 1_000, messages: 3 })));
        }
    });
    assert_eq!(progress.counts(), Counts { conversations: u64::MAX, messages: 12_000 });
    assert_eq!(load.complete(()).unwrap().counts(), Counts { conversations: u64::MAX, messages: 12_000 });
}

#[test]
fn s17_the_sum_over_all_who_count_saturates() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    let mut worker = extract.progress().worker();
    worker.add(MOST).unwrap();
    worker.add(BATCH).unwrap();
    extract.progress().add(BATCH);
    extract.update_progress(BATCH);
    assert_eq!(extract.progress().counts(), MOST);
    assert_eq!(extract.complete(()).unwrap().counts(), MOST);
}
