//! From where does another worker go on with a part, and what does it find noted? What its last checkpoint has.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::counting::counters::Counters;
use crate::engine::Row;
use crate::error::Error;
use crate::json::lossless;
use crate::parts::part::Part;
use crate::record::error::WorkError;
use crate::record::part::PartCheckpoint;
use crate::record::stored::read_stored;

impl<C: Counters> Part<'_, C> {
    /// Records from where another worker can go on with the part, whatever becomes of this one: after it was given back, after it has
    /// failed, in a later attempt at the phase, or in a later process. With a journal it is durable when this returns `Ok`, and with it
    /// are what was counted until then, the rows that were [rejected](Part::reject), and the [errors](Part::record_error).
    ///
    /// ```
    /// use etl_context::{Context, Counts, Error, Extract, Part};
    ///
    /// const ROWS: u64 = 100;
    ///
    /// fn read_table(part: &mut Part) -> Result<(), Error> {
    ///     let done: u64 = part.resume_point()?.unwrap_or(0);
    ///     for row in done..ROWS {
    ///         // … read the row …
    ///         part.update_progress(Counts { conversations: 0, messages: 1 });
    ///         if row % 10 == 9 {
    ///             part.checkpoint(&(row + 1))?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let (extracted, ()) = Context::new("import").phase(Extract).run(|extract| {
    ///     let parts = extract.parts(["users", "orders"])?;
    ///     parts.work(read_table)?;
    ///     parts.finish()
    /// })?;
    /// assert_eq!(extracted.counts().messages, 2 * ROWS);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotSerializable`] for a cursor that JSON cannot hold; [`Error::PartLost`] if the part was given to another worker
    /// meanwhile; [`Error::Journal`] if the checkpoint cannot be recorded. [`Error::TooManyErrors`] and [`Error::TooManyRejected`] if it
    /// was recorded, and the phase has by now more of them than the run allows, as far as this process knows.
    pub fn checkpoint<T: Serialize + ?Sized>(&mut self, cursor: &T) -> Result<(), Error> {
        let (checkpoint, news) = (self.checkpoint_now(cursor)?, self.notes.news());
        if self.notes.is_in_doubt() {
            return Err(self.lost());
        }
        match self.giver.checkpoint(&self.claim, &checkpoint, self.notes.rejected_since(), &news) {
            Ok(true) => {
                self.notes.settle(checkpoint.claim);
                self.claim.checkpoint = Some(Arc::new(checkpoint));
                self.check_limits()
            }
            Ok(false) => {
                self.claim.lost.store(true, Ordering::Release);
                Err(self.lost())
            }
            Err(error) => {
                if matches!(&error, Error::Journal { source, .. } if source.is_in_doubt()) {
                    // Whoever has the part next finds out.
                    self.notes.doubt();
                    self.claim.lost.store(true, Ordering::Release);
                }
                Err(error)
            }
        }
    }

    fn checkpoint_now<T: Serialize + ?Sized>(&self, cursor: &T) -> Result<PartCheckpoint, Error> {
        let cursor = lossless::to_value(cursor).map_err(|reason| Error::NotSerializable {
            phase: self.giver.phase().clone(),
            what: "the checkpoint",
            reason,
        })?;
        Ok(PartCheckpoint {
            cursor: Arc::new(cursor),
            counts: self.meter.counts(),
            carried: self.meter.carried(),
            rejected: self.notes.all_rejected(),
            attempt: self.claim.phase_attempt,
            claim: self.notes.claim().unwrap_or_else(|| self.giver.next_claim(&self.claim)),
        })
    }

    /// The cursor of the part's last checkpoint, by this worker or one that had the part before; `None` if there is none since the
    /// phase last completed.
    ///
    /// Work that takes up a cursor goes on from what was counted and rejected until then. Work that does not ask begins at zero, and
    /// its checkpoints take the place of the earlier ones. So ask before you count.
    ///
    /// # Errors
    ///
    /// [`Error::StoredShape`] if the cursor is no `T`.
    pub fn resume_point<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        let Some(checkpoint) = self.claim.checkpoint.clone() else { return Ok(None) };
        let cursor = read_stored(self.giver.phase(), "the checkpoint of a part", &checkpoint.cursor)?;
        if !self.notes.goes_on() {
            self.notes.take_up(&checkpoint, self.claim.phase_attempt);
            let of_this_attempt = checkpoint.attempt == self.claim.phase_attempt;
            let carried = if of_this_attempt { checkpoint.carried.as_ref() } else { Some(&checkpoint.counts) };
            self.meter.go_on_from(&checkpoint.counts, carried);
        }
        Ok(Some(cursor))
    }

    /// Counts a row of the part that cannot be used, as [`RunningPhase::reject`](crate::RunningPhase::reject) does for a phase.
    ///
    /// It is kept with the part until its next [`checkpoint`](Part::checkpoint) or end, and recorded with it: then it is in the report of
    /// the phase, and in the file of the rejected rows, whose lines name the part. Of a part that is given back, or whose worker dies,
    /// the rows since the last checkpoint are not kept, for that work is done again. Until then a row needs memory if the run has
    /// such a file, so a part that rejects very many rows should have a checkpoint now and then. A part in PostgreSQL keeps its rows in
    /// its row of the database until it ends.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRejected`] if the row is counted and is one more than the run allows, as far as this process knows. A worker on
    /// another host is not told; there the phase fails when the part has ended.
    pub fn reject<R: Serialize + ?Sized>(&mut self, row: &R, reason: impl Display) -> Result<(), Error> {
        self.notes.reject(&Row::of(row, &reason), self.claim.keeps_rows);
        self.check_limits()
    }

    /// Records an error of the part, which goes on. It is kept and recorded in the same way as a [rejected](Part::reject) row, and
    /// told with the part's name.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyErrors`] in the same way.
    pub fn record_error<E, Kind>(&mut self, error: &E) -> Result<(), Error>
    where
        E: WorkError<Kind> + ?Sized,
    {
        self.notes.record_error(error.recorded());
        self.check_limits()
    }

    fn check_limits(&self) -> Result<(), Error> {
        let (rejected, errors) = self.notes.numbers();
        self.giver.check_limits(rejected, errors)
    }
}
