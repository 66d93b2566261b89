//! Who hands out parts? A board in this process, or one that processes on many hosts share.

#![cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only a board that hosts share makes use of all of it"))]

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::counting::counters::Tally;
use crate::counting::reader::ProgressReader;
use crate::journal::JournalError;
use crate::record::error::RecordedError;
use crate::record::part::{PartCheckpoint, PartRecord};

/// Hands out the open parts of a phase, each to one worker at a time.
pub(crate) trait PartBoard: Send + Sync + Any {
    /// The next open part, or why there is none.
    fn claim(&self) -> Result<Next, JournalError>;

    /// What the holder of the claim has counted so far can be read from here, until the part ends.
    fn watch(&self, claim: &Claim, counts: ProgressReader);

    /// The part has ended so; false if it had been given to another worker by then.
    fn end(&self, claim: &Claim, part: EndedPart) -> Result<bool, JournalError>;

    /// The same, and then hands out the next part at once, if one is open.
    fn end_and_claim(&self, claim: &Claim, part: EndedPart) -> Result<Ended, JournalError>;

    /// Whoever has the part next can go on from here; false if it had been given to another worker by then.
    fn checkpoint(&self, claim: &Claim, checkpoint: &PartCheckpoint, news: &PartNews) -> Result<bool, JournalError>;

    /// The part is open again.
    fn give_back(&self, claim: &Claim) -> Result<(), JournalError>;
}

/// The board as the one sees it whose phase it is.
pub(crate) trait PhaseBoard: PartBoard {
    /// Whether there are parts that have not ended, and whether somebody else may still end them.
    fn open(&self) -> Result<Open, JournalError>;

    /// The parts that have ended and are not yet known to be recorded.
    fn ended(&self) -> Result<Vec<EndedPart>, JournalError>;

    /// These are recorded.
    fn recorded(&self, parts: &[Arc<str>]) -> Result<(), JournalError>;

    /// Whether the board itself remembers checkpoints, and all that was noted until then.
    fn remembers(&self) -> bool;

    /// What workers elsewhere have counted of parts that are not recorded, as far as it is known.
    fn counted_elsewhere(&self) -> Result<Vec<CountedPart>, JournalError>;
}

/// What a worker gets that asks for a part.
pub(crate) enum Next {
    Part(Claim),
    /// All parts are taken, but one may be given back or lost; or none is registered yet.
    Later,
    /// All parts have ended.
    Nothing,
}

/// What a worker gets that has ended a part.
#[derive(Default)]
pub(crate) struct Ended {
    /// False if the part had been given to another worker by then.
    pub(crate) was_ours: bool,
    /// Another part, if it was asked for and is at hand.
    pub(crate) next: Option<Claim>,
}

pub(crate) enum Open {
    Nothing,
    /// Somebody else may have them, or take them.
    Elsewhere,
    /// Nobody else can take them.
    Here,
}

/// The right to work on a part.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) part: Arc<str>,
    /// No other claim has this number.
    pub(crate) number: i64,
    /// How often the part was claimed in this attempt at the phase, this time included.
    pub(crate) times: u32,
    /// The attempt at the phase, and from where the part can be gone on with.
    pub(crate) phase_attempt: u32,
    pub(crate) checkpoint: Option<Arc<PartCheckpoint>>,
    /// Whether the rows that are rejected are to be kept one by one.
    pub(crate) keeps_rows: bool,
    pub(crate) lost: Arc<AtomicBool>,
}

/// What a worker has noted of a part since its last checkpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartNews {
    /// Each as the JSON object of its reason and itself, if they are kept.
    pub(crate) rows: Arc<[String]>,
    pub(crate) errors: Arc<[RecordedError]>,
    /// Whether this comes behind what the part's checkpoint has, and not in its place.
    pub(crate) goes_on: bool,
}

/// A part that has ended.
#[derive(Debug, Clone)]
pub(crate) struct EndedPart {
    pub(crate) record: PartRecord,
    /// By which of those who had it in this attempt, if it is known that this one has recorded something.
    pub(crate) claim: Option<u32>,
    pub(crate) news: PartNews,
}

/// How far a part is that is open.
pub(crate) struct CountedPart {
    pub(crate) part: Arc<str>,
    pub(crate) counts: Tally,
    /// What was done of it before this attempt, if the worker goes on from there.
    pub(crate) carried: Option<Tally>,
}

impl EndedPart {
    /// Whether nothing was noted of it but what it counted and how it ended.
    pub(crate) fn is_plain(&self) -> bool {
        let PartNews { rows, errors, goes_on } = &self.news;
        self.record.rejected.is_none() && rows.is_empty() && errors.is_empty() && !goes_on
    }
}

impl Claim {
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}
