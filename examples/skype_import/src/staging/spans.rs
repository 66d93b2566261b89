//! Where in the export each message is: sixteen bytes for each, so that the place of any of them is found at once.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::ImportError;
use crate::extract::Span;
use crate::json_lines::{failed, persist};

const LENGTH: usize = 16;
const BUFFER: usize = 1 << 16;

/// Writes a file that is there once it is complete, and not before.
pub(crate) struct SpansWriter {
    file: PathBuf,
    output: BufWriter<NamedTempFile>,
    is_kept: bool,
    count: u64,
}

impl SpansWriter {
    /// One that is kept is for another process, should this one or its machine die.
    pub(crate) fn create(file: PathBuf, is_kept: bool) -> Result<Self, ImportError> {
        let directory = file.parent().unwrap_or(Path::new("."));
        let output = NamedTempFile::new_in(directory).map_err(failed("create the staged file", &file))?;
        Ok(Self { file, output: BufWriter::with_capacity(BUFFER, output), is_kept, count: 0 })
    }

    /// How many were written.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn write(&mut self, span: Span) -> Result<(), ImportError> {
        let mut written = [0; LENGTH];
        written[..8].copy_from_slice(&span.offset.to_le_bytes());
        written[8..].copy_from_slice(&span.length.to_le_bytes());
        self.count += 1;
        self.output.write_all(&written).map_err(failed("write the staged file", &self.file))
    }

    /// As if only the first ones had been written.
    pub(crate) fn cut_to(&mut self, count: u64) -> Result<(), ImportError> {
        self.count = count;
        let cut = self.output.seek(SeekFrom::Start(count * LENGTH as u64)).and_then(|length| {
            // The seek has written out what was buffered.
            self.output.get_ref().as_file().set_len(length)
        });
        cut.map_err(failed("write the staged file", &self.file))
    }

    /// Makes the file durable if it is kept, for the phase that wrote it is not run again, and gives it its name.
    pub(crate) fn finish(self) -> Result<(), ImportError> {
        let output = self.output.into_inner().map_err(std::io::IntoInnerError::into_error);
        let written = output.and_then(|output| persist(output, &self.file, self.is_kept));
        written.map_err(failed("write the staged file", &self.file))
    }
}

pub(crate) struct SpansReader {
    file: PathBuf,
    input: BufReader<File>,
    /// The number of the span that is read next.
    next: u64,
}

impl SpansReader {
    pub(crate) fn open(file: PathBuf) -> Result<Self, ImportError> {
        let input = File::open(&file).map_err(failed("open the staged file", &file))?;
        Ok(Self { file, input: BufReader::with_capacity(BUFFER, input), next: 0 })
    }

    pub(crate) fn read(&mut self, number: u64) -> Result<Span, ImportError> {
        let mut written = [0; LENGTH];
        let read = self.move_to(number).and_then(|()| self.input.read_exact(&mut written));
        read.map_err(|problem| match problem.kind() {
            ErrorKind::UnexpectedEof => ImportError::DamagedStaging {
                file: self.file.clone(),
                offset: number * LENGTH as u64,
                problem: "it is too short".to_owned(),
            },
            _ => failed("read the staged file", &self.file)(problem),
        })?;
        self.next = number + 1;
        let (offset, length) = written.split_at(8);
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Ok(Span { offset: number(offset), length: number(length) })
    }

    fn move_to(&mut self, number: u64) -> std::io::Result<()> {
        if number != self.next {
            self.input.seek(SeekFrom::Start(number * LENGTH as u64))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(number: u64) -> Span {
        Span { offset: number << 40, length: number }
    }

    fn written(count: u64, then: impl FnOnce(&mut SpansWriter)) -> (tempfile::TempDir, SpansReader) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("spans");
        let mut writer = SpansWriter::create(file.clone(), true).unwrap();
        (0..count).for_each(|number| writer.write(span(number)).unwrap());
        then(&mut writer);
        assert!(!file.exists());
        writer.finish().unwrap();
        (directory, SpansReader::open(file).unwrap())
    }

    #[test]
    fn any_span_is_read_back() {
        let (_directory, mut reader) = written(10_000, |_| ());
        for number in [0, 1, 9_999, 5_000, 5_001, 0] {
            assert_eq!(reader.read(number).unwrap(), span(number));
        }
        let error = reader.read(10_000).unwrap_err().to_string();
        assert!(error.contains("at byte 160000: it is too short"), "{error}");
    }

    #[test]
    fn what_was_cut_off_is_not_there() {
        let (_directory, mut reader) = written(9_000, |writer| {
            writer.cut_to(2).unwrap();
            writer.write(span(7)).unwrap();
            assert_eq!(writer.count(), 3);
        });
        assert_eq!(reader.read(1).unwrap(), span(1));
        assert_eq!(reader.read(2).unwrap(), span(7));
        assert!(reader.read(3).is_err());
    }
}
