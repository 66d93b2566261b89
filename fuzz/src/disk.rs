//! Where does a journal lie, so that thousands of them a second can be opened?

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex};

use etl_context::Storage;

/// Bytes in memory that a `FileJournal` takes for a file. Clones are the same bytes.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<Vec<u8>>>);

impl Disk {
    pub fn holding(bytes: &[u8]) -> Self {
        Disk(Arc::new(Mutex::new(bytes.to_vec())))
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("nobody panics with it").clone()
    }
}

impl Storage for Disk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.bytes())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.lock().expect("nobody panics with it").truncate(usize::try_from(length).expect("it is in memory"));
        Ok(())
    }
}

/// A folder in memory for the file that `RunRecord::read` wants, and for torn ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(format!("etl-context-fuzz-{}", process::id()));
        fs::create_dir_all(&folder).expect("the folder can be made");
        Folder(folder)
    }

    pub fn journal(&self) -> PathBuf {
        self.0.join("run.jsonl")
    }

    /// Removes what a journal has left beside itself.
    pub fn clear(&self) {
        for entry in fs::read_dir(&self.0).expect("the folder is there") {
            fs::remove_file(entry.expect("it can be read").path()).expect("it can be removed");
        }
    }
}

impl Default for Folder {
    fn default() -> Self {
        Folder::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
