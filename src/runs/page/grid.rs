//! What stands in which cell? A row for each run, the latest first, and a column for each phase of any of them.

use std::fmt;

use crate::counting::counters::Tally;
use crate::counting::snapshot::leading;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::report::html::look::Look;
use crate::report::html::text::{Line, Name, name};
use crate::runs::job_run::{JobPhase, JobRun};
use crate::runs::list::{JobRuns, moment};
use crate::runs::page::address::address_of;
use crate::runs::page::trend::Trend;
use crate::text::counter::counted;
use crate::text::number::{duration, grouped};

pub(super) struct Grid<'a> {
    runs: &'a JobRuns,
    phases: Vec<&'a PhaseName>,
}

impl<'a> Grid<'a> {
    pub(super) fn of(runs: &'a JobRuns) -> Self {
        let mut phases: Vec<&PhaseName> = Vec::new();
        for phase in runs.iter().flat_map(JobRun::phases) {
            if !phases.contains(&&phase.name) {
                phases.push(&phase.name);
            }
        }
        Grid { runs, phases }
    }

    fn fmt_heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<thead><tr>")?;
        for heading in ["Run", "Began", "Status"] {
            write!(f, "<th scope=\"col\">{heading}</th>")?;
        }
        f.write_str("<th scope=\"col\" class=\"number\">Took</th><th scope=\"col\" class=\"number\">Errors</th>")?;
        for phase in &self.phases {
            write!(f, "<th scope=\"col\" class=\"of-phase\">{}{}</th>", Name(phase.as_str()), Trend::of(self.runs, phase))?;
        }
        f.write_str("</tr></thead>\n")
    }

    fn fmt_run(&self, f: &mut fmt::Formatter<'_>, run: &JobRun) -> fmt::Result {
        let (page, look) = (address_of(run), Look::of_run(run.status()));
        write!(f, "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th>", Line(&page), name(&run.place().told_key(), 40))?;
        write!(f, "<td class=\"quiet\">{}</td><td>{look}{}</td>", moment(run.start_time()), owner(run))?;
        write!(f, "<td class=\"number\">{}</td>", duration(run.total_duration()))?;
        write!(
            f,
            "<td class=\"number\">{}</td>",
            if run.error_count() > 0 { grouped(run.error_count()) } else { String::new() }
        )?;
        for name in &self.phases {
            match run.phases().iter().find(|phase| phase.name == **name) {
                Some(phase) => fmt_phase(f, phase, &page)?,
                None => f.write_str("<td class=\"cell\"></td>")?,
            }
        }
        f.write_str("</tr>\n")
    }
}

/// Its pattern and colour, how long it took, and what it counted first; all of it in words for whoever points at it.
fn fmt_phase(f: &mut fmt::Formatter<'_>, phase: &JobPhase, page: &str) -> fmt::Result {
    let (took, look) = (duration(phase.duration), Look::of_status(phase.status));
    let attempts = if phase.attempts > 1 { format!(" in {} attempts", grouped(phase.attempts)) } else { String::new() };
    let counts: Vec<_> = phase.counts.iter().flat_map(Tally::iter).collect();
    let words = Some(look.words().to_owned() + &attempts).into_iter();
    let unexpected = phase.unexpected.iter().map(|expectation| format!("not as expected: {expectation}"));
    let all: Vec<_> = words.chain(counts.iter().map(|(name, count)| counted(name, *count))).chain(unexpected).collect();
    let leading = leading(counts, |(_, count)| (*count, None));
    let leading = leading.map(|(name, count)| counted(name, count)).unwrap_or_default();
    let title = format!("{}: {}", phase.name, all.join(", "));
    write!(
        f,
        "<td class=\"cell\"><a class=\"{}\" href=\"{}#phase-{}\" title=\"{}\">",
        look.class(),
        Line(page),
        phase.name,
        Line(&title)
    )?;
    f.write_str("<span class=\"swatch\"></span>")?;
    if phase.status != PhaseStatus::Completed {
        write!(f, "<span class=\"aside\">{}</span>", look.words())?;
    }
    if !phase.unexpected.is_empty() {
        f.write_str("<span class=\"unexpected\">not as expected</span>")?;
    }
    let again = if phase.attempts > 1 { format!(" ×{}", grouped(phase.attempts)) } else { String::new() };
    write!(f, "<span>{took}{again}</span> <span class=\"quiet\">{}</span></a></td>", name(&leading, 28))
}

fn owner(run: &JobRun) -> String {
    run.owner().map(|owner| format!(" <span class=\"note\">{}</span>", name(owner, 60))).unwrap_or_default()
}

impl fmt::Display for Grid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.runs.iter().len() == 0 {
            return Ok(());
        }
        f.write_str("<div class=\"grid\"><table>\n<caption class=\"aside\">Runs by phases, the latest run first.</caption>\n")?;
        self.fmt_heading(f)?;
        f.write_str("<tbody>\n")?;
        self.runs.iter().try_for_each(|run| self.fmt_run(f, run))?;
        f.write_str("</tbody>\n</table></div>\n")
    }
}
