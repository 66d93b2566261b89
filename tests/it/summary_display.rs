//! `Display` of a summary: a table that people can read, and no line longer than 100 columns.

use std::io;
use std::time::Duration;

use etl_context::{Context, Counters, Counts, EtlContext, Extract, RunSummary, dict};
use serde_json::{Value, json};

use crate::layered_error::ImportError;
use crate::measurable::let_time_pass;
use crate::nightly::{Eight, Rows};
use crate::written_run::WrittenRun;

const MOST: Counts = Counts { conversations: u64::MAX, messages: u64::MAX };

fn run(context: &mut EtlContext, phase: &str, counts: impl Counters) {
    context.start_phase_with(phase, counts).unwrap();
    context.update_progress(counts).unwrap();
    let_time_pass(&context.progress());
    context.end_phase(()).unwrap();
}

/// What is printed, after a look at the length of its lines.
#[track_caller]
fn printed(summary: &RunSummary) -> String {
    let printed = summary.to_string();
    for line in printed.lines() {
        assert!(line.chars().count() <= 100, "{} columns:\n{printed}", line.chars().count());
        assert_eq!(line, line.trim_end(), "space at the end of a line");
    }
    printed
}

/// The lines of the table.
fn table(printed: &str) -> Vec<&str> {
    printed.lines().skip_while(|line| !line.starts_with("phase ")).take_while(|line| !line.is_empty()).collect()
}

/// The lines of the table on which a phase begins; further counters of the phase may follow it.
fn phases<'a>(table: &[&'a str]) -> Vec<&'a str> {
    table.iter().copied().filter(|line| !line.starts_with(' ')).collect()
}

/// Asserts that the cells of these columns begin under their heading, or end under it.
#[track_caller]
fn lined_up(table: &[&str], left: &[&str], right: &[&str]) {
    let is_space = |line: &str, column: usize| line.chars().nth(column).is_none_or(char::is_whitespace);
    for line in table {
        for heading in left {
            let start = table[0].find(heading).unwrap();
            let empty = line.chars().count() <= start;
            assert!(empty || !is_space(line, start), "`{heading}` of `{line}`");
            assert!(start == 0 || is_space(line, start - 1), "`{heading}` of `{line}`");
        }
        for heading in right {
            let start = table[0].find(heading).unwrap();
            let end = start + heading.len();
            let empty = (start..end).all(|column| is_space(line, column));
            assert!(empty || !is_space(line, end - 1), "`{heading}` of `{line}`");
            assert!(is_space(line, end), "`{heading}` of `{line}`");
        }
    }
}

/// The text with its measurements taken out: the cells of a row with ` | ` between them, whatever their width.
fn masked(printed: &str) -> String {
    let mask = |line: &str| match line {
        line if line.starts_with("run ") => "run (id), began (time)".to_owned(),
        line if line.contains(" after ") => format!("{} after (duration)", line.split(" after ").next().unwrap_or_default()),
        line if line.starts_with("  ") => line.to_owned(),
        line => line.split("  ").filter(|cell| !cell.is_empty()).map(masked_cell).collect::<Vec<_>>().join(" | "),
    };
    printed.lines().map(mask).collect::<Vec<_>>().join("\n")
}

fn masked_cell(cell: &str) -> String {
    let cell = cell.trim();
    match cell.rsplit_once(' ') {
        Some((_, "µs" | "ms" | "s")) => "(duration)".to_owned(),
        Some((_, unit)) if unit.ends_with("/s") => format!("(rate) {unit}"),
        _ => cell.to_owned(),
    }
}

#[test]
fn a_run_reads_like_this() {
    let mut context = EtlContext::new("skype-import");
    run(&mut context, "extract", Counts { conversations: 12, messages: 4_000 });
    context.start_phase("transform", None).unwrap();
    context.fail_phase(&ImportError::unreadable()).unwrap();
    run(&mut context, "transform", Counts { conversations: 12, messages: 3_990 });
    context.set_phase_status("archive", "pending").unwrap();
    context.start_phase("load", None).unwrap();
    let expected = "\
skype-import: running after (duration)
run (id), began (time)

phase | status | attempt | duration | conversations | messages | rate
extract | completed | 1 | (duration) | 12 | 4,000 | (rate) conversations/s
transform | completed | 2 | (duration) | 12 | 3,990 | (rate) conversations/s
archive | pending
load | running | 1 | (duration)

1 error
  transform, attempt 1: export.tar cannot be read
    caused by: no such file";
    let printed = printed(&context.get_summary());
    assert_eq!(masked(&printed), expected);
    lined_up(&table(&printed), &["phase", "status"], &["attempt", "duration", "conversations", "messages", "rate"]);
}

#[test]
fn a_run_that_has_done_nothing_has_no_table() {
    let printed = printed(&EtlContext::new("skype-import").get_summary());
    assert_eq!(masked(&printed), "skype-import: pending after (duration)\nrun (id), began (time)");
}

#[test]
fn a_column_for_each_counter_as_long_as_that_fits() {
    let mut context = EtlContext::new("import");
    run(&mut context, "extract", Counts { conversations: 1, messages: 20 });
    run(&mut context, "load", Rows { rows: 7, bytes: 800 });
    let printed = printed(&context.get_summary());
    let table = table(&printed);
    lined_up(&table, &["phase", "status"], &["attempt", "duration", "conversations", "messages", "rows", "bytes", "rate"]);
}

#[test]
fn else_each_count_has_a_line_of_its_own() {
    let mut context = EtlContext::new("import");
    run(&mut context, "extract", Counts { conversations: 12, messages: 4_000 });
    run(&mut context, "load", Rows { rows: 4_000, bytes: 123_456_789 });
    context.start_phase_with("index", Eight::default()).unwrap();
    context.fail_phase(&ImportError::Empty).unwrap();
    let printed = printed(&context.get_summary());
    let table = table(&printed);
    lined_up(&phases(&table), &["phase", "status"], &["attempt", "duration", "processed", "rate"]);
    lined_up(&table, &[], &["processed", "rate"]);
    for (line, count) in [(1, "12  conversations"), (2, "4,000  messages"), (3, "4,000  rows"), (4, "118 MiB  bytes")] {
        assert!(table[line].contains(&format!(" {count} ")) && table[line].ends_with("/s"), "{printed}");
    }
}

/// Two attempts of two seconds, each with these counts.
fn two_phases(counts: &Value, totals: &Value) -> String {
    let mut written = WrittenRun::begin("import", "2026-11-23T02:00:00Z", Value::Null, Value::Null);
    for phase in ["extract", "load"] {
        written.start(phase, totals.clone()).after(Duration::from_secs(2)).complete(counts.clone(), Value::Null);
    }
    printed(&written.record().summary())
}

#[test]
fn the_first_counter_leads_in_the_rate() {
    let no_totals = json!({ "rows": 0, "skipped": 0 });
    let printed = two_phases(&json!({ "rows": 5_000, "skipped": 310 }), &no_totals);
    assert!(table(&printed)[1].ends_with("  2,500 rows/s"), "{printed}");
    let printed = two_phases(&json!({ "rows": 0, "skipped": 310 }), &no_totals);
    assert!(table(&printed)[1].ends_with("  155 skipped/s"), "what was not counted does not lead:\n{printed}");
    let printed = two_phases(&json!({ "rows": 5_000, "skipped": 310 }), &json!({ "rows": 0, "skipped": 310 }));
    assert!(table(&printed)[1].ends_with("  155 skipped/s"), "the first that has a total leads:\n{printed}");
}

#[test]
fn bytes_are_shown_in_their_units() {
    let (counts, totals) = (json!({ "bytes_read": 24 << 20, "rows": 5_000 }), json!({ "bytes_read": 48 << 20, "rows": 0 }));
    let printed = two_phases(&counts, &totals);
    assert!(table(&printed)[1].ends_with("  24.0 MiB  5,000  12.0 MiB/s read"), "{printed}");
}

#[test]
fn the_rates_are_left_out_where_they_would_be_cut() {
    let mut context = EtlContext::new("import");
    run(&mut context, "extract", Eight::from_values([u64::MAX; 8]));
    let printed = printed(&context.get_summary());
    assert!(!printed.contains('…') && !printed.contains("rate"), "{printed}");
}

#[test]
fn the_longest_names_and_numbers_fit() {
    let mut context = EtlContext::new("n".repeat(500));
    run(&mut context, &"p".repeat(64), MOST);
    run(&mut context, &"q".repeat(64), MOST);
    let printed = printed(&context.get_summary());
    lined_up(&phases(&table(&printed)), &["phase", "status"], &["attempt", "duration", "processed"]);
}

#[test]
fn eight_counters_in_each_of_several_phases_fit() {
    let mut context = EtlContext::new("import");
    for (phase, count) in [("extract", 1), ("transform", 12_345_678), ("load", u64::MAX)] {
        run(&mut context, phase, Eight::from_values([count; 8]));
    }
    let printed = printed(&context.get_summary());
    assert_eq!(table(&printed).len(), 1 + 3 * 8);
    lined_up(&phases(&table(&printed)), &["phase", "status"], &["attempt", "duration", "processed"]);
}

#[test]
fn forty_phases_are_forty_rows() {
    let mut context = EtlContext::new("import");
    for number in 0..40_u32 {
        let counts = Counts { conversations: u64::from(number), messages: 10_u64.pow(number / 4) };
        run(&mut context, &format!("phase-{number}"), counts);
    }
    let printed = printed(&context.get_summary());
    let table = table(&printed);
    assert_eq!(table.len(), 41);
    assert!(table[40].starts_with("phase-39  "), "{printed}");
    lined_up(&table, &["phase", "status"], &["attempt", "duration", "conversations", "messages", "rate"]);
}

#[test]
fn ten_of_thirty_errors_are_listed_and_all_are_counted() {
    let mut context = EtlContext::new("import");
    for number in 0..30 {
        context.record_error("extract", &io::Error::other(format!("message {number} has no id"))).unwrap();
    }
    let printed = printed(&context.get_summary());
    let errors: Vec<_> = printed.lines().skip_while(|line| *line != "30 errors").collect();
    assert_eq!(errors.len(), 12, "{printed}");
    assert_eq!(errors[1], "  extract: message 0 has no id");
    assert_eq!(errors[11], "  and 20 more");
}

#[test]
fn a_long_error_is_cut_at_the_end_of_its_third_line() {
    let mut context = EtlContext::new("import");
    context.record_error("extract", &io::Error::other("long ".repeat(100))).unwrap();
    let printed = printed(&context.get_summary());
    let error: Vec<_> = printed.lines().skip_while(|line| *line != "1 error").skip(1).collect();
    assert_eq!(error.len(), 3, "{printed}");
    assert!(error[0].starts_with("  extract: long long") && error[2].ends_with('…'), "{printed}");
}

#[test]
fn the_results_word_is_what_the_table_shows() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context.end_phase(dict! { "messages_processed": 4_321 }).unwrap();
    assert!(printed(&context.get_summary()).contains("  4,321"));
}

/// Numbers as they stand in a line, with their groups.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_ascii_digit() && character != ',' && character != '…')
}

#[test]
fn no_number_is_cut_in_the_middle() {
    let mut context = EtlContext::new("import");
    for (phase, count) in [("extract", 12_345_678), ("transform", u64::MAX)] {
        run(&mut context, phase, Eight::from_values([count; 8]));
    }
    let printed = printed(&context.get_summary());
    let cut = |line: &&str| numbers(line).any(|number| number.len() > '…'.len_utf8() && number.ends_with('…'));
    assert_eq!(table(&printed).into_iter().find(cut), None, "{printed}");
}

#[test]
fn a_run_that_counts_rows_and_messages_shows_all_its_numbers() {
    let mut context = EtlContext::new("import");
    run(&mut context, "extract", Counts { conversations: 12_345, messages: 2_000_000 });
    run(&mut context, "load-into-the-warehouse", Rows { rows: 2_000_000, bytes: 9_999_999_999 });
    let printed = printed(&context.get_summary());
    assert!(!printed.contains('…'), "{printed}");
}

#[test]
fn phases_with_long_names_are_told_apart() {
    let mut context = EtlContext::new("import");
    for phase in ["import-conversations-from-skype", "import-conversations-from-slack"] {
        context.start_phase(phase, None).unwrap();
        context.end_phase(()).unwrap();
    }
    let printed = printed(&context.get_summary());
    let names: Vec<_> = table(&printed)[1..].iter().filter_map(|row| row.split("  ").next()).collect();
    assert_ne!(names[0], names[1], "{printed}");
}

/// No counter is declared so, but a journal may have any name, under a checksum that holds.
#[test]
fn what_cannot_be_seen_in_the_name_of_a_counter_is_written_out() {
    let counters = json!({ "ro\nws\u{1b}[31m": 5 });
    let mut written = WrittenRun::begin("import", "2026-11-23T02:00:00Z", Value::Null, Value::Null);
    written.start("extract", counters.clone()).after(Duration::from_secs(1)).complete(counters, Value::Null);
    let printed = printed(&written.record().summary());
    assert_eq!(printed.matches(r"ro\nws\u{1b}[31m").count(), 2, "in the heading and in the rate:\n{printed}");
}

#[test]
fn a_text_that_is_empty_or_blank_leaves_no_space_at_the_end_of_a_line() {
    let metadata = json!({ "": "", "note": "  ", "wide": "\u{3000}" });
    let mut run = WrittenRun::begin("import", "2026-11-23T02:00:00Z", Value::Null, metadata);
    run.start("extract", json!({ "messages": 0 })).error("extract", &[" ", ""]);
    let summary = printed(&run.complete(json!({ "messages": 1 }), Value::Null).record().summary());
    assert!(summary.contains("\n:\nnote:\nwide:\n"), "{summary}");

    let (extracted, ()) = Context::new("import")
        .phase(Extract)
        .run(|extract| {
            extract.reject(&"", "")?;
            extract.reject(&" ", "no  sender ")
        })
        .unwrap();
    let summary = printed(&extracted.summary());
    assert!(summary.contains("\n  1 , as in \"\"\n"), "{summary}");
}
