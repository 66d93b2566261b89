//! Both stores that are shipped keep the promises of a journal.

use std::sync::Arc;

use etl_context::journal::contract;
use etl_context::{Counts, Event, FileJournal, Journal, JournalError, MemoryJournal, Parameters, Tally};

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

/// A store whose journals break one promise or another.
#[derive(Clone)]
struct CarelessStore {
    kept: MemoryJournal,
    fault: Fault,
    /// Held by each journal that is open.
    open: Arc<()>,
}

struct Careless {
    store: CarelessStore,
    refused: bool,
    loads: usize,
    /// How many events it believes that the store holds.
    known: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    ForgetsTheLast,
    TakesAnyNumber,
    KeepsOneOfSeveral,
    KeepsSomeAndHasNoWayTo,
    TurnsThemRound,
    IsNeverEmpty,
    LoadsOnce,
    KeepsWhatItRefuses,
    TakesOffence,
    TakesNothingLarge,
    LosesZeroBytes,
    LosesTheSignOfZero,
    RoundsLargeNumbers,
    ForgetsMetadata,
    ForgetsParameters,
    ForgetsThePipeline,
    CountsOnlyMessages,
    LetsTwoWrite,
    RefusesTheSecondWithoutAWord,
    LetsNobodyWriteWhileTwoAreOpen,
}

impl CarelessStore {
    fn new(fault: Fault) -> Self {
        CarelessStore { kept: MemoryJournal::new(), fault, open: Arc::default() }
    }

    fn are_two_open(&self) -> bool {
        // The store has one too.
        Arc::strong_count(&self.open) > 2
    }

    fn open(&self) -> Result<Careless, JournalError> {
        let store = self.clone();
        if self.fault == Fault::RefusesTheSecondWithoutAWord && store.are_two_open() {
            return Err(JournalError::new("not now"));
        }
        Ok(Careless { store, refused: false, loads: 0, known: 0 })
    }
}

impl Careless {
    fn faulty(&self, fault: Fault) -> bool {
        self.store.fault == fault
    }

    fn refuses(&self, next: u64, sequence: u64, event: &Event) -> bool {
        let next = if self.faulty(Fault::LetsTwoWrite) { self.known } else { next };
        sequence != next
            || (self.faulty(Fault::TakesOffence) && self.refused)
            || (self.faulty(Fault::TakesNothingLarge) && format!("{event:?}").len() > 100_000)
            || (self.faulty(Fault::LetsNobodyWriteWhileTwoAreOpen) && self.store.are_two_open())
    }
}

impl Journal for Careless {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        let next = self.store.kept.load()?.len() as u64;
        if !self.faulty(Fault::TakesAnyNumber) && self.refuses(next, sequence, event) {
            self.refused = true;
            if self.faulty(Fault::KeepsWhatItRefuses) {
                self.store.kept.append(next, event)?;
            }
            return Err(JournalError::new("no"));
        }
        self.known += 1;
        self.store.kept.append(next, event)
    }

    fn append_all(&mut self, sequence: u64, events: &[Event]) -> Option<Result<(), JournalError>> {
        match self.store.fault {
            Fault::KeepsOneOfSeveral => Some(self.append(sequence, &events[0])),
            Fault::KeepsSomeAndHasNoWayTo => self.append(sequence, &events[0]).err().map(Err),
            _ => None,
        }
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        let mut events = self.store.kept.load()?;
        self.known = events.len() as u64;
        self.loads += 1;
        match self.store.fault {
            Fault::ForgetsTheLast => drop(events.pop()),
            Fault::TurnsThemRound => events.reverse(),
            Fault::IsNeverEmpty if events.is_empty() => return Err(JournalError::new("there is nothing")),
            Fault::LoadsOnce if self.loads == events.len() * 2 => events.clear(),
            fault => events.iter_mut().for_each(|event| change(event, fault)),
        }
        Ok(events)
    }
}

fn change(event: &mut Event, fault: Fault) {
    match (event, fault) {
        (Event::RunBegan(began), Fault::ForgetsMetadata) => began.metadata.clear(),
        (Event::RunBegan(began), Fault::ForgetsParameters) => began.parameters = Parameters::default(),
        (Event::RunBegan(began), Fault::ForgetsThePipeline) => began.pipeline = None,
        (Event::PhaseStarted { totals, .. }, Fault::CountsOnlyMessages) => *totals = Tally::of(Counts::default()),
        (Event::Checkpointed { cursor, .. }, fault) => {
            let (found, instead) = match fault {
                Fault::LosesZeroBytes => ("\"\\u0000", "\""),
                Fault::LosesTheSignOfZero => ("-0.0", "0.0"),
                Fault::RoundsLargeNumbers => ("18446744073709551615", "18446744073709551616"),
                _ => return,
            };
            *cursor = Arc::new(cursor.to_string().replace(found, instead).parse().unwrap());
        }
        _ => {}
    }
}

fn check(fault: Fault) -> Result<(), contract::Broken> {
    contract::check(|| {
        let store = CarelessStore::new(fault);
        move || store.open()
    })
}

#[test]
fn a_careless_journal_does_not_pass() {
    check(Fault::None).unwrap();
    let faults = [
        (Fault::ForgetsTheLast, "an appended event is loaded"),
        (Fault::TakesAnyNumber, "a first event with the number 1 is refused"),
        (Fault::KeepsOneOfSeveral, "what was appended together is loaded"),
        (Fault::KeepsSomeAndHasNoWayTo, "has none of them"),
        (Fault::TurnsThemRound, "an appended event is loaded"),
        (Fault::IsNeverEmpty, "there is nothing"),
        (Fault::LoadsOnce, "as often as somebody asks"),
        (Fault::KeepsWhatItRefuses, "no"),
        (Fault::TakesOffence, "no"),
        (Fault::TakesNothingLarge, "no"),
        (Fault::LosesZeroBytes, "unchanged"),
        (Fault::LosesTheSignOfZero, "unchanged"),
        (Fault::RoundsLargeNumbers, "unchanged"),
        (Fault::ForgetsMetadata, "unchanged"),
        (Fault::ForgetsParameters, "unchanged"),
        (Fault::ForgetsThePipeline, "unchanged"),
        (Fault::CountsOnlyMessages, "unchanged"),
        (Fault::LetsTwoWrite, "one is refused and one is not"),
        (Fault::RefusesTheSecondWithoutAWord, "is told so"),
        (Fault::LetsNobodyWriteWhileTwoAreOpen, "one is refused and one is not"),
    ];
    for (fault, broken) in faults {
        let outcome = check(fault).map_err(|error| error.to_string());
        assert!(matches!(&outcome, Err(message) if message.contains(broken)), "{fault:?}: {outcome:?}");
    }
}
