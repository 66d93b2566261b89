//! A forked import that is killed again and again ends as one that was never disturbed.

use std::path::{Path, PathBuf};

use etl_context::{Event, FileJournal, PhaseRecord, PhaseStatus, RunRecord};

use super::forked_import::{ROWS, import};
use crate::child::{self, Child};
use crate::disturbed_import::{Place, disturb};
use crate::durable::journal_file::JournalFile;
use crate::long_import::Sum;

pub(crate) const PHASES: &[&str] = &["users", "clean", "orders", "prices", "merge"];

/// A forked import with its journal in a file.
struct InFile(JournalFile);

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(path) = child::given() else { return };
    let target = Path::new(&path).with_file_name("target");
    import(FileJournal::open(path).unwrap(), &target, &|what: &str| child::say(what)).unwrap();
    child::say("finished");
}

impl Place for InFile {
    type Journal = FileJournal;

    const PHASES: &'static [&'static str] = PHASES;
    const ROWS: u64 = ROWS;

    fn start(&self) -> Child {
        Child::start(module_path!(), "killed_process", self.0.given())
    }

    fn open(&self) -> FileJournal {
        self.0.open()
    }

    fn record(&self) -> Option<RunRecord> {
        Place::record(&self.0)
    }

    fn target(&self) -> PathBuf {
        self.0.target()
    }

    fn import(&self) -> Sum {
        import(self.open(), &self.target(), &|_: &str| {}).unwrap()
    }

    fn check(events: &[Event]) {
        the_joined_phase_begins_after_all_branches(events);
    }
}

pub(crate) fn the_joined_phase_begins_after_all_branches(events: &[Event]) {
    let begins = |event: &&Event| matches!(event, Event::PhaseStarted { phase, .. } if *phase == "merge");
    let before = RunRecord::replay(events.iter().take_while(|event| !begins(event))).unwrap();
    for branch in ["clean", "orders", "prices"] {
        assert_eq!(before.phase(branch).map(PhaseRecord::status), Some(PhaseStatus::Completed), "{branch}");
    }
}

#[test]
fn a_forked_import_that_is_killed_two_hundred_times_ends_as_one_that_was_not() {
    disturb(200, || InFile(JournalFile::on_disk()), |_, child| child.kill());
}
