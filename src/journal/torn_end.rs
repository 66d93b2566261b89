//! Where is a torn end kept, which no reader counts? In a file of its own beside the journal, so that nothing is ever thrown away.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::journal::JournalError;
use crate::journal::storage::sync_folder;

/// Keeps the bytes. `run.jsonl` torn after byte 512 is kept in `run.jsonl.torn-at-512`, and if another torn end is there already, in
/// `run.jsonl.torn-at-512-2`.
///
/// # Errors
///
/// [`JournalError`] if they cannot be kept.
pub(super) fn keep(journal: &Path, committed: u64, bytes: &[u8]) -> Result<PathBuf, JournalError> {
    let names = (1..).map(|number| match number {
        1 => format!(".torn-at-{committed}"),
        number => format!(".torn-at-{committed}-{number}"),
    });
    let mut paths = names.map(|name| PathBuf::from([journal.as_os_str(), name.as_ref()].into_iter().collect::<OsString>()));
    let path = paths.find(|path| is_free_for(path, bytes)).unwrap_or_default();
    let kept = write(&path, bytes).and_then(|()| sync_folder(&path));
    kept.map_err(|error| JournalError::io("keep the torn end of the journal in", &path, error))?;
    Ok(path)
}

/// Whether the file can be written without losing what it holds: nothing, or the beginning of the same bytes, from a process that died,
/// or found no more room, before it had kept them all and could cut them off.
fn is_free_for(path: &Path, bytes: &[u8]) -> bool {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() <= bytes.len() as u64 => {
            fs::read(path).map_or(true, |kept| bytes.starts_with(&kept))
        }
        Ok(found) => !found.is_file(),
        Err(_) => true,
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a link leads to is somebody else's.
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is a link, or no file at all"));
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
