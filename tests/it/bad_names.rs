//! Names, statuses and counts as nobody should give them: a clear error or a correct result, never a panic.

use etl_context::{Context, Counts, Etl, EtlContext, Extract, PhaseName, PhaseStatus, Run};
use serde_json::Value;

use crate::refusing_journal::RefusingJournal;
use crate::unchanged::{refused, says};

const MOST: Counts = Counts { conversations: u64::MAX, messages: u64::MAX };

/// Texts that no terminal, log or file should get as they are, and one that is far too long.
fn bad_texts() -> Vec<String> {
    let texts = [
        "\0",
        "a\nb",
        "a\r\nb",
        "\u{1b}[31mred",
        "tab\there",
        "bell\u{7}",
        "\u{85}next",
        "日本語",
        "e\u{301}",
        "🦀",
        "\u{202e}",
        "'\"\\`",
    ];
    texts.into_iter().map(str::to_owned).chain(["x".repeat(10_000_000), "\n".repeat(10_000_000)]).collect()
}

/// Asserts that the text can be printed: nothing in it controls a terminal, and it has an end.
#[track_caller]
fn is_fit_to_print(text: &str) {
    assert!(text.len() < 2_000, "{} bytes", text.len());
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

#[test]
fn a_bad_phase_name_is_refused_in_a_message_fit_to_print() {
    for name in bad_texts() {
        let mut context = EtlContext::new("import");
        let error = refused(&mut context, |context| context.start_phase(&name, None));
        says(&error, "Phase name is invalid");
        is_fit_to_print(&error.to_string());
        refused(&mut context, |context| context.set_phase_status(&name, "failed"));
        refused(&mut context, |context| context.record_error(&name, &std::fmt::Error));
        assert_eq!(context.get_phase_status(&name), PhaseStatus::Pending);
        assert_eq!(context.errors_for(&name).count(), 0);
        serde_json::from_value::<PhaseName>(Value::String(name)).unwrap_err();
    }
}

#[test]
fn a_bad_status_is_refused_in_a_message_fit_to_print() {
    for status in bad_texts() {
        let mut context = EtlContext::new("import");
        let error = refused(&mut context, |context| context.set_phase_status("extract", &status));
        says(&error, "Status is invalid");
        is_fit_to_print(&error.to_string());
        context.start_phase("extract", None).unwrap();
        let error = refused(&mut context, |context| context.end_phase(etl_context::dict! { "status": status }));
        is_fit_to_print(&error.to_string());
    }
}

#[test]
fn a_status_of_any_other_type_is_refused_in_a_message_fit_to_print() {
    let long_list = Value::from(vec![1; 100_000]);
    for status in
        [long_list, Value::from(f64::MAX), Value::from(u64::MAX), Value::from(i64::MIN), etl_context::dict! { "a": "\n" }.into()]
    {
        let mut context = EtlContext::new("import");
        context.start_phase("extract", None).unwrap();
        let error = refused(&mut context, |context| context.end_phase(etl_context::dict! { "status": status }));
        says(&error, "Status is invalid");
        is_fit_to_print(&error.to_string());
    }
}

#[test]
fn a_run_may_have_any_name() {
    for name in bad_texts() {
        let extracted = Context::new(name.as_str()).start(Extract).unwrap().complete(()).unwrap();
        assert_eq!(extracted.record().name(), name);
        let summary = extracted.summary();
        assert_eq!(serde_json::to_value(&summary).unwrap()["name"], name);
        let printed = summary.to_string();
        assert_eq!(printed.lines().count(), 5, "{printed}");
        assert!(printed.lines().all(|line| line.chars().count() <= 100));
        printed.lines().for_each(is_fit_to_print);
    }
}

#[test]
fn counters_at_their_maximum_stay_there_and_can_be_reported() {
    let mut context = EtlContext::new("import");
    for phase in ["extract", "transform"] {
        context.start_phase(phase, MOST).unwrap();
        context.update_progress(MOST).unwrap();
        context.update_progress(Counts { conversations: 1, messages: 1 }).unwrap();
        let report = context.end_phase(()).unwrap();
        assert_eq!(report.counts(), MOST);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["messages_processed"], &json["messages_percent"]), (&u64::MAX.into(), &100.0.into()));
    }
    let summary = context.get_summary();
    assert_eq!(summary.totals(), [("conversations".to_owned(), u64::MAX), ("messages".to_owned(), u64::MAX)]);
    assert!(summary.to_string().contains("18,446,744,073,709,551,615"), "{summary}");
}

#[test]
fn a_percentage_of_one_expected_is_still_a_number() {
    let mut extract = Context::new("import").start_with(Extract, Counts { conversations: 1, messages: 1 }).unwrap();
    extract.update_progress(MOST);
    let extracted = extract.complete(()).unwrap();
    let json = serde_json::to_value(extracted.report()).unwrap();
    assert!(json["messages_percent"].as_f64().is_some_and(f64::is_finite));
    assert!(extracted.report().to_string().lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn nothing_of_the_machine_is_in_the_summary() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context.record_error("extract", &std::fmt::Error).unwrap();
    context.end_phase(()).unwrap();
    let summary = context.get_summary();
    let (json, printed) = (serde_json::to_string(&summary).unwrap(), summary.to_string());
    // Shorter values occur in any text by chance.
    for (variable, value) in std::env::vars().filter(|(_, value)| value.len() > 8) {
        assert!(!json.contains(&value) && !printed.contains(&value), "the value of {variable} is in the summary");
    }
    for host in ["/proc/sys/kernel/hostname", "/etc/hostname"].iter().filter_map(|file| std::fs::read_to_string(file).ok()) {
        let host = host.trim();
        assert!(host.is_empty() || !json.contains(host), "the host's name is in the summary");
    }
}

#[test]
fn a_journals_refusal_names_the_run_fit_to_print() {
    for name in bad_texts() {
        let builder = Run::builder(name).journal(RefusingJournal::at(1));
        let refused = builder.begin::<Etl>().unwrap().start(Extract).unwrap_err();
        is_fit_to_print(&refused.to_string());
    }
}

#[test]
fn a_context_prints_its_name_fit_to_print() {
    for name in bad_texts() {
        is_fit_to_print(&format!("{:?}", Context::new(name)));
    }
}

#[test]
fn a_refused_word_is_quoted_as_it_was_given() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let error = context.end_phase(etl_context::dict! { "status": ["it's", "done"] }).unwrap_err();
    assert!(error.to_string().contains(r#"`["it's","done"]`"#), "{error}");
}

#[test]
fn a_refused_word_is_no_longer_than_a_line() {
    let word = "\u{1}".repeat(80);
    let message = EtlContext::new("import").set_phase_status("extract", &word).unwrap_err().to_string();
    assert!(message.chars().count() < 200, "{message}");
}
