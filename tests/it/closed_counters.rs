//! What arrives while the end of a phase is being recorded is refused, and not taken and left out.

use std::sync::{Arc, Mutex};

use etl_context::{
    Context, Counts, Event, Extract, Journal, JournalError, MemoryJournal, PhaseHasEnded, ProgressWorker, Run, Running,
};

const ONE: Counts = Counts { conversations: 1, messages: 3 };

/// A journal during whose appending of an end a worker counts.
#[derive(Clone, Default)]
struct Slow {
    kept: MemoryJournal,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    worker: Option<ProgressWorker<Counts>>,
    told: Vec<Result<(), PhaseHasEnded>>,
    refusals: usize,
}

impl Journal for Slow {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        if let Event::PhaseEnded { .. } = event {
            let mut shared = self.shared.lock().unwrap();
            let told = shared.worker.as_mut().unwrap().add(ONE);
            shared.told.push(told);
            if shared.refusals > 0 {
                shared.refusals -= 1;
                return Err(JournalError::new("the disk is full"));
            }
        }
        self.kept.append(sequence, event)
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        self.kept.load()
    }
}

/// A running phase with a worker that has counted one.
fn extract(journal: &Slow) -> Context<Running<Extract>> {
    let context = Run::builder("import").journal(journal.clone()).begin().unwrap();
    let extract: Context<Running<Extract>> = context.start(Extract).unwrap();
    let mut worker = extract.progress().worker();
    worker.add(ONE).unwrap();
    journal.shared.lock().unwrap().worker = Some(worker);
    extract
}

#[test]
fn a_worker_that_counts_while_the_end_is_recorded_is_told_that_the_phase_has_ended() {
    let journal = Slow::default();
    let extracted = extract(&journal).complete(()).unwrap();
    assert_eq!(journal.shared.lock().unwrap().told, [Err(PhaseHasEnded)]);
    assert_eq!(extracted.report().counts(), ONE);
}

#[test]
fn a_phase_whose_end_was_refused_counts_again() {
    let journal = Slow::default();
    let extract = extract(&journal);
    journal.shared.lock().unwrap().refusals = 1;
    let (extract, _) = extract.complete(()).unwrap_err().into_parts();
    assert_eq!(journal.shared.lock().unwrap().told, [Err(PhaseHasEnded)]);
    assert_eq!(extract.progress().counts(), ONE, "what was refused was not counted");
    journal.shared.lock().unwrap().worker.as_mut().unwrap().add(ONE).unwrap();
    let extracted = extract.fail("no sender").unwrap();
    assert_eq!(journal.shared.lock().unwrap().told, [Err(PhaseHasEnded); 2]);
    let report = extracted.record().phase("extract").unwrap().latest_report().unwrap().clone();
    assert_eq!(report.counts(), Counts { conversations: 2, messages: 6 });
}
