//! Finds the JSON of an export: in a plain file, or in a tar archive.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use tar::{Archive, Entry};

use crate::error::ImportError;

/// Where a tar header says what it is, and the word with which it does.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;
const USTAR: &[u8] = b"ustar";

/// Opens `export` and hands its JSON to `read`, with a name for messages.
///
/// A function does the reading because an entry lives no longer than the archive it is read from.
pub(crate) fn read_json(
    export: &Path,
    read: impl FnOnce(&str, BufReader<&mut dyn Read>) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let unreadable = |problem| ImportError::UnreadableExport { file: export.to_path_buf(), problem };
    let mut file = File::open(export).map_err(unreadable)?;
    let name = export.display().to_string();

    if !is_tar(&mut file).map_err(unreadable)? {
        return read(&name, BufReader::new(&mut file));
    }
    let mut archive = Archive::new(file);
    match find_messages(&mut archive).map_err(unreadable)? {
        Some(mut entry) => {
            let name = format!("{name}, {}", entry_path(&entry));
            read(&name, BufReader::new(&mut entry))
        }
        None => Err(ImportError::ArchiveWithoutMessages { file: export.to_path_buf() }),
    }
}

/// Decides by the content, because exports get renamed.
fn is_tar(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(TAR_MAGIC.end as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start.get(TAR_MAGIC) == Some(USTAR))
}

/// Seeks over the other entries: an archive also holds all photos and videos.
fn find_messages(archive: &mut Archive<File>) -> io::Result<Option<Entry<'_, File>>> {
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let is_messages = entry.path()?.file_name() == Some("messages.json".as_ref());
        if is_messages && entry.header().entry_type().is_file() {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

fn entry_path(entry: &Entry<'_, File>) -> String {
    String::from_utf8_lossy(&entry.path_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tar_with(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, path, content.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    /// Reads an export with these bytes; gives the name told and the JSON.
    fn read(file_name: &str, bytes: &[u8]) -> Result<(String, String), ImportError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(file_name);
        fs::write(&file, bytes).unwrap();
        let mut found = (String::new(), String::new());
        read_json(&file, |name, mut json| {
            found.0 = name.to_owned();
            json.read_to_string(&mut found.1).unwrap();
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn a_plain_file_is_read_whatever_its_name() {
        for name in ["messages.json", "renamed.tar", "no_extension"] {
            assert_eq!(read(name, b"{}").unwrap().1, "{}");
        }
    }

    #[test]
    fn the_messages_are_found_at_any_depth_of_a_tar() {
        for path in ["messages.json", "./messages.json", "8_live_ada/export/messages.json"] {
            let tar = tar_with(&[("media/1.jpg", "photo"), (path, "{}"), ("x", "y")]);
            let (name, json) = read("export.bin", &tar).unwrap();
            assert_eq!(json, "{}");
            assert!(name.ends_with("messages.json"), "{name}");
        }
    }

    #[test]
    fn a_tar_without_messages_is_refused_by_name() {
        let tar = tar_with(&[("endpoints.json", "{}"), ("old_messages.json", "{}")]);
        let error = read("backup.tar", &tar).unwrap_err().to_string();
        assert!(error.contains("backup.tar contains no messages.json; expected"), "{error}");
    }

    #[test]
    fn a_tar_that_is_cut_off_is_refused_by_name() {
        let tar = tar_with(&[("media/1.jpg", &"photo".repeat(1_000)), ("messages.json", "{}")]);
        let error = read("backup.tar", &tar[..1_000]).unwrap_err().to_string();
        assert!(error.contains("backup.tar"), "{error}");
    }

    #[test]
    fn a_missing_file_and_a_directory_are_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        for export in [directory.path().join("missing.json"), directory.path().into()] {
            let error = read_json(&export, |_, _| Ok(())).unwrap_err().to_string();
            assert!(error.contains(&export.display().to_string()), "{error}");
            assert!(error.contains("expected the messages.json"), "{error}");
        }
    }
}
