//! Are the files that an import is given good for what they are given for? Asked before any of them is opened.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::ImportError;

/// A file, and what it is to the user.
pub(crate) type Role<'a> = (&'static str, &'a Path);

/// No two may be one file, whatever they are called.
pub(crate) fn all_different(files: &[Role<'_>]) -> Result<(), ImportError> {
    for (number, (other, later)) in files.iter().enumerate() {
        for (one, earlier) in &files[..number] {
            if is_same(earlier, later) {
                return Err(ImportError::SameFile { one, other, file: later.to_path_buf() });
            }
        }
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    // What is no file, such as a terminal, may be written to by many.
    let is_special = |path: &Path| path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir());
    (resolved(one) == resolved(other) || is_linked(one, other)) && !is_special(one)
}

/// Where links lead, also if the file is not there yet.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(resolved) = fs::canonicalize(path) {
        return resolved;
    }
    match (folder_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    }
}

#[cfg(unix)]
fn is_linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino()));
    identity(one).is_ok_and(|one| identity(other).is_ok_and(|other| one == other))
}

#[cfg(not(unix))]
fn is_linked(_: &Path, _: &Path) -> bool {
    false
}

/// Whether the file can be written, or created, without doing so.
pub(crate) fn writable((what, file): Role<'_>) -> Result<(), ImportError> {
    try_to_write(file).map_err(|problem| ImportError::Unwritable { what, file: file.to_path_buf(), problem })
}

fn try_to_write(file: &Path) -> io::Result<()> {
    match file.metadata() {
        Ok(found) if found.is_file() => OpenOptions::new().append(true).open(file).map(drop),
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        // To open a pipe would wait for its reader.
        Ok(_) => Ok(()),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => tempfile::tempfile_in(folder_of(file)).map(drop),
        Err(problem) => Err(problem),
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_of_one_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("export.json"), "{}").unwrap();
        fs::create_dir(path("sub")).unwrap();
        #[allow(unused_mut, reason = "elsewhere there are no such links")]
        let mut names = vec![path("export.json"), path("sub/../export.json")];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("export.json"), path("soft")).unwrap();
            fs::hard_link(path("export.json"), path("hard")).unwrap();
            names.extend([path("soft"), path("hard")]);
        }
        for name in &names {
            let error = all_different(&[("the export", &path("export.json")), ("--db", &path("a.db")), ("--report", name)]);
            let expected = format!("the export and --report are the same file, {}", name.display());
            assert_eq!(error.unwrap_err().to_string(), expected);
        }
        let missing = [path("new.html"), path("sub/../new.html")];
        assert!(all_different(&[("--report", &missing[0]), ("--lineage", &missing[1])]).is_err());
        assert!(all_different(&[("--report", &missing[0]), ("the export", &names[0])]).is_ok());
        assert!(all_different(&[("--report", Path::new("/dev/null")), ("--lineage", Path::new("/dev/null"))]).is_ok());
    }

    #[test]
    fn what_cannot_be_written_is_told_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("there"), "as it was").unwrap();
        for name in ["there", "new"] {
            writable(("the report", &path(name))).unwrap();
        }
        assert_eq!(fs::read_to_string(path("there")).unwrap(), "as it was");
        for name in ["missing/run.html", "there/run.html", ""] {
            let error = writable(("the report", &path(name))).unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot write the report {}: ", path(name).display())), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
