//! A journal file in a folder of its own, which goes with it.

use std::fs;
use std::path::{Path, PathBuf};

use etl_context::{Event, FileJournal, Journal, JournalError, RunRecord};
use tempfile::TempDir;

pub(crate) struct JournalFile {
    path: PathBuf,
    folder: TempDir,
}

impl JournalFile {
    /// Where there is a file system in memory, in that: thousands of syncs to a disk take minutes.
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        JournalFile::within(folder.unwrap())
    }

    /// On a disk, for what has to do with its being slow.
    pub(crate) fn on_disk() -> Self {
        JournalFile::within(TempDir::new().unwrap())
    }

    fn within(folder: TempDir) -> Self {
        // The name that messages show, whatever symbolic links lead here.
        let path = folder.path().canonicalize().unwrap().join("run.jsonl");
        JournalFile { path, folder }
    }

    pub(crate) fn with(bytes: impl AsRef<[u8]>) -> Self {
        let file = JournalFile::new();
        file.write(bytes);
        file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path, for a child process.
    pub(crate) fn given(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn open(&self) -> FileJournal {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<FileJournal, JournalError> {
        FileJournal::open(&self.path)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    pub(crate) fn write(&self, bytes: impl AsRef<[u8]>) {
        fs::write(&self.path, bytes).unwrap();
    }

    /// The record that the file holds, read without owning it.
    pub(crate) fn record(&self) -> RunRecord {
        RunRecord::read(&self.path).unwrap().expect("the run has begun")
    }

    /// The events that the file holds, read without owning it.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.crashed().open().load().unwrap()
    }

    /// The file as it would be found if its process died now, somewhere else: the process here still owns its own.
    pub(crate) fn crashed(&self) -> JournalFile {
        JournalFile::with(self.bytes())
    }

    /// What was cut off when it was opened, as it is kept beside it.
    pub(crate) fn torn_ends(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().contains(".torn-at-")).map(|path| fs::read(path).unwrap()).collect()
    }
}
