//! What becomes of a row that a phase cannot use? It is counted here, and stands in a file if the run has one, before an event tells of it.
//!
//! A checkpoint does not wait for that file to be synced as well: it takes the few rows since the last one along, from which the file is
//! mended if a machine has lost them. Many rows are synced, and so is the end of an attempt.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::engine::Engine;
use crate::error::Error;
use crate::journal::JournalError;
use crate::journal::rejected_line::{Attempt, as_object};
use crate::journal::rejects_file::RejectsFile;
use crate::json::lossless;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::error::WorkError;
use crate::record::event::Event;
use crate::record::phase::{Checkpoint, PhaseRecord};
use crate::record::rejected::Rejected;
use crate::record::share::{MaxRejected, rows_among};

/// So many bytes of rows wait in memory before they are written.
const ENOUGH: usize = 1 << 16;

/// What an engine has of rejected rows. A run that asks for no file has none of this before it rejects a row.
#[derive(Debug, Default)]
pub(super) struct Rejects {
    /// One for all branches.
    file: Option<Arc<RejectsFile>>,
    /// By the running attempt, and by those from whose checkpoint it went on, once it is known that it did.
    counted: Rejected,
    lines: Lines,
}

/// Rows that may not be on the medium yet.
#[derive(Debug, Default)]
struct Lines {
    /// Whose they are, and how each of them begins.
    attempt: Attempt,
    beginning: String,
    bytes: Vec<u8>,
    /// How many of these bytes and rows are in the file, and how many rows are not.
    written: usize,
    unwritten: u64,
    /// Whether the file has rows besides that neither an event has nor a sync was for.
    must_sync: bool,
}

/// What a checkpoint tells of rejected rows.
type Told = (Option<Arc<Rejected>>, Option<Arc<[String]>>);

/// A row and a reason, as they are kept.
struct Row {
    row: String,
    reason: String,
}

impl Row {
    /// A row that JSON cannot hold is told as `null`, and why.
    fn of<R: Serialize + ?Sized>(row: &R, reason: &dyn Display) -> Self {
        let mut told = Row { row: String::new(), reason: String::new() };
        // One that fails to say what it is says less.
        let _ = write!(told.reason, "{reason}");
        match lossless::to_value(row) {
            Ok(value) => told.row = value.to_string(),
            Err(why) => {
                let _ = write!(told.reason, " (the row cannot be shown: {why})");
                "null".clone_into(&mut told.row);
            }
        }
        told
    }
}

impl Rejects {
    pub(super) fn in_file(file: RejectsFile) -> Box<Self> {
        Box::new(Rejects { file: Some(Arc::new(file)), ..Rejects::default() })
    }

    /// The same for another branch.
    pub(super) fn beside(&self) -> Box<Self> {
        Box::new(Rejects { file: self.file.clone(), ..Rejects::default() })
    }

    fn write(&mut self, attempt: (&PhaseName, u32), told: &Row) -> Result<(), JournalError> {
        let Rejects { file: Some(file), lines, .. } = self else { return Ok(()) };
        lines.are_of(attempt, file);
        let before = lines.bytes.len();
        lines.push(told);
        if lines.bytes.len() < ENOUGH {
            return Ok(());
        }
        if let Err(error) = lines.write_to(file) {
            lines.bytes.truncate(before);
            lines.unwritten -= 1;
            return Err(error);
        }
        lines.forget();
        lines.must_sync = true;
        Ok(())
    }

    /// Everything that was rejected is in the file, and on the medium if these rows are not all.
    fn keep(&mut self) -> Result<Option<Arc<[String]>>, JournalError> {
        let Rejects { file: Some(file), lines, .. } = self else { return Ok(None) };
        lines.write_to(file)?;
        if lines.must_sync {
            self.make_certain()?;
        }
        Ok(self.lines.rows())
    }

    /// Everything that was rejected is on the medium.
    fn make_certain(&mut self) -> Result<(), JournalError> {
        let Rejects { file: Some(file), lines, .. } = self else { return Ok(()) };
        lines.write_to(file)?;
        file.make_certain()?;
        lines.forget();
        Ok(())
    }
}

impl Lines {
    fn are_of(&mut self, (phase, attempt): (&PhaseName, u32), file: &RejectsFile) {
        if self.attempt.1 != attempt || self.attempt.0 != phase.as_str() {
            self.attempt = (phase.to_string(), attempt);
            self.beginning = file.run().beginning(&self.attempt);
        }
    }

    fn push(&mut self, told: &Row) {
        self.bytes.extend_from_slice(self.beginning.as_bytes());
        // A text can always be written to memory.
        let _ = serde_json::to_writer(&mut self.bytes, &told.reason);
        for part in [r#","row":"#, &told.row, "}\n"] {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        self.unwritten += 1;
    }

    fn write_to(&mut self, file: &RejectsFile) -> Result<(), JournalError> {
        if self.unwritten > 0 {
            file.append(&self.attempt, self.unwritten, &self.bytes[self.written..])?;
            (self.written, self.unwritten) = (self.bytes.len(), 0);
        }
        Ok(())
    }

    /// Each as an object of its reason and its row; `None` if there are none.
    fn rows(&self) -> Option<Arc<[String]>> {
        let text = String::from_utf8_lossy(&self.bytes);
        let rows = text.lines().filter_map(|line| line.strip_prefix(&self.beginning)).map(as_object);
        (!self.bytes.is_empty()).then(|| rows.collect())
    }

    /// They are where they can be found.
    fn forget(&mut self) {
        self.bytes.clear();
        (self.written, self.unwritten, self.must_sync) = (0, 0, false);
    }
}

impl Engine {
    /// Counts a row that the running phase cannot use.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the row can be kept neither in memory nor in the file; then it is not counted.
    /// [`Error::TooManyRejected`] if it is one more than the run allows; then it is.
    pub(crate) fn reject<R: Serialize + ?Sized>(&mut self, row: &R, reason: &dyn Display) -> Result<(), Error> {
        let running = self.record.running("reject")?;
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let told = Row::of(row, reason);
        self.take_over_rejected();
        let rejects = self.rejects.get_or_insert_default();
        rejects.write((&phase, attempt), &told).map_err(|source| not_kept(&phase, source))?;
        rejects.counted.add(&told.reason, &told.row);
        self.check_rejected(Moment::Running)
    }

    /// What the running attempt has rejected by now; `None` if it is nothing.
    pub(super) fn rejected(&self) -> Option<Rejected> {
        let counted = self.rejects.as_ref().map(|rejects| &rejects.counted);
        let rejected = match self.rejected_before() {
            Some(mut before) => {
                before.merge(counted.unwrap_or(Rejected::NOTHING));
                before
            }
            None => counted?.clone(),
        };
        (!rejected.is_empty()).then_some(rejected)
    }

    /// What was rejected up to the checkpoint that the running attempt has taken up, unless that is counted here already.
    fn rejected_before(&self) -> Option<Rejected> {
        if self.taken_up.is_by_none() {
            return None;
        }
        let running = self.record.current()?;
        let phase = self.record.phase(running.phase.as_str())?;
        let checkpoint = phase.last_checkpoint().filter(|checkpoint| checkpoint.attempt < running.attempt)?;
        let rejected = checkpoint.rejected.as_ref().filter(|_| self.taken_up.is_by(phase))?;
        let is_counted = self.rejects.as_ref().is_some_and(|rejects| rejects.counted.carried() > 0);
        (!is_counted).then(|| rejected.carried_on())
    }

    fn take_over_rejected(&mut self) {
        if let (Some(_), Some(rejected)) = (self.rejected_before(), self.rejected()) {
            self.rejects.get_or_insert_default().counted = rejected;
        }
    }

    /// What a checkpoint has to tell, once the rows are in the file.
    pub(super) fn rejected_since_checkpoint(&mut self) -> Result<Told, Error> {
        self.take_over_rejected();
        let (Some(rejects), Some(running)) = (&mut self.rejects, self.record.current()) else { return Ok((None, None)) };
        let rows = rejects.keep().map_err(|source| not_kept(&running.phase, source))?;
        let news = rejects.counted.since(running.rejected.as_deref().unwrap_or(Rejected::NOTHING));
        Ok(((!news.is_empty()).then(|| Arc::new(news)), rows))
    }

    /// The same before the end of an attempt. If rows cannot be kept, one that has failed ends all the same, with those that are.
    pub(super) fn keep_rejected(&mut self, status: PhaseStatus) -> Result<(), Error> {
        self.take_over_rejected();
        let (Some(rejects), Some(running)) = (&mut self.rejects, self.record.current()) else { return Ok(()) };
        let Err(source) = rejects.make_certain() else { return Ok(()) };
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let error = not_kept(&phase, source);
        if status != PhaseStatus::Failed {
            return Err(error);
        }
        let certain = running.rejected.as_deref().cloned();
        let own = certain.as_ref().map_or(0, Rejected::own);
        rejects.lines.forget();
        rejects.counted = certain.unwrap_or_default();
        if let Some(file) = &rejects.file {
            file.keep(|known| (known.0 == phase.as_str() && known.1 == attempt).then_some(own));
        }
        // If that cannot be recorded, neither can the end.
        let _ = self.record_error(phase, error.recorded());
        Ok(())
    }

    /// An event about the phase has happened: rows that a later attempt does again are taken out of the file.
    pub(super) fn settle_rejected(&mut self, phase: &PhaseName) {
        let is_running = self.record.current().is_some();
        let (Some(rejects), Some(record)) = (&mut self.rejects, self.record.phase(phase.as_str())) else { return };
        // The event has them, or the medium.
        rejects.lines.forget();
        if !is_running {
            rejects.counted = Rejected::default();
        }
        if let Some(file) = &rejects.file {
            let latest = record.next_attempt() - u32::from(!is_running);
            let is_earlier = |known: &&Attempt| known.0 == phase.as_str() && known.1 < latest;
            file.keep(|known| Some(known).filter(is_earlier).map(|known| record.rejected_rows().of(known.1)));
        }
    }

    /// The running attempt takes up the checkpoint, and with it what was rejected until then.
    pub(super) fn take_up_rejected(&self, phase: &PhaseRecord, checkpoint: &Checkpoint) {
        if checkpoint.rejected.is_some() {
            self.taken_up.take(phase);
        }
    }

    /// No more rows were rejected than the run allows.
    pub(super) fn check_rejected(&self, moment: Moment) -> Result<(), Error> {
        let (Some(limit), Some(running)) = (self.limits.rejected, self.record.current()) else { return Ok(()) };
        let rejected = self.rejects.as_ref().map_or(0, |rejects| rejects.counted.rows());
        if rejected == 0 {
            return Ok(());
        }
        let (counts, totals) = (self.meter.counts(), self.meter.totals());
        let most = rows_among(totals.iter().filter(|(_, total)| *total > 0), 0);
        let rows = rows_among(counts.iter(), rejected);
        // Of how many rows it is a share is known in the end, or before if somebody has said so.
        let is_known = most > 0 || moment == Moment::Ending || matches!(limit, MaxRejected::Rows(_));
        let rows = if moment == Moment::Ending { rows } else { rows.max(most) };
        if is_known && limit.is_exceeded(rejected, rows) {
            return Err(Error::TooManyRejected { phase: running.phase.clone(), rejected, rows, allowed: limit });
        }
        Ok(())
    }

    /// Opens the file of the rejected rows for a run that begins, or goes on.
    pub(super) fn open_rejects(&mut self, path: Option<&Path>) -> Result<(), JournalError> {
        if let Some(path) = path {
            self.rejects = Some(Rejects::in_file(RejectsFile::open(path, self.record.run_id())?));
        }
        Ok(())
    }

    /// The file has the rows of which the record tells; what it lacks is told.
    pub(super) fn restore_rejects(&mut self, events: &[Event]) -> Result<Option<String>, JournalError> {
        let Some(file) = self.rejects.as_ref().and_then(|rejects| rejects.file.as_ref()) else { return Ok(None) };
        let of_phase = |phase: &PhaseRecord| {
            let name = phase.name().to_string();
            phase.rejected_rows().attempts().map(move |(attempt, rows)| ((name.clone(), attempt), rows)).collect::<Vec<_>>()
        };
        let standing = self.record.phases().flat_map(of_phase).collect::<BTreeMap<_, _>>();
        let lacking = file.settle(&standing, || rows_told(events))?;
        Ok((lacking > 0).then(|| file.lacks(lacking)))
    }
}

/// When a limit is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    Running,
    Ending,
}

/// The rows that the checkpoints of each attempt have, with their places among those of the attempt.
fn rows_told(events: &[Event]) -> BTreeMap<Attempt, Vec<(u64, &str)>> {
    let (mut told, mut own) = (BTreeMap::<Attempt, Vec<_>>::new(), BTreeMap::<Attempt, u64>::new());
    for event in events {
        if let Event::Checkpointed { phase, attempt, rejected: Some(rejected), rejected_rows, .. } = event {
            let attempt = (phase.to_string(), *attempt);
            let place = own.entry(attempt.clone()).or_default();
            *place = place.saturating_add(rejected.own());
            // They are the last ones of these.
            let rows = rejected_rows.as_deref().unwrap_or_default();
            let first = place.saturating_sub(rows.len() as u64);
            told.entry(attempt).or_default().extend((first..).zip(rows.iter().map(String::as_str)));
        }
    }
    told
}

fn not_kept(phase: &PhaseName, source: JournalError) -> Error {
    Error::Journal { refused: format!("rows that phase `{phase}` has rejected are not kept"), source }
}
