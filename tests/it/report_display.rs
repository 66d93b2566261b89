//! `Display` of a report and of an error: one line for each thing, lined up, and no line longer than 100 columns.

use etl_context::{Context, Counters, Counts, EtlContext, Extract, PhaseReport, dict};

use crate::layered_error::ImportError;
use crate::measurable::let_time_pass;
use crate::nightly::Eight;

const MOST: Counts = Counts { conversations: u64::MAX, messages: u64::MAX };

fn lines_of(printed: &str) -> Vec<Vec<char>> {
    printed.lines().map(|line| line.chars().collect()).collect()
}

/// Asserts that names and values stand in two columns, and returns both without the space between them.
#[track_caller]
fn lined_up(report: &PhaseReport) -> Vec<(String, String)> {
    let printed = report.to_string();
    let lines = lines_of(&printed);
    let second = lines[0].iter().collect::<String>().rfind(report.phase().as_str()).unwrap();
    lines
        .iter()
        .map(|line| {
            assert!(line.len() <= 100, "{} columns:\n{printed}", line.len());
            assert_ne!(line[0], ' ', "{printed}");
            assert_eq!(line[second - 2..second], [' ', ' '], "{printed}");
            assert_ne!(line[second], ' ', "{printed}");
            let (name, value) = line.split_at(second);
            (name.iter().collect::<String>().trim_end().to_owned(), value.iter().collect())
        })
        .collect()
}

#[test]
fn a_report_names_what_it_measured_and_what_the_result_says() {
    let mut extract = Context::new("import").start_with(Extract, Counts { conversations: 4, messages: 1_000 }).unwrap();
    extract.update_progress(Counts { conversations: 5, messages: 400 });
    let extracted = extract.complete(dict! { "source": "export.tar", "skipped": ["a", "b"], "messages_processed": 250 }).unwrap();
    let mut lines = lined_up(extracted.report());
    for (name, value) in &mut lines {
        // Durations and rates differ from run to run.
        match name.as_str() {
            "duration" => value.clear(),
            _ => value.truncate(value.find("), ").map_or(value.len(), |end| end + 1)),
        }
    }
    let expected = [
        ("phase", "extract"),
        ("status", "completed"),
        ("attempt", "1"),
        ("duration", ""),
        ("conversations", "5 of 4 (125 %)"),
        ("messages", "250 of 1,000 (25 %)"),
        ("skipped", "[\"a\",\"b\"]"),
        ("source", "export.tar"),
    ];
    assert_eq!(lines.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn counts_are_grouped_and_rated() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", Counts { conversations: 0, messages: 4_000 }).unwrap();
    context.update_progress(Counts { conversations: 0, messages: 1_000 }).unwrap();
    let_time_pass(&context.progress());
    let report = context.end_phase(()).unwrap();
    let lines = lined_up(&report);
    let messages = &lines[4].1;
    let rate = messages.strip_prefix("1,000 of 4,000 (25 %), ").and_then(|rest| rest.strip_suffix(" per second")).unwrap();
    let per_second = (1_000.0 / report.duration().as_secs_f64()).round();
    assert_eq!(rate.replace(',', ""), format!("{per_second:.0}"));
}

#[test]
fn a_failed_attempt_says_why() {
    let failed = Context::new("import").start(Extract).unwrap().fail(&ImportError::Empty).unwrap();
    assert_eq!(lined_up(failed.report())[1].1, "failed (error)");
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    assert_eq!(lined_up(&context.end_phase(dict! { "status": "failed" }).unwrap())[1].1, "failed (status)");
}

#[test]
fn the_longest_names_and_numbers_fit() {
    let mut context = EtlContext::new("import");
    context.start_phase(&"p".repeat(64), MOST).unwrap();
    context.update_progress(MOST).unwrap();
    lined_up(&context.end_phase(dict! { "a": "b".repeat(500), "k".repeat(500): 1, "list": vec![1; 1_000] }).unwrap());
}

#[test]
fn eight_counters_fit() {
    let mut context = EtlContext::new("import");
    context.start_phase_with("extract", Eight::from_values([u64::MAX; 8])).unwrap();
    context.update_progress(Eight::from_values([u64::MAX; 8])).unwrap();
    let lines = lined_up(&context.end_phase(()).unwrap());
    let names: Vec<_> = lines[4..].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, Eight::NAMES);
}

#[test]
fn an_error_prints_its_sources_on_lines_of_their_own() {
    let failed = Context::new("import").start(Extract).unwrap().fail(&ImportError::unreadable()).unwrap();
    let printed = failed.record().errors()[0].to_string();
    assert_eq!(printed, "extract, attempt 1: export.tar cannot be read\n  caused by: no such file");
}

#[test]
fn an_error_of_a_phase_never_started_has_no_attempt() {
    let mut context = EtlContext::new("import");
    context.record_error("extract", &ImportError::Empty).unwrap();
    assert_eq!(context.errors()[0].to_string(), "extract: export.tar is empty");
}

#[test]
fn an_error_fits_into_100_columns() {
    let mut context = EtlContext::new("import");
    context.record_error(&"p".repeat(64), &std::io::Error::other("long ".repeat(100))).unwrap();
    context.record_error("extract", &ImportError::from(std::io::Error::other("long ".repeat(100)))).unwrap();
    for error in context.errors() {
        assert!(error.to_string().lines().all(|line| line.chars().count() <= 100), "{error}");
    }
}

#[test]
fn no_number_is_cut_in_the_middle() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", MOST).unwrap();
    context.update_progress(MOST).unwrap();
    let report = context.end_phase(()).unwrap().to_string();
    assert!(!report.contains('…'), "{report}");
}
