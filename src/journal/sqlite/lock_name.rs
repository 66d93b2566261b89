//! What is the lock of a run called? As the database and the run, in characters that every file system can tell apart.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::record::run_id::fnv_1a;
use crate::text::file_name::{escaped, is_plain};

/// As much of a key as the name of a file can take, beside that of the database.
const LONGEST: usize = 100;

/// `runs.db` with the run `import/1` has the lock `runs.db.import%2f1.lock`; this is the name without its last part.
pub(super) fn of_run(database: &Path, key: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(shortened(key));
    name.into()
}

/// Different for different keys.
fn shortened(key: &str) -> String {
    let mut name = escaped(key, is_plain);
    if name.len() > LONGEST {
        // No shorter key has a dot in its name.
        name.truncate(LONGEST - 33);
        let _ = write!(name, ".{:032x}", fnv_1a(key));
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LONGEST, shortened};

    #[test]
    fn different_keys_have_locks_of_different_names() {
        let long = "x".repeat(300);
        let keys = ["", "import", "Import", "import ", "import/1", "import%2f1", "..", ".", "é", "e\u{301}", "\0", &long];
        let names: BTreeSet<_> = keys.iter().map(|key| shortened(key).to_lowercase()).collect();
        assert_eq!(names.len(), keys.len(), "{names:?}");
        let longer = [long.clone() + "1", long + "2"].map(|key| shortened(&key));
        assert_ne!(longer[0], longer[1]);
        let plain = |name: &String| name.len() <= LONGEST && name.chars().all(|one| one.is_ascii_graphic() && one != '/');
        assert!(names.iter().chain(&longer).all(plain), "{names:?} {longer:?}");
    }
}
