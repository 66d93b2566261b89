//! `Display` of a summary: a table that people can read, and no line longer than 100 columns.

use std::io;

use etl_context::{Counters, Counts, EtlContext, RunSummary, dict};

use crate::layered_error::ImportError;
use crate::measurable::let_time_pass;
use crate::nightly::{Eight, Rows};

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
extract | completed | 1 | (duration) | 12 | 4,000 | (rate) messages/s
transform | completed | 2 | (duration) | 12 | 3,990 | (rate) messages/s
archive | pending
load | running | 1 | (duration) | 0 | 0

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
fn else_all_counts_stand_in_one_column() {
    let mut context = EtlContext::new("import");
    run(&mut context, "extract", Counts { conversations: 12, messages: 4_000 });
    run(&mut context, "load", Rows { rows: 4_000, bytes: 123_456_789 });
    context.start_phase_with("index", Eight::default()).unwrap();
    context.fail_phase(&ImportError::Empty).unwrap();
    let printed = printed(&context.get_summary());
    let table = table(&printed);
    lined_up(&table, &["phase", "status", "processed"], &["attempt", "duration"]);
    assert!(
        table[1].contains("12 conversations, 4,000 messages") && table[2].contains("4,000 rows, 123,456,789 bytes"),
        "{printed}"
    );
}

#[test]
fn the_longest_names_and_numbers_fit() {
    let mut context = EtlContext::new("n".repeat(500));
    run(&mut context, &"p".repeat(64), MOST);
    run(&mut context, &"q".repeat(64), MOST);
    let printed = printed(&context.get_summary());
    lined_up(&table(&printed), &["phase", "status", "processed"], &["attempt", "duration"]);
}

#[test]
fn eight_counters_in_each_of_several_phases_fit() {
    let mut context = EtlContext::new("import");
    for (phase, count) in [("extract", 1), ("transform", 12_345_678), ("load", u64::MAX)] {
        run(&mut context, phase, Eight::from_values([count; 8]));
    }
    let printed = printed(&context.get_summary());
    assert_eq!(table(&printed).len(), 4);
    lined_up(&table(&printed), &["phase", "status", "processed"], &["attempt", "duration"]);
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
fn a_long_error_is_cut_at_the_end_of_its_line() {
    let mut context = EtlContext::new("import");
    context.record_error("extract", &io::Error::other("long ".repeat(100))).unwrap();
    let printed = printed(&context.get_summary());
    let error = printed.lines().last().unwrap();
    assert!(error.starts_with("  extract: long long") && error.ends_with('…'), "{error}");
}

#[test]
fn the_results_word_is_what_the_table_shows() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context.end_phase(dict! { "messages_processed": 4_321 }).unwrap();
    assert!(printed(&context.get_summary()).contains("  4,321"));
}
