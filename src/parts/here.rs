//! Who hands out parts to the threads of this process?

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::counting::reader::ProgressReader;
use crate::journal::JournalError;
use crate::journal::board::{Claim, Next, Open, PartBoard, PhaseBoard};
use crate::record::part::PartRecord;

pub(crate) struct BoardHere(Mutex<Lists>);

struct Lists {
    /// With how often each was claimed.
    open: VecDeque<(Arc<str>, u32)>,
    ended: Vec<PartRecord>,
}

impl BoardHere {
    pub(crate) fn new(open: impl IntoIterator<Item = Arc<str>>) -> Self {
        BoardHere(Mutex::new(Lists { open: open.into_iter().map(|part| (part, 0)).collect(), ended: Vec::new() }))
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartBoard for BoardHere {
    fn claim(&self) -> Result<Next, JournalError> {
        let Some((part, times)) = self.lists().open.pop_front() else { return Ok(Next::Nothing) };
        Ok(Next::Part(Claim { part, number: 0, times: times + 1, lost: Arc::new(AtomicBool::new(false)) }))
    }

    fn watch(&self, _claim: &Claim, _counts: ProgressReader) {}

    fn end(&self, _claim: &Claim, part: PartRecord) -> Result<bool, JournalError> {
        self.lists().ended.push(part);
        Ok(true)
    }

    fn give_back(&self, claim: &Claim) -> Result<(), JournalError> {
        self.lists().open.push_back((Arc::clone(&claim.part), claim.times));
        Ok(())
    }
}

impl PhaseBoard for BoardHere {
    fn open(&self) -> Result<Open, JournalError> {
        Ok(if self.lists().open.is_empty() { Open::Nothing } else { Open::Here })
    }

    fn ended(&self) -> Result<Vec<PartRecord>, JournalError> {
        Ok(self.lists().ended.clone())
    }

    fn recorded(&self, parts: &[Arc<str>]) -> Result<(), JournalError> {
        self.lists().ended.retain(|part| !parts.contains(&part.name));
        Ok(())
    }
}
