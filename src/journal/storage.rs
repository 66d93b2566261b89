//! What does a file journal need of a disk? A few operations, so that a test can stand in for a disk that fails.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A file that is read whole, appended to, synced and cut.
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "only tests stand in for a disk"))]
pub trait Storage: Send + Sync + fmt::Debug {
    /// Every byte of the file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn read(&mut self) -> io::Result<Vec<u8>>;

    /// Writes the bytes to the end, in one write where the system allows it.
    ///
    /// # Errors
    ///
    /// If not all of them were written; some may have been.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Once this returns, everything that was appended or cut is on the medium.
    ///
    /// # Errors
    ///
    /// If that is not certain.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to this length.
    ///
    /// # Errors
    ///
    /// If it cannot be cut.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Whether the file is still as its owner left it: so many bytes long, and found by its name. A storage that nobody else can
    /// reach need not look.
    ///
    /// # Errors
    ///
    /// What has become of it.
    fn check_untouched(&mut self, length: u64) -> io::Result<()> {
        let _ = length;
        Ok(())
    }
}

/// A real file.
#[derive(Debug)]
pub(crate) struct DiskFile {
    file: File,
    path: PathBuf,
}

impl DiskFile {
    /// Opens the file, or creates it and makes its name durable.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        // One that is empty may have been created by a process that died before it could do this.
        if file.metadata()?.len() == 0 {
            sync_folder(path)?;
        }
        Ok(DiskFile { file, path: path.to_owned() })
    }

    /// The open file, which has one lock whatever it is called.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// Makes the names in the folder of `path` durable. Only Unix has a way to, and needs it.
#[cfg_attr(not(unix), allow(clippy::unnecessary_wraps, unused_variables, reason = "nothing to do elsewhere"))]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

impl Storage for DiskFile {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn check_untouched(&mut self, length: u64) -> io::Result<()> {
        let opened = self.file.metadata()?;
        if opened.len() != length {
            return Err(io::Error::other(format!("it has {} bytes, where its owner has left {length}", opened.len())));
        }
        match fs::metadata(&self.path) {
            Ok(named) if is_same(&opened, &named) => Ok(()),
            Ok(_) => Err(io::Error::other("another file has its name")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::Error::other("it was removed, or has another name")),
            // Who may not look at the name any more may still write to the file.
            Err(_) => Ok(()),
        }
    }
}

/// Whether the two are of one file. Only Unix tells.
#[cfg_attr(not(unix), allow(unused_variables, reason = "nothing to compare elsewhere"))]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    true
}
