//! What is told of a whole run? Its phases, attempts, errors and totals, as JSON and as a table.

use std::fmt;
use std::time::Duration;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::engine::Engine;
use crate::pipeline::phase::PhaseStatus;
use crate::record::RunRecord;
use crate::record::attempt::{PhaseReport, worth_telling};
use crate::record::clock::Timestamp;
use crate::record::error::ErrorRecord;
use crate::record::phase::PhaseRecord;
use crate::record::run_id::RunId;
use crate::text::line::{one_line, shortened_inside};
use crate::text::number::{duration, grouped, rate};
use crate::text::table::{Column, Table, WIDTH};

/// How many errors the table lists; the JSON has them all.
const ERRORS_LISTED: usize = 10;

/// A run as it is at one moment.
///
/// It serialises to `run_id`, `name`, `status`, `current_phase`, `start_time`, `end_time`, `total_duration_seconds`,
/// `error_count`, `errors`, `phase_order`, `phases` (for each phase its `status`, the dictionary of its latest attempt as in
/// [`PhaseReport`], all `attempts`, and how many of its `parts` ended, if it has any) and `totals` (the counts of the latest attempts, added up). If observers failed,
/// `observer_failures` says how often.
///
/// `Display` prints the same as a table of at most 100 columns:
///
/// ```
/// use etl_context::{Context, Counts, Extract};
///
/// let mut extract = Context::new("skype-import").start(Extract)?;
/// extract.update_progress(Counts { conversations: 12, messages: 400 });
/// let summary = extract.complete(())?.summary();
/// println!("{summary}");
///
/// let json = serde_json::to_value(&summary).expect("a summary is always JSON");
/// assert_eq!(json["phases"]["extract"]["messages_processed"], 400);
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RunSummary {
    record: RunRecord,
    /// What would be reported of the running attempt if it ended now.
    running: Option<PhaseReport>,
    taken: Timestamp,
    observer_failures: u64,
}

impl RunSummary {
    pub(crate) fn of(engine: &Engine) -> Self {
        RunSummary {
            record: engine.record().clone(),
            running: engine.running_report(),
            taken: engine.now(),
            observer_failures: engine.observer_failures(),
        }
    }

    /// The run's identity.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.record.run_id()
    }

    /// The name that the author gave the run.
    #[must_use]
    pub fn name(&self) -> &str {
        self.record.name()
    }

    /// `running` while a phase is; else `failed` if any phase stands at that, `completed` if every phase that is known does,
    /// and `pending` otherwise.
    #[must_use]
    pub fn status(&self) -> PhaseStatus {
        let is = |status| move |phase: &PhaseRecord| phase.status() == status;
        if self.running.is_some() {
            PhaseStatus::Running
        } else if self.record.phases().any(is(PhaseStatus::Failed)) {
            PhaseStatus::Failed
        } else if self.record.phases().next().is_some() && self.record.phases().all(is(PhaseStatus::Completed)) {
            PhaseStatus::Completed
        } else {
            PhaseStatus::Pending
        }
    }

    /// The recorded errors, oldest first; of more than a thousand, the first thousand.
    #[must_use]
    pub fn errors(&self) -> &[ErrorRecord] {
        self.record.errors()
    }

    /// How many errors were recorded.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.record.error_count()
    }

    /// When the phase that ended last did; `None` while one is running, and before one has ended.
    #[must_use]
    pub fn end_time(&self) -> Option<Timestamp> {
        let ends = self.record.phases().flat_map(PhaseRecord::reports).map(PhaseReport::end_time);
        ends.max().filter(|_| self.running.is_none())
    }

    /// From the beginning of the run to its end, or to now while a phase is running.
    #[must_use]
    pub fn total_duration(&self) -> Duration {
        let end = self.end_time().unwrap_or(self.taken);
        Duration::from_micros(end.microseconds_since(self.record.start_time()))
    }

    /// The counts of each phase's latest attempt, added up by name.
    #[must_use]
    pub fn totals(&self) -> Vec<(String, u64)> {
        let mut totals: Vec<(String, u64)> = Vec::new();
        for (name, count) in self.record.phases().filter_map(|phase| self.latest(phase)).flat_map(PhaseReport::processed) {
            match totals.iter_mut().find(|(known, _)| known == name) {
                Some((_, total)) => *total = total.saturating_add(count),
                None => totals.push((name.to_owned(), count)),
            }
        }
        totals
    }

    /// How often an observer returned an error or panicked.
    #[must_use]
    pub fn observer_failures(&self) -> u64 {
        self.observer_failures
    }

    pub(crate) fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The moment that it tells of.
    pub(crate) fn taken(&self) -> Timestamp {
        self.taken
    }

    /// How long attempts at the phase were running, all together.
    pub(crate) fn time_in(&self, phase: &PhaseRecord) -> Duration {
        self.attempts(phase).fold(Duration::ZERO, |sum, report| sum.saturating_add(report.duration()))
    }

    /// How much of the time in which any phase was running this one was, in percent; `None` if none took any time.
    pub(crate) fn share(&self, phase: &PhaseRecord) -> Option<f64> {
        let all = self.record.phases().fold(Duration::ZERO, |sum, phase| sum.saturating_add(self.time_in(phase)));
        (!all.is_zero()).then(|| self.time_in(phase).as_secs_f64() * 100.0 / all.as_secs_f64())
    }

    /// All attempts at the phase, the running one last.
    pub(crate) fn attempts<'a>(&'a self, phase: &'a PhaseRecord) -> impl DoubleEndedIterator<Item = &'a PhaseReport> {
        let running = self.running.iter().filter(|running| running.phase() == phase.name());
        phase.reports().iter().chain(running)
    }

    pub(crate) fn latest<'a>(&'a self, phase: &'a PhaseRecord) -> Option<&'a PhaseReport> {
        self.attempts(phase).next_back()
    }
}

impl RunRecord {
    /// The run as a table, as JSON, Markdown or HTML.
    ///
    /// A phase that is running is told as of the record's latest event, with the counts of its last checkpoint: the live
    /// counters are in the process that runs it.
    ///
    /// ```
    /// use etl_context::{Etl, Extract, FileJournal, Run, RunRecord};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("import.jsonl");
    /// let context = Run::builder("import").journal(FileJournal::open(&path)?).begin::<Etl>()?;
    /// let extracted = context.start(Extract)?.complete(())?;
    ///
    /// // Elsewhere, or next morning.
    /// let record = RunRecord::read(&path)?.expect("the run has begun");
    /// println!("{}", record.summary());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn summary(&self) -> RunSummary {
        let taken = self.latest_time();
        let running = self.current().map(|running| running.as_of(taken, PhaseStatus::Running, None));
        RunSummary { record: self.clone(), running, taken, observer_failures: 0 }
    }
}

impl Serialize for RunSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("run_id", &self.run_id())?;
        map.serialize_entry("name", self.name())?;
        map.serialize_entry("status", &self.status())?;
        map.serialize_entry("current_phase", &self.record.current_phase())?;
        map.serialize_entry("start_time", &self.record.start_time())?;
        map.serialize_entry("end_time", &self.end_time())?;
        map.serialize_entry("total_duration_seconds", &self.total_duration().as_secs_f64())?;
        map.serialize_entry("error_count", &self.error_count())?;
        map.serialize_entry("errors", self.errors())?;
        map.serialize_entry("phase_order", &self.record.phases().map(PhaseRecord::name).collect::<Vec<_>>())?;
        map.serialize_entry("phases", &Phases(self))?;
        map.serialize_entry("totals", &Totals(self))?;
        if self.observer_failures > 0 {
            map.serialize_entry("observer_failures", &self.observer_failures)?;
        }
        map.end()
    }
}

/// `{ name: { status, …latest attempt…, attempts: […] } }`
struct Phases<'a>(&'a RunSummary);

impl Serialize for Phases<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.record.phases().map(|phase| (phase.name(), Phase { summary: self.0, phase })))
    }
}

struct Phase<'a> {
    summary: &'a RunSummary,
    phase: &'a PhaseRecord,
}

impl Serialize for Phase<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.phase.status())?;
        let taken: &[&str] = if self.phase.parts().len() > 0 { &["attempts", "parts"] } else { &["attempts"] };
        match self.summary.latest(self.phase) {
            Some(report) => report.serialize_details(&mut map, taken)?,
            None => map.serialize_entry("attempt", &0)?,
        }
        if self.phase.parts().len() > 0 {
            map.serialize_entry("parts", &Parts(self.phase))?;
        }
        map.serialize_entry("attempts", &self.summary.attempts(self.phase).collect::<Vec<_>>())?;
        map.end()
    }
}

/// `{ "registered": 12, "completed": 11, "failed": 1 }`
struct Parts<'a>(&'a PhaseRecord);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let with = |status| self.0.parts().filter(|part| part.status() == status).count();
        let (completed, failed) = (with(PhaseStatus::Completed), with(PhaseStatus::Failed));
        serializer.collect_map([("registered", self.0.parts().len()), ("completed", completed), ("failed", failed)])
    }
}

/// `{ "messages_processed": 400, … }`
struct Totals<'a>(&'a RunSummary);

impl Serialize for Totals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.totals().iter().map(|(name, total)| (format!("{name}_processed"), total)))
    }
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} after {}", one_line(self.name(), 64), self.status(), duration(self.total_duration()))?;
        write!(f, "\nrun {}, began {}", self.run_id(), self.record.start_time())?;
        if self.record.phases().next().is_some() {
            write!(f, "\n\n{}", self.table().to_string().trim_end())?;
        }
        self.fmt_errors(f)?;
        match self.observer_failures {
            0 => Ok(()),
            1 => write!(f, "\n\nan observer failed once; the run was not affected"),
            failures => write!(f, "\n\nobservers failed {failures} times; the run was not affected"),
        }
    }
}

impl RunSummary {
    /// With a column for each counter if that fits on a line, else with a line for each of a phase's counters.
    fn table(&self) -> Table {
        let wide = self.wide_table();
        if wide.width() <= WIDTH { wide } else { self.long_table() }
    }

    fn wide_table(&self) -> Table {
        let counters = self.totals().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let counts = counters.iter().map(|name| Column::right(&one_line(name, 64)));
        let mut table = Table::new(Column::of_attempts().into_iter().chain(counts).chain([Column::right("rate")]).collect());
        for phase in self.record.phases() {
            let mut row = self.attempt_cells(phase);
            if let Some(report) = self.latest(phase) {
                let count = |name: &String| report.processed().find(|(known, _)| known == name).map(|(_, count)| grouped(count));
                row.extend(counters.iter().map(|name| count(name).unwrap_or_default()));
                row.push(rate_of(report));
            }
            table.push(row);
        }
        table
    }

    fn long_table(&self) -> Table {
        let counts = [Column::right("processed"), Column::left("")];
        let mut table = Table::new(Column::of_attempts().into_iter().chain(counts).collect());
        for phase in self.record.phases() {
            let mut cells = self.attempt_cells(phase);
            let none = vec![String::new(); cells.len()];
            for (name, count) in self.latest(phase).into_iter().flat_map(PhaseReport::processed) {
                cells.extend([grouped(count), one_line(name, 20)]);
                table.push(std::mem::replace(&mut cells, none.clone()));
            }
            if cells != none {
                table.push(cells);
            }
        }
        table
    }

    /// Phase, status, attempt and duration.
    fn attempt_cells(&self, phase: &PhaseRecord) -> Vec<String> {
        let cells = [shortened_inside(phase.name().as_str(), 32), phase.status().to_string()];
        let attempt = self.latest(phase).map(|report| [report.attempt().to_string(), duration(report.duration())]);
        cells.into_iter().chain(attempt.into_iter().flatten()).collect()
    }

    fn fmt_errors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error_count() {
            0 => return Ok(()),
            1 => write!(f, "\n\n1 error")?,
            errors => write!(f, "\n\n{} errors", grouped(errors))?,
        }
        for error in self.errors().iter().take(ERRORS_LISTED) {
            for line in error.to_string().lines() {
                write!(f, "\n  {line}")?;
            }
        }
        match self.error_count().saturating_sub(ERRORS_LISTED as u64) {
            0 => Ok(()),
            more => write!(f, "\n  and {} more", grouped(more)),
        }
    }
}

/// How fast the phase's last counter went, as in `1,333 messages/s`.
fn rate_of(report: &PhaseReport) -> String {
    let last = report.processed().last();
    let rated = last.and_then(|(name, count)| Some((name, worth_telling(count, report.duration())?)));
    rated.map(|(name, per_second)| format!("{} {}/s", rate(per_second), one_line(name, 64))).unwrap_or_default()
}
