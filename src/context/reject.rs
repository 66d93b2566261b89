//! What becomes of a row that cannot be used? The phase says why, and goes on.

use std::fmt::Display;

use serde::Serialize;

use crate::context::Context;
use crate::context::scope::RunningPhase;
use crate::error::Error;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::Running;

impl<Ph: Phase> RunningPhase<'_, Ph> {
    /// Counts a row that the phase cannot use, which goes on. This records nothing by itself: what is counted is recorded with the next
    /// checkpoint, or with the end of the phase, so that a row costs no more than it takes to write it down.
    ///
    /// Rows are counted by reason, of which twenty are told apart, with three samples each; [`PhaseReport::rejected`] has them, and
    /// every report. All rows go to the file that the run was [told](crate::RunBuilder::rejects). Samples and rows are what the row
    /// serialises to; leave out what nobody should read. A row that cannot be serialised is rejected as well, and the reason says so.
    ///
    /// Count such a row like any other with [`update_progress`](RunningPhase::update_progress), so that the share of the rejected ones
    /// is right.
    ///
    /// ```
    /// use etl_context::{Context, Counts, Extract};
    ///
    /// let (extracted, ()) = Context::new("import").phase(Extract).run(|extract| {
    ///     for row in ["12", "x", "7"] {
    ///         extract.update_progress(Counts { conversations: 0, messages: 1 });
    ///         match row.parse::<u32>() {
    ///             Ok(_number) => { /* … use it … */ }
    ///             Err(error) => extract.reject(row, error)?,
    ///         }
    ///     }
    ///     Ok::<_, etl_context::Error>(())
    /// })?;
    /// assert_eq!(extracted.report().rejected().rows(), 1);
    /// assert_eq!(extracted.report().rejected().reasons()[0].reason(), "invalid digit found in string");
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRejected`] if the row is counted and is one more than the run allows; [`Error::Journal`] if it is not, because
    /// the file of the rejected rows cannot be written. A disk that is full is told here or by the next checkpoint or end, in which no
    /// row is then recorded that is not in the file.
    ///
    /// [`PhaseReport::rejected`]: crate::PhaseReport::rejected
    pub fn reject<R: Serialize + ?Sized>(&mut self, row: &R, reason: impl Display) -> Result<(), Error> {
        self.engine.reject(row, &reason)
    }
}

impl<Ph: Phase, P> Context<Running<Ph>, P> {
    /// Counts a row that the phase cannot use: see [`RunningPhase::reject`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reject<R: Serialize + ?Sized>(&mut self, row: &R, reason: impl Display) -> Result<(), Error> {
        self.engine.reject(row, &reason)
    }
}
