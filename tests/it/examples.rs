//! Each example prints what `tests/golden/<example>.txt` says, whatever the time and the speed of the machine.
//!
//! After a change that is meant: `UPDATE_GOLDEN=1 cargo test --test it examples`, then look at the difference.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn etl_context_phase_management_prints_its_golden_output() {
    compare("etl_context_phase_management");
}

#[test]
fn typed_pipeline_prints_its_golden_output() {
    compare("typed_pipeline");
}

#[test]
fn custom_pipeline_prints_its_golden_output() {
    compare("custom_pipeline");
}

#[test]
fn tokio_import_prints_its_golden_output() {
    compare("tokio_import");
}

#[test]
fn rayon_workers_prints_its_golden_output() {
    compare("rayon_workers");
}

#[test]
fn side_by_side_prints_its_golden_output() {
    compare("side_by_side");
}

#[test]
fn parts_of_a_phase_prints_its_golden_output() {
    compare("parts_of_a_phase");
}

#[test]
fn stored_run_prints_its_golden_output() {
    compare("stored_run");
}

#[test]
fn configured_pipeline_prints_its_golden_output() {
    compare("configured_pipeline");
}

#[test]
fn a_backfill_that_ends_in_the_middle_does_the_rest_and_nothing_twice() {
    let folder = tempfile::TempDir::new().unwrap();
    let backfill = |stop: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet", "--example", "backfill", "--"]).arg(folder.path()).args(stop);
        let ended = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stdout).unwrap())
    };
    let (code, told) = backfill(&["--stop-at", "17"]);
    assert_eq!((code, &*told), (Some(9), "31 days to do\n2026-10-17: ended in the middle\n"));
    let (code, told) = backfill(&[]);
    let expected = "15 days to do\n  2026-10-17: unfinished\n\
        2026-10-17: resumed after 4 events; completed: fetch; attempt 1 at store was interrupted\n\
        31 days are done, 992 rides in all\n";
    assert_eq!((code, &*told), (Some(0), expected));
    assert_eq!(backfill(&[]).1, "0 days to do\n31 days are done, 992 rides in all\n");
}

#[cfg(feature = "tracing")]
#[test]
fn traced_import_prints_its_golden_output() {
    compare_output("traced_import", &mut run("traced_import", &["--all-features"]));
}

/// A load that fails twice on purpose.
#[cfg(all(feature = "progress", feature = "tracing"))]
#[test]
fn nightly_import_prints_its_golden_output() {
    let folder = tempfile::tempdir().unwrap();
    let mut cargo = run("nightly_import", &["--all-features"]);
    cargo.arg("--").arg(folder.path()).envs([("NIGHTLY_ROWS", "5000"), ("NIGHTLY_PAUSE", "1"), ("NIGHTLY_FAILURES", "2")]);
    compare_output("nightly_import", &mut cargo);
}

fn compare(example: &str) {
    compare_output(example, &mut run(example, &[]));
}

fn compare_output(example: &str, cargo: &mut Command) {
    let printed = masked(&output_of(example, cargo));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{example}.txt"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &printed).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(printed, expected, "the output of {example} is not {}", golden.display());
}

fn run(example: &str, features: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--example", example]).args(features);
    cargo.env_remove("RUST_LOG").current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
}

fn output_of(example: &str, cargo: &mut Command) -> String {
    let cargo = cargo.output().unwrap();
    assert!(cargo.status.success(), "{example} failed:\n{}", String::from_utf8_lossy(&cargo.stderr));
    String::from_utf8(cargo.stdout).unwrap()
}

/// What is further to the right stands below something that is as wide as its duration.
const DEEPEST: usize = 8;

/// The output without what differs from run to run. Tables are as wide as their durations, so gaps are one space wide; a very
/// short phase has no rate, so none has one here.
fn masked(output: &str) -> String {
    let lines = output.lines().map(|line| {
        let indent = (line.len() - line.trim_start().len()).min(DEEPEST);
        let words: Vec<_> = line.split_whitespace().collect();
        let masked = masked_words(&words).join(" ").replace(", <rate>", "");
        format!("{}{masked}", &line[..indent]).trim_end().to_owned() + "\n"
    });
    lines.collect()
}

fn masked_words(words: &[&str]) -> Vec<String> {
    match words {
        [] => Vec::new(),
        [number, "per", "second", rest @ ..] if is_number(number) => with("<rate>", rest),
        [number, unit, rest @ ..] if is_number(number) && unit.ends_with("/s") => masked_words(rest),
        [rate, rest @ ..] if rate.strip_suffix("/s").is_some_and(is_number) => masked_words(rest),
        [number, "µs" | "ms" | "s", rest @ ..] if is_number(number) => with("<duration>", rest),
        [number, "µs;" | "ms;" | "s;", rest @ ..] if is_number(number) => with("<duration>;", rest),
        [word, rest @ ..] if is_run_id(word.trim_end_matches(',')) => with("<run id>,", rest),
        [word, rest @ ..] if word.starts_with("run.id=") => with("run.id=<run id>", rest),
        [word, rest @ ..] if word.contains("duration_seconds=") => with(&without_number(word), rest),
        [word, rest @ ..] if is_time(word) => with("<time>", rest),
        [word, rest @ ..] => with(word, rest),
    }
}

fn with(word: &str, rest: &[&str]) -> Vec<String> {
    [word.to_owned()].into_iter().chain(masked_words(rest)).collect()
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit()) && word.chars().all(|c| matches!(c, '0'..='9' | ',' | '.'))
}

/// As in `duration_seconds=<duration>`; brackets that follow the number stay.
fn without_number(word: &str) -> String {
    let (name, value) = word.split_once('=').unwrap();
    let after = value.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '-'));
    format!("{name}=<duration>{after}")
}

/// A UUID.
fn is_run_id(word: &str) -> bool {
    word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// RFC 3339 in UTC.
fn is_time(word: &str) -> bool {
    word.len() >= 20 && word.as_bytes()[10] == b'T' && word.ends_with('Z') && word[..4].parse::<u32>().is_ok()
}
