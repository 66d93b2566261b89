//! What is different between two runs of a job? How long each phase took, what it counted, and what the runs were asked to do.

use std::fmt;
use std::time::Duration;

use crate::counting::counters::Tally;
use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::runs::job_run::{JobPhase, JobRun};
use crate::runs::list::moment;
use crate::text::counter::amount;
use crate::text::line::{one_line, own_line, shortened_inside, wrapped};
use crate::text::number::duration;
use crate::text::table::{Column, Table, width};

/// On how many lines a difference is told.
const DIFFERENCE_LINES: usize = 4;

/// Two runs beside one another: [`Runs::compare`](crate::Runs::compare) makes it.
///
/// As text it is a table of lines of at most 100 characters, or of so many: `{comparison:.80}`. In JSON it is `first` and `second`, each
/// as [`JobRun`] says, `differences`, a list of sentences, and `same_outcome`.
#[derive(Debug)]
pub struct Comparison {
    runs: [JobRun; 2],
    /// What is different in what they were asked to do, in words.
    differences: Vec<String>,
}

impl Comparison {
    pub(crate) fn of(runs: [JobRun; 2], records: [&RunRecord; 2]) -> Self {
        let [earlier, later] = records;
        let pipelines = earlier.pipeline().zip(later.pipeline()).filter(|(one, other)| one != other);
        let pipeline = pipelines.map(|(one, other)| one.changes(other)).unwrap_or_default();
        let parameters =
            earlier.parameters().changes(later.parameters()).into_iter().map(|change| format!("the first run: {change}"));
        Comparison { runs, differences: pipeline.into_iter().chain(parameters).collect() }
    }

    /// What is different in what the two runs were asked to do: another pipeline, other parameters; each as a sentence.
    #[must_use]
    pub fn differences(&self) -> &[String] {
        &self.differences
    }

    /// The two runs, in the order in which they were asked for.
    #[must_use]
    pub fn runs(&self) -> &[JobRun; 2] {
        &self.runs
    }

    /// Whether both were asked to do the same, and came to the same: their phases have the same status and counted the same. How long
    /// they took, and in how many attempts, says nothing here.
    #[must_use]
    pub fn has_same_outcome(&self) -> bool {
        let is_same = |phase: Option<&JobPhase>| phase.map(|phase| (phase.status, phase.counts.clone()));
        self.differences.is_empty()
            && self.runs[0].status() == self.runs[1].status()
            && self.phases().all(|(_, [first, second])| is_same(first) == is_same(second))
    }

    /// The phases of both, in the order of the first.
    fn phases(&self) -> impl Iterator<Item = (&PhaseName, [Option<&JobPhase>; 2])> {
        let [first, second] = self.runs.each_ref().map(JobRun::phases);
        let only_second = second.iter().filter(|phase| first.iter().all(|known| known.name != phase.name));
        first.iter().chain(only_second).map(|phase| {
            let of = |run: &JobRun| run.phases().iter().position(|known| known.name == phase.name);
            (&phase.name, self.runs.each_ref().map(|run| of(run).map(|place| &run.phases()[place])))
        })
    }

    fn table(&self) -> Table {
        let columns =
            [Column::left("phase"), Column::left(""), Column::right("first"), Column::right("second"), Column::right("")];
        let mut table = Table::new(columns.into());
        for (name, phases) in self.phases() {
            let name = shortened_inside(name.as_str(), 32);
            table.push(row(&name, "status", phases.map(|phase| phase.map(|phase| phase.status.to_string())), String::new()));
            let took = phases.map(|phase| phase.map(|phase| phase.duration));
            table.push(row("", "took", took.map(|took| took.map(duration)), ratio(took.map(|took| took.map(seconds)))));
            for counter in counters(phases) {
                let counts = phases.map(|phase| phase.and_then(|phase| phase.counts.as_ref()?.get(&counter)));
                let told = counts.map(|count| count.map(|count| amount(&counter, count)));
                #[allow(clippy::cast_precision_loss, reason = "two digits of it are shown")]
                let of = ratio(counts.map(|count| count.map(|count| count as f64)));
                table.push(row("", &one_line(&counter, 32), told, of));
            }
        }
        table
    }
}

/// Those that either run has counted in the phase.
fn counters(phases: [Option<&JobPhase>; 2]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in phases.into_iter().flatten().filter_map(|phase| phase.counts.as_ref()).flat_map(Tally::iter) {
        if names.iter().all(|known| known != name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn row(phase: &str, what: &str, values: [Option<String>; 2], ratio: String) -> Vec<String> {
    let [first, second] = values.map(|value| value.unwrap_or_else(|| "–".to_owned()));
    vec![phase.to_owned(), what.to_owned(), first, second, ratio]
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// The second of the first, as in `0.10×`; nothing where that says nothing.
fn ratio([first, second]: [Option<f64>; 2]) -> String {
    match (first, second) {
        (Some(first), Some(second)) if first > 0.0 => format!("{:.2}×", second / first),
        _ => String::new(),
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = width(f);
        for (name, run) in ["first", "second"].iter().zip(&self.runs) {
            let line = format!("{name:6}  {run}, began {}, took {}", moment(run.start_time()), duration(run.total_duration()));
            writeln!(f, "{}", own_line(&line, longest))?;
        }
        let differences =
            self.differences.iter().flat_map(|difference| wrapped(&one_line(difference, 1_000), longest, DIFFERENCE_LINES));
        differences.into_iter().try_for_each(|line| writeln!(f, "{line}"))?;
        write!(f, "\n{:.longest$}", self.table())
    }
}
