//! How long may it go on? Until it was asked to stop, or has reached a limit that its author has set.

use crate::engine::{Engine, Moment};
use crate::error::Error;
use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::record::attempt::FailureCause;
use crate::record::error::WorkError;
use crate::record::event::Event;
use crate::record::phase::PhaseRecord;
use crate::record::share::MaxRejected;
use crate::record::status::RunStatus;
use crate::stopper::Stopping;

/// How many attempts a refused one tells of.
const HISTORY_SHOWN: usize = 10;

/// What an author limits once for the whole run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// How often a phase may fail before it is refused.
    pub(crate) attempts: Option<u32>,
    /// How many errors an attempt may record and still complete.
    pub(crate) errors: Option<u64>,
    /// How many rows an attempt may reject and still complete.
    pub(crate) rejected: Option<MaxRejected>,
}

impl Engine {
    /// The same for a phase that is about to start: that it is refused, and why, is on record.
    ///
    /// # Errors
    ///
    /// As [`check_limits`](Engine::check_limits).
    #[inline]
    pub(crate) fn admit(&mut self, phase: &PhaseName) -> Result<(), Error> {
        self.check_limits(phase).map_err(|refusal| self.refused(phase, refusal))
    }

    /// The refusal, which is on record now.
    #[cold]
    fn refused(&mut self, phase: &PhaseName, refusal: Error) -> Error {
        match &refusal {
            Error::Stopped => self.notice_stop(),
            _ => self.note_refusal(phase, &refusal),
        }
        refusal
    }

    /// Records under the phase why it was not started, unless that is what was recorded last.
    fn note_refusal(&mut self, phase: &PhaseName, refusal: &Error) {
        let error = refusal.recorded();
        if self.record.errors_for(phase.as_str()).last().is_none_or(|last| last.error() != &error) {
            // If the journal cannot take it, the caller still has it.
            let _ = self.record_error(phase.clone(), error);
        }
    }

    /// Records that the run was asked to stop, unless that is on record, or the run is completed. While another branch runs, that one
    /// will say so.
    pub(super) fn notice_stop(&mut self) {
        let is_news = |record: &RunRecord| {
            !record.is_stopped() && record.current().is_none() && record.run_status() != RunStatus::Completed
        };
        if self.stopper.is_asked() && self.with_whole(|whole| is_news(&whole.record)).unwrap_or_else(|| is_news(&self.record)) {
            // If the journal cannot take it, the run is told as unfinished, which is true as well.
            let _ = self.happen(&Event::RunStopped { time: self.clock.now() }, |_| {});
        }
    }

    /// The run was not asked to stop, and the phase has not failed as often as it may; or it is one that runs finally, in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`]; [`Error::TooManyAttempts`], with its history.
    #[inline]
    fn check_limits(&self, phase: &PhaseName) -> Result<(), Error> {
        if self.record.is_finally(phase) {
            return Ok(());
        }
        if self.stopper.is_asked() || self.stopper.is_called_off() {
            return Err(Error::Stopped);
        }
        self.limits.attempts.map_or(Ok(()), |allowed| self.check_attempts(phase, allowed))
    }

    /// Whether the phase could be started, as far as limits and stops go.
    pub(crate) fn may_start(&self, phase: &PhaseName) -> bool {
        self.check_limits(phase).is_ok()
    }

    /// The phase has not failed as often as its author has it tried. If it has, that is on record.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyAttempts`], with its history.
    pub(crate) fn admit_again(&mut self, phase: &PhaseName, allowed: u32) -> Result<(), Error> {
        self.check_attempts(phase, allowed).map_err(|refusal| self.refused(phase, refusal))
    }

    fn check_attempts(&self, phase: &PhaseName, allowed: u32) -> Result<(), Error> {
        let Some(record) = self.record.phase(phase.as_str()) else { return Ok(()) };
        let failures = record.failures();
        if failures < allowed as usize {
            return Ok(());
        }
        let attempts = record.reports().iter().rev().take(HISTORY_SHOWN).rev();
        let history = attempts.filter_map(|report| Some(format!("attempt {} {}", report.attempt(), report.cause()?)));
        let history = history.collect::<Vec<_>>().join(", ");
        Err(Error::TooManyAttempts { phase: phase.clone(), failures, allowed, history })
    }

    /// The running attempt has not recorded more errors than it may.
    pub(super) fn check_errors(&self) -> Result<(), Error> {
        self.check_errors_with(0)
    }

    /// The same, with so many more of a part that is open.
    pub(super) fn check_errors_with(&self, more: u64) -> Result<(), Error> {
        if let (Some(allowed), Some(phase)) = (self.limits.errors, self.record.current_phase()) {
            let errors = self.record.phase(phase.as_str()).map_or(0, PhaseRecord::attempt_errors).saturating_add(more);
            if errors > allowed {
                return Err(Error::TooManyErrors { phase: phase.clone(), errors, allowed });
            }
        }
        Ok(())
    }

    /// Whether the running phase is to leave its work: the run was asked to stop, unless this is what is done finally, or it belongs to
    /// somebody else.
    pub(crate) fn is_cancelled(&self) -> bool {
        let runs_finally = || self.record.current_phase().is_some_and(|phase| self.record.is_finally(phase));
        self.stopper.is_stopped() && (self.stopper.is_lost() || !runs_finally())
    }

    /// Waits until the running phase is to leave its work.
    pub(crate) fn cancelled(&self) -> Stopping {
        let runs_finally = self.record.current_phase().is_some_and(|phase| self.record.is_finally(phase));
        if runs_finally { self.stopper.lost() } else { self.stopper.asked() }
    }

    /// Why the running phase fails: because it was asked to stop, because of its many errors or rejected rows, or else for this reason.
    pub(super) fn cause_or(&self, otherwise: FailureCause) -> FailureCause {
        match self.check_errors().and_then(|()| self.check_rejected(Moment::Running)) {
            _ if self.is_cancelled() => FailureCause::Stopped,
            Err(_) => FailureCause::Errors,
            Ok(()) => otherwise,
        }
    }
}
