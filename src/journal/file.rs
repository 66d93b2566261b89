//! Who remembers in a file? A journal of one event a line. The newline is the commit mark; `docs/journal-format.md` is the
//! specification.

use std::fs;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::slice;

use crate::journal::format::MAGIC;
use crate::journal::line::{decode, encode, newer_version, starts_with_whole_line};
use crate::journal::owner::{OwnProcess, OwnerLock, resolved};
use crate::journal::quick_line::Known;
use crate::journal::storage::{DiskFile, Storage};
use crate::journal::torn_end;
use crate::journal::{Journal, JournalError};
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::text::line::{shown_path, told};

/// Keeps the events of a run in a file: JSON Lines, synced at every event, owned by one process at a time.
///
/// ```
/// use etl_context::{Etl, Extract, FileJournal, Run};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("import.jsonl");
/// // The first process gets as far as this.
/// let context = Run::builder("import").journal(FileJournal::open(&path)?).begin::<Etl>()?;
/// let (extracted, ()) = context.phase(Extract).run(|_| -> Result<(), std::io::Error> { Ok(()) })?;
/// drop(extracted);
///
/// // The next one does not run the completed phase again.
/// let context = Run::builder("import").journal(FileJournal::open(&path)?).begin::<Etl>()?;
/// let extract = context.phase(Extract);
/// let (extracted, ()) = extract.run(|_| -> Result<(), std::io::Error> { unreachable!() })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What holds
///
/// - An event that was accepted survives the death of the process and of the machine, as far as the disk keeps its word
///   about `fdatasync`.
/// - A last line that was torn by a crash is cut off before the next event is written, and kept beside the file.
/// - A file that was changed in any other way is refused, by the number of the line; nothing is skipped.
/// - After a failed sync the event is in doubt ([`JournalError::is_in_doubt`]), and the journal refuses everything: what a disk says
///   after that proves nothing. Open it again.
/// - While one process has it open, others are refused and told who owns it, by whatever name they open it.
///   [`RunRecord::read`] reads it meanwhile.
/// - A file that was cut, replaced, renamed or removed while it is open is an error of the next call, not a loss that is found
///   later.
/// - A process that was forked off by its owner neither writes to it nor lets go of it.
///
/// File locks do not work on every network file system; keep the journal on a local disk.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    storage: Box<dyn Storage>,
    /// Held for as long as the journal is open; none over the storage of a test.
    owner: Option<OwnerLock>,
    process: OwnProcess,
    /// How many events the file holds.
    events: u64,
    /// How many bytes they take; what follows is torn.
    committed: u64,
    torn: Vec<u8>,
    repairs: Vec<String>,
    /// What was read when the journal was opened, until it is asked for.
    loaded: Option<Vec<Event>>,
    /// Whether what was read may be in memory alone: who wrote it, or took it back, may have died before it had synced.
    unsynced: bool,
    poisoned: bool,
    /// Kept between two events, so that encoding does not allocate.
    lines: Vec<u8>,
}

impl FileJournal {
    /// Opens the journal at `path`, or creates it, and takes ownership of it. Its lock is the file of the same name with
    /// `.lock` added.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if another process owns it, if the file is no journal, is one of a newer version, or is damaged, or if
    /// the system refuses access.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let given = path.as_ref();
        let mut path = resolved(given);
        check_before_locking(&path)?;
        let mut owner = OwnerLock::take(&path)?;
        let storage = DiskFile::open(&path).map_err(|error| JournalError::io("open", &path, error))?;
        // Only a file that is there shows where a symbolic link leads, and thereby which lock it has.
        if resolved(given) != path {
            path = resolved(given);
            owner = OwnerLock::take(&path)?;
        }
        owner.take_journal(&path, storage.file())?;
        let mut journal = FileJournal::over(path, Box::new(storage))?;
        // Somebody may have put another file in its place before this one was locked.
        journal.check_untouched()?;
        journal.owner = Some(owner);
        Ok(journal)
    }

    /// A journal over any storage, for tests of what happens when a disk fails.
    ///
    /// # Errors
    ///
    /// As [`open`](FileJournal::open).
    #[cfg(feature = "testing")]
    pub fn with_storage(name: impl Into<PathBuf>, storage: impl Storage + 'static) -> Result<Self, JournalError> {
        FileJournal::over(name.into(), Box::new(storage))
    }

    fn over(path: PathBuf, mut storage: Box<dyn Storage>) -> Result<Self, JournalError> {
        let bytes = storage.read().map_err(|error| JournalError::io("read", &path, error))?;
        let contents = Contents::read(&path, &bytes)?;
        Ok(FileJournal {
            path,
            storage,
            owner: None,
            process: OwnProcess::new(),
            events: contents.events.len() as u64,
            committed: contents.committed as u64,
            torn: bytes[contents.committed..].to_vec(),
            repairs: Vec::new(),
            loaded: Some(contents.events),
            unsynced: true,
            poisoned: false,
            lines: Vec::new(),
        })
    }

    /// It is this process's, and as this process left it.
    fn check_owned(&mut self) -> Result<(), JournalError> {
        if self.process.is_this() {
            return self.check_untouched();
        }
        let (path, owner) = (shown_path(&self.path), self.process.id());
        Err(JournalError::no_longer_owner(format!(
            "the journal `{path}` belongs to process {owner}, by which this one was forked off; open journals after the fork"
        )))
    }

    fn check_untouched(&mut self) -> Result<(), JournalError> {
        let length = self.committed + self.torn.len() as u64;
        self.storage.check_untouched(length).map_err(|error| {
            let (path, found) = (shown_path(&self.path), told(&error));
            let message = format!("the journal `{path}` was changed by somebody else: {found}; put it back, or begin a new run");
            JournalError::new(message).with_source(error)
        })
    }

    /// Makes certain what was found, before anybody acts on it.
    fn settle(&mut self) -> Result<(), JournalError> {
        if !self.torn.is_empty() {
            return self.cut_torn_end();
        }
        if self.unsynced {
            self.check_certain()?;
            self.storage.sync().map_err(|error| self.poison("sync", error))?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Keeps the torn end beside the file and cuts it off.
    fn cut_torn_end(&mut self) -> Result<(), JournalError> {
        let kept = torn_end::keep(&self.path, self.committed, &self.torn)?;
        let cut = self.storage.cut(self.committed).and_then(|()| self.storage.sync());
        cut.map_err(|error| self.poison("cut", error))?;
        self.repairs.push(format!(
            "line {} of `{}` was torn: its {} bytes were cut off and kept in `{}`",
            self.events + 1,
            shown_path(&self.path),
            self.torn.len(),
            shown_path(&kept)
        ));
        self.torn.clear();
        self.unsynced = false;
        Ok(())
    }

    /// One write and one sync, however many events there are.
    fn append_lines(&mut self, sequence: u64, events: &[Event]) -> Result<(), JournalError> {
        self.check_certain()?;
        if sequence != self.events {
            return Err(JournalError::out_of_sequence(self.events, sequence));
        }
        self.check_owned()?;
        self.settle()?;
        self.lines.clear();
        for (sequence, event) in (sequence..).zip(events) {
            encode(sequence, event, &mut self.lines)
                .map_err(|error| JournalError::new("the event cannot be written as JSON").with_source(error))?;
        }
        self.storage.append(&self.lines).map_err(|error| self.take_back(error))?;
        self.storage.sync().map_err(|error| {
            // Whether the lines are on the disk nobody knows; if they are still only in memory, this takes them back.
            let _ = self.storage.cut(self.committed);
            self.poison("sync", error).in_doubt()
        })?;
        self.committed += self.lines.len() as u64;
        self.events += events.len() as u64;
        self.loaded = None;
        Ok(())
    }

    /// A line that was not written whole is taken back, for good; if that fails too, nothing is certain any more.
    fn take_back(&mut self, error: io::Error) -> JournalError {
        match self.storage.cut(self.committed).and_then(|()| self.storage.sync()) {
            Ok(()) => JournalError::io("write to", &self.path, error),
            Err(_) => self.poison("write to", error).in_doubt(),
        }
    }

    /// No write or sync has failed for good.
    fn check_certain(&self) -> Result<(), JournalError> {
        if !self.poisoned {
            return Ok(());
        }
        let path = shown_path(&self.path);
        Err(JournalError::new(format!("the journal `{path}` takes no more events after a failed write; open it again")))
    }

    fn poison(&mut self, what: &str, error: io::Error) -> JournalError {
        self.poisoned = true;
        JournalError::io(what, &self.path, error)
    }
}

impl Journal for FileJournal {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        self.append_lines(sequence, slice::from_ref(event))
    }

    fn append_all(&mut self, sequence: u64, events: &[Event]) -> Option<Result<(), JournalError>> {
        Some(self.append_lines(sequence, events))
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        self.check_owned()?;
        self.settle()?;
        if let Some(events) = self.loaded.take() {
            return Ok(events);
        }
        let bytes = self.storage.read().map_err(|error| JournalError::io("read", &self.path, error))?;
        Contents::read(&self.path, &bytes).map(|contents| contents.events)
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn repairs(&self) -> Vec<String> {
        self.repairs.clone()
    }
}

impl RunRecord {
    /// Reads the run in the journal at `path` without owning it, also while another process writes to it. A last line that is
    /// not complete yet is left out.
    ///
    /// `None` if the journal holds no event.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the file is no journal, is one of a newer version, or is damaged, or if it cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Option<RunRecord>, JournalError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| JournalError::io("read", path, error))?;
        let events = Contents::read(path, &bytes)?.events;
        if events.is_empty() {
            return Ok(None);
        }
        RunRecord::replay(&events).map(Some).ok_or_else(|| JournalError::impossible(&path.to_string_lossy()))
    }
}

/// The events of a file, and where the last whole line ends.
struct Contents {
    events: Vec<Event>,
    committed: usize,
}

impl Contents {
    fn read(path: &Path, bytes: &[u8]) -> Result<Self, JournalError> {
        check_is_journal(path, bytes)?;
        let committed = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let (mut events, mut known) = (Vec::new(), Known::default());
        let mut rest = &bytes[..committed];
        while !rest.is_empty() {
            let sequence = events.len() as u64;
            let event = decode(sequence, next_line(&mut rest), &mut known);
            events.push(event.map_err(|reason| corrupt(path, sequence + 1, &reason))?);
        }
        check_is_torn(path, events.len() as u64 + 1, &bytes[committed..])?;
        Ok(Contents { events, committed })
    }
}

/// Takes the next line, without its newline. The standard library's readers find a byte faster than an iterator does.
fn next_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let bytes = *rest;
    let length = rest.skip_until(b'\n').unwrap_or_default();
    bytes[..length].strip_suffix(b"\n").unwrap_or(bytes)
}

/// Refuses a folder, and a file that is something else, before there is a lock beside it, which would be left behind.
fn check_before_locking(path: &Path) -> Result<(), JournalError> {
    if path.is_dir() {
        return Err(JournalError::io("open", path, io::ErrorKind::IsADirectory.into()));
    }
    let mut start = Vec::new();
    // A new journal is not there yet, and why one cannot be read is said when it is opened.
    if path.is_file() && fs::File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start)).is_ok() {
        check_is_journal(path, &start)?;
    }
    Ok(())
}

/// Refuses a file that is something else, before anything of it is cut, and a journal of a newer version.
fn check_is_journal(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let start = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(start) {
        return Err(JournalError::new(format!("`{}` is no journal: its first line is no journal header", shown_path(path))));
    }
    match bytes.split(|byte| *byte == b'\n').next().and_then(newer_version) {
        None => Ok(()),
        Some(version) => Err(JournalError::new(format!(
            "the journal `{}` has the format version {version}, and this program reads version 1; use a newer etl-context",
            shown_path(path)
        ))),
    }
}

/// A crash leaves the beginning of a line. A whole line with something after it, where its newline should be, was changed.
fn check_is_torn(path: &Path, line_number: u64, tail: &[u8]) -> Result<(), JournalError> {
    if starts_with_whole_line(tail) { Err(corrupt(path, line_number, "does not end with a newline")) } else { Ok(()) }
}

fn corrupt(path: &Path, line_number: u64, reason: &str) -> JournalError {
    JournalError::new(format!(
        "the journal `{}` is damaged: line {line_number} {reason}; restore the file from a copy, or begin a new run with a new file",
        shown_path(path)
    ))
}
