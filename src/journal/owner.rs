//! Who owns the journal? An exclusive lock on a file beside it, which the system releases when its owner dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process, thread};

use crate::journal::JournalError;
use crate::record::clock::Clock;

/// The lock, held for as long as this lives. Its file is never deleted: a second file of the same name would be a second lock.
#[derive(Debug)]
pub(crate) struct OwnerLock {
    file: File,
}

/// Closing the file would release the lock only once no other process has it open, and a process that is just being started
/// by this one has, for a moment.
impl Drop for OwnerLock {
    fn drop(&mut self) {
        // An owner that has ended is not named to the one that is refused next.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

impl OwnerLock {
    /// Takes the lock of the journal at `journal`.
    ///
    /// # Errors
    ///
    /// [`JournalError`] that says who owns it, or why the lock file cannot be opened.
    pub(crate) fn take(journal: &Path) -> Result<Self, JournalError> {
        let path = lock_path(journal);
        let failed = |error| JournalError::io("lock", &path, error);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(owned_by_another(journal, &mut file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        sign(&mut file).map_err(failed)?;
        Ok(OwnerLock { file })
    }
}

/// `run.jsonl` is locked by `run.jsonl.lock`.
fn lock_path(journal: &Path) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// Writes who owns the journal. This only serves the message below; the lock itself is the truth.
fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.write_all(owner_from_now_on().as_bytes())
}

/// This process as an owner from now on.
pub(crate) fn owner_from_now_on() -> String {
    format!("{} since {}", this_process(), Clock::start().now())
}

/// As in `process 12 on host b`.
pub(crate) fn this_process() -> String {
    format!("process {} on {}", process::id(), host())
}

fn owned_by_another(journal: &Path, file: &mut File) -> JournalError {
    let owner = signature(file).unwrap_or_else(|| "another process".to_owned());
    JournalError::owned(format!("the journal `{}` is owned by {owner}; wait until it has ended, or stop it", journal.display()))
}

/// Who signed. Whoever has taken the lock this very moment has not signed yet, and is given a moment to.
fn signature(file: &mut File) -> Option<String> {
    const LOOKS: u32 = 50;
    for _ in 0..LOOKS {
        let mut owner = String::new();
        file.rewind().and_then(|()| file.read_to_string(&mut owner)).ok()?;
        if !owner.is_empty() {
            return Some(owner);
        }
        thread::sleep(Duration::from_millis(2));
    }
    None
}

/// The standard library cannot ask for the host's name; this finds it where it usually is.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = name.ok().or_else(|| env::var("HOSTNAME").ok()).or_else(|| env::var("COMPUTERNAME").ok());
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.map_or_else(|| "an unnamed host".to_owned(), |name| format!("host {name}"))
}
