//! How does a status look? As a pattern, a colour and a word, so that no reader depends on one of them.

use std::fmt;

use crate::pipeline::phase::PhaseStatus;
use crate::record::attempt::{FailureCause, PhaseReport};

/// What a bar, a swatch and a word are about.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Look {
    status: PhaseStatus,
    cause: Option<FailureCause>,
}

impl Look {
    pub(crate) fn of_status(status: PhaseStatus) -> Self {
        Look { status, cause: None }
    }

    pub(crate) fn of_attempt(report: &PhaseReport) -> Self {
        Look { status: report.status(), cause: report.cause() }
    }

    /// The class that gives it its pattern and its colour.
    pub(crate) fn class(self) -> &'static str {
        match self.status {
            PhaseStatus::Failed if self.cause == Some(FailureCause::Interrupted) => "interrupted",
            status => status.as_str(),
        }
    }

    /// The status in words, with the cause where there is more to say than that there was an error.
    pub(crate) fn words(self) -> String {
        match self.cause {
            None | Some(FailureCause::Error | FailureCause::Status) => self.status.to_string(),
            Some(FailureCause::Interrupted) => "interrupted".to_owned(),
            Some(FailureCause::Errors) => "failed: too many errors".to_owned(),
            Some(cause) => format!("failed: {cause}"),
        }
    }
}

/// A swatch and the words.
impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span class=\"look {}\"><span class=\"swatch\"></span>{}</span>", self.class(), self.words())
    }
}
