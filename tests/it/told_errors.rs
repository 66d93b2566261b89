//! The error that ended an attempt belongs to that attempt: it is always kept, and told before any that was recorded.

use etl_context::{Context, Etl, EtlContext, Extract, Journal, Load, MemoryJournal, Run, RunRecord, RunSummary, Transform};

use crate::layered_error::ImportError;

/// So many errors as no report keeps, and then the one that mattered.
fn failed_after(recorded: u32, journal: &MemoryJournal) -> RunSummary {
    let context = Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    for row in 0..recorded {
        extract.record_error(&format!("row {row} has no sender")).unwrap();
    }
    extract.fail(&ImportError::unreadable()).unwrap().summary()
}

/// `export.tar cannot be read`, caused by `no such file`.
fn tells_first(text: &str, recorded: &str) {
    let position = |part: &str| text.find(part).unwrap_or_else(|| panic!("no `{part}` in\n{text}"));
    assert!(position("export.tar cannot be read") < position("no such file"), "{text}");
    assert!(position("no such file") < position(recorded), "{text}");
}

#[test]
fn the_error_that_ended_an_attempt_is_told_first_after_any_number_of_others() {
    for recorded in [0, 10, 11, 999, 1_000, 1_200] {
        let journal = MemoryJournal::new();
        let live = failed_after(recorded, &journal);
        let replayed = RunRecord::replay(&journal.clone().load().unwrap()).unwrap().summary();
        for summary in [live, replayed] {
            assert_eq!(summary.error_count(), u64::from(recorded) + 1);
            let report = summary.record_of("extract");
            assert_eq!(report, (Some("export.tar cannot be read".to_owned()), vec!["no such file".to_owned()]));
            if recorded > 0 {
                tells_first(&summary.to_string(), "row 0 has no sender");
                tells_first(&summary.to_markdown(), "row 0 has no sender");
                tells_first(&summary.to_html(), "row 0 has no sender");
            }
            let json = serde_json::to_value(&summary).unwrap();
            assert_eq!(json["phases"]["extract"]["error"]["message"], "export.tar cannot be read");
            assert_eq!(json["phases"]["extract"]["error_count"], recorded + 1);
        }
    }
}

trait RecordOf {
    fn record_of(&self, phase: &str) -> (Option<String>, Vec<String>);
}

impl RecordOf for RunSummary {
    /// The error of the phase's latest attempt, as the JSON of the attempt tells it.
    fn record_of(&self, phase: &str) -> (Option<String>, Vec<String>) {
        let json = serde_json::to_value(self).unwrap();
        let error = &json["phases"][phase]["attempts"][0]["error"];
        let sources = error["sources"].as_array().into_iter().flatten().map(|source| source.as_str().unwrap().to_owned());
        (error["message"].as_str().map(str::to_owned), sources.collect())
    }
}

#[test]
fn the_errors_of_one_phase_hide_none_of_another() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    for row in 0..2_000 {
        extract.record_error(&format!("row {row} has no sender")).unwrap();
    }
    let mut transform = extract.complete(()).unwrap().start(Transform).unwrap();
    transform.record_error("a time cannot be read").unwrap();
    let load = transform.complete(()).unwrap().start(Load).unwrap();
    let summary = load.fail("the disk is full").unwrap().summary();

    let printed = summary.to_string();
    let told: Vec<_> = printed.lines().skip_while(|line| *line != "2,002 errors").skip(1).collect();
    assert_eq!(told[0], "  load, attempt 1: the disk is full");
    assert!(told.contains(&"  and 1,997 more in extract"), "{printed}");
    assert!(told.contains(&"  transform, attempt 1: a time cannot be read"), "{printed}");
    let json = serde_json::to_value(&summary).unwrap();
    let counts = ["extract", "transform", "load"].map(|phase| json["phases"][phase]["error_count"].as_u64().unwrap());
    assert_eq!(counts, [2_000, 1, 1]);
    assert!(summary.to_html().contains("data-label=\"errors\">2,000</td>"));
}

#[test]
fn errors_of_a_phase_that_never_started_are_counted_and_told() {
    let mut context = EtlContext::new("import");
    context.record_error("load", &ImportError::Empty).unwrap();
    let (record, summary) = (context.record(), context.get_summary());
    assert_eq!((record.error_count_for("load"), record.error_count_for("extract")), (1, 0));
    assert!(summary.to_string().contains("\n1 error\n  load: "), "{summary}");
    assert!(summary.to_html().contains("id=\"phase-load\""));
}

#[test]
fn a_retry_that_completed_has_no_error_and_its_first_attempt_keeps_its_own() {
    let failed = Context::new("import").start(Extract).unwrap().fail(&ImportError::unreadable()).unwrap();
    let extracted = failed.retry().unwrap().complete(()).unwrap();
    assert_eq!(extracted.report().error(), None);
    let reports = extracted.record().phase("extract").unwrap().reports();
    assert_eq!(reports[0].error().map(ToString::to_string).as_deref(), Some("export.tar cannot be read"));
}
