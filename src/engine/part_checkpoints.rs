//! From where can another worker go on with a part? From its last checkpoint, with all that was counted and noted until then.

use std::sync::Arc;

use crate::counting::meter::Meter;
use crate::engine::rejects::{ENOUGH, not_kept};
use crate::engine::{Engine, Moment};
use crate::error::Error;
use crate::journal::board::PartNews;
use crate::journal::rejected_line::RowsFrom;
use crate::journal::{Journal, JournalError};
use crate::pipeline::phase::PhaseName;
use crate::record::event::Event;
use crate::record::part::PartCheckpoint;
use crate::record::rejected::Rejected;

impl Engine {
    /// Records the checkpoint of a part of the running phase, with what was noted of it since the last one. The claim is known once
    /// something is recorded; `rejected` is what was rejected since then.
    pub(crate) fn checkpoint_part(
        &mut self,
        part: &Arc<str>,
        checkpoint: &PartCheckpoint,
        rejected: Option<Arc<Rejected>>,
        news: &PartNews,
    ) -> Result<(), Error> {
        let running = self.record.running("checkpoint a part")?;
        let (phase, attempt, claim) = (running.phase.clone(), running.attempt, checkpoint.claim);
        let rejected = self.keep_rows_of_part(part, claim, rejected, news)?;
        let event = Event::PartCheckpointed {
            phase,
            attempt,
            part: Arc::clone(part),
            claim,
            cursor: Arc::clone(&checkpoint.cursor),
            counts: checkpoint.counts.clone(),
            carried: checkpoint.carried.clone().map(Box::new),
            rejected,
            errors: Arc::clone(&news.errors),
            time: self.clock.now(),
        };
        self.happen_to_part(&event, part, claim, |_| {})
    }

    /// The number of the next one who records something of the part that an earlier one does not go on from.
    pub(crate) fn next_claim(&self, phase: &PhaseName, attempt: u32, part: &str) -> u32 {
        let known = self.record.phase(phase.as_str()).and_then(|record| record.part(part)?.checkpoint.as_ref());
        known.filter(|known| known.attempt == attempt).map_or(1, |known| known.claim.saturating_add(1))
    }

    /// Rows that were written for an event which has not happened are taken out again.
    pub(super) fn happen_to_part(
        &mut self,
        event: &Event,
        part: &str,
        claim: u32,
        meter: impl FnOnce(&mut Meter),
    ) -> Result<(), Error> {
        let happened = self.happen(event, meter);
        let Some(file) = self.rejects.as_ref().and_then(|rejects| rejects.file()) else { return happened };
        match &happened {
            Ok(()) => file.happened(event),
            Err(Error::Journal { source, .. }) if source.is_in_doubt() => {}
            Err(_) => {
                if let Some(running) = self.record.current() {
                    file.keep_what_stands(&RowsFrom::part(&running.phase, running.attempt, part, claim));
                }
            }
        }
        happened
    }

    /// The same for the ends of several parts at once, in which no row was rejected; false if `append` says that none of them has happened.
    pub(super) fn happen_to_parts(
        &mut self,
        ends: &[Event],
        append: impl FnOnce(&mut dyn Journal, u64) -> Result<bool, JournalError>,
        meter: impl FnMut(&mut Meter, usize),
    ) -> Result<bool, Error> {
        let have_happened = self.happen_together(ends, append, meter)?;
        if have_happened && let Some(file) = self.rejects.as_ref().and_then(|rejects| rejects.file()) {
            for event in ends {
                file.happened(event);
            }
        }
        Ok(have_happened)
    }

    /// The running attempt was divided into parts. What was rejected in those that are done again does not stand any more.
    pub(super) fn divide_rejected(&mut self, phase: &PhaseName, attempt: u32) {
        // The attempt itself comes first.
        self.rejecting();
        if let Some(file) = self.rejects.as_ref().and_then(|rejects| rejects.file()) {
            file.divide(phase, attempt, &self.record);
        }
    }

    /// What the event tells of the rows of a part, once they are in the file: one by one, or, if they are many, as on the medium.
    pub(super) fn keep_rows_of_part(
        &mut self,
        part: &str,
        claim: u32,
        rejected: Option<Arc<Rejected>>,
        news: &PartNews,
    ) -> Result<Option<Arc<Rejected>>, Error> {
        let Some(rejected) = rejected else { return Ok(None) };
        self.rejects.get_or_insert_default();
        let Some((rejects, running)) = self.rejecting() else { return Ok(Some(rejected)) };
        let Some(file) = rejects.file() else { return Ok(Some(rejected)) };
        if news.rows.is_empty() {
            return Ok(Some(rejected));
        }
        let from = RowsFrom::part(&running.phase, running.attempt, part, claim);
        let lines = news.rows.iter().map(|row| file.run().line(&from, row)).collect::<String>();
        let is_kept = file.append(&from, news.rows.len() as u64, lines.as_bytes());
        let are_many = lines.len() >= ENOUGH;
        let is_kept = if are_many { is_kept.and_then(|()| file.make_certain()) } else { is_kept };
        is_kept.map_err(|source| {
            file.keep_what_stands(&from);
            not_kept(&running.phase, source)
        })?;
        let rows = if are_many { Vec::new() } else { news.rows.to_vec() };
        Ok(Some(Arc::new((*rejected).clone().with_lines(rows))))
    }

    /// Whether rejected rows are kept one by one.
    pub(crate) fn keeps_rows(&self) -> bool {
        self.rejects.as_ref().is_some_and(|rejects| rejects.file().is_some())
    }

    /// The running attempt has neither recorded more errors nor rejected more rows than it may, with so many of a part that is open.
    pub(crate) fn check_limits_of_parts(&self, rejected: u64, errors: u64) -> Result<(), Error> {
        self.check_errors_with(errors)?;
        self.check_rejected_with(Moment::Running, rejected)
    }
}
