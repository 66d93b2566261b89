//! Where do lineage events go? Lines at the end of a file, or of any writer.

use std::error::Error as StdError;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde_json::Value;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// Opens the file behind its last line. If that was torn when a process died, it is closed, so that the next line stands alone.
pub(crate) fn open_to_append(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    // What is no file, such as a pipe, has no last line.
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.len() > 0 && last_byte(path)? != b'\n' {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn last_byte(path: &Path) -> io::Result<u8> {
    let mut file = File::open(path)?;
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0])
}

/// Writes the event and its newline at once.
pub(crate) fn write_line(writer: &mut impl Write, event: &Value) -> Result<(), BoxError> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    writer.write_all(&line)?;
    Ok(writer.flush()?)
}
