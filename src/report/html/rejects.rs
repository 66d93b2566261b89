//! Which rows could a phase not use? By reason, the most frequent first, with a few of them to look at.

use std::fmt;

use crate::record::attempt::PhaseReport;
use crate::report::html::text::Folded;
use crate::text::number::grouped;

/// A phase knows no more reasons than that.
const MOST_REASONS: usize = 100;

/// Those of the latest attempt.
pub(crate) struct Rejects<'a>(pub(crate) &'a PhaseReport);

impl fmt::Display for Rejects<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(caption) = self.0.rejected_rows() else { return Ok(()) };
        writeln!(f, "<table class=\"errors rejects\">\n<caption>{caption}</caption>")?;
        f.write_str("<thead><tr><th scope=\"col\" class=\"number\">Rows</th><th scope=\"col\">Reason</th>")?;
        f.write_str("<th scope=\"col\">Samples</th></tr></thead>\n<tbody>\n")?;
        let (reasons, others) = self.0.rejected().most_frequent(MOST_REASONS);
        for reason in reasons {
            write!(f, "<tr><td class=\"number\" data-label=\"rows\">{}</td>", grouped(reason.rows()))?;
            write!(f, "<td>{}</td><td>", Folded(reason.reason()))?;
            reason.samples().iter().try_for_each(|sample| write!(f, "{}", Folded(sample)))?;
            f.write_str("</td></tr>\n")?;
        }
        if others > 0 {
            let others = grouped(others);
            writeln!(f, "<tr><td class=\"number\" data-label=\"rows\">{others}</td><td>for other reasons</td><td></td></tr>")?;
        }
        f.write_str("</tbody>\n</table>\n")
    }
}
