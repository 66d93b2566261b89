//! A forked import that is killed again and again ends as one that was never disturbed.

use std::collections::BTreeSet;
use std::hint::spin_loop;
use std::path::{Path, PathBuf};

use etl_context::{Event, FileJournal, Journal, PhaseRecord, PhaseStatus, Run, RunRecord};
use tempfile::TempDir;

use super::forked_import::{Cursor, PHASES, ROWS, import};
use crate::child::{self, Child};
use crate::long_import::loaded;
use crate::seeded::Seeded;

const FILE_KILLS: usize = 200;
#[cfg(feature = "postgres")]
const DATABASE_KILLS: usize = 100;

/// How a process comes to its journal: a file, or a database and the key of the run in it.
enum Kept<'a> {
    File,
    #[cfg(feature = "postgres")]
    Database(&'a str),
    #[cfg(not(feature = "postgres"))]
    #[allow(dead_code, reason = "there is no other place")]
    Nowhere(&'a ()),
}

/// One import, in a folder of its own.
struct Import<'a> {
    kept: &'a Kept<'a>,
    folder: TempDir,
    /// Everything that was acknowledged to the outside.
    acknowledged: BTreeSet<String>,
    kills: usize,
}

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(given) = child::given() else { return };
    let [folder, url] = given.split('\n').collect::<Vec<_>>()[..] else { panic!("{given}") };
    let folder = Path::new(folder);
    if import(opened(folder, url), &folder.join("target"), &|what: &str| child::say(what)).is_ok() {
        child::say("finished");
    }
}

/// The run in the folder, or in the database under the folder's name.
fn opened(folder: &Path, url: &str) -> etl_context::RunBuilder {
    let run = Run::builder("nightly");
    #[cfg(feature = "postgres")]
    if !url.is_empty() {
        return run.journal(database::journal(folder, url));
    }
    assert!(url.is_empty());
    run.journal(FileJournal::open(folder.join("run.jsonl")).unwrap())
}

impl Import<'_> {
    fn new<'a>(kept: &'a Kept<'a>) -> Import<'a> {
        Import { kept, folder: TempDir::new().unwrap(), acknowledged: BTreeSet::new(), kills: 0 }
    }

    fn url(&self) -> &str {
        match self.kept {
            Kept::File => "",
            #[cfg(feature = "postgres")]
            Kept::Database(url) => url,
            #[cfg(not(feature = "postgres"))]
            Kept::Nowhere(()) => "",
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    /// Starts a process and kills it once it has said as much as chance decides; true if it finished before.
    fn process(&mut self, chance: &mut Seeded) -> bool {
        let given = format!("{}\n{}", self.folder.path().display(), self.url());
        let mut child = Child::start(module_path!(), "killed_process", &given);
        let patience = chance.below(16);
        let heard: Vec<_> = (0..patience).map_while(|_| child.hear()).collect();
        (0..chance.below(100_000)).for_each(|_| spin_loop());
        child.kill();
        self.acknowledged.extend(heard);
        self.acknowledged.extend(std::iter::from_fn(|| child.hear()));
        child.end();
        let finished = self.acknowledged.contains("finished");
        self.kills += usize::from(!finished);
        finished
    }

    /// Ends the import undisturbed; what it returned, and what is in the target.
    fn finish(&self) -> (u64, Vec<String>) {
        let sums = import(opened(self.folder.path(), self.url()), &self.target(), &|_: &str| {}).unwrap();
        (sums["sum"], loaded(&self.target()))
    }

    fn events(&self) -> Vec<Event> {
        #[cfg(feature = "postgres")]
        if !self.url().is_empty() {
            return database::journal(self.folder.path(), self.url()).load().unwrap();
        }
        FileJournal::open(self.folder.path().join("run.jsonl")).unwrap().load().unwrap()
    }

    fn check(&self) {
        let events = self.events();
        let record = RunRecord::replay(&events).expect("the events are those of a run");
        for phase in PHASES {
            let reports = record.phase(phase).unwrap().reports();
            let completed = reports.iter().filter(|report| report.status() == PhaseStatus::Completed).count();
            assert_eq!(completed, 1, "{phase} completes once, and is not started again: {}", record.summary());
            assert!(reports.last().is_some_and(|report| report.status() == PhaseStatus::Completed), "{phase}");
            let rows = events.iter().filter_map(|event| match event {
                Event::Checkpointed { phase: of, cursor, .. } if *of == phase => {
                    Some(serde_json::from_value::<Cursor>((**cursor).clone()).unwrap().rows)
                }
                _ => None,
            });
            assert!(rows.eq(1..=ROWS), "each row of {phase} is recorded once");
        }
        no_acknowledged_event_is_missing(&self.acknowledged, &events);
        the_joined_phase_begins_after_all_branches(&events);
    }
}

fn no_acknowledged_event_is_missing(acknowledged: &BTreeSet<String>, events: &[Event]) {
    let recorded: BTreeSet<_> = events.iter().filter_map(accepted).collect();
    let missing = acknowledged.iter().filter(|said| !["opened", "finished"].contains(&said.as_str()));
    let missing: Vec<_> = missing.filter(|said| !recorded.contains(*said)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What the import says once this event is accepted.
fn accepted(event: &Event) -> Option<String> {
    match event {
        Event::Checkpointed { phase, cursor, .. } => Some(format!("checkpoint {phase} {}", cursor["rows"])),
        Event::PhaseEnded { report, .. } if report.status() == PhaseStatus::Completed => {
            Some(format!("ended {}", report.phase()))
        }
        _ => None,
    }
}

fn the_joined_phase_begins_after_all_branches(events: &[Event]) {
    let begins = |event: &Event| matches!(event, Event::PhaseStarted { phase, .. } if *phase == "merge");
    let before: Vec<_> = events.iter().take_while(|event| !begins(event)).cloned().collect();
    let record = RunRecord::replay(&before).unwrap();
    for branch in ["clean", "orders", "prices"] {
        assert!(record.phase(branch).is_some_and(|phase| PhaseRecord::status(phase) == PhaseStatus::Completed), "{branch}");
    }
}

fn kill(kept: &Kept<'_>, times: usize) {
    let undisturbed = Import::new(kept).finish();
    let mut chance = Seeded(17);
    let mut kills = 0;
    while kills < times {
        let mut import = Import::new(kept);
        while kills + import.kills < times && !import.process(&mut chance) {}
        assert!(import.finish() == undisturbed, "the same result, and the same rows in the target");
        import.check();
        kills += import.kills;
    }
}

#[test]
fn a_forked_import_that_is_killed_two_hundred_times_ends_as_one_that_was_not() {
    kill(&Kept::File, FILE_KILLS);
}

#[cfg(feature = "postgres")]
#[test]
fn a_forked_import_in_a_database_that_is_killed_a_hundred_times_ends_as_one_that_was_not() {
    let Some(database) = crate::postgres::server::database() else { return };
    kill(&Kept::Database(&database.url()), DATABASE_KILLS);
}

#[cfg(feature = "postgres")]
mod database {
    use std::path::Path;
    use std::time::Duration;

    use etl_context::PostgresJournal;

    use crate::postgres::patience::when_free;

    /// So short that nobody waits long for the run of a process that was killed.
    const LEASE: Duration = Duration::from_millis(50);

    pub(super) fn journal(folder: &Path, url: &str) -> PostgresJournal {
        let key = folder.display().to_string();
        when_free(PostgresJournal::connect(url).unwrap().key(key).lease(LEASE)).unwrap()
    }
}
