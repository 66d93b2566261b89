//! What does a rejected row look like on disk? One JSON object on one line, which begins with the run, the phase, the attempt and the part.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::str;

use serde_json::Value;

use crate::pipeline::phase::PhaseName;
use crate::record::run_id::RunId;

/// Where rejected rows come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowsFrom {
    pub(crate) phase: String,
    /// Which attempt at the phase.
    pub(crate) attempt: u32,
    pub(crate) part: Option<String>,
    /// Which of those who had the part in the attempt; 0 where there is no part.
    pub(crate) claim: u32,
}

/// The lines of one run, and how they are known.
#[derive(Debug)]
pub(crate) struct RowsOf {
    beginning: String,
}

/// What was found in a file.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many rows of the run, by where they come from.
    pub(crate) rows: BTreeMap<RowsFrom, u64>,
    /// Whether a line of the run is not whole.
    pub(crate) is_torn: bool,
}

/// What a line is.
enum Kind {
    /// A row from there.
    Row(RowsFrom),
    /// The beginning of one.
    Torn,
    /// Of another run, or of somebody else.
    Anothers,
}

impl RowsFrom {
    pub(crate) fn part(phase: &PhaseName, attempt: u32, part: &str, claim: u32) -> Self {
        RowsFrom { phase: phase.to_string(), attempt, part: Some(part.to_owned()), claim }
    }
}

impl RowsOf {
    pub(crate) fn new(run: RunId) -> Self {
        RowsOf { beginning: format!(r#"{{"run":"{run}","phase":""#) }
    }

    /// How each of these lines begins, up to the reason.
    pub(crate) fn beginning(&self, from: &RowsFrom) -> String {
        format!(r#"{},"reason":"#, self.until_reason(from))
    }

    /// The line of a row that [`as_object`] has made.
    pub(crate) fn line(&self, from: &RowsFrom, object: &str) -> String {
        let rest = object.strip_prefix('{').unwrap_or_default();
        format!("{},{rest}\n", self.until_reason(from))
    }

    fn until_reason(&self, RowsFrom { phase, attempt, part, claim }: &RowsFrom) -> String {
        let part = part.as_ref().map(|part| format!(r#","part":{}"#, Value::from(part.as_str()))).unwrap_or_default();
        let claim = if *claim > 1 { format!(r#","claim":{claim}"#) } else { String::new() };
        format!(r#"{}{phase}","attempt":{attempt}{part}{claim}"#, self.beginning)
    }

    fn kind(&self, line: &[u8]) -> Kind {
        let beginning = self.beginning.as_bytes();
        let Some(rest) = line.strip_prefix(beginning) else {
            return if beginning.starts_with(line) { Kind::Torn } else { Kind::Anothers };
        };
        match rows_from(rest).filter(|_| line.ends_with(b"\n")) {
            Some(from) => Kind::Row(from),
            None => Kind::Torn,
        }
    }

    /// What is there of the run.
    pub(crate) fn found(&self, path: &Path) -> io::Result<Found> {
        let mut found = Found::default();
        each(path, |line| {
            match self.kind(line) {
                Kind::Row(from) => *found.rows.entry(from).or_default() += 1,
                Kind::Torn => found.is_torn = true,
                Kind::Anothers => {}
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Goes through the lines and says of each whether it stays: no more than `most` of these rows do, nor what is torn.
    pub(crate) fn each(
        &self,
        path: &Path,
        most: &BTreeMap<RowsFrom, u64>,
        mut is_line: impl FnMut(&[u8], bool) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut left = most.clone();
        each(path, |line| {
            let stays = match self.kind(line) {
                Kind::Row(from) => left.get_mut(&from).is_none_or(|left| {
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
    pub(crate) fn end_of_what_stays(&self, path: &Path, most: &BTreeMap<RowsFrom, u64>) -> io::Result<Option<u64>> {
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

/// Where a row comes from, at the beginning of what stands behind the run.
fn rows_from(rest: &[u8]) -> Option<RowsFrom> {
    // A phase is called by letters, digits, `_` and `-`.
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let (phase, rest) = (str::from_utf8(&rest[..end]).ok()?, rest[end..].strip_prefix(br#"","attempt":"#)?);
    let (attempt, rest) = number(rest)?;
    let phase = phase.to_owned();
    let Some(rest) = rest.strip_prefix(br#","part":"#) else {
        return Some(RowsFrom { phase, attempt, part: None, claim: 0 });
    };
    let mut parts = serde_json::Deserializer::from_slice(rest).into_iter();
    let part = Some(parts.next()?.ok()?);
    let claim = rest.get(parts.byte_offset()..)?.strip_prefix(br#","claim":"#).map_or(Some((1, rest)), number)?.0;
    Some(RowsFrom { phase, attempt, part, claim })
}

/// A number, and what stands behind it.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = text.split_at(text.iter().position(|byte| *byte == b',')?);
    Some((str::from_utf8(number).ok()?.parse().ok()?, rest))
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
