//! What is the lock of a run called? As the database and the run, in characters that every file system can tell apart.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::record::run_id::fnv_1a;

/// As much of a key as the name of a file can take, beside that of the database.
const LONGEST: usize = 100;

/// `runs.db` with the run `import/1` has the lock `runs.db.import%2f1.lock`; this is the name without its last part.
pub(super) fn of_run(database: &Path, key: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(escaped(key));
    name.into()
}

/// Different for different keys. Capitals are escaped too, because some file systems do not tell them from small letters.
fn escaped(key: &str) -> String {
    let mut escaped = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02x}");
        }
    }
    if escaped.len() > LONGEST {
        // No shorter key has a dot in its name.
        escaped.truncate(LONGEST - 33);
        let _ = write!(escaped, ".{:032x}", fnv_1a(key));
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LONGEST, escaped};

    #[test]
    fn different_keys_have_locks_of_different_names() {
        let long = "x".repeat(300);
        let keys = ["", "import", "Import", "import ", "import/1", "import%2f1", "..", ".", "é", "e\u{301}", "\0", &long];
        let names: BTreeSet<_> = keys.iter().map(|key| escaped(key).to_lowercase()).collect();
        assert_eq!(names.len(), keys.len(), "{names:?}");
        let longer = [long.clone() + "1", long + "2"].map(|key| escaped(&key));
        assert_ne!(longer[0], longer[1]);
        let plain = |name: &String| name.len() <= LONGEST && name.chars().all(|one| one.is_ascii_graphic() && one != '/');
        assert!(names.iter().chain(&longer).all(plain), "{names:?} {longer:?}");
    }
}
