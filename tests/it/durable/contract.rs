//! Both stores that are shipped keep the promises of a journal.

use etl_context::journal::contract;
use etl_context::{Event, FileJournal, Journal, JournalError, MemoryJournal};

use super::journal_file::JournalFile;

#[test]
fn the_journal_in_memory_keeps_them() {
    contract::check(|| {
        let journal = MemoryJournal::new();
        move || Ok(journal.clone())
    })
    .unwrap();
}

#[test]
fn the_journal_in_a_file_keeps_them() {
    contract::check(|| {
        let file = JournalFile::new();
        move || FileJournal::open(file.path())
    })
    .unwrap();
}

/// A journal that breaks one promise or another.
#[derive(Clone)]
struct Careless {
    journal: MemoryJournal,
    fault: Fault,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    ForgetsTheLast,
    TakesAnyNumber,
    TurnsThemRound,
    IsNeverEmpty,
}

impl Journal for Careless {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        let next = self.journal.load()?.len() as u64;
        let sequence = if matches!(self.fault, Fault::TakesAnyNumber) { next } else { sequence };
        self.journal.append(sequence, event)
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        let mut events = self.journal.load()?;
        match self.fault {
            Fault::ForgetsTheLast => drop(events.pop()),
            Fault::TurnsThemRound => events.reverse(),
            Fault::IsNeverEmpty if events.is_empty() => return Err(JournalError::new("there is nothing")),
            Fault::TakesAnyNumber | Fault::IsNeverEmpty => {}
        }
        Ok(events)
    }
}

#[test]
fn a_careless_journal_does_not_pass() {
    for fault in [Fault::ForgetsTheLast, Fault::TakesAnyNumber, Fault::TurnsThemRound, Fault::IsNeverEmpty] {
        let outcome = contract::check(|| {
            let journal = Careless { journal: MemoryJournal::new(), fault };
            move || Ok(journal.clone())
        });
        assert!(outcome.is_err(), "{fault:?}");
    }
}
