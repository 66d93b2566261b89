//! Whatever a disk has kept of a run when the power went, it opens to a run that holds everything that anybody was told.
//!
//! The writes and syncs of a run are recorded, over the death of one process and the next one's opening, and with a disk that fails at
//! one of them. Then the power is cut after each of them: what was synced is there, and of what was written since, any of the writes
//! are, the last of them up to any byte.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use etl_context::{Error, Etl, EtlContext, FileJournal, Journal, JournalError, Run, Storage, dict};

use super::fake_disk::FakeDisk;
use super::journal_file::JournalFile;

#[derive(Clone)]
enum Operation {
    Append { at: usize, bytes: Vec<u8> },
    Cut(usize),
    Synced,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Append { at, bytes } => write!(f, "append at {at}: {}", String::from_utf8_lossy(bytes)),
            Operation::Cut(length) => write!(f, "cut to {length}"),
            Operation::Synced => f.write_str("sync"),
        }
    }
}

/// A machine whose disk remembers in which order it was written to. Clones are the same machine.
#[derive(Debug, Clone, Default)]
struct Machine(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The file as any process on the machine sees it.
    bytes: Vec<u8>,
    log: Vec<Operation>,
    /// After how many operations somebody was told something, and what the file held then.
    told: Vec<(usize, Vec<u8>)>,
    /// How many operations the process makes before it dies, in the middle of the next one.
    left: usize,
    /// Counts down to the operation at which the disk fails, once.
    fault: Option<usize>,
}

impl Machine {
    fn start_process(&self, operations: usize) {
        self.state().left = operations;
    }

    /// A call has returned, or a run was opened.
    fn told(&self) {
        let mut state = self.state();
        let told = (state.log.len(), state.bytes.clone());
        state.told.push(told);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// What becomes of the next operation.
enum Fate {
    Done,
    Fails,
    ProcessDies,
}

impl State {
    fn next(&mut self) -> Fate {
        if self.left == 0 {
            return Fate::ProcessDies;
        }
        self.left -= 1;
        let failing = self.fault == Some(0);
        self.fault = self.fault.and_then(|fault| fault.checked_sub(1));
        if failing { Fate::Fails } else { Fate::Done }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.log.push(Operation::Append { at: self.bytes.len(), bytes: bytes.to_vec() });
        self.bytes.extend_from_slice(bytes);
    }
}

fn failed() -> io::Error {
    io::Error::other("the disk fails, or nobody is there any more")
}

impl Storage for Machine {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.state().bytes.clone())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        match state.next() {
            Fate::Done => {
                state.append(bytes);
                Ok(())
            }
            Fate::Fails => {
                state.append(&bytes[..bytes.len() / 2]);
                Err(failed())
            }
            Fate::ProcessDies => Err(failed()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state();
        match state.next() {
            Fate::Done => {
                state.log.push(Operation::Synced);
                Ok(())
            }
            Fate::Fails | Fate::ProcessDies => Err(failed()),
        }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        match state.next() {
            Fate::Done => {
                let length = usize::try_from(length).unwrap();
                state.log.push(Operation::Cut(length));
                state.bytes.truncate(length);
                Ok(())
            }
            Fate::Fails | Fate::ProcessDies => Err(failed()),
        }
    }
}

fn open(machine: &Machine, place: &JournalFile) -> Result<EtlContext, Error> {
    let builder = Run::builder("import").parameters(&dict! { "day": "2026-03-01" });
    let journal = FileJournal::with_storage(place.path(), machine.clone())?;
    builder.journal(journal).begin::<Etl>().map(etl_context::Context::erase)
}

type Call = fn(&mut EtlContext) -> Result<(), Error>;

/// One process: it opens the run, makes every call that is recorded, and is killed; or it dies before.
fn process(machine: &Machine, place: &JournalFile, operations: usize) {
    machine.start_process(operations);
    if let Ok(mut run) = open(machine, place) {
        machine.told();
        let calls: [Call; 6] = [
            |run| run.start_phase("extract", None),
            |run| run.checkpoint(&dict! { "offset": 512 }),
            |run| run.record_error("extract", &JournalError::new("row 7")),
            |run| run.end_phase(dict! { "file": "a" }).map(drop),
            |run| run.set_phase_status("extract", "failed"),
            |run| run.start_phase("extract", None),
        ];
        for call in calls {
            if call(&mut run).is_ok() {
                machine.told();
            }
        }
        machine.start_process(0);
    }
}

/// What a disk may hold when the power goes after these operations. The last write is cut at every byte, or at a few.
fn images(log: &[Operation], at_every_byte: bool) -> Vec<Vec<u8>> {
    let synced = log.iter().rposition(|operation| matches!(operation, Operation::Synced)).map_or(0, |sync| sync + 1);
    let (certain, since) = log.split_at(synced);
    let certain = certain.iter().fold(Vec::new(), apply);
    assert!(since.len() < 8, "{since:?}");
    let subsets = 0..1_u32 << since.len();
    let kept =
        |subset: u32| (0..).zip(since).filter(move |(number, _)| subset >> number & 1 == 1).map(|(_, operation)| operation);
    subsets.flat_map(|subset| cut_short(&certain, &kept(subset).collect::<Vec<_>>(), at_every_byte)).collect()
}

fn apply(mut bytes: Vec<u8>, operation: &Operation) -> Vec<u8> {
    match operation {
        Operation::Append { at, bytes: appended } => {
            let end = at + appended.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[*at..end].copy_from_slice(appended);
        }
        Operation::Cut(length) => bytes.truncate(*length),
        Operation::Synced => {}
    }
    bytes
}

/// The operations, with the last one, if it is a write, done up to any byte.
fn cut_short(certain: &[u8], kept: &[&Operation], at_every_byte: bool) -> Vec<Vec<u8>> {
    let before = |operations: &[&Operation]| operations.iter().fold(certain.to_vec(), |bytes, operation| apply(bytes, operation));
    let Some((Operation::Append { at, bytes }, earlier)) = kept.split_last() else { return vec![before(kept)] };
    let length = bytes.len();
    let lengths = if at_every_byte { (0..=length).collect() } else { vec![0, length / 2, length - 1, length] };
    let written = |length: usize| Operation::Append { at: *at, bytes: bytes[..length].to_vec() };
    lengths.into_iter().map(|length| apply(before(earlier), &written(length))).collect()
}

/// Counts what was opened, each image once for what was told until then.
#[derive(Default)]
struct Opened(HashSet<(Vec<u8>, Vec<u8>)>);

impl Opened {
    /// Cuts the power after each operation of the log.
    fn each_cut(&mut self, machine: &Machine, at_every_byte: bool) {
        let state = machine.state();
        for length in 0..=state.log.len() {
            let told = state.told.iter().rev().find(|(operations, _)| *operations <= length).map(|(_, bytes)| bytes.as_slice());
            for image in images(&state.log[..length], at_every_byte) {
                if self.0.insert((told.unwrap_or_default().to_vec(), image.clone())) {
                    holds_what_was_told(&image, told.unwrap_or_default(), &state.log[..length]);
                }
            }
        }
    }
}

/// It opens, to what was told, and after that to nothing but what was being recorded when nobody could be told any more.
fn holds_what_was_told(image: &[u8], told: &[u8], log: &[Operation]) {
    let (disk, text) = (FakeDisk::holding(image.to_vec()), String::from_utf8_lossy(image));
    let place = JournalFile::new();
    let journal = FileJournal::with_storage(place.path(), disk.clone());
    let mut journal = journal.unwrap_or_else(|refused| panic!("{refused}, after {log:#?}: {text}"));
    let events = journal.load().unwrap().len();
    let found = disk.bytes();
    let Some(more) = found.strip_prefix(told) else { panic!("something that was told is not in {text}") };
    let lines = |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').count();
    assert!(lines(more) <= 2, "the last call of a process, and the first one of the next: {text}");
    for line in more.split_inclusive(|byte| *byte == b'\n') {
        let was_being_recorded = |operation: &Operation| matches!(operation, Operation::Append { bytes, .. } if bytes == line);
        assert!(log.iter().any(was_being_recorded), "nobody has ever written this: {text}");
    }
    assert_eq!(events, lines(&found));
}

#[test]
fn whatever_a_disk_has_kept_is_a_beginning_of_the_run_with_everything_that_was_told() {
    let place = JournalFile::new();
    let mut opened = Opened::default();
    let undisturbed = Machine::default();
    process(&undisturbed, &place, usize::MAX);
    process(&undisturbed, &place, usize::MAX);
    opened.each_cut(&undisturbed, true);

    let operations = undisturbed.state().log.len();
    for died_after in 0..operations {
        for fault in [None].into_iter().chain((0..operations).map(Some)) {
            let machine = Machine::default();
            machine.state().fault = fault;
            process(&machine, &place, died_after);
            process(&machine, &place, usize::MAX);
            opened.each_cut(&machine, false);
        }
    }
    let images = opened.0.len();
    println!("{images} images of a disk were opened");
    assert!(images > 5_000, "{images}");
}
