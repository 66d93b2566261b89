//! How did the parts of a phase go? How many there are, and those that failed or took longest, each beside the longest.

use std::fmt;
use std::time::Duration;

use crate::record::part::PartRecord;
use crate::record::phase::PhaseRecord;
use crate::report::html::look::Look;
use crate::report::html::processed::fmt_processed;
use crate::report::html::text::Folded;
use crate::report::parts::{in_words, worth_telling};
use crate::text::number::{duration, grouped};

/// So many parts are shown; the journal has them all.
const PARTS_SHOWN: usize = 20;

pub(crate) struct Parts<'a>(pub(crate) &'a PhaseRecord);

impl fmt::Display for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(caption) = in_words(self.0) else { return Ok(()) };
        let (parts, more) = worth_telling(self.0, PARTS_SHOWN);
        let longest = parts.iter().map(|part| part.duration()).max().unwrap_or_default();
        writeln!(f, "<table class=\"attempts parts\">\n<caption>{caption}</caption>")?;
        f.write_str(
            "<thead><tr><th scope=\"col\">Part</th><th scope=\"col\">Status</th><th scope=\"col\" class=\"number\">Took</th>",
        )?;
        f.write_str("<th scope=\"col\" class=\"aside\">Beside the longest</th><th scope=\"col\">Processed</th>")?;
        f.write_str("<th scope=\"col\">Worker</th></tr></thead>\n<tbody>\n")?;
        parts.into_iter().try_for_each(|part| fmt_part(f, part, longest))?;
        f.write_str("</tbody>\n</table>\n")?;
        match more {
            0 => Ok(()),
            1 => f.write_str("<p class=\"note\">and 1 more part</p>\n"),
            more => writeln!(f, "<p class=\"note\">and {} more parts</p>", grouped(more as u64)),
        }
    }
}

fn fmt_part(f: &mut fmt::Formatter<'_>, part: &PartRecord, longest: Duration) -> fmt::Result {
    write!(f, "<tr><td>{}</td><td>{}</td>", Folded(part.name()), Look::of_status(part.status()))?;
    if part.end_time().is_some() {
        write!(f, "<td class=\"number\" data-label=\"took\">{}</td>", duration(part.duration()))?;
        let share = share(part.duration(), longest);
        write!(f, "<td><span class=\"share\"><span style=\"width:{share:.2}%\"></span></span></td><td>")?;
    } else {
        f.write_str("<td></td><td></td><td>")?;
    }
    fmt_processed(f, part.counted())?;
    if let Some(error) = part.error() {
        write!(f, "{}", Folded(error.message()))?;
    }
    f.write_str("</td><td>")?;
    part.worker().map_or(Ok(()), |worker| write!(f, "{}", Folded(worker)))?;
    f.write_str("</td></tr>\n")
}

fn share(took: Duration, longest: Duration) -> f64 {
    if longest.is_zero() { 0.0 } else { took.as_secs_f64() * 100.0 / longest.as_secs_f64() }
}
