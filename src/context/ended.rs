//! What can be asked of a context whose phase has ended? Its report; and after a failure, another attempt.

use crate::context::Context;
use crate::context::refused::Refused;
use crate::context::scope::PhaseScope;
use crate::error::Error;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{Completed, Failed, Running};
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::error::{ErrorRecord, RecordedError};

impl<Ph: Phase, P> Context<Completed<Ph>, P> {
    /// The report of the attempt that completed.
    #[must_use]
    pub fn report(&self) -> &PhaseReport {
        ended::<Ph>(self.record())
    }

    /// What the phase counted.
    #[must_use]
    pub fn counts(&self) -> Ph::Counters {
        self.report().tally().typed().unwrap_or_default()
    }
}

impl<Ph: Phase, P> Context<Failed<Ph>, P> {
    /// Starts the phase that failed again, as the next attempt, which expects to process as much as the last one did.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::TooManyAttempts`] if the phase has failed as often as it may, with [`Error::Stopped`] if the run
    /// was asked to stop, or with [`Error::Journal`] if the journal cannot record it.
    pub fn retry(self) -> Result<Context<Running<Ph>, P>, Refused<Self>> {
        let totals = self.totals();
        self.start_unchecked(totals)
    }

    /// The phase that failed, to be run again as a closure: see [`PhaseScope::run`].
    ///
    /// ```
    /// use etl_context::{Context, Extract, RunningPhase};
    ///
    /// fn read(extract: &mut RunningPhase<'_, Extract>, file: &str) -> Result<(), String> {
    ///     if file.is_empty() { Err("no file".to_owned()) } else { Ok(()) }
    /// }
    ///
    /// let outcome = Context::new("import").phase(Extract).run(|extract| read(extract, ""));
    /// let (failed, _) = outcome.unwrap_err().into_parts()?;
    /// let (extracted, ()) = failed.retry_phase().run(|extract| read(extract, "export.tar"))?;
    /// assert_eq!(extracted.report().attempt(), 2);
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    pub fn retry_phase(self) -> PhaseScope<Ph, Failed<Ph>, P> {
        let totals = self.totals();
        PhaseScope::new(self).with_totals(totals)
    }

    fn totals(&self) -> Ph::Counters {
        self.report().totals().typed().unwrap_or_default()
    }

    /// The report of the attempt that failed.
    #[must_use]
    pub fn report(&self) -> &PhaseReport {
        ended::<Ph>(self.record())
    }

    /// The error with which the attempt failed.
    pub(crate) fn failed_with(&self) -> Option<&RecordedError> {
        self.record().errors_for(Ph::NAME.as_str()).last().map(ErrorRecord::error)
    }

    /// The failure as an error of its own.
    pub(crate) fn failure(&self) -> Error {
        let error = self.failed_with();
        Error::PhaseFailed {
            phase: Ph::NAME,
            attempt: self.report().attempt(),
            cause: self.report().cause().unwrap_or(FailureCause::Error),
            message: error.map(ToString::to_string).unwrap_or_default(),
            source: error.and_then(RecordedError::behind).cloned(),
        }
    }
}

/// The report of the phase's last attempt, which the states `Completed` and `Failed` stand for.
#[allow(clippy::expect_used, reason = "no context is in one of those states before an attempt at its phase has ended")]
fn ended<Ph: Phase>(record: &RunRecord) -> &PhaseReport {
    let phase = record.phase(Ph::NAME.as_str());
    phase.and_then(|phase| phase.latest_report()).expect("an attempt has ended")
}
