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

/// The locks, held for as long as this lives. The file beside a journal of one run is deleted with it and never before, so that its name says who is
/// there; the one on the journal itself holds where that name does not: under another name of the journal, and when somebody did
/// delete it.
#[derive(Debug)]
pub(crate) struct OwnerLock {
    file: File,
    /// The journal itself, once it is open.
    journal: Option<File>,
    /// Whether the file beside it says who owns it.
    signed: bool,
    /// The file beside it, if it goes when its owner does.
    passing: Option<PathBuf>,
    process: OwnProcess,
}

/// Closing the files would release the locks only once no other process has them open, and a process that is just being started
/// by this one has, for a moment. A process that was forked off must not release them: they are its parent's.
impl Drop for OwnerLock {
    fn drop(&mut self) {
        if !self.process.is_this() {
            return;
        }
        // Nobody else has this lock, so this is nobody else's file.
        if let Some(path) = self.passing.as_ref().filter(|path| is_called(&self.file, path)) {
            let _ = fs::remove_file(path);
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
        OwnerLock::take_named(journal, &format!("the journal `{}`", shown_path(journal)))
    }

    /// Takes the lock of a run that shares its store with others, and says who owns it now. The file goes with its owner, or there
    /// would be one for every run that there was.
    ///
    /// # Errors
    ///
    /// [`JournalError`] that says who owns the run, by this name, or why the lock file cannot be used.
    #[cfg(feature = "sqlite")]
    pub(crate) fn take_run(run: &Path, name: &str) -> Result<Self, JournalError> {
        loop {
            let mut lock = OwnerLock::take_named(run, name)?;
            let path = lock_path(run);
            // The owner before may have removed the file after this process had opened it, and another one may lock the next.
            if is_called(&lock.file, &path) {
                lock.signed = sign(&mut lock.file).unwrap_or(false);
                // Elsewhere, two files cannot be told apart. What somebody else wrote into it stays.
                lock.passing = Some(path).filter(|_| cfg!(unix) && lock.signed);
                return Ok(lock);
            }
        }
    }

    /// Takes the lock beside a file that is no journal and is called so, and says who owns it now.
    ///
    /// # Errors
    ///
    /// [`JournalError`] that says who owns it, or why the lock file cannot be used.
    pub(crate) fn take_beside(path: &Path, name: &str) -> Result<Self, JournalError> {
        let mut lock = OwnerLock::take_named(path, name)?;
        lock.signed = sign(&mut lock.file).unwrap_or(false);
        Ok(lock)
    }

    fn take_named(journal: &Path, name: &str) -> Result<Self, JournalError> {
        let path = lock_path(journal);
        let failed = |error| JournalError::io("lock", &path, error);
        let mut file = open_beside(&path).map_err(failed)?;
        match lock(&file) {
            Ok(()) => Ok(OwnerLock { file, journal: None, signed: false, passing: None, process: OwnProcess::new() }),
            Err(TryLockError::WouldBlock) => {
                let owner = signature(&mut file).unwrap_or_else(|| "another process".to_owned());
                Err(owned_by(name, &owner))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Removes the file beside the journal, which is not there any more.
    pub(crate) fn remove(mut self, journal: &Path) {
        self.passing = Some(lock_path(journal)).filter(|_| cfg!(unix));
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
                    let name = format!("the journal `{}`", shown_path(path));
                    return Err(owned_by(&name, "another process, which opened it by another name, or has lost its lock file"));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        // A disk that has no room left for this keeps nobody out.
        self.signed = sign(&mut self.file).unwrap_or(false);
        Ok(())
    }
}

/// Who has the lock beside the journal, which stays theirs; `None` if nobody has.
pub(crate) fn owner_of(journal: &Path) -> Option<String> {
    let path = lock_path(journal);
    // A link is not followed, as it is not by an owner.
    let mut file = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file).and_then(|_| File::open(&path).ok())?;
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            None
        }
        Err(TryLockError::WouldBlock) => Some(signature(&mut file).unwrap_or_else(|| "another process".to_owned())),
        Err(TryLockError::Error(_)) => None,
    }
}

/// Whoever only looks whether somebody has the lock has it for a moment, which is waited for.
fn lock(file: &File) -> Result<(), TryLockError> {
    const LOOKS: u32 = 5;
    for _ in 1..LOOKS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(2)),
            locked => return locked,
        }
    }
    file.try_lock()
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
    loop {
        if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::other("it is a link, or no file at all; remove it, if no process has the journal open"));
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        // A link may have been put there in between, or an owner that was there before may have removed its file.
        if is_called(&file, path) {
            return Ok(file);
        }
    }
}

/// The same file by whatever name it is given, so that it has one lock.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Whether the file is the one that has the name.
fn is_called(file: &File, path: &Path) -> bool {
    let named = fs::symlink_metadata(path);
    named.is_ok_and(|named| named.is_file() && file.metadata().is_ok_and(|file| is_same(&file, &named)))
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

pub(crate) fn owned_by(name: &str, owner: &str) -> JournalError {
    JournalError::owned(format!("{name} is owned by {owner}; wait until it has ended, or stop it"))
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

#[cfg(all(test, unix, feature = "sqlite"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{fs, io, thread};

    use super::OwnerLock;

    /// Owners come and go, each of which removes the file of the lock: never are there two at once.
    #[test]
    fn a_lock_that_goes_with_its_owner_never_has_two() -> io::Result<()> {
        const TURNS: usize = 2_000;
        let folder = tempfile::tempdir()?;
        let (run, owners, taken) = (folder.path().join("run"), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(Ordering::SeqCst) < TURNS {
                        match OwnerLock::take_run(&run, "the run") {
                            Ok(lock) => {
                                assert_eq!(owners.fetch_add(1, Ordering::SeqCst), 0, "two own it");
                                thread::yield_now();
                                owners.fetch_sub(1, Ordering::SeqCst);
                                taken.fetch_add(1, Ordering::SeqCst);
                                drop(lock);
                            }
                            Err(error) => assert!(error.is_owned(), "{error}"),
                        }
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path())?.count(), 0, "the last one removes the file, too");
        Ok(())
    }
}
