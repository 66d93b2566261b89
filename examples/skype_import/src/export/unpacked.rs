//! Where is a copy of what had to be unpacked? In a file that goes with its process, or with the next one if that was killed.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

const BEGINNING: &str = "unpacked-";

/// A new file in `scratch`, a directory that is created if need be. It is locked for as long as its process lives.
pub(crate) fn create(scratch: &Path) -> io::Result<NamedTempFile> {
    fs::create_dir_all(scratch)?;
    loop {
        let file = Builder::new().prefix(BEGINNING).tempfile_in(scratch)?;
        file.as_file().lock()?;
        // Before it was locked, another process may have taken it for one that was left behind.
        if file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes the copies of processes that were killed.
pub(crate) fn remove_left_behind(scratch: &Path) {
    let Ok(files) = fs::read_dir(scratch) else { return };
    for file in files.filter_map(Result::ok).filter(|file| file.file_name().to_string_lossy().starts_with(BEGINNING)) {
        let is_left = File::open(file.path()).is_ok_and(|file| file.try_lock().is_ok());
        if is_left {
            // Whoever comes next tries again.
            let _ = fs::remove_file(file.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_has_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("unpacked-left"), "{}").unwrap();
        fs::write(folder.path().join("messages.spans"), "").unwrap();
        let mine = create(folder.path()).unwrap();
        remove_left_behind(folder.path());
        assert!(mine.path().exists() && folder.path().join("messages.spans").exists());
        assert!(!folder.path().join("unpacked-left").exists());
    }
}
