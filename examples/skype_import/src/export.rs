//! Which JSON is to be imported, and where is it? In a plain file, from standard input, or in an archive.

mod archive;
mod kind;
mod unpacked;
mod window;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::Xxh3;

use self::archive::Files;
use self::kind::Kind;
use crate::error::ImportError;

pub(crate) use unpacked::remove_left_behind;
pub(crate) use window::Window;

/// The name of standard input on the command line.
const STANDARD_INPUT: &str = "-";

const BLOCK: usize = 1 << 17;

/// What is to be imported. What had to be unpacked is removed with this value.
#[derive(Debug)]
pub(crate) struct Export {
    /// As the user calls it.
    pub(crate) name: PathBuf,
    pub(crate) parts: Vec<Part>,
    /// Of the content, wherever it lies and however it is packed.
    pub(crate) digest: String,
    /// What the user may not expect of it.
    pub(crate) remarks: Vec<String>,
    unpacked: Vec<NamedTempFile>,
}

/// The JSON of an export, or of a part of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// For messages.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    /// Its first byte in the file.
    pub(crate) start: u64,
    pub(crate) length: u64,
}

impl Part {
    /// Reads the part from the byte `offset` on, in large blocks.
    pub(crate) fn read_from(&self, offset: u64) -> Result<Window, ImportError> {
        let opened = File::open(&self.file).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.start + offset))?;
            Ok(Window::new(file, offset, self.length - offset.min(self.length)))
        });
        opened.map_err(|problem| self.unreadable(problem))
    }

    pub(crate) fn unreadable(&self, problem: io::Error) -> ImportError {
        ImportError::UnreadableExport { file: self.file.clone(), problem }
    }
}

impl Export {
    /// Finds the JSON of `export`. What has to be unpacked first is in `scratch` then, a directory that is created if need be.
    pub(crate) fn open(export: &Path, scratch: &Path) -> Result<Self, ImportError> {
        let unreadable = |problem| ImportError::UnreadableExport { file: export.to_path_buf(), problem };
        let mut opening = Opening { export, scratch, parts: Vec::new(), remarks: Vec::new(), unpacked: Vec::new() };
        let found = if export == Path::new(STANDARD_INPUT) {
            opening.unpack(io::stdin().lock()).and_then(|file| opening.find_in(&file, "standard input".to_owned()))
        } else {
            opening.find_in(export, export.display().to_string())
        };
        match found.map_err(unreadable)? {
            Outcome::Found => {}
            Outcome::WithoutMessages => return Err(ImportError::ArchiveWithoutMessages { file: export.to_path_buf() }),
            Outcome::Kind(kind) => return Err(ImportError::KindNotRead { file: export.to_path_buf(), kind }),
        }
        let digest = digest(&opening.parts).map_err(unreadable)?;
        let Opening { parts, remarks, unpacked, .. } = opening;
        Ok(Export { name: export.to_path_buf(), parts, digest, remarks, unpacked })
    }

    /// How many bytes of JSON there are.
    pub(crate) fn length(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }

    /// Removes what had to be unpacked: nothing reads it any more.
    pub(crate) fn forget_unpacked(&mut self) {
        self.unpacked.clear();
    }

    /// Whether a copy of it was made to read it.
    pub(crate) fn is_unpacked(&self) -> bool {
        !self.unpacked.is_empty()
    }
}

enum Outcome {
    Found,
    WithoutMessages,
    Kind(&'static str),
}

struct Opening<'a> {
    export: &'a Path,
    scratch: &'a Path,
    parts: Vec<Part>,
    remarks: Vec<String>,
    unpacked: Vec<NamedTempFile>,
}

impl Opening<'_> {
    fn find_in(&mut self, path: &Path, name: String) -> io::Result<Outcome> {
        let mut file = File::open(path)?;
        let kind = Kind::of(&kind::head_of(&mut file)?);
        file.rewind()?;
        match kind {
            Kind::Json(mark) => {
                let length = file.metadata()?.len();
                self.parts.push(Part { name, file: path.to_path_buf(), start: mark, length: length - mark.min(length) });
                Ok(Outcome::Found)
            }
            Kind::Tar => self.find_in_tar(path, &mut file, &name),
            Kind::Gzip => {
                let unpacked = self.unpack(MultiGzDecoder::new(file))?;
                self.find_in(&unpacked, name)
            }
            Kind::Zip => self.find_in_zip(&file, &name),
            Kind::Unreadable(kind) => Ok(Outcome::Kind(kind)),
        }
    }

    fn find_in_tar(&mut self, path: &Path, file: &mut File, name: &str) -> io::Result<Outcome> {
        let files = archive::in_tar(file)?;
        self.remark_on(&files);
        for found in files.found {
            let (start, length) = found.place;
            let mark = mark_at(file, start)?;
            let name = format!("{name}, {}", found.path);
            self.parts.push(Part { name, file: path.to_path_buf(), start: start + mark, length: length - mark.min(length) });
        }
        Ok(if self.parts.is_empty() { Outcome::WithoutMessages } else { Outcome::Found })
    }

    fn find_in_zip(&mut self, file: &File, name: &str) -> io::Result<Outcome> {
        let mut archive = archive::open_zip(file)?;
        let files = archive::in_zip(&mut archive);
        self.remark_on(&files);
        for found in files.found {
            let packed = archive.by_index(found.place).map_err(archive::readable)?;
            let unpacked = self.unpack(packed)?;
            if let Outcome::Kind(kind) = self.find_in(&unpacked, format!("{name}, {}", found.path))? {
                return Ok(Outcome::Kind(kind));
            }
        }
        Ok(if self.parts.is_empty() { Outcome::WithoutMessages } else { Outcome::Found })
    }

    fn remark_on<P>(&mut self, files: &Files<P>) {
        let export = self.export.display();
        let repeated = files.repeated.iter();
        self.remarks.extend(repeated.map(|path| format!("{export} has {path} more than once; the last one is imported")));
        if files.found.len() > 1 {
            let paths: Vec<_> = files.found.iter().map(|found| found.path.as_str()).collect();
            self.remarks.push(format!("{export} has {} parts, which are all imported: {}", paths.len(), paths.join(", ")));
        }
    }

    fn unpack(&mut self, mut packed: impl Read) -> io::Result<PathBuf> {
        let mut file = unpacked::create(self.scratch)?;
        let mut block = vec![0; BLOCK];
        loop {
            match packed.read(&mut block) {
                Ok(0) => break,
                Ok(length) => file.write_all(&block[..length])?,
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => return Err(problem),
            }
        }
        let path = file.path().to_path_buf();
        self.unpacked.push(file);
        Ok(path)
    }
}

/// How many bytes of a byte order mark are there.
fn mark_at(file: &mut File, start: u64) -> io::Result<u64> {
    file.seek(SeekFrom::Start(start))?;
    Ok(match Kind::of(&kind::head_of(file)?) {
        Kind::Json(mark) => mark,
        _ => 0,
    })
}

/// Of one part as `xxh128sum` has it, and of several the same of all of them.
fn digest(parts: &[Part]) -> io::Result<String> {
    let mut digest = Xxh3::new();
    let mut block = vec![0; BLOCK];
    for part in parts {
        let mut file = File::open(&part.file)?;
        file.seek(SeekFrom::Start(part.start))?;
        let mut content = file.take(part.length);
        loop {
            let length = content.read(&mut block)?;
            if length == 0 {
                break;
            }
            digest.update(&block[..length]);
        }
        if parts.len() > 1 {
            digest.update(&part.length.to_le_bytes());
        }
    }
    Ok(format!("{:032x}", digest.digest128()))
}

#[cfg(test)]
mod tests;
