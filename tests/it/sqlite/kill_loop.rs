//! An import that is killed again and again ends as one that was never disturbed.

use std::path::{Path, PathBuf};

use etl_context::{RunRecord, SqliteJournal};

use super::database_file::DatabaseFile;
use crate::child::{self, Child};
use crate::disturbed_import::{Place, disturb};
use crate::long_import::import;

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(path) = child::given() else { return };
    let target = Path::new(&path).with_file_name("target");
    import(SqliteJournal::open(path).unwrap(), &target, &mut |what: &str| child::say(what)).unwrap();
    child::say("finished");
}

impl Place for DatabaseFile {
    type Journal = SqliteJournal;

    fn start(&self) -> Child {
        Child::start(module_path!(), "killed_process", self.given())
    }

    fn open(&self) -> SqliteJournal {
        DatabaseFile::open(self).key("long import")
    }

    fn record(&self) -> Option<RunRecord> {
        DatabaseFile::record(self, "long import")
    }

    fn target(&self) -> PathBuf {
        self.folder().join("target")
    }
}

#[test]
fn an_import_that_is_killed_twenty_times_ends_as_one_that_was_not() {
    disturb(20, DatabaseFile::on_disk, |_, child| child.kill());
}

#[test]
#[ignore = "takes a while: .ci/scheduled"]
fn scheduled_imports_that_are_killed_two_hundred_times_end_as_one_that_was_not() {
    disturb(200, DatabaseFile::on_disk, |_, child| child.kill());
}
