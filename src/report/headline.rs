//! What is told of a run in one line? How it is, since when, and what runs now or comes next.

use crate::pipeline::phase::PhaseName;
use crate::report::summary::RunSummary;
use crate::text::line::{length, one_line, shortened};
use crate::text::list::{listed, listed_up_to};
use crate::text::number::{duration, grouped};

/// How many of the phases that run, or may come next, are named.
const PHASES_NAMED: usize = 4;

impl RunSummary {
    /// As in `import: unfinished after 4.00 s; next: load`, on a line of so many characters.
    pub(crate) fn headline(&self, longest: usize) -> String {
        let (name, took) = (one_line(self.name(), 64), duration(self.total_duration()));
        let with = |now: &str| format!("{name}: {} after {took}{now}", self.status());
        let whole = with(&self.now_in_words());
        let running = self.record().running_phases().count();
        if length(&whole) > longest && running > 1 {
            return shortened(&with(&format!("; {} phases run", grouped(running as u64))), longest);
        }
        shortened(&whole, longest)
    }

    /// What the status does not say: `; orders and prices run` where it is more than one phase, `; next: validate or load`, or nothing.
    pub(crate) fn now_in_words(&self) -> String {
        let running: Vec<_> = self.record().running_phases().map(PhaseName::as_str).collect();
        if running.len() > 1 {
            return format!("; {} run", listed_up_to(&running, PHASES_NAMED));
        }
        self.next_in_words().map(|next| format!("; {next}")).unwrap_or_default()
    }

    /// As in `next: validate or load`, or `next: users and orders` where both are needed; `None` if nothing is known to come next.
    fn next_in_words(&self) -> Option<String> {
        let choices = self.record().next_choices();
        let mut left = PHASES_NAMED;
        let mut told = Vec::new();
        for choice in &choices {
            let names: Vec<_> = choice.iter().take(left).map(|phase| phase.as_str()).collect();
            if names.is_empty() {
                break;
            }
            left -= names.len();
            told.push(names.join(" or ") + if names.len() < choice.len() { " or another" } else { "" });
        }
        if told.len() < choices.len() {
            told.push("others".to_owned());
        }
        let has_alternatives = choices.iter().any(|choice| choice.len() > 1);
        let told = if has_alternatives { told.join(", and ") } else { listed(&told, "and") };
        (!told.is_empty()).then(|| format!("next: {told}"))
    }
}
