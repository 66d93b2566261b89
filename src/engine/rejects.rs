//! What becomes of a row that a phase cannot use? It is counted here, and stands in a file if the run has one, before an event tells of it.
//!
//! A checkpoint does not wait for that file to be synced as well: it takes the few rows since the last one along, from which the file is
//! mended if a machine has lost them. Many rows are synced, and so is the end of an attempt.

use std::fmt::{Display, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde_json::Value;

use crate::engine::{Ending, Engine};
use crate::error::Error;
use crate::journal::JournalError;
use crate::journal::rejected_line::{RowsFrom, as_object};
use crate::journal::rejects_file::RejectsFile;
use crate::json::lossless;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::error::WorkError;
use crate::record::event::Event;
use crate::record::phase::PhaseRecord;
use crate::record::rejected::Rejected;
use crate::record::running::Running;
use crate::record::share::{MaxRejected, rows_among};

/// So many bytes of rows wait in memory before they are written.
pub(super) const ENOUGH: usize = 1 << 16;

/// What an engine has of rejected rows. It has none of this as long as no row was rejected, unless the run has a file for them.
#[derive(Debug, Default)]
pub(super) struct Rejects {
    /// One for all branches.
    file: Option<Arc<RejectsFile>>,
    /// By the running attempt, and by those from whose checkpoint it went on, once it is known that it did.
    counted: Rejected,
    lines: Lines,
    /// The number of the event with which the attempt started that has taken up its checkpoint last. To ask for a cursor changes nothing
    /// else in a run.
    taken_up_in: AtomicU64,
}

/// Rows that may not be on the medium yet.
#[derive(Debug, Default)]
struct Lines {
    /// Whose they are, and how each of them begins.
    from: RowsFrom,
    beginning: String,
    bytes: Vec<u8>,
    /// How many of these bytes and rows are in the file, and how many rows are not.
    written: usize,
    unwritten: u64,
    /// Whether the file has rows besides that neither an event has nor a sync was for.
    must_sync: bool,
}

/// A row and a reason, as they are kept.
pub(crate) struct Row {
    pub(crate) row: String,
    pub(crate) reason: String,
}

impl Row {
    /// A row that JSON cannot hold is told as `null`, and why.
    pub(crate) fn of<R: Serialize + ?Sized>(row: &R, reason: &dyn Display) -> Self {
        let mut told = Row { row: String::new(), reason: String::new() };
        // One that fails to say what it is says less.
        let _ = write!(told.reason, "{reason}");
        match lossless::to_text(row) {
            Ok(row) => told.row = row,
            Err(why) => {
                let _ = write!(told.reason, " (the row cannot be shown: {why})");
                "null".clone_into(&mut told.row);
            }
        }
        told
    }

    /// As a JSON object of the reason and the row.
    pub(crate) fn as_object(&self) -> String {
        as_object(&format!("{},\"row\":{}}}", Value::from(self.reason.as_str()), self.row))
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

    /// The attempt is running. What earlier ones have rejected and it does again is no more.
    fn enter(&mut self, from: RowsFrom, visit: u32, has_checkpoint: bool) {
        if let Some(file) = &self.file {
            self.lines.beginning = file.run().beginning(&from);
            file.start(&from.phase, from.attempt, visit, has_checkpoint);
        }
        self.lines.from = from;
    }

    pub(super) fn file(&self) -> Option<&RejectsFile> {
        self.file.as_deref()
    }

    fn is_in(&self, running: &Running) -> bool {
        let RowsFrom { phase, attempt, .. } = &self.lines.from;
        *attempt == running.attempt && phase == running.phase.as_str()
    }

    fn write(&mut self, told: &Row) -> Result<(), JournalError> {
        let Rejects { file: Some(file), lines, .. } = self else { return Ok(()) };
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
    fn keep(&mut self) -> Result<Vec<String>, JournalError> {
        let Rejects { file: Some(file), lines, .. } = self else { return Ok(Vec::new()) };
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
            file.append(&self.from, self.unwritten, &self.bytes[self.written..])?;
            (self.written, self.unwritten) = (self.bytes.len(), 0);
        }
        Ok(())
    }

    /// Each as an object of its reason and its row.
    fn rows(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        text.lines().filter_map(|line| line.strip_prefix(&self.beginning)).map(as_object).collect()
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
        self.record.running("reject")?;
        let told = Row::of(row, reason);
        self.rejects.get_or_insert_default();
        let Some((rejects, running)) = self.rejecting() else { return Ok(()) };
        rejects.write(&told).map_err(|source| not_kept(&running.phase, source))?;
        rejects.counted.add(&told.reason, &told.row);
        self.check_rejected(Moment::Running)
    }

    /// What is rejected by the running attempt, once it has its own and what it goes on from; `None` if there is nothing to do.
    pub(super) fn rejecting(&mut self) -> Option<(&mut Rejects, &Running)> {
        self.rejects.as_ref()?;
        let rejected = self.rejected_before().and_then(|_| self.rejected_itself());
        let running = self.record.current()?;
        let is_new = self.rejects.as_ref().is_some_and(|rejects| !rejects.is_in(running));
        let of_new = is_new.then(|| {
            let has_checkpoint = self.record.phase(running.phase.as_str()).and_then(PhaseRecord::checkpoint).is_some();
            (outside_of_parts(running), self.visit(&running.phase), has_checkpoint)
        });
        let rejects = self.rejects.as_mut()?;
        if let Some(rejected) = rejected {
            rejects.counted = rejected;
        }
        if let Some((from, visit, has_checkpoint)) = of_new {
            rejects.enter(from, visit, has_checkpoint);
        }
        Some((rejects, running))
    }

    /// What the running attempt has rejected by now, with that of the parts that have completed; `None` if it is nothing.
    pub(super) fn rejected(&self) -> Option<Rejected> {
        self.rejects.as_ref()?;
        self.with_parts(self.rejected_itself())
    }

    /// What it has rejected, with that of its parts.
    fn with_parts(&self, itself: Option<Rejected>) -> Option<Rejected> {
        let running = self.record.current()?;
        let in_parts = self.record.phase(running.phase.as_str()).and_then(|phase| phase.rejected_in_parts(running.attempt));
        match (itself, in_parts) {
            (Some(itself), Some(in_parts)) => Some(itself.merged(&in_parts)),
            (itself, in_parts) => itself.or(in_parts),
        }
    }

    /// What it has rejected outside of its parts; `None` if it is nothing.
    fn rejected_itself(&self) -> Option<Rejected> {
        let counted = &self.rejects.as_ref()?.counted;
        let rejected = match self.rejected_before() {
            Some(mut before) => {
                before.merge(counted);
                before
            }
            None => counted.clone(),
        };
        (!rejected.is_empty()).then_some(rejected)
    }

    /// What was rejected up to the checkpoint that the running attempt has taken up, unless that is counted here already.
    fn rejected_before(&self) -> Option<Rejected> {
        let (rejects, running) = (self.rejects.as_ref()?, self.record.current()?);
        let phase = self.record.phase(running.phase.as_str())?;
        let checkpoint = phase.last_checkpoint().filter(|checkpoint| checkpoint.attempt < running.attempt)?;
        let is_taken_up = rejects.taken_up_in.load(Ordering::Relaxed) == phase.started();
        let is_news = is_taken_up && rejects.counted.carried() == 0;
        checkpoint.rejected.as_ref().filter(|_| is_news).map(|rejected| rejected.carried_on())
    }

    /// The running attempt takes up its checkpoint, and with it what was rejected until then.
    pub(super) fn take_up_rejected(&self, phase: &PhaseRecord) {
        if let Some(rejects) = &self.rejects {
            rejects.taken_up_in.store(phase.started(), Ordering::Relaxed);
        }
    }

    /// What a checkpoint has to tell, once the rows are in the file.
    pub(super) fn rejected_since_checkpoint(&mut self) -> Result<Option<Arc<Rejected>>, Error> {
        let before = self.record.current().and_then(|running| self.record.rejected_by(running));
        let Some((rejects, running)) = self.rejecting() else { return Ok(None) };
        let lines = rejects.keep().map_err(|source| not_kept(&running.phase, source))?;
        let news = rejects.counted.since(before.as_deref().unwrap_or(Rejected::NOTHING));
        Ok((!news.is_empty()).then(|| Arc::new(news.with_lines(lines))))
    }

    /// What the attempt that is to end has rejected, once every row is on the medium. There may not be too many to complete. If rows cannot
    /// be kept, an attempt that has failed ends all the same, with those that are.
    #[cold]
    pub(super) fn keep_rejected(&mut self, ending: &mut Ending) -> Result<(), Error> {
        let completes = ending.status == PhaseStatus::Completed;
        if completes {
            self.check_rejected(Moment::Ending)?;
        }
        let certain = self.record.current().and_then(|running| self.record.rejected_by(running));
        let Some((rejects, running)) = self.rejecting() else { return Ok(()) };
        let Err(source) = rejects.make_certain() else {
            ending.rejected = self.rejected().map(Arc::new);
            return Ok(());
        };
        let (phase, from) = (running.phase.clone(), outside_of_parts(running));
        let error = not_kept(&phase, source);
        if completes {
            return Err(error);
        }
        rejects.lines.forget();
        rejects.counted = certain.as_deref().cloned().unwrap_or_default();
        if let Some(file) = &rejects.file {
            file.keep_no_more(&from, rejects.counted.own());
        }
        // If that cannot be recorded, neither can the end.
        let _ = self.record_error(phase, error.recorded());
        ending.rejected = self.with_parts(certain.as_deref().cloned()).map(Arc::new);
        Ok(())
    }

    /// The running attempt has a checkpoint, or has ended, and what it has rejected is on record.
    #[cold]
    pub(super) fn settle_rejected(&mut self, event: &Event) {
        let is_running = self.record.current().is_some();
        let Some(rejects) = &mut self.rejects else { return };
        rejects.lines.forget();
        if !is_running {
            rejects.counted = Rejected::default();
        }
        if let Some(file) = &rejects.file {
            file.happened(event);
        }
    }

    /// No more rows were rejected than the run allows.
    pub(super) fn check_rejected(&self, moment: Moment) -> Result<(), Error> {
        self.check_rejected_with(moment, 0)
    }

    /// The same, with so many more of a part that is open.
    pub(super) fn check_rejected_with(&self, moment: Moment, more: u64) -> Result<(), Error> {
        let (Some(limit), Some(running)) = (self.limits.rejected, self.record.current()) else { return Ok(()) };
        let rejected = self.rejected().map_or(0, |rejected| rejected.rows()).saturating_add(more);
        let (counts, totals) = (self.meter.counts(), self.meter.totals());
        let (counted, total) = (rows_among(counts.iter(), rejected), rows_among(totals.iter(), 0));
        // Of how many rows it is a share is known in the end, or before if somebody has said so.
        let is_known = moment == Moment::Ending || total > 0 || matches!(limit, MaxRejected::Rows(_));
        let rows = if moment == Moment::Ending { counted } else { counted.max(total) };
        if is_known && limit.is_exceeded(rejected, rows) {
            return Err(Error::TooManyRejected { phase: running.phase.clone(), rejected, rows, allowed: limit });
        }
        Ok(())
    }

    /// Opens the file of the rejected rows for a run that begins, or goes on.
    pub(super) fn open_rejects(&mut self, path: Option<&Path>) -> Result<(), JournalError> {
        if let Some(path) = path {
            self.rejects = Some(Rejects::in_file(RejectsFile::open(path, self.record.run_id())?));
        } else if self.record.phases().any(has_rejected) {
            // An attempt may go on from these.
            self.rejects = Some(Box::default());
        }
        Ok(())
    }

    /// The file has the rows of which the events tell; what it lacks is told.
    pub(super) fn restore_rejects(&mut self, events: &[Event]) -> Result<Option<String>, JournalError> {
        let Some(file) = self.rejects.as_ref().and_then(|rejects| rejects.file.as_ref()) else { return Ok(None) };
        let lacking = file.restore(events)?;
        Ok((lacking > 0).then(|| file.lacks(lacking)))
    }
}

/// When a limit is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    Running,
    Ending,
}

/// An attempt at the phase may go on from rows that were rejected.
fn has_rejected(phase: &PhaseRecord) -> bool {
    let at_checkpoint = phase.last_checkpoint().and_then(|last| last.rejected.as_ref());
    at_checkpoint.is_some() || phase.parts().any(|part| part.rejected.is_some())
}

fn outside_of_parts(running: &Running) -> RowsFrom {
    RowsFrom { phase: running.phase.to_string(), attempt: running.attempt, part: None, claim: 0 }
}

pub(super) fn not_kept(phase: &PhaseName, source: JournalError) -> Error {
    Error::Journal { refused: format!("rows that phase `{phase}` has rejected are not kept"), source }
}
