//! An import that is killed two hundred times ends as one that was never disturbed.

use std::path::{Path, PathBuf};

use etl_context::{FileJournal, RunRecord};

use super::journal_file::JournalFile;
use crate::child::{self, Child};
use crate::disturbed_import::{Place, disturb};
use crate::long_import::import;

const KILLS: usize = 200;

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(path) = child::given() else { return };
    let target = Path::new(&path).with_file_name("target");
    import(FileJournal::open(path).unwrap(), &target, &mut |what: &str| child::say(what)).unwrap();
    child::say("finished");
}

impl Place for JournalFile {
    type Journal = FileJournal;

    fn start(&self) -> Child {
        Child::start(module_path!(), "killed_process", self.given())
    }

    fn open(&self) -> FileJournal {
        JournalFile::open(self)
    }

    fn record(&self) -> Option<RunRecord> {
        self.path().exists().then(|| RunRecord::read(self.path()).unwrap()).flatten()
    }

    fn target(&self) -> PathBuf {
        self.folder().join("target")
    }
}

#[test]
fn an_import_that_is_killed_two_hundred_times_ends_as_one_that_was_not() {
    disturb(KILLS, JournalFile::on_disk, |_, child| child.kill());
}
