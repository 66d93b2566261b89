//! How is a moment written for people? In UTC, as exactly as the run is long.

use std::fmt;

use crate::record::clock::Timestamp;
use crate::report::summary::RunSummary;

/// Below this, seconds do not tell the moments of a run apart.
const SHORT_RUN: u64 = 60_000_000;

/// How the moments of one run are written.
#[derive(Clone, Copy)]
pub(crate) struct Moments {
    with_date: bool,
    with_milliseconds: bool,
}

impl Moments {
    /// With milliseconds in a run of less than a minute; with the date in one that goes past midnight.
    pub(crate) fn of(summary: &RunSummary) -> Self {
        let (began, taken) = (summary.record().start_time(), summary.end_time().unwrap_or(summary.taken()));
        Moments {
            with_date: began.to_datetime().date() != taken.to_datetime().date(),
            with_milliseconds: taken.microseconds_since(began) < SHORT_RUN,
        }
    }

    /// The time of day, as in `02:14:07`, or `11-23 02:14:07` if the day is not clear.
    pub(crate) fn time(self, moment: Timestamp) -> Written {
        Written { moment, with_year: false, moments: self }
    }

    /// Date and time of day, as in `2026-11-23 02:14:07`.
    pub(crate) fn date_and_time(self, moment: Timestamp) -> Written {
        Written { moment, with_year: true, moments: self }
    }
}

/// A moment as it is written; as HTML, with the whole of it for machines.
pub(crate) struct Written {
    moment: Timestamp,
    with_year: bool,
    moments: Moments,
}

impl Written {
    /// Without markup, as in `02:14:07`.
    pub(crate) fn plain(&self) -> String {
        let at = self.moment.to_datetime();
        let year = if self.with_year { format!("{:04}-", at.year()) } else { String::new() };
        let with_date = self.with_year || self.moments.with_date;
        let date = if with_date { format!("{year}{:02}-{:02} ", u8::from(at.month()), at.day()) } else { String::new() };
        let fraction = if self.moments.with_milliseconds { format!(".{:03}", at.millisecond()) } else { String::new() };
        format!("{date}{:02}:{:02}:{:02}{fraction}", at.hour(), at.minute(), at.second())
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\">{}</time>", self.moment, self.plain())
    }
}
