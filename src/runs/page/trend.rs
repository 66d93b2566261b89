//! Did a phase take as long as it does, and count as much? Its last runs that completed, as two small lines.

use std::fmt;

use crate::counting::counters::Tally;
use crate::counting::snapshot::leading;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::report::html::text::Line;
use crate::runs::job_run::JobPhase;
use crate::runs::list::JobRuns;

/// So many runs are drawn.
const RUNS: usize = 30;

const WIDTH: f64 = 88.0;
const HEIGHT: f64 = 16.0;

/// From the earliest to the latest.
pub(super) struct Trend {
    seconds: Vec<f64>,
    counts: Vec<f64>,
    counter: Option<String>,
}

impl Trend {
    pub(super) fn of(runs: &JobRuns, name: &PhaseName) -> Self {
        let completed = runs.iter().filter_map(|run| run.phases().iter().find(|phase| phase.name == *name));
        let mut phases: Vec<&JobPhase> = completed.filter(|phase| phase.status == PhaseStatus::Completed).take(RUNS).collect();
        phases.reverse();
        let tallies = || phases.iter().filter_map(|phase| phase.counts.as_ref());
        let counter = tallies().next_back().and_then(|tally| leading(tally.iter(), |(_, count)| (*count, None)));
        let counter = counter.map(|(name, _)| name.to_owned());
        #[allow(clippy::cast_precision_loss, reason = "a trend is some pixels high")]
        let count = |tally: &Tally| counter.as_deref().and_then(|name| tally.get(name)).map(|count| count as f64);
        let counts = tallies().filter_map(count).collect();
        Trend { seconds: phases.iter().map(|phase| phase.duration.as_secs_f64()).collect(), counts, counter }
    }
}

/// A line from left to right, from zero at the bottom to the largest value at the top.
fn fmt_line(f: &mut fmt::Formatter<'_>, values: &[f64], class: &str, title: &str) -> fmt::Result {
    let most = values.iter().copied().fold(0.0, f64::max);
    if values.len() < 2 || most <= 0.0 {
        return Ok(());
    }
    #[allow(clippy::cast_precision_loss, reason = "there are few of them")]
    let step = (WIDTH - 2.0) / (values.len() - 1) as f64;
    write!(f, "<svg class=\"trend {class}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\"><title>{}</title>", Line(title))?;
    f.write_str("<polyline points=\"")?;
    let mut x = 1.0;
    for value in values {
        write!(f, "{x:.1},{:.1} ", HEIGHT - 1.0 - value / most * (HEIGHT - 2.0))?;
        x += step;
    }
    f.write_str("\"/></svg>")
}

impl fmt::Display for Trend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.seconds.len();
        fmt_line(f, &self.seconds, "took", &format!("how long it took in the last {runs} runs"))?;
        let Some(counter) = &self.counter else { return Ok(()) };
        fmt_line(f, &self.counts, "counted", &format!("{counter} in the last {runs} runs"))
    }
}
