//! Where in an archive are the messages?

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use tar::Archive;
use zip::ZipArchive;
use zip::result::ZipError;

/// A file of an archive that has this name is one with messages, in whatever folder it is.
const MESSAGES: &str = "messages.json";

/// A file with messages: its path in the archive, and where its content is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found<P> {
    pub(crate) path: String,
    pub(crate) place: P,
}

/// Which files were found, and which of them not for the first time.
#[derive(Debug)]
pub(crate) struct Files<P> {
    pub(crate) found: Vec<Found<P>>,
    pub(crate) repeated: Vec<String>,
}

impl<P> Files<P> {
    fn new() -> Self {
        Files { found: Vec::new(), repeated: Vec::new() }
    }

    /// Whoever unpacks an archive has the last of the files with one path.
    fn add(&mut self, path: String, place: P) {
        match self.found.iter_mut().find(|found| found.path == path) {
            Some(found) => {
                found.place = place;
                self.repeated.push(path);
            }
            None => self.found.push(Found { path, place }),
        }
    }
}

/// Where in a tar archive the content of a file is: its first byte, and how many there are.
pub(crate) type Span = (u64, u64);

/// Seeks over the other entries: an archive also holds all photos and videos.
pub(crate) fn in_tar(file: &mut File) -> io::Result<Files<Span>> {
    let length = file.metadata()?.len();
    let mut files = Files::new();
    let mut archive = Archive::new(file);
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let (start, size) = (entry.raw_file_position(), entry.size());
        if start.checked_add(size).is_none_or(|end| end > length) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut off"));
        }
        if !entry.header().entry_type().is_file() || entry.path()?.file_name() != Some(MESSAGES.as_ref()) {
            continue;
        }
        files.add(String::from_utf8_lossy(&entry.path_bytes()).into_owned(), (start, size));
    }
    Ok(files)
}

/// The place is the number of the file in the archive.
pub(crate) fn in_zip(archive: &mut ZipArchive<File>) -> Files<usize> {
    let mut files = Files::new();
    for number in 0..archive.len() {
        let name = archive.name_for_index(number).unwrap_or_default();
        if Path::new(name).file_name() == Some(MESSAGES.as_ref()) {
            files.add(name.to_owned(), number);
        }
    }
    files
}

pub(crate) fn open_zip(file: &File) -> io::Result<ZipArchive<File>> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    ZipArchive::new(file).map_err(readable)
}

/// What the archive says, without the words around it.
pub(crate) fn readable(problem: ZipError) -> io::Error {
    match problem {
        ZipError::Io(problem) => problem,
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}
