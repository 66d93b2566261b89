//! What does a durable event cost, does it cost more in a long journal, and how fast is a journal read?
//!
//! `cargo bench --bench journal`
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs, reason = "a measurement, for reading")]

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etl_context::{Context, Etl, Extract, FileJournal, Run, RunRecord, Running};
use serde::de::IgnoredAny;
use serde_json::Value;
use tempfile::TempDir;

/// Each figure is the smallest of so many samples: whatever else the machine does can only add to it.
const SAMPLES: usize = 30;

/// Events in one sample.
const BATCH: u32 = 10;

const LENGTHS: [u64; 3] = [10, 1_000, 100_000];

fn main() {
    let disk = TempDir::new().unwrap();
    let memory = Path::new("/dev/shm");
    let memory = if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() };
    let journals = LENGTHS.map(|length| journal_of(length, memory.path()));
    println!("the cost of an event by the number of those before it");
    growth("without a disk", &journals, memory.path());
    growth("on the disk", &journals, disk.path());
    println!("\na durable event beside one write and one fdatasync of the same bytes");
    beside_plain_write(disk.path());
    println!("\nreading a journal beside serde_json on the same bytes");
    reading(&journals[2]);
}

fn open(path: &Path) -> Context<Running<Extract>> {
    let context = Run::builder("bench").journal(FileJournal::open(path).unwrap()).begin::<Etl>().unwrap();
    context.start(Extract).unwrap()
}

/// What a load of some size would keep.
fn cursor(row: u64) -> (u64, &'static str) {
    (row, "the last key of the batch")
}

fn journal_of(events: u64, folder: &Path) -> PathBuf {
    let path = folder.join(format!("{events}.jsonl"));
    let mut run = open(&path);
    while run.record().events() < events {
        run.checkpoint(&cursor(run.record().events())).unwrap();
    }
    path
}

/// The run in a copy of the journal, which the events that are measured make longer.
fn copied(journal: &Path, folder: &Path) -> Context<Running<Extract>> {
    let path = folder.join("copies").join(journal.file_name().unwrap());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(journal, &path).unwrap();
    File::open(&path).unwrap().sync_all().unwrap();
    open(&path)
}

/// The time of one call, from the fastest batch.
struct Fastest(Duration);

impl Fastest {
    fn new() -> Self {
        Fastest(Duration::MAX)
    }

    fn sample(&mut self, mut call: impl FnMut()) {
        let started = Instant::now();
        (0..BATCH).for_each(|_| call());
        self.0 = self.0.min(started.elapsed() / BATCH);
    }

    fn microseconds(&self) -> f64 {
        self.0.as_nanos() as f64 / 1_000.0
    }
}

/// The journals take turns, so that all of them meet the same machine.
fn growth(place: &str, journals: &[PathBuf; 3], folder: &Path) {
    let mut runs = journals.each_ref().map(|journal| copied(journal, folder));
    let mut fastest = [(); 3].map(|()| Fastest::new());
    for _ in 0..SAMPLES {
        for (run, fastest) in runs.iter_mut().zip(&mut fastest) {
            fastest.sample(|| run.checkpoint(&cursor(7)).unwrap());
        }
    }
    for ((length, journal), fastest) in LENGTHS.iter().zip(journals).zip(&fastest) {
        let size = fs::metadata(journal).unwrap().len();
        println!("  {place}: from event {length:>6} on, {size:>8} bytes before it: {:>7.2} µs", fastest.microseconds());
    }
}

fn beside_plain_write(folder: &Path) {
    let path = folder.join("durable.jsonl");
    let mut run = open(&path);
    run.checkpoint(&cursor(7)).unwrap();
    let bytes = fs::read(&path).unwrap();
    let line = bytes.split_inclusive(|byte| *byte == b'\n').next_back().unwrap();
    let mut plain = OpenOptions::new().create(true).append(true).open(folder.join("plain")).unwrap();
    let (mut event, mut write, mut unsynced) = (Fastest::new(), Fastest::new(), Fastest::new());
    for _ in 0..SAMPLES {
        event.sample(|| run.checkpoint(&cursor(7)).unwrap());
        write.sample(|| {
            plain.write_all(line).unwrap();
            plain.sync_data().unwrap();
        });
        unsynced.sample(|| plain.write_all(line).unwrap());
        plain.sync_data().unwrap();
    }
    println!("  a checkpoint of {} bytes: {:>7.2} µs", line.len(), event.microseconds());
    println!("  write and fdatasync:      {:>7.2} µs", write.microseconds());
    println!("  write alone:              {:>7.2} µs", unsynced.microseconds());
}

fn reading(journal: &Path) {
    let bytes = fs::read(journal).unwrap();
    let speed = |what: &str, read: &dyn Fn()| {
        let times = (0..5).map(|_| {
            let started = Instant::now();
            read();
            started.elapsed()
        });
        let fastest = times.min().unwrap();
        println!("  {what:<44} {:>6.0} MB/s", bytes.len() as f64 / 1_000_000.0 / fastest.as_secs_f64());
    };
    let lines = || bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    println!("  {} events, {} bytes", lines().count(), bytes.len());
    speed("RunRecord::read: checked and replayed", &|| drop(black_box(RunRecord::read(journal).unwrap())));
    speed("serde_json into Value", &|| {
        lines().for_each(|line| drop(black_box(serde_json::from_slice::<Value>(line).unwrap())));
    });
    speed("serde_json, every value skipped", &|| {
        lines().for_each(|line| {
            let _: IgnoredAny = black_box(serde_json::from_slice(line).unwrap());
        });
    });
}
