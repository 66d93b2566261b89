//! Where runs are kept: a folder, an SQLite file, a PostgreSQL database, or a single journal. The argument itself says which.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use etl_context::{Database, Runs};

use crate::answer::Failure;
use crate::text::shown;

/// With what every SQLite file begins.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

pub(crate) struct Place {
    pub(crate) runs: Runs,
    /// As messages name it, without a password.
    pub(crate) told: String,
    /// The name of the journal, if it is a single one.
    pub(crate) journal: Option<String>,
}

impl Place {
    /// What is there.
    ///
    /// # Errors
    ///
    /// If there is nothing, or it cannot be read.
    pub(crate) fn at(place: &Path) -> Result<Self, Failure> {
        if let Some(url) = place.to_str().filter(|text| POSTGRES.iter().any(|scheme| text.starts_with(scheme))) {
            let told = format!("the {}", Database::from(url));
            return Ok(Place { runs: Runs::in_postgres(url)?, told, journal: None });
        }
        let told = format!("`{}`", shown(&place.to_string_lossy()));
        let cannot = |error| Failure::trouble(format!("cannot read {told}: {error}"));
        if std::fs::metadata(place).map_err(cannot)?.is_dir() {
            return Ok(Place { runs: Runs::in_folder(place), told, journal: None });
        }
        if begins_as_sqlite(place).map_err(cannot)? {
            return Ok(Place { runs: Runs::in_sqlite(place), told, journal: None });
        }
        let (folder, journal) = in_its_folder(place).ok_or_else(|| Failure::trouble(format!("{told} has no readable name")))?;
        Ok(Place { runs: Runs::in_folder(folder), told, journal: Some(journal) })
    }

    /// A place with more than one run.
    ///
    /// # Errors
    ///
    /// As [`at`](Place::at), and for a single journal.
    pub(crate) fn of_jobs(place: &Path) -> Result<Self, Failure> {
        let place = Place::at(place)?;
        if place.journal.is_some() {
            let message = format!(
                "{} is a file, and no database of SQLite; runs of jobs are in a folder, an SQLite file or a PostgreSQL database, and \
                 `etl-runs show` shows a single journal",
                place.told
            );
            return Err(Failure::trouble(message));
        }
        Ok(place)
    }

    /// Whose runs are asked for has to be here, so that a wrong name is not taken for a job without runs.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub(crate) fn has_job(&self, job: &str) -> Result<(), Failure> {
        let jobs = self.runs.jobs()?;
        if jobs.iter().any(|known| known == job) {
            return Ok(());
        }
        let known = match jobs.as_slice() {
            [] => "it has no run of any job".to_owned(),
            jobs => format!("its jobs are {}", listed(jobs)),
        };
        Err(Failure::trouble(format!("there is no run of `{}` in {}: {known}", shown(job), self.told)))
    }
}

/// As in `bus` and `taxi`, of which no more than some are named.
fn listed(jobs: &[String]) -> String {
    const NAMED: usize = 10;
    let named: Vec<_> = jobs.iter().take(NAMED).map(|job| format!("`{}`", shown(job))).collect();
    match jobs.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn begins_as_sqlite(file: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(SQLITE.len() as u64).read_to_end(&mut start)?;
    Ok(start == SQLITE)
}

/// The folder that the file is in, and its name there.
fn in_its_folder(file: &Path) -> Option<(PathBuf, String)> {
    let name = file.file_name()?.to_str()?.to_owned();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    Some((folder.unwrap_or(Path::new(".")).to_owned(), name))
}
