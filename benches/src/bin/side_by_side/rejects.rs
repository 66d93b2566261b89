//! What do rejected rows cost in an import of many rows, and what are a million of them in memory?

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::path::Path;

use etl_context::{Counts, Etl, Extract, FileJournal, Run};
use etl_context_benches::measure::{Case, fastest};
use etl_context_benches::memory::taken;
use etl_context_benches::table::{Table, Target};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

const ROUNDS: usize = 20;
const ROWS: u64 = 300_000;
/// Rows between two checkpoints.
const BATCH: u64 = 10_000;

#[derive(Serialize, Deserialize)]
struct Row {
    id: u64,
    sender: String,
    text: String,
}

pub fn measure(table: &mut Table) {
    times(table);
    memory(table);
}

fn times(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("input.jsonl");
    let text = (0..ROWS).fold(String::new(), |mut text, id| {
        let row =
            Row { id, sender: format!("person {}", id % 97), text: "as many words as a message has on a good day".to_owned() };
        writeln!(text, "{}", serde_json::to_string(&row).unwrap()).unwrap();
        text
    });
    std::fs::write(&input, text).unwrap();
    let case = |rejected: u64| -> Case<'_> {
        let (input, folder) = (&input, folder.path());
        Box::new(move || import(input, folder, rejected))
    };
    let [none, few, many] = fastest(ROUNDS, [case(0), case(100), case(3_000)]);
    let same = "the same without one";
    table.row("300,000 rows, 100 of them rejected", few, same, none, "ms", Target::AtMost(1.1));
    table.row("300,000 rows, 3,000 of them rejected", many, same, none, "ms", Target::AtMost(1.1));
}

/// Milliseconds for reading all rows, of which so many are rejected and the others written to a target, which is synced before each
/// checkpoint, as it has to be.
fn import(input: &Path, folder: &Path, rejected: u64) -> f64 {
    let (journal, rejects) = (folder.join("run.jsonl"), folder.join("rejects.jsonl"));
    let _ = (std::fs::remove_file(&journal), std::fs::remove_file(&rejects));
    let started = std::time::Instant::now();
    let run = Run::builder("import").journal(FileJournal::open(&journal).unwrap()).rejects(&rejects);
    let mut extract = run.begin::<Etl>().unwrap().start(Extract).unwrap();
    let mut lines = BufReader::new(File::open(input).unwrap());
    let mut target = BufWriter::new(File::create(folder.join("target.jsonl")).unwrap());
    let mut line = String::new();
    let every = ROWS.checked_div(rejected).unwrap_or(u64::MAX);
    for number in 1..=ROWS {
        line.clear();
        lines.read_line(&mut line).unwrap();
        let row: Row = serde_json::from_str(&line).unwrap();
        extract.update_progress(Counts { conversations: 0, messages: 1 });
        if row.id % every == every / 2 {
            extract.reject(&row, "no date").unwrap();
        } else {
            serde_json::to_writer(&mut target, &row).unwrap();
            target.write_all(b"\n").unwrap();
        }
        if number % BATCH == 0 {
            target.flush().unwrap();
            target.get_ref().sync_data().unwrap();
            extract.checkpoint(&number).unwrap();
        }
    }
    let extracted = extract.complete(()).unwrap();
    let took = started.elapsed().as_secs_f64() * 1_000.0;
    assert_eq!(extracted.report().rejected().rows(), rejected);
    took
}

/// What is held after a million rejected rows and after a thousand.
fn memory(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let held = |rows: u64| {
        let run = Run::builder("import").rejects(folder.path().join(format!("{rows}.jsonl")));
        let (mut extract, before) = taken(|| run.begin::<Etl>().unwrap().start(Extract).unwrap());
        let reject =
            |number: u64| extract.reject(&number, ["no date", "no sender"][usize::try_from(number % 2).unwrap()]).unwrap();
        let ((), rejected) = taken(|| (0..rows).for_each(reject));
        drop(extract.complete(()).unwrap());
        #[allow(clippy::cast_precision_loss, reason = "a ratio is for reading")]
        let held = (before.bytes_kept + rejected.bytes_kept) as f64;
        held
    };
    let (many, few) = (held(1_000_000), held(10_000));
    table.row("1,000,000 rejected rows", many, "10,000", few, "bytes held", Target::AtMost(1.1));
}
