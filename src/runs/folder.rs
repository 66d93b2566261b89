//! How are runs kept in a folder? Each in a journal of its own, in a folder for each job; nothing else is needed to read them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::journal::file::FileJournal;
use crate::journal::owner::{self, OwnerLock};
use crate::journal::{Journal, JournalError};
use crate::record::RunRecord;
use crate::runs::place::{Place, folder_of};
use crate::runs::store::{KeptRun, Store};

#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    fn path(&self, place: &Place) -> PathBuf {
        self.0.join(place.file())
    }
}

impl Store for Folder {
    fn journal(&self, place: &Place) -> Result<Box<dyn Journal>, JournalError> {
        let folder = self.0.join(folder_of(&place.job));
        fs::create_dir_all(&folder).map_err(|error| JournalError::io("create the folder", &folder, error))?;
        Ok(Box::new(FileJournal::open(self.path(place))?))
    }

    fn places(&self, job: &str) -> Result<Vec<Place>, JournalError> {
        let folder = self.0.join(folder_of(job));
        let failed = |error| JournalError::io("read the folder", &folder, error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut places = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            places.extend(name.to_str().and_then(|name| Place::of_file(job, name)));
        }
        Ok(places)
    }

    fn read(&self, place: &Place) -> Result<Option<KeptRun>, JournalError> {
        let path = self.path(place);
        if is_gone(&path) {
            return Ok(None);
        }
        // In this order: a run that ends in between has an owner, and is complete.
        let owner = owner::owner_of(&path);
        match RunRecord::read(&path) {
            // Somebody has removed it meanwhile.
            Err(_) if is_gone(&path) => Ok(None),
            record => Ok(record?.map(|record| KeptRun { record, owner })),
        }
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

fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
