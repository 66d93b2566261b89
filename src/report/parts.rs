//! Which parts of a phase are told? How many there are and how they ended, and of some of them more: those that failed, and those that
//! took longest.

use std::cmp::Reverse;
use std::fmt;

use crate::pipeline::phase::PhaseStatus;
use crate::record::part::PartRecord;
use crate::record::phase::PhaseRecord;
use crate::report::markdown::Code;
use crate::report::summary::RunSummary;
use crate::text::number::{duration, grouped};

/// How many phases with parts the table lists.
const PHASES_LISTED: usize = 10;

/// How many parts of a phase Markdown lists.
const MOST_TOLD: usize = 20;

/// As in `5 of 6 parts completed, 1 failed`; `None` if the phase has none.
pub(crate) fn in_words(phase: &PhaseRecord) -> Option<String> {
    let (completed, failed, all) =
        (number_of(phase, PhaseStatus::Completed), number_of(phase, PhaseStatus::Failed), phase.parts().len());
    let parts = match all {
        0 => return None,
        1 => "part",
        _ => "parts",
    };
    let mut words = vec![format!("{} of {} {parts} completed", grouped(completed as u64), grouped(all as u64))];
    let others = [(failed, "failed"), (all - completed - failed, "open")].into_iter().filter(|(number, _)| *number > 0);
    words.extend(others.map(|(number, how)| format!("{} {how}", grouped(number as u64))));
    Some(words.join(", "))
}

fn number_of(phase: &PhaseRecord, status: PhaseStatus) -> usize {
    phase.parts().filter(|part| part.status() == status).count()
}

/// So many parts at most, those that failed first, and then those that took longest; and how many there are besides.
pub(crate) fn worth_telling(phase: &PhaseRecord, most: usize) -> (Vec<&PartRecord>, usize) {
    let mut parts = phase.parts().collect::<Vec<_>>();
    parts.sort_by_key(|part| (part.status() != PhaseStatus::Failed, Reverse(part.duration())));
    let more = parts.len().saturating_sub(most);
    parts.truncate(most);
    (parts, more)
}

impl RunSummary {
    /// The phases that were divided, with what is said of their parts.
    fn divided(&self) -> impl Iterator<Item = (&PhaseRecord, String)> {
        self.record().phases().filter_map(|phase| Some((phase, in_words(phase)?)))
    }

    pub(super) fn fmt_parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let divided = self.divided().collect::<Vec<_>>();
        let (listed, more) = divided.split_at(divided.len().min(PHASES_LISTED));
        for (number, (phase, parts)) in listed.iter().enumerate() {
            write!(f, "{}{}: {parts}", if number == 0 { "\n\n" } else { "\n" }, phase.name())?;
        }
        if more.is_empty() { Ok(()) } else { write!(f, "\nand parts of {} other phases", grouped(more.len() as u64)) }
    }

    pub(super) fn fmt_parts_as_markdown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut divided = self.divided().peekable();
        if divided.peek().is_some() {
            f.write_str("\n## Parts\n")?;
        }
        for (phase, parts) in divided {
            write!(f, "\n### {}\n\n{parts}\n\n| part | status | duration | processed |\n|---|---|--:|---|\n", phase.name())?;
            let (parts, more) = worth_telling(phase, MOST_TOLD);
            for part in parts {
                let took = part.end_time().map(|_| duration(part.duration())).unwrap_or_default();
                let processed =
                    part.counted().map(|counted| Code(&counted.amount_with_noun()).to_string()).collect::<Vec<_>>().join("<br>");
                writeln!(f, "| {} | {} | {took} | {processed} |", Code(part.name()), part.status())?;
            }
            if more > 0 {
                writeln!(f, "\nand {} more", grouped(more as u64))?;
            }
        }
        Ok(())
    }
}
