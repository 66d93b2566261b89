//! What does a durable event cost, and does it cost more in a long journal?

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use etl_context::{Completed, Context, FileJournal, Run, Storage};
use etl_context_benches::cycle::{Again, Work};
use etl_context_benches::measure::{Case, fastest, nanoseconds};
use etl_context_benches::table::{Table, Target};
use tempfile::TempDir;

const ROUNDS: usize = 100;
/// Cycles in one sample: two events each.
const CYCLES: u32 = 10;
/// Cycles in one sample without syncs: enough that what slept before makes no difference.
const UNSYNCED_CYCLES: u32 = 200;

type AtRest = Context<Completed<Work>, Again>;

pub fn measure(table: &mut Table) {
    beside_plain_writes(table);
    flat(table);
}

/// A real file that is never synced: the crate has no such journal, only tests may have one.
#[derive(Debug)]
struct Unsynced(File);

impl Unsynced {
    fn open(path: &Path) -> Self {
        Unsynced(OpenOptions::new().read(true).append(true).create(true).open(path).unwrap())
    }
}

impl Storage for Unsynced {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.rewind()?;
        self.0.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

fn begin(journal: FileJournal) -> AtRest {
    Run::builder("durable").journal(journal).begin::<Again>().unwrap().start(Work).unwrap().complete(()).unwrap()
}

fn synced(path: &Path) -> AtRest {
    begin(FileJournal::open(path).unwrap())
}

fn unsynced(path: &Path) -> AtRest {
    begin(FileJournal::with_storage(path, Unsynced::open(path)).unwrap())
}

/// What one of the two events of a cycle takes.
fn event(context: &mut Option<AtRest>, cycles: u32) -> f64 {
    let cycle = || {
        let work = context.take().unwrap().start(Work).unwrap();
        *context = Some(work.complete(()).unwrap());
    };
    nanoseconds(cycles, cycle) / 2.0
}

fn beside_plain_writes(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut durable = Some(synced(&folder.join("durable.jsonl")));
    let mut unsynced = Some(unsynced(&folder.join("unsynced.jsonl")));
    // A line of a later cycle is a digit or two longer; that is a part in a hundred.
    let bytes = fs::read(folder.join("durable.jsonl")).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').skip(1).collect();
    let open = |name| OpenOptions::new().create(true).append(true).open(folder.join(name)).unwrap();
    let (mut plain, mut plain_unsynced) = (open("plain"), open("plain-unsynced"));
    let write = |file: &mut File, line: &&[u8]| file.write_all(line).unwrap();
    let write_durably = |file: &mut File, line: &&[u8]| {
        write(file, line);
        file.sync_data().unwrap();
    };
    let [durable, plain] = fastest(
        ROUNDS,
        [
            Box::new(|| event(&mut durable, CYCLES)) as Case<'_>,
            Box::new(|| nanoseconds(CYCLES, || lines.iter().for_each(|line| write_durably(&mut plain, line))) / 2.0),
        ],
    );
    let [unsynced, plain_unsynced] = fastest(
        ROUNDS,
        [
            Box::new(|| event(&mut unsynced, UNSYNCED_CYCLES)) as Case<'_>,
            Box::new(|| nanoseconds(UNSYNCED_CYCLES, || lines.iter().for_each(|line| write(&mut plain_unsynced, line))) / 2.0),
        ],
    );
    let [durable, plain, unsynced, plain_unsynced] = [durable, plain, unsynced, plain_unsynced].map(|time| time / 1_000.0);
    let same = "`write` and `fdatasync` of its bytes";
    table.row("a durable transition", durable, same, plain, "µs", Target::AtMost(1.1));
    table.row("the same, unsynced", unsynced, "`write` of its bytes", plain_unsynced, "µs", Target::AtMost(1.3));
}

/// The same event in journals of different lengths.
fn flat(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let mut runs = [10, 1_000, 100_000].map(|events| Some(run_of(events, folder.path())));
    let [first, second, third] = &mut runs;
    let cases: [Case<'_>; 3] =
        [Box::new(|| event(first, CYCLES)), Box::new(|| event(second, CYCLES)), Box::new(|| event(third, CYCLES))];
    let [first, second, third] = fastest(ROUNDS, cases).map(|time| time / 1_000.0);
    table.row("a transition at event 1,000", second, "at event 10", first, "µs", Target::AtMost(1.1));
    table.row("a transition at event 100,000", third, "at event 10", first, "µs", Target::AtMost(1.1));
}

/// A run with so many events in its journal, which are written without a sync, and synced from then on.
fn run_of(events: u64, folder: &Path) -> AtRest {
    let path: PathBuf = folder.join(format!("{events}.jsonl"));
    let mut context = Some(unsynced(&path));
    while context.as_ref().unwrap().record().events() < events {
        event(&mut context, CYCLES);
    }
    drop(context);
    File::open(&path).unwrap().sync_all().unwrap();
    synced(&path)
}
