//! Which run is it? Another export is another run, and the same export is the same run, on any machine.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use etl_context::Database;
use sha2::{Digest, Sha256};

use crate::error::ImportError;

/// The name of the export and what its content comes to, as in `skype-import/messages.json/9f86d081884c7d65`.
pub(crate) fn of_export(export: &Path) -> Result<String, ImportError> {
    let digest = digest(export).map_err(|problem| ImportError::UnreadableExport { file: export.to_path_buf(), problem })?;
    let name = export.file_name().unwrap_or_default();
    Ok(format!("skype-import/{}/{digest}", name.display()))
}

/// Tells the run from those with the same key in other databases. It shows no password.
pub(crate) fn fingerprint(url: &str, key: &str) -> String {
    start_of(&Sha256::digest(format!("{key} in {}", Database::from(url))))
}

fn digest(export: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut content = BufReader::with_capacity(1 << 16, File::open(export)?);
    loop {
        let read = content.fill_buf()?;
        if read.is_empty() {
            return Ok(start_of(&digest.finalize()));
        }
        digest.update(read);
        let length = read.len();
        content.consume(length);
    }
}

/// Long enough that no two exports meet in it, and short enough to be read.
fn start_of(digest: &[u8]) -> String {
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_tells_the_name_and_the_content_of_the_export() {
        let directory = tempfile::tempdir().unwrap();
        let export = directory.path().join("messages.json");
        std::fs::write(&export, "test").unwrap();
        // As `sha256sum` says.
        assert_eq!(of_export(&export).unwrap(), "skype-import/messages.json/9f86d081884c7d65");
        std::fs::write(&export, "Test").unwrap();
        assert_ne!(of_export(&export).unwrap(), "skype-import/messages.json/9f86d081884c7d65");
    }

    #[test]
    fn a_missing_export_is_named() {
        let error = of_export(Path::new("missing.json")).unwrap_err().to_string();
        assert!(error.contains("cannot read the export missing.json"), "{error}");
    }
}
