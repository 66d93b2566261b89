//! Reads and writes files with one JSON value per line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use crate::error::ImportError;

/// Writes a file that is there once it is complete, and not before.
pub(crate) struct JsonLinesWriter<T> {
    file: PathBuf,
    output: BufWriter<NamedTempFile>,
    is_kept: bool,
    values: PhantomData<T>,
}

impl<T: Serialize> JsonLinesWriter<T> {
    /// One that is kept is for another process, should this one or its machine die.
    pub(crate) fn create(file: PathBuf, is_kept: bool) -> Result<Self, ImportError> {
        let directory = file.parent().unwrap_or(Path::new("."));
        let output = NamedTempFile::new_in(directory).map_err(failed("create the staged file", &file))?;
        Ok(Self { file, output: BufWriter::with_capacity(1 << 16, output), is_kept, values: PhantomData })
    }

    pub(crate) fn write(&mut self, value: &T) -> Result<(), ImportError> {
        serde_json::to_writer(&mut self.output, value)
            .map_err(io::Error::from)
            .and_then(|()| self.output.write_all(b"\n"))
            .map_err(failed("write the staged file", &self.file))
    }

    /// Where the next value will be.
    pub(crate) fn offset(&mut self) -> Result<u64, ImportError> {
        self.output.stream_position().map_err(failed("write the staged file", &self.file))
    }

    /// As if nothing had been written from this place on.
    pub(crate) fn cut_to(&mut self, offset: u64) -> Result<(), ImportError> {
        // The seek writes out what was buffered.
        let cut = self.output.seek(SeekFrom::Start(offset)).and_then(|length| self.output.get_ref().as_file().set_len(length));
        cut.map_err(failed("write the staged file", &self.file))
    }

    /// Writes out what is still buffered, makes it durable if it is kept, for the phase that wrote it is not run again, and gives
    /// the file its name, in place of an earlier one. Without this call, there is no file.
    pub(crate) fn finish(self) -> Result<(), ImportError> {
        let output = self.output.into_inner().map_err(io::IntoInnerError::into_error);
        let written = output.and_then(|output| persist(output, &self.file, self.is_kept));
        written.map_err(failed("write the staged file", &self.file))
    }
}

/// Gives a complete file its name, once it is durable if it is kept.
pub(crate) fn persist(file: NamedTempFile, name: &Path, is_kept: bool) -> io::Result<()> {
    if is_kept {
        file.as_file().sync_all()?;
    }
    file.persist(name)?;
    Ok(())
}

pub(crate) struct JsonLinesReader<T> {
    file: PathBuf,
    input: BufReader<File>,
    offset: u64,
    line: Vec<u8>,
    values: PhantomData<T>,
}

impl<T: DeserializeOwned> JsonLinesReader<T> {
    /// Reads the file from the byte `offset` on, which must begin a line.
    pub(crate) fn open(file: PathBuf, offset: u64) -> Result<Self, ImportError> {
        let mut input = BufReader::with_capacity(1 << 16, File::open(&file).map_err(failed("open the staged file", &file))?);
        if !begins_line(&mut input, offset).map_err(failed("read the staged file", &file))? {
            return Err(ImportError::DamagedStaging {
                file,
                offset,
                problem: "no line begins here; was the file staged anew?".to_owned(),
            });
        }
        Ok(Self { file, input, offset, line: Vec::new(), values: PhantomData })
    }

    /// The next value, or `None` at the end of the file.
    pub(crate) fn read(&mut self) -> Result<Option<T>, ImportError> {
        self.line.clear();
        let length = self.input.read_until(b'\n', &mut self.line).map_err(failed("read the staged file", &self.file))?;
        if length == 0 {
            return Ok(None);
        }
        let value = serde_json::from_slice(&self.line).map_err(|problem| self.damaged(&problem))?;
        self.offset += length as u64;
        Ok(Some(value))
    }

    /// Where the next line begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    fn damaged(&self, problem: &serde_json::Error) -> ImportError {
        ImportError::DamagedStaging { file: self.file.clone(), offset: self.offset, problem: problem.to_string() }
    }
}

/// Moves `input` to `offset` and tells whether a line begins there: at the start of the file, or after a line's end.
fn begins_line(input: &mut (impl Read + Seek), offset: u64) -> io::Result<bool> {
    let Some(before) = offset.checked_sub(1) else {
        return Ok(true);
    };
    input.seek(SeekFrom::Start(before))?;
    let mut byte = [0];
    Ok(input.read(&mut byte)? == 1 && byte == *b"\n")
}

pub(crate) fn failed(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> ImportError {
    move |problem| ImportError::Staging { action, file: file.to_path_buf(), problem }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(file: &Path, values: &[&str]) {
        let mut writer = JsonLinesWriter::create(file.to_path_buf(), true).unwrap();
        for value in values {
            writer.write(&(*value).to_owned()).unwrap();
        }
        writer.finish().unwrap();
    }

    fn read(file: &Path, offset: u64) -> Result<Vec<String>, ImportError> {
        let mut reader = JsonLinesReader::open(file.to_path_buf(), offset)?;
        let mut values = Vec::new();
        while let Some(value) = reader.read()? {
            values.push(value);
        }
        Ok(values)
    }

    #[test]
    fn what_was_written_is_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        write(&file, &["two\nlines", "", "🙂\u{2028}"]);

        assert_eq!(read(&file, 0).unwrap(), ["two\nlines", "", "🙂\u{2028}"]);
    }

    #[test]
    fn what_was_cut_off_is_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        let mut writer = JsonLinesWriter::create(file.clone(), true).unwrap();
        writer.write(&"one").unwrap();
        let behind_one = writer.offset().unwrap();
        writer.write(&"two").unwrap();
        writer.cut_to(behind_one).unwrap();
        writer.write(&"three").unwrap();
        writer.finish().unwrap();
        assert_eq!(read(&file, 0).unwrap(), ["one", "three"]);
    }

    #[test]
    fn a_file_that_was_not_finished_is_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        JsonLinesWriter::create(file.clone(), true).unwrap().write(&"one").unwrap();
        assert!(!file.exists());
    }

    #[test]
    fn reading_continues_from_an_earlier_offset() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        write(&file, &["one", "two", "three"]);
        let mut reader = JsonLinesReader::<String>::open(file.clone(), 0).unwrap();
        reader.read().unwrap();

        assert_eq!(read(&file, reader.offset()).unwrap(), ["two", "three"]);
    }

    #[test]
    fn the_end_of_the_file_is_a_good_offset() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        write(&file, &["one"]);

        assert!(read(&file, 6).unwrap().is_empty());
    }

    #[test]
    fn an_offset_that_begins_no_line_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        write(&file, &["one", "two"]);

        for offset in [1, 5, 13, 1_000] {
            let error = read(&file, offset).unwrap_err().to_string();
            assert!(error.contains(&format!("at byte {offset}")), "{error}");
        }
    }

    #[test]
    fn a_damaged_line_is_named_by_file_and_offset() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        fs::write(&file, "\"one\"\n\"tw").unwrap();

        let error = read(&file, 0).unwrap_err().to_string();
        assert!(error.contains("values has no readable line at byte 6"), "{error}");
    }
}
