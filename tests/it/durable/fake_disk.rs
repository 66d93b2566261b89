//! A disk that fails at one operation, and remembers what a crash could leave of it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use etl_context::{Event, FileJournal, Journal, Storage};

use super::journal_file::JournalFile;

/// What the operation at which the disk fails has done before it fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Done {
    Nothing,
    /// A part of the bytes was written; a sync or a cut was not done.
    Part,
    /// It was done, and only its answer was lost.
    All,
}

/// When the disk fails: at the operation with this number, from 0, and from then on if it is broken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) done: Done,
    pub(crate) for_good: bool,
}

/// Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    /// What a crash of the machine could leave: what was synced, and all that the file was since then.
    possible: Vec<Vec<u8>>,
    operations: usize,
    fault: Option<Fault>,
    /// A sync or a cut has failed.
    is_uncertain: bool,
}

impl FakeDisk {
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        FakeDisk(Arc::new(Mutex::new(State { possible: vec![bytes.clone()], bytes, ..State::default() })))
    }

    /// The same bytes on a disk that fails.
    pub(crate) fn failing(&self, fault: Fault) -> Self {
        let disk = FakeDisk::holding(self.bytes());
        disk.state().fault = Some(fault);
        disk
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// What could be found after the process died, or the machine; each on a disk that works.
    pub(crate) fn after_a_crash(&self) -> Vec<FakeDisk> {
        let state = self.state();
        state.possible.iter().chain([&state.bytes]).map(|bytes| FakeDisk::holding(bytes.clone())).collect()
    }

    /// Whether it has come to the operation at which it fails.
    pub(crate) fn has_failed(&self) -> bool {
        let state = self.state();
        state.fault.is_some_and(|fault| state.operations > fault.at)
    }

    /// Whether anybody can know what it holds: not once a sync or a cut has failed.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.state().is_uncertain
    }

    /// The journal on this disk; `place` is where it keeps a torn end.
    pub(crate) fn journal(&self, place: &JournalFile) -> FileJournal {
        FileJournal::with_storage(place.path(), self.clone()).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.journal(&JournalFile::new()).load().unwrap()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    /// What the next operation does before it fails; `None` if it does not fail.
    fn next(&mut self) -> Option<Done> {
        let number = self.operations;
        self.operations += 1;
        let fault = self.fault?;
        let fails = number == fault.at || (fault.for_good && number > fault.at);
        fails.then_some(fault.done)
    }

    /// The file is like this now; only a sync makes it certain.
    fn change(&mut self, bytes: Vec<u8>) {
        self.bytes.clone_from(&bytes);
        self.possible.push(bytes);
    }

    fn answer(failed: Option<Done>) -> io::Result<()> {
        failed.map_or(Ok(()), |_| Err(io::Error::other("the disk fails")))
    }
}

impl Storage for FakeDisk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.bytes())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let failed = state.next();
        let length = match failed {
            Some(Done::Nothing) => 0,
            Some(Done::Part) => bytes.len() / 2,
            Some(Done::All) | None => bytes.len(),
        };
        let appended = [&state.bytes, &bytes[..length]].concat();
        state.change(appended);
        State::answer(failed)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state();
        let failed = state.next();
        if matches!(failed, None | Some(Done::All)) {
            state.possible = vec![state.bytes.clone()];
        }
        state.is_uncertain |= failed.is_some();
        State::answer(failed)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        let failed = state.next();
        if matches!(failed, None | Some(Done::All)) {
            let cut = state.bytes[..usize::try_from(length).unwrap()].to_vec();
            state.change(cut);
        }
        state.is_uncertain |= failed.is_some();
        State::answer(failed)
    }
}
