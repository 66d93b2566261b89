//! How fast is a journal read?

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use etl_context::{Dictionary, EtlContext, FileJournal, Run, RunRecord, dict};
use etl_context_benches::measure::{Case, fastest, nanoseconds};
use etl_context_benches::table::{Table, Target};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tempfile::TempDir;

const ROUNDS: usize = 12;
const EVENTS: u64 = 100_000;

pub fn measure(table: &mut Table) {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() };
    for (what, result) in [("a result of four keys", true), ("no result", false)] {
        let path = folder.path().join("run.jsonl");
        let _ = fs::remove_file(&path);
        write_run(&path, result);
        of_journal(table, what, &path);
    }
}

fn write_run(path: &Path, with_result: bool) {
    let mut run = Run::builder("replay").journal(FileJournal::open(path).unwrap()).begin_dynamic().unwrap();
    for phase in ["extract", "transform", "load"].into_iter().cycle() {
        if run.record().events() >= EVENTS {
            return;
        }
        attempt(&mut run, phase, with_result);
    }
}

fn attempt(run: &mut EtlContext, phase: &str, with_result: bool) {
    run.start_phase(phase, etl_context::Counts { conversations: 5, messages: 100 }).unwrap();
    run.update_progress(etl_context::Counts { conversations: 5, messages: 100 }).unwrap();
    if with_result {
        let result: Dictionary = dict! { "source": "export.tar", "format": "json", "rows": 100, "skipped": 0 };
        run.end_phase(result).unwrap();
    } else {
        run.end_phase(()).unwrap();
    }
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct TypedCounts {
    conversations: u64,
    messages: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code)]
enum Kind {
    RunBegan,
    PhaseStarted,
    Checkpointed,
    StatusSet,
    ErrorRecorded,
    PhaseEnded,
}

/// An event as somebody would read it who trusts the file: everything borrowed, results left as they stand.
#[derive(Deserialize)]
#[allow(dead_code)]
struct Typed<'a> {
    seq: u64,
    event: Kind,
    time: &'a str,
    phase: Option<&'a str>,
    attempt: Option<u32>,
    status: Option<&'a str>,
    start_time: Option<&'a str>,
    duration_microseconds: Option<u64>,
    counts: Option<TypedCounts>,
    totals: Option<TypedCounts>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    crc: &'a str,
}

/// The same with the result read as well.
#[derive(Deserialize)]
#[allow(dead_code)]
struct TypedWithResult<'a> {
    seq: u64,
    event: Kind,
    time: &'a str,
    phase: Option<&'a str>,
    attempt: Option<u32>,
    status: Option<&'a str>,
    start_time: Option<&'a str>,
    duration_microseconds: Option<u64>,
    counts: Option<TypedCounts>,
    totals: Option<TypedCounts>,
    #[serde(borrow)]
    result: Option<BTreeMap<&'a str, Value>>,
    crc: &'a str,
}

fn of_journal(table: &mut Table, what: &str, path: &Path) {
    let bytes = fs::read(path).unwrap();
    let megabytes = bytes.len() as f64 / 1e6;
    let lines = || bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let cases: [Case<'_>; 6] = [
        Box::new(|| nanoseconds(1, || drop(black_box(RunRecord::read(path).unwrap())))),
        Box::new(|| {
            nanoseconds(1, || {
                let bytes = fs::read(path).unwrap();
                let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                lines.for_each(|line| drop(black_box(serde_json::from_slice::<Typed<'_>>(line).unwrap())));
            })
        }),
        Box::new(|| {
            nanoseconds(1, || {
                lines().for_each(|line| drop(black_box(serde_json::from_slice::<TypedWithResult<'_>>(line).unwrap())));
            })
        }),
        Box::new(|| nanoseconds(1, || lines().for_each(|line| drop(black_box(serde_json::from_slice::<Value>(line).unwrap()))))),
        Box::new(|| {
            // What is timed is the opening, not the end of the run.
            let started = Instant::now();
            let run = Run::builder("replay").journal(FileJournal::open(path).unwrap()).begin_dynamic().unwrap();
            let opened = started.elapsed();
            drop(black_box(run));
            opened.as_secs_f64() * 1e9
        }),
        Box::new(|| nanoseconds(1, || drop(black_box(fs::read(path).unwrap())))),
    ];
    let [record, typed, typed_results, value, open, file] = fastest(ROUNDS, cases);
    let speed = |nanoseconds: f64| megabytes / (nanoseconds / 1e9);
    let mut row = |against: &str, other: f64, target| {
        table.row(&format!("replay, {what}"), speed(record), against, speed(other), "MB/s", target);
    };
    row("`serde_json`, borrowed, results raw", typed, Target::AtLeast(0.9));
    row("`serde_json`, borrowed, results read", typed_results, Target::Told);
    row("`serde_json` into `Value`", value, Target::Told);
    let opening = format!("opening a run of 100,000 events, {what}");
    table.row(&opening, open / 1e6, "reading the file", file / 1e6, "ms", Target::Told);
}
