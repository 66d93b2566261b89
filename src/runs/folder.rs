//! How are runs kept in a folder? Each in a journal of its own, in a folder for each job; nothing else is needed to read them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::journal::file::FileJournal;
use crate::journal::owner::{self, OwnerLock};
use crate::journal::{Journal, JournalError};
use crate::record::RunRecord;
use crate::runs::place::{Place, folder_of, is_journal, job_of};
use crate::runs::store::{KeptRun, Store};

#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    fn path(&self, place: &Place) -> PathBuf {
        self.0.join(place.file())
    }

    /// The names in a folder of which this finds something; none if it is not there.
    fn found<T>(folder: &Path, find: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, JournalError> {
        let failed = |error| JournalError::io("read the folder", folder, error);
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            found.extend(name.to_str().and_then(&find));
        }
        Ok(found)
    }
}

impl Store for Folder {
    fn journal(&self, place: &Place) -> Result<Box<dyn Journal>, JournalError> {
        let folder = self.0.join(folder_of(&place.job));
        fs::create_dir_all(&folder).map_err(|error| JournalError::io("create the folder", &folder, error))?;
        Ok(Box::new(FileJournal::open(self.path(place))?))
    }

    fn jobs(&self) -> Result<BTreeSet<String>, JournalError> {
        let mut jobs = BTreeSet::new();
        for job in Folder::found(&self.0, job_of)? {
            // What is called so and is no folder has no runs.
            if self.0.join(folder_of(&job)).is_dir() && !self.places(&job)?.is_empty() {
                jobs.insert(job);
            }
        }
        Ok(jobs)
    }

    fn places(&self, job: &str) -> Result<Vec<Place>, JournalError> {
        Folder::found(&self.0.join(folder_of(job)), |name| Place::of_file(job, name))
    }

    fn others(&self) -> Result<Vec<String>, JournalError> {
        let journal = |name: &str| (is_journal(name) && self.0.join(name).is_file()).then(|| name.to_owned());
        Folder::found(&self.0, journal)
    }

    fn read_other(&self, key: &str) -> Result<Option<KeptRun>, JournalError> {
        // The name of a file, and no way to another folder.
        let name = Path::new(key).file_name().filter(|name| *name == key);
        let path = name.map(|name| self.0.join(name)).filter(|path| path.is_file());
        path.map_or(Ok(None), |path| read(&path))
    }

    fn read(&self, place: &Place) -> Result<Option<KeptRun>, JournalError> {
        read(&self.path(place))
    }

    fn remove(&self, place: &Place) -> Result<(), JournalError> {
        let path = self.path(place);
        let mut lock = OwnerLock::take(&path)?;
        let journal = File::open(&path).map_err(|error| JournalError::io("open", &path, error))?;
        lock.take_journal(&path, &journal)?;
        fs::remove_file(&path).map_err(|error| JournalError::io("remove", &path, error))?;
        lock.remove(&path);
        Ok(())
    }
}

fn read(path: &Path) -> Result<Option<KeptRun>, JournalError> {
    if is_gone(path) {
        return Ok(None);
    }
    // In this order: a run that ends in between has an owner, and is complete.
    let owner = owner::owner_of(path);
    match RunRecord::read(path) {
        // Somebody has removed it meanwhile.
        Err(_) if is_gone(path) => Ok(None),
        record => Ok(record?.map(|record| KeptRun { record, owner })),
    }
}

fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
