//! An import whose process is killed, or whose journal goes away, again and again; and what has to hold of it in the end,
//! whatever journal it is.

use std::collections::BTreeSet;
use std::hint::spin_loop;
use std::path::PathBuf;

use etl_context::{Event, FailureCause, Journal, PhaseRecord, PhaseStatus, RunRecord};

use crate::child::Child;
use crate::long_import::{Cursor, ROWS, Sum, import, loaded};
use crate::seeded::Seeded;

/// Where one import keeps its run and its rows.
pub(crate) trait Place {
    type Journal: Journal + 'static;

    const PHASES: &'static [&'static str] = &["extract", "transform", "load"];

    /// In each phase.
    const ROWS: u64 = ROWS;

    /// Goes on with the import in this process, to its end.
    fn import(&self) -> Sum {
        import(self.open(), &self.target(), &mut |_: &str| {}).unwrap()
    }

    /// What has to hold of this kind of import besides.
    fn check(_: &[Event]) {}

    /// Starts a process that goes on with the import, says what it accepted, and `finished` if it got to the end.
    fn start(&self) -> Child;

    /// Opens the journal, now that its process has ended.
    fn open(&self) -> Self::Journal;

    /// The run as a process that has ended left it; `None` if it has not begun.
    fn record(&self) -> Option<RunRecord>;

    /// The file to which the rows are loaded.
    fn target(&self) -> PathBuf;

    /// The rows that were loaded.
    fn loaded(&self) -> Vec<String> {
        loaded(&self.target())
    }
}

/// Disturbs imports this often, each in a new place, and checks that they end as one that was not disturbed.
pub(crate) fn disturb<P: Place>(times: usize, mut place: impl FnMut() -> P, mut disturb: impl FnMut(&P, &mut Child)) {
    let undisturbed = Import::new(place()).finish();
    let mut chance = Seeded(3);
    let (mut disturbances, mut interrupted) = (0, 0);
    while disturbances < times {
        let mut import = Import::new(place());
        while disturbances + import.disturbances < times && !import.process(&mut chance, &mut disturb) {}
        assert!(import.finish() == undisturbed, "the same result, and the same rows in the target");
        import.check();
        disturbances += import.disturbances;
        interrupted += import.interrupted.len();
    }
    assert!(interrupted > times / 2, "most disturbances are to hit a running phase; {interrupted} did");
}

/// One import, from the first process that works on it to the one that finishes it.
struct Import<P> {
    place: P,
    /// Everything that was acknowledged to the outside.
    acknowledged: BTreeSet<String>,
    /// The attempts that were running when their process ended.
    interrupted: BTreeSet<(String, u32)>,
    disturbances: usize,
}

impl<P: Place> Import<P> {
    fn new(place: P) -> Self {
        Import { place, acknowledged: BTreeSet::new(), interrupted: BTreeSet::new(), disturbances: 0 }
    }

    /// Starts a process and disturbs it once it has said as much as chance decides; true if it finished before.
    fn process(&mut self, chance: &mut Seeded, mut disturb: impl FnMut(&P, &mut Child)) -> bool {
        let mut child = self.place.start();
        let patience = chance.below(8);
        let heard: Vec<_> = (0..patience).map_while(|_| child.hear()).collect();
        (0..chance.below(100_000)).for_each(|_| spin_loop());
        disturb(&self.place, &mut child);
        self.acknowledged.extend(heard);
        self.acknowledged.extend(std::iter::from_fn(|| child.hear()));
        child.end();
        let finished = self.acknowledged.contains("finished");
        if !finished {
            self.disturbances += 1;
            self.note_what_was_running();
        }
        finished
    }

    fn note_what_was_running(&mut self) {
        // A process may die before it has opened the journal for the first time.
        let Some(record) = self.place.record() else { return };
        for phase in record.running_phases() {
            let attempt = record.phase(phase.as_str()).map_or(0, PhaseRecord::attempts) + 1;
            // A process that was killed before it opened the journal has left it as it was.
            self.interrupted.insert((phase.to_string(), u32::try_from(attempt).unwrap()));
        }
    }

    /// Ends the import undisturbed; returns its result and what is in the target.
    fn finish(&self) -> (Sum, Vec<String>) {
        let sum = self.place.import();
        (sum, self.place.loaded())
    }

    fn check(&self) {
        let record = self.place.record().expect("the run has begun");
        let events = self.place.open().load().unwrap();
        assert_eq!(RunRecord::replay(&events).as_ref(), Some(&record));
        every_phase_completed_once(P::PHASES, &record);
        self.every_interruption_is_recorded(&record);
        self.no_acknowledged_event_is_missing(&events);
        each_row_was_recorded_once(P::PHASES, P::ROWS, &events);
        P::check(&events);
    }

    fn every_interruption_is_recorded(&self, record: &RunRecord) {
        let reports = P::PHASES.iter().flat_map(|phase| record.phase(phase).unwrap().reports());
        let failed: Vec<_> = reports.filter(|report| report.status() == PhaseStatus::Failed).collect();
        assert!(failed.iter().all(|report| report.cause() == Some(FailureCause::Interrupted)));
        let failed: BTreeSet<_> = failed.iter().map(|report| (report.phase().to_string(), report.attempt())).collect();
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

fn every_phase_completed_once(phases: &[&str], record: &RunRecord) {
    for phase in phases {
        let reports = record.phase(phase).unwrap().reports();
        let completed: Vec<_> = reports.iter().map(|report| report.status() == PhaseStatus::Completed).collect();
        assert_eq!(completed.iter().filter(|completed| **completed).count(), 1, "{phase}");
        assert_eq!(completed.last(), Some(&true), "{phase} was not started again after it had completed");
    }
}

/// No checkpoint was lost, or a later attempt would have recorded its row a second time.
fn each_row_was_recorded_once(phases: &[&str], rows_of_each: u64, events: &[Event]) {
    for expected in phases {
        let rows = events.iter().filter_map(|event| match event {
            Event::Checkpointed { phase, cursor, .. } if *phase == **expected => {
                Some(serde_json::from_value::<Cursor>((**cursor).clone()).unwrap().rows)
            }
            _ => None,
        });
        assert!(rows.eq(1..=rows_of_each), "{expected}");
    }
}
