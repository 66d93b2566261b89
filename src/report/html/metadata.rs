//! What else did the author say of the run?

use std::fmt;

use crate::report::html::text::Folded;
use crate::report::summary::RunSummary;
use crate::text::number::grouped;

/// So much of it is shown.
const MOST: usize = 200;

pub(crate) struct Metadata<'a>(pub(crate) &'a RunSummary);

impl fmt::Display for Metadata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata = self.0.record().metadata();
        if metadata.is_empty() {
            return Ok(());
        }
        f.write_str("<section aria-labelledby=\"metadata\">\n<h2 id=\"metadata\">Metadata</h2>\n<dl class=\"keys\">\n")?;
        for (key, value) in metadata.iter().take(MOST) {
            writeln!(f, "<div><dt>{}</dt><dd>{}</dd></div>", Folded(key), Folded(value))?;
        }
        f.write_str("</dl>\n")?;
        if metadata.len() > MOST {
            writeln!(f, "<p class=\"note\">{} more are not shown</p>", grouped((metadata.len() - MOST) as u64))?;
        }
        f.write_str("</section>\n")
    }
}
