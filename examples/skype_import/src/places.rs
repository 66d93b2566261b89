//! Where an import reads and writes.

use std::fs;
use std::path::{self, Path, PathBuf};

use anyhow::Context as _;
use tempfile::{Builder, TempDir};

use crate::command_line::Import;
use crate::error::ImportError;
use crate::export::{self, Export};
use crate::identity;
use crate::load::sqlite;
use crate::paths;
use crate::report::Report;
use crate::staging::Staging;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/messages.json");

pub(crate) struct Places {
    pub(crate) export: Export,
    pub(crate) destination: Destination,
    /// The page that tells of the run. An import into PostgreSQL has one only if it is told where to put it.
    pub(crate) report: Option<Report>,
    pub(crate) lineage: Option<PathBuf>,
    pub(crate) staging: Staging,
    staging_directory: StagingDirectory,
    /// What other imports into the same database have staged lies in it as well.
    shared_directory: Option<PathBuf>,
    /// The directory of a temporary database, removed with this value unless the database is kept.
    database_directory: Option<TempDir>,
}

/// Where the rows go, and the record of the run.
pub(crate) enum Destination {
    Sqlite {
        /// An absolute path, which is always that of a file: `SQLite` has other uses for some relative ones.
        database: PathBuf,
        journal: Journal,
    },
    #[cfg(feature = "postgres")]
    Postgres {
        url: String,
        /// Under which the journal in the database finds this import, and no other.
        key: String,
    },
}

/// Where an import into `SQLite` is recorded.
pub(crate) enum Journal {
    /// In the database that it fills, under this key.
    InDatabase(String),
    InFile {
        file: PathBuf,
        /// Whether to begin anew, whatever is in the file.
        again: bool,
    },
}

enum StagingDirectory {
    /// Removed with this value.
    Temporary(TempDir),
    /// Kept for the process that goes on with this import, and removed once the import is complete.
    Kept(PathBuf),
}

impl Places {
    /// Looks at all files that the request names, and changes none: a request that is refused leaves nothing behind.
    pub(crate) fn of(request: Import) -> anyhow::Result<Self> {
        check(&request)?;
        let given = request.export.clone().unwrap_or_else(|| SAMPLE.into());
        let Import { report, lineage, .. } = request;
        #[cfg(feature = "postgres")]
        if let Some(url) = request.postgres {
            return Self::in_postgres(&given, url, report, lineage);
        }
        let (database, database_directory) = match &request.database {
            Some(file) => (path::absolute(file).context("--db needs the path of a file")?, None),
            None => temporary_database()?,
        };
        let report = report.map_or_else(|| Report::beside(&database), Report::asked_for);
        let mut shared_directory = None;
        let (export, staging_directory, journal) = match request.journal {
            Some(file) => {
                let staging_directory = StagingDirectory::Kept(beside(&file));
                (open(&given, &staging_directory)?, staging_directory, Journal::InFile { file, again: request.again })
            }
            None if database_directory.is_some() => {
                let staging_directory = StagingDirectory::temporary(&database)?;
                let export = open(&given, &staging_directory)?;
                let run = identity::in_database(&database, &export, false)?;
                (export, staging_directory, Journal::InDatabase(run.key))
            }
            None => {
                let shared = beside(&database);
                export::remove_left_behind(&shared);
                let export = open(&given, &StagingDirectory::Kept(shared.clone()))?;
                let run = identity::in_database(&database, &export, request.again)?;
                let staging_directory = StagingDirectory::Kept(shared.join(run.name));
                shared_directory = Some(shared);
                (export, staging_directory, Journal::InDatabase(run.key))
            }
        };
        Ok(Places {
            export,
            destination: Destination::Sqlite { database, journal },
            report: Some(report),
            lineage,
            staging: staging_directory.staging(),
            staging_directory,
            shared_directory,
            database_directory,
        })
    }

    #[cfg(feature = "postgres")]
    fn in_postgres(given: &Path, url: String, report: Option<PathBuf>, lineage: Option<PathBuf>) -> anyhow::Result<Self> {
        let unpacked = Builder::new().prefix("skype_import-").tempdir().context("cannot create a temporary directory")?;
        let export = open(given, &StagingDirectory::Temporary(unpacked))?;
        let key = identity::key(&export);
        // Where this machine finds it again.
        let name = format!("skype_import-{}", identity::fingerprint(&url, &key));
        let staging_directory = StagingDirectory::Kept(std::env::temp_dir().join(name));
        Ok(Places {
            export,
            destination: Destination::Postgres { url, key },
            report: report.map(Report::asked_for),
            lineage,
            staging: staging_directory.staging(),
            staging_directory,
            shared_directory: None,
            database_directory: None,
        })
    }

    /// Whether what earlier processes have staged may be out of reach, because the record is in a database, which is elsewhere or moves.
    pub(crate) fn may_be_staged_elsewhere(&self) -> bool {
        !matches!(self.destination, Destination::Sqlite { journal: Journal::InFile { .. }, .. })
    }

    /// Forgets what was staged, of which nothing is of use any more.
    pub(crate) fn clear(&self) {
        let is_in_it = self.shared_directory.is_none() && self.export.is_unpacked();
        if let (StagingDirectory::Kept(directory), false) = (&self.staging_directory, is_in_it) {
            // What is not removed is written anew.
            let _ = fs::remove_dir_all(directory);
        }
    }

    /// Removes what only an unfinished import needs. Without this call, a temporary database is removed.
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
        if let Some(directory) = &mut self.database_directory {
            directory.disable_cleanup(true);
        }
        match &self.staging_directory {
            StagingDirectory::Kept(directory) if directory.exists() => {
                fs::remove_dir_all(directory).with_context(|| format!("cannot remove {}", directory.display()))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        if let Some(directory) = &self.shared_directory {
            self.export.forget_unpacked();
            // Unless another import has something in it.
            let _ = fs::remove_dir(directory);
        }
    }
}

fn check(request: &Import) -> Result<(), ImportError> {
    let beside = request.database.as_deref().filter(|_| request.report.is_none()).map(Report::beside);
    let outputs = [
        ("the database", request.database.as_deref()),
        ("the journal", request.journal.as_deref()),
        ("the report", request.report.as_deref()),
        ("the lineage file", request.lineage.as_deref()),
        ("the report beside the database", beside.as_ref().map(|report| report.file.as_path())),
    ];
    let outputs: Vec<_> = outputs.into_iter().filter_map(|(what, file)| Some((what, file?))).collect();
    let export = request.export.as_deref().map(|file| ("the export", file));
    paths::all_different(&export.into_iter().chain(outputs.iter().copied()).collect::<Vec<_>>())?;
    outputs.iter().try_for_each(|output| paths::writable(*output))?;
    request.database.as_deref().map_or(Ok(()), |database| sqlite::standing(database).map(drop))
}

/// What had to be unpacked is gone if this fails, and so is the directory, unless something else is in it.
fn open(export: &Path, scratch: &StagingDirectory) -> Result<Export, ImportError> {
    let opened = Export::open(export, scratch.path());
    if opened.is_err() {
        let _ = fs::remove_dir(scratch.path());
    }
    opened
}

fn temporary_database() -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    let directory = Builder::new().prefix("skype_import-").tempdir().context("cannot create a temporary database")?;
    Ok((directory.path().join("skype.db"), Some(directory)))
}

impl StagingDirectory {
    /// Beside the database, where there is room for the export.
    fn temporary(database: &Path) -> anyhow::Result<Self> {
        let parent = database.parent().unwrap_or(database);
        let directory = Builder::new().prefix(".skype_import-").tempdir_in(parent);
        let refused = || format!("cannot write to the directory of the database {}", database.display());
        directory.map(StagingDirectory::Temporary).with_context(refused)
    }

    fn staging(&self) -> Staging {
        match self {
            StagingDirectory::Temporary(directory) => Staging::of_this_process(directory.path()),
            StagingDirectory::Kept(directory) => Staging::new(directory),
        }
    }

    fn path(&self) -> &Path {
        match self {
            StagingDirectory::Temporary(directory) => directory.path(),
            StagingDirectory::Kept(directory) => directory,
        }
    }
}

/// Where the next process that opens this database, or this journal, finds what was staged.
fn beside(file: &Path) -> PathBuf {
    let mut directory = file.as_os_str().to_owned();
    directory.push(".staging");
    directory.into()
}
