//! How much of the time did each phase run? Phases that ran side by side have more than all of it together.

use std::time::Duration;

use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::phase::PhaseRecord;
use crate::report::summary::RunSummary;
use crate::text::number::{duration, grouped};

/// From when to when something ran, in microseconds since the [origin](RunSummary::origin).
pub(crate) type Span = (u64, u64);

/// The times of a run.
pub(crate) struct Times {
    /// In which any phase ran.
    busy: Duration,
    /// Those of all attempts.
    together: Duration,
    /// How many phases ran at one moment, at most.
    at_once: usize,
}

impl Times {
    pub(crate) fn of(summary: &RunSummary) -> Self {
        let phases = summary.record().phases();
        let together = phases.fold(Duration::ZERO, |sum, phase| sum.saturating_add(summary.time_in(phase)));
        // One at a time is what a run does that joins no branches, even if its clock was set back in between.
        let (busy, at_once) = if summary.record().pipeline().is_some_and(PipelineShape::joins_branches) {
            busy(summary.spans().collect())
        } else {
            (together, 1)
        };
        Times { busy, together, at_once }
    }

    /// How much of the time in which anything ran one phase did, in percent; `None` if nothing took any time.
    pub(crate) fn share(&self, time: Duration) -> Option<f64> {
        (!self.busy.is_zero()).then(|| (time.as_secs_f64() * 100.0 / self.busy.as_secs_f64()).min(100.0))
    }

    /// That phases ran side by side, in words; `None` if none did.
    pub(crate) fn side_by_side(&self) -> Option<String> {
        let (at_once, together, busy) = (grouped(self.at_once as u64), duration(self.together), duration(self.busy));
        (self.at_once > 1).then(|| {
            format!(
                "Up to {at_once} phases ran at once: {together} of work in {busy}, so the shares are more than 100 % together."
            )
        })
    }
}

impl RunSummary {
    /// How long attempts at the phase were running, all together.
    pub(crate) fn time_in(&self, phase: &PhaseRecord) -> Duration {
        self.attempts(phase).fold(Duration::ZERO, |sum, report| sum.saturating_add(report.duration()))
    }

    /// The moment from which the others are told. A clock that was set back between two processes can put an attempt before the
    /// beginning of its run.
    pub(crate) fn origin(&self) -> Timestamp {
        let starts = self.all_attempts().map(PhaseReport::start_time);
        starts.chain([self.record().start_time()]).min().unwrap_or(self.taken())
    }

    /// When each attempt ran.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> {
        let origin = self.origin();
        self.all_attempts().map(move |report| {
            let start = report.start_time().microseconds_since(origin);
            (start, report.end_time().microseconds_since(origin).max(start))
        })
    }

    /// Those at all phases, in the order of these.
    pub(crate) fn all_attempts(&self) -> impl Iterator<Item = &PhaseReport> {
        self.record().phases().flat_map(|phase| self.attempts(phase))
    }
}

/// In how much time anything ran, and how much ran at one moment, at most.
fn busy(spans: Vec<Span>) -> (Duration, usize) {
    let taking_time = spans.into_iter().filter(|(from, to)| from < to);
    // What ends at a moment comes before what starts there.
    let mut moments: Vec<_> = taking_time.flat_map(|(from, to)| [(from, true), (to, false)]).collect();
    moments.sort_unstable();
    let (mut busy, mut running, mut at_once, mut since) = (0, 0_usize, 0, 0);
    for (moment, starts) in moments {
        if running > 0 {
            busy += moment - since;
        }
        since = moment;
        running = if starts { running + 1 } else { running.saturating_sub(1) };
        at_once = at_once.max(running);
    }
    (Duration::from_micros(busy), at_once)
}
