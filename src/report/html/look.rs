//! How does a status look? As a pattern, a colour and a word, so that no reader depends on one of them.

use std::fmt;

use crate::pipeline::phase::PhaseStatus;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::expectation::Expectation;
use crate::record::phase::PhaseRecord;
use crate::record::status::RunStatus;
use crate::report::expectations::outcome;
use crate::report::summary::RunSummary;

/// What a bar, a swatch and a word are about.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Look {
    class: &'static str,
    words: &'static str,
}

impl Look {
    pub(crate) fn of_run(status: RunStatus) -> Self {
        let class = match status {
            RunStatus::Stopped | RunStatus::Unfinished => "interrupted",
            status => status.as_str(),
        };
        Look { class, words: status.as_str() }
    }

    pub(crate) fn of_status(status: PhaseStatus) -> Self {
        Look { class: status.as_str(), words: status.as_str() }
    }

    /// With the cause where there is more to say than that there was an error. An attempt that was cut off is no failure.
    pub(crate) fn of_attempt(report: &PhaseReport) -> Self {
        let (class, words) = match report.cause() {
            Some(FailureCause::Interrupted) => ("interrupted", "interrupted"),
            Some(FailureCause::Stopped) => ("interrupted", "stopped"),
            Some(FailureCause::Abandoned) => ("failed", "failed: abandoned"),
            Some(FailureCause::Panicked) => ("failed", "failed: panicked"),
            Some(FailureCause::Errors) => ("failed", "failed: too many errors"),
            Some(FailureCause::Error | FailureCause::Status) | None => return Look::of_status(report.status()),
        };
        Look { class, words }
    }

    /// Something that fails its phase is red, and a warning is not.
    pub(crate) fn of_expectation(expectation: &Expectation) -> Self {
        let class = match (expectation.holds(), expectation.is_checked()) {
            (false, _) if expectation.fails_phase() => "failed",
            (false, _) => "interrupted",
            (true, true) => "completed",
            (true, false) => "pending",
        };
        Look { class, words: outcome(expectation) }
    }

    /// As its latest attempt looks, unless the status was set by hand since.
    pub(crate) fn of_phase(summary: &RunSummary, phase: &PhaseRecord) -> Self {
        let latest = summary.latest(phase).filter(|report| report.status() == phase.status());
        latest.map_or(Look::of_status(phase.status()), Look::of_attempt)
    }

    /// The class that gives it its pattern and its colour.
    pub(crate) fn class(self) -> &'static str {
        self.class
    }

    /// The status in words.
    pub(crate) fn words(self) -> &'static str {
        self.words
    }

    /// The status in one word.
    pub(crate) fn word(self) -> &'static str {
        self.words.split_once(':').map_or(self.words, |(word, _cause)| word)
    }
}

/// A swatch and the words.
impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span class=\"look {}\"><span class=\"swatch\"></span>{}</span>", self.class, self.words)
    }
}
