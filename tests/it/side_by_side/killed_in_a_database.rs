//! The same with its journal in a database.

use std::path::{Path, PathBuf};

use etl_context::{Event, PostgresJournal, RunRecord};

use super::forked_import::{ROWS, import};
use super::kill_loop::{PHASES, the_joined_phase_begins_after_all_branches};
use crate::child::{self, Child};
use crate::disturbed_import::{Place, disturb};
use crate::long_import::Sum;
use crate::postgres::import::{PostgresPlace, journal};
use crate::postgres::patience::when_free;
use crate::postgres::server::database;

/// A forked import with its journal in a database.
struct InDatabase<'a>(PostgresPlace<'a>);

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(given) = child::given() else { return };
    let [url, key, target] = given.lines().collect::<Vec<_>>()[..] else { panic!("{given}") };
    let journal = journal(url, key).and_then(when_free).unwrap();
    import(journal, Path::new(target), &|what: &str| child::say(what)).unwrap();
    child::say("finished");
}

impl Place for InDatabase<'_> {
    type Journal = PostgresJournal;

    const PHASES: &'static [&'static str] = PHASES;
    const ROWS: u64 = ROWS;

    fn start(&self) -> Child {
        Child::start(module_path!(), "killed_process", &self.0.given())
    }

    fn open(&self) -> PostgresJournal {
        self.0.open()
    }

    fn record(&self) -> Option<RunRecord> {
        self.0.record()
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

#[test]
fn a_forked_import_that_is_killed_a_hundred_times_ends_as_one_that_was_not() {
    let Some(database) = database() else { return };
    disturb(100, || InDatabase(PostgresPlace::new(&database)), |_, child| child.kill());
}
