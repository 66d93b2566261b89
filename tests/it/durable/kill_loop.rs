//! An import that is killed two hundred times ends as one that was never disturbed.

use std::collections::BTreeSet;
use std::hint::spin_loop;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use etl_context::{Event, FailureCause, PhaseRecord, PhaseStatus, RunRecord};

use super::child::{self, Child};
use super::journal_file::JournalFile;
use super::long_import::{Cursor, ROWS, Sum, import, loaded};
use super::seeded::Seeded;

const KILLS: usize = 200;
const SIGKILL: i32 = 9;
const PHASES: [&str; 3] = ["extract", "transform", "load"];

fn target(journal: &JournalFile) -> PathBuf {
    journal.folder().join("target")
}

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(journal) = child::journal() else { return };
    let target = journal.with_file_name("target");
    import(&journal, &target, &mut |what: &str| child::say(what)).unwrap();
    child::say("finished");
}

/// One import, from the first process that works on it to the one that finishes it.
struct Import {
    journal: JournalFile,
    /// Everything that was acknowledged to the outside.
    acknowledged: BTreeSet<String>,
    /// The attempts that were running when their process was killed.
    interrupted: Vec<(String, u32)>,
    kills: usize,
}

impl Import {
    fn new() -> Self {
        Import { journal: JournalFile::on_disk(), acknowledged: BTreeSet::new(), interrupted: Vec::new(), kills: 0 }
    }

    /// Starts a process and kills it once it has said as much as chance decides; true if it finished before.
    fn process(&mut self, chance: &mut Seeded) -> bool {
        let mut child = Child::start(module_path!(), "killed_process", self.journal.path());
        let patience = chance.below(8);
        let heard: Vec<_> = (0..patience).map_while(|_| child.hear()).collect();
        (0..chance.below(100_000)).for_each(|_| spin_loop());
        child.kill();
        self.acknowledged.extend(heard);
        self.acknowledged.extend(std::iter::from_fn(|| child.hear()));
        if child.end().signal() == Some(SIGKILL) {
            self.kills += 1;
            self.note_what_was_running();
        }
        self.acknowledged.contains("finished")
    }

    fn note_what_was_running(&mut self) {
        // A process may die before it has opened the journal for the first time.
        let record = self.journal.path().exists().then(|| RunRecord::read(self.journal.path()).unwrap()).flatten();
        let Some(record) = record else { return };
        let Some(phase) = record.current_phase() else { return };
        let attempt = record.phase(phase.as_str()).map_or(0, PhaseRecord::attempts) + 1;
        let running = (phase.to_string(), u32::try_from(attempt).unwrap());
        // A process that was killed before it opened the journal has left it as it was.
        if self.interrupted.last() != Some(&running) {
            self.interrupted.push(running);
        }
    }

    /// Ends the import undisturbed; returns its result and what is in the target.
    fn finish(&self) -> (Sum, Vec<String>) {
        let target = target(&self.journal);
        let sum = import(self.journal.path(), &target, &mut |_: &str| {}).unwrap();
        (sum, loaded(&target))
    }

    fn check(&self) {
        let (record, events) = (self.journal.record(), self.journal.events());
        every_phase_completed_once(&record);
        self.every_interruption_is_recorded(&record);
        self.no_acknowledged_event_is_missing(&events);
        each_row_was_recorded_once(&events);
    }

    fn every_interruption_is_recorded(&self, record: &RunRecord) {
        let reports = PHASES.iter().flat_map(|phase| record.phase(phase).unwrap().reports());
        let failed: Vec<_> = reports.filter(|report| report.status() == PhaseStatus::Failed).collect();
        assert!(failed.iter().all(|report| report.cause() == Some(FailureCause::Interrupted)));
        let failed: Vec<_> = failed.iter().map(|report| (report.phase().to_string(), report.attempt())).collect();
        assert_eq!(failed, self.interrupted);
    }

    fn no_acknowledged_event_is_missing(&self, events: &[Event]) {
        let recorded: BTreeSet<_> = events.iter().filter_map(accepted).collect();
        let missing = self.acknowledged.iter().filter(|said| !["opened", "finished"].contains(&said.as_str()));
        let missing: Vec<_> = missing.filter(|said| !recorded.contains(*said)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
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

fn every_phase_completed_once(record: &RunRecord) {
    for phase in PHASES {
        let reports = record.phase(phase).unwrap().reports();
        let completed: Vec<_> = reports.iter().map(|report| report.status() == PhaseStatus::Completed).collect();
        assert_eq!(completed.iter().filter(|completed| **completed).count(), 1, "{phase}");
        assert_eq!(completed.last(), Some(&true), "{phase} was not started again after it had completed");
    }
}

/// No checkpoint was lost, or a later attempt would have recorded its row a second time.
fn each_row_was_recorded_once(events: &[Event]) {
    for expected in PHASES {
        let rows = events.iter().filter_map(|event| match event {
            Event::Checkpointed { phase, cursor, .. } if *phase == expected => {
                Some(serde_json::from_value::<Cursor>((**cursor).clone()).unwrap().rows)
            }
            _ => None,
        });
        assert!(rows.eq(1..=ROWS), "{expected}");
    }
}

#[test]
fn an_import_that_is_killed_two_hundred_times_ends_as_one_that_was_not() {
    let undisturbed = Import::new().finish();
    let mut chance = Seeded(3);
    let (mut kills, mut interrupted) = (0, 0);
    while kills < KILLS {
        let mut disturbed = Import::new();
        while kills + disturbed.kills < KILLS && !disturbed.process(&mut chance) {}
        assert!(disturbed.finish() == undisturbed, "the same result, and the same rows in the target");
        disturbed.check();
        kills += disturbed.kills;
        interrupted += disturbed.interrupted.len();
    }
    assert!(interrupted > KILLS / 2, "most kills are to hit a running phase; {interrupted} did");
}
