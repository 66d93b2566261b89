//! What does a rejected row look like on disk? One JSON object on one line, which begins with the run, the phase and the attempt.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::str;

use crate::record::run_id::RunId;

/// A phase, and which attempt at it.
pub(crate) type Attempt = (String, u32);

/// The lines of one run, and how they are known.
#[derive(Debug)]
pub(crate) struct RowsOf {
    beginning: String,
}

/// What was found in a file.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many rows of each attempt of the run.
    pub(crate) rows: BTreeMap<Attempt, u64>,
    /// Whether a line of the run is not whole.
    pub(crate) is_torn: bool,
}

/// What a line is.
enum Kind {
    /// A row of this attempt.
    Row(Attempt),
    /// The beginning of one.
    Torn,
    /// Of another run, or of somebody else.
    Anothers,
}

impl RowsOf {
    pub(crate) fn new(run: RunId) -> Self {
        RowsOf { beginning: format!(r#"{{"run":"{run}","phase":""#) }
    }

    /// How each line of the attempt begins, up to the reason.
    pub(crate) fn beginning(&self, (phase, attempt): &Attempt) -> String {
        format!(r#"{}{phase}","attempt":{attempt},"reason":"#, self.beginning)
    }

    /// The line of a row that [`as_object`] has made.
    pub(crate) fn line(&self, (phase, attempt): &Attempt, object: &str) -> String {
        let rest = object.strip_prefix('{').unwrap_or_default();
        format!("{}{phase}\",\"attempt\":{attempt},{rest}\n", self.beginning)
    }

    fn kind(&self, line: &[u8]) -> Kind {
        let beginning = self.beginning.as_bytes();
        let Some(rest) = line.strip_prefix(beginning) else {
            return if beginning.starts_with(line) { Kind::Torn } else { Kind::Anothers };
        };
        match attempt(rest).filter(|_| line.ends_with(b"\n")) {
            Some(attempt) => Kind::Row(attempt),
            None => Kind::Torn,
        }
    }

    /// What is there of the run.
    pub(crate) fn found(&self, path: &Path) -> io::Result<Found> {
        let mut found = Found::default();
        each(path, |line| {
            match self.kind(line) {
                Kind::Row(attempt) => *found.rows.entry(attempt).or_default() += 1,
                Kind::Torn => found.is_torn = true,
                Kind::Anothers => {}
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Goes through the lines and says of each whether it stays: no more than `most` rows of each of these attempts do, nor what is torn.
    pub(crate) fn each(
        &self,
        path: &Path,
        most: &BTreeMap<Attempt, u64>,
        mut is_line: impl FnMut(&[u8], bool) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut left = most.clone();
        each(path, |line| {
            let stays = match self.kind(line) {
                Kind::Row(attempt) => left.get_mut(&attempt).is_none_or(|left| {
                    let stays = *left > 0;
                    *left = left.saturating_sub(1);
                    stays
                }),
                Kind::Torn => false,
                Kind::Anothers => true,
            };
            is_line(line, stays)
        })
    }

    /// Where the file is to be cut, if whatever does not stay stands at its end.
    pub(crate) fn end_of_what_stays(&self, path: &Path, most: &BTreeMap<Attempt, u64>) -> io::Result<Option<u64>> {
        let (mut offset, mut end) = (0, 0);
        let mut has_gap = false;
        self.each(path, most, |line, stays| {
            has_gap |= stays && end < offset;
            offset += line.len() as u64;
            if stays {
                end = offset;
            }
            Ok(())
        })?;
        Ok((!has_gap).then_some(end))
    }
}

/// A row by itself, of which this stands behind the beginning of its line.
pub(crate) fn as_object(rest: &str) -> String {
    format!(r#"{{"reason":{rest}"#)
}

/// The attempt at the beginning of what stands behind the run.
fn attempt(rest: &[u8]) -> Option<Attempt> {
    // A phase is called by letters, digits, `_` and `-`.
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let (phase, rest) = (str::from_utf8(&rest[..end]).ok()?, rest[end..].strip_prefix(br#"","attempt":"#)?);
    let end = rest.iter().position(|byte| *byte == b',')?;
    Some((phase.to_owned(), str::from_utf8(&rest[..end]).ok()?.parse().ok()?))
}

/// Each line with its newline; the last one may have none.
fn each(path: &Path, mut is_line: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        is_line(&line)?;
        line.clear();
    }
    Ok(())
}

/// Whether the file has something behind its last newline.
pub(crate) fn is_torn(path: &Path, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(length - 1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
