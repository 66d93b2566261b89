//! Who owns the journal? Whoever holds an exclusive lock on a file beside it and one on the journal itself. The system releases both
//! when their owner dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process, thread};

use crate::journal::JournalError;
use crate::journal::storage::is_same;
use crate::record::clock::Clock;
use crate::text::line::{shown, shown_path};

/// The locks, held for as long as this lives. The file beside the journal is never deleted, so that its name says who is there; the
/// one on the journal itself holds where that name does not: under another name of the journal, and when somebody did delete it.
#[derive(Debug)]
pub(crate) struct OwnerLock {
    file: File,
    /// The journal itself, once it is open.
    journal: Option<File>,
    /// Whether the file beside it says who owns it.
    signed: bool,
    process: OwnProcess,
}

/// Closing the files would release the locks only once no other process has them open, and a process that is just being started
/// by this one has, for a moment. A process that was forked off must not release them: they are its parent's.
impl Drop for OwnerLock {
    fn drop(&mut self) {
        if !self.process.is_this() {
            return;
        }
        // An owner that has ended is not named to the one that is refused next.
        if self.signed {
            let _ = self.file.set_len(0);
        }
        // In this order: who gets the first lock should get the other one too.
        if let Some(journal) = &self.journal {
            let _ = journal.unlock();
        }
        let _ = self.file.unlock();
    }
}

impl OwnerLock {
    /// Takes the lock beside the journal at `journal`.
    ///
    /// # Errors
    ///
    /// [`JournalError`] that says who owns it, or why the lock file cannot be used.
    pub(crate) fn take(journal: &Path) -> Result<Self, JournalError> {
        let path = lock_path(journal);
        let failed = |error| JournalError::io("lock", &path, error);
        let mut file = open_beside(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(OwnerLock { file, journal: None, signed: false, process: OwnProcess::new() }),
            Err(TryLockError::WouldBlock) => {
                let owner = signature(&mut file).unwrap_or_else(|| "another process".to_owned());
                Err(owned_by(journal, &owner))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Takes the lock on the journal itself, under whatever name it was opened, and says who owns it now.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if somebody else has it, or if the file cannot be locked.
    pub(crate) fn take_journal(&mut self, path: &Path, journal: &File) -> Result<(), JournalError> {
        // Elsewhere, such a lock would keep readers out.
        if cfg!(unix) {
            let failed = |error| JournalError::io("lock", path, error);
            let journal = journal.try_clone().map_err(failed)?;
            match journal.try_lock() {
                Ok(()) => self.journal = Some(journal),
                Err(TryLockError::WouldBlock) => {
                    return Err(owned_by(path, "another process, which opened it by another name, or has lost its lock file"));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        // A disk that has no room left for this keeps nobody out.
        self.signed = sign(&mut self.file).unwrap_or(false);
        Ok(())
    }
}

/// The process in which something was opened. One that it forks off has a copy of all that it has open, and is another one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnProcess(u32);

impl OwnProcess {
    pub(crate) fn new() -> Self {
        OwnProcess(process::id())
    }

    pub(crate) fn is_this(self) -> bool {
        self.0 == process::id()
    }

    pub(crate) fn id(self) -> u32 {
        self.0
    }
}

/// Opens the file beside the journal, or creates it. What a link leads to is somebody else's file, and is neither locked nor emptied.
fn open_beside(path: &Path) -> io::Result<File> {
    let is_link = || io::Error::other("it is a link, or no file at all; remove it, if no process has the journal open");
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(is_link());
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    // A link may have been put there in between.
    let found = fs::symlink_metadata(path)?;
    if found.is_file() && is_same(&file.metadata()?, &found) { Ok(file) } else { Err(is_link()) }
}

/// `run.jsonl` is locked by `run.jsonl.lock`.
fn lock_path(journal: &Path) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// How a signature begins.
const PROCESS: &str = "process ";

/// Writes who owns the journal; true if that was done. This only serves the message below; the locks themselves are the truth, and
/// a file with something else in it is left as it is.
fn sign(file: &mut File) -> io::Result<bool> {
    let found = read_start(file)?;
    if !found.is_empty() && !found.starts_with(PROCESS.as_bytes()) {
        return Ok(false);
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(owner_from_now_on().as_bytes())?;
    Ok(true)
}

/// This process as an owner from now on.
pub(crate) fn owner_from_now_on() -> String {
    format!("{} since {}", this_process(), Clock::start().now())
}

/// As in `process 12 on host b`.
pub(crate) fn this_process() -> String {
    format!("{PROCESS}{} on {}", process::id(), host())
}

fn owned_by(journal: &Path, owner: &str) -> JournalError {
    let journal = shown_path(journal);
    JournalError::owned(format!("the journal `{journal}` is owned by {owner}; wait until it has ended, or stop it"))
}

/// Who signed. Whoever has taken the lock this very moment has not signed yet, and is given a moment to.
fn signature(file: &mut File) -> Option<String> {
    const LOOKS: u32 = 50;
    for _ in 0..LOOKS {
        let owner = read_start(file).ok()?;
        if !owner.is_empty() {
            return Some(shown(&String::from_utf8_lossy(&owner)));
        }
        thread::sleep(Duration::from_millis(2));
    }
    None
}

/// As much of the file as a signature takes.
fn read_start(file: &mut File) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.rewind()?;
    file.take(500).read_to_end(&mut start)?;
    Ok(start)
}

/// The standard library cannot ask for the host's name; this finds it where it usually is.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = name.ok().or_else(|| env::var("HOSTNAME").ok()).or_else(|| env::var("COMPUTERNAME").ok());
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.map_or_else(|| "an unnamed host".to_owned(), |name| format!("host {name}"))
}
