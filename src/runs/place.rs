//! Which run of a job is meant, and what is it called where it is kept?

use std::path::{Path, PathBuf};

use crate::journal::JournalError;
use crate::text::file_name::{escaped, is_plain, unescaped};
use crate::text::line::shown;

/// How long the name of a file may be, without what is added to it.
const LONGEST: usize = 200;

const JOURNAL: &str = ".jsonl";

/// The run that was begun under a key of a job, and which one, if there are several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) job: String,
    pub(crate) key: String,
    /// 1 for the first one under this key.
    pub(crate) number: u32,
}

impl Place {
    /// The first run under this key.
    ///
    /// # Errors
    ///
    /// If a name is empty, or longer than that of a file can be.
    pub(crate) fn first(job: &str, key: &str) -> Result<Self, JournalError> {
        check_name("job", job)?;
        check_name("key", key)?;
        Ok(Place { job: job.to_owned(), key: key.to_owned(), number: 1 })
    }

    pub(crate) fn after(&self) -> Self {
        Place { number: self.number.saturating_add(1), ..self.clone() }
    }

    /// As in `taxi/2026-11-25.jsonl`, or `taxi/2026-11-25~2.jsonl` for the second one.
    pub(crate) fn file(&self) -> PathBuf {
        Path::new(&folder_of(&self.job)).join(self.stem() + JOURNAL)
    }

    /// As in `2026-11-25`, or `2026-11-25~2`.
    pub(crate) fn stem(&self) -> String {
        numbered(escaped(&self.key, is_plain), self.number)
    }

    /// The run of the job whose journal has this name.
    pub(crate) fn of_file(job: &str, name: &str) -> Option<Self> {
        let (key, number) = with_number(name.strip_suffix(JOURNAL)?)?;
        let place = Place { job: job.to_owned(), key: unescaped(key)?, number };
        // A name that is written in another way is that of somebody else's file.
        (place.stem() + JOURNAL == name).then_some(place)
    }

    /// As in `taxi/2026-11-25`, or `taxi/2026-11-25~2` for the second one: the key of a journal in a database.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn database_key(&self) -> String {
        let key = escaped_for_a_database(&self.key, b"%~");
        key_of_job(&self.job) + &numbered(key, self.number)
    }

    /// The run of the job whose journal has this key.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn of_database_key(job: &str, key: &str) -> Option<Self> {
        let (found, number) = with_number(key.strip_prefix(&key_of_job(job))?)?;
        let place = Place { job: job.to_owned(), key: unescaped(found)?, number };
        (place.database_key() == key).then_some(place)
    }

    /// The key for people: of the second run under it as in `2026-11-25~2`.
    pub(crate) fn told_key(&self) -> String {
        numbered(shown(&self.key), self.number)
    }

    /// The run whose journal has this key, of whatever job it is.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn of_any_database_key(key: &str) -> Option<Self> {
        Place::of_database_key(&unescaped(key.split_once('/')?.0)?, key)
    }

    /// For messages.
    pub(crate) fn told(&self) -> String {
        let (key, job) = (shown(&self.key), shown(&self.job));
        match self.number {
            1 => format!("the run `{key}` of `{job}`"),
            number => format!("the run `{key}` of `{job}`, number {number}"),
        }
    }
}

/// The folder of a job.
pub(crate) fn folder_of(job: &str) -> String {
    escaped(job, is_plain)
}

/// The job whose folder has this name.
pub(crate) fn job_of(folder: &str) -> Option<String> {
    unescaped(folder).filter(|job| !job.is_empty() && folder_of(job) == folder)
}

/// Whether a file is called as a journal is.
pub(crate) fn is_journal(name: &str) -> bool {
    name.ends_with(JOURNAL)
}

/// With what the keys of all runs of a job begin.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn key_of_job(job: &str) -> String {
    escaped_for_a_database(job, b"%~/") + "/"
}

/// A database keeps any text, except for what has a meaning in a key.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn escaped_for_a_database(name: &str, meaning: &[u8]) -> String {
    let is_meant = |character: char| u8::try_from(character).is_ok_and(|byte| byte == 0 || meaning.contains(&byte));
    let mut key = String::with_capacity(name.len());
    for character in name.chars() {
        if is_meant(character) { key += &escaped(character.encode_utf8(&mut [0; 4]), |_| false) } else { key.push(character) }
    }
    key
}

fn numbered(name: String, number: u32) -> String {
    if number == 1 { name } else { format!("{name}~{number}") }
}

fn with_number(name: &str) -> Option<(&str, u32)> {
    match name.rsplit_once('~') {
        Some((name, number)) => Some((name, number.parse().ok().filter(|number| *number > 1)?)),
        None => Some((name, 1)),
    }
}

fn check_name(what: &str, name: &str) -> Result<(), JournalError> {
    let length = escaped(name, is_plain).len();
    if length == 0 {
        return Err(JournalError::new(format!("the {what} is empty, and names no run")));
    }
    if length <= LONGEST {
        return Ok(());
    }
    Err(JournalError::new(format!(
        "the {what} `{}` takes {length} bytes as the name of a file, and at most {LONGEST} are possible: small letters, digits, `-` and \
         `_` take one, other bytes three",
        shown(name)
    )))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Place;

    const KEYS: [&str; 9] = ["2026-11-25", "2026-11-25~2", "a/b", "..", "A", "a", "é", "e\u{301}", "%2f"];

    fn place(job: &str, key: &str, number: u32) -> Place {
        Place { job: job.to_owned(), key: key.to_owned(), number }
    }

    #[test]
    fn each_run_has_a_file_of_its_own_whose_name_says_which() {
        let mut names = BTreeSet::new();
        for place in KEYS.iter().flat_map(|key| [1, 2].map(|number| place("Taxi", key, number))) {
            let file = place.file();
            let name = file.to_string_lossy().trim_start_matches("%54axi/").to_owned();
            assert_eq!(Place::of_file("Taxi", &name).as_ref(), Some(&place));
            assert!(names.insert(name.to_lowercase()), "{name}");
        }
    }

    #[test]
    fn other_files_are_no_runs() {
        for name in ["2026-11-25", "2026-11-25.jsonl.lock", "A.jsonl", "a~1.jsonl", "a~x.jsonl", "%2F.jsonl", "%61.jsonl"] {
            assert_eq!(Place::of_file("taxi", name), None, "{name}");
        }
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    #[test]
    fn a_key_in_a_database_says_which_run_it_is() {
        for key in KEYS {
            for number in [1, 12] {
                let place = place("a/b", key, number);
                assert_eq!(Place::of_database_key("a/b", &place.database_key()).as_ref(), Some(&place));
                assert_eq!(Place::of_database_key("a", &place.database_key()), None);
                assert_eq!(Place::of_any_database_key(&place.database_key()).as_ref(), Some(&place));
            }
        }
        assert_eq!(place("taxi", "2026-11-25", 1).database_key(), "taxi/2026-11-25");
    }
}
