//! Who hands out parts to the threads of this process?

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::counting::reader::ProgressReader;
use crate::journal::JournalError;
use crate::journal::board::{Claim, CountedPart, Ended, EndedPart, Next, Open, PartBoard, PartNews, PhaseBoard};
use crate::record::part::PartCheckpoint;

pub(crate) struct BoardHere {
    /// The attempt at the phase.
    attempt: u32,
    keeps_rows: bool,
    lists: Mutex<Lists>,
}

struct Lists {
    open: VecDeque<OpenPart>,
    ended: Vec<EndedPart>,
}

struct OpenPart {
    name: Arc<str>,
    /// How often it was claimed.
    times: u32,
    checkpoint: Option<Arc<PartCheckpoint>>,
}

impl BoardHere {
    pub(crate) fn new(
        attempt: u32,
        keeps_rows: bool,
        open: impl IntoIterator<Item = (Arc<str>, Option<Arc<PartCheckpoint>>)>,
    ) -> Self {
        let open = open.into_iter().map(|(name, checkpoint)| OpenPart { name, times: 0, checkpoint }).collect();
        BoardHere { attempt, keeps_rows, lists: Mutex::new(Lists { open, ended: Vec::new() }) }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartBoard for BoardHere {
    fn claim(&self) -> Result<Next, JournalError> {
        let Some(OpenPart { name, times, checkpoint }) = self.lists().open.pop_front() else { return Ok(Next::Nothing) };
        Ok(Next::Part(Claim {
            part: name,
            number: 0,
            times: times + 1,
            phase_attempt: self.attempt,
            checkpoint,
            keeps_rows: self.keeps_rows,
            lost: Arc::new(AtomicBool::new(false)),
        }))
    }

    fn watch(&self, _claim: &Claim, _counts: ProgressReader) {}

    fn end(&self, _claim: &Claim, part: EndedPart) -> Result<bool, JournalError> {
        self.lists().ended.push(part);
        Ok(true)
    }

    /// The next one is at hand whenever somebody asks.
    fn end_and_claim(&self, claim: &Claim, part: EndedPart) -> Result<Ended, JournalError> {
        Ok(Ended { was_ours: self.end(claim, part)?, next: None })
    }

    /// The run has recorded it, and whoever has the part takes it along.
    fn checkpoint(&self, _claim: &Claim, _checkpoint: &PartCheckpoint, _news: &PartNews) -> Result<bool, JournalError> {
        Ok(true)
    }

    fn give_back(&self, claim: &Claim) -> Result<(), JournalError> {
        let Claim { part, times, checkpoint, .. } = claim.clone();
        self.lists().open.push_back(OpenPart { name: part, times, checkpoint });
        Ok(())
    }
}

impl PhaseBoard for BoardHere {
    fn open(&self) -> Result<Open, JournalError> {
        Ok(if self.lists().open.is_empty() { Open::Nothing } else { Open::Here })
    }

    fn ended(&self) -> Result<Vec<EndedPart>, JournalError> {
        Ok(self.lists().ended.clone())
    }

    fn recorded(&self, parts: &[Arc<str>]) -> Result<(), JournalError> {
        let recorded: HashSet<_> = parts.iter().collect();
        self.lists().ended.retain(|part| !recorded.contains(&part.record.name));
        Ok(())
    }

    fn remembers(&self) -> bool {
        false
    }

    fn counted_elsewhere(&self) -> Result<Vec<CountedPart>, JournalError> {
        Ok(Vec::new())
    }
}
