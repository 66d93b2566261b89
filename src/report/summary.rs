//! What is told of a whole run? Its phases, attempts, errors and totals, as JSON and as a table.

use std::fmt;
use std::time::Duration;

use crate::counting::snapshot::leading;
use crate::engine::Engine;
use crate::observe::Observation;
use crate::observe::failure::{ObserverFailure, ObserverFailures};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::error::ErrorRecord;
use crate::record::phase::PhaseRecord;
use crate::record::run_id::RunId;
use crate::record::status::RunStatus;
use crate::report::errors::PhaseErrors;
use crate::text::counter::{amount_per_second, speed};
use crate::text::line::{one_line, own_line, shortened_inside, wrapped};
use crate::text::number::{duration, grouped};
use crate::text::table::{Column, Table, width};

/// How many errors the table lists; the JSON has them all.
const ERRORS_LISTED: usize = 10;

/// How many failures of observers the table lists, and on how many lines each.
const FAILURES_LISTED: usize = 6;
const FAILURE_LINES: usize = 3;

/// How much of the metadata stands at the top.
const METADATA_LISTED: usize = 6;

/// A run as it is at one moment.
///
/// It serialises to `run_id`, `name`, `status`, `next` (the phases that may come next), `current_phases` (those that
/// run), `current_phase` (the one of them that started first), `start_time`, `end_time`, `total_duration_seconds`,
/// `error_count`, `errors`, `phase_order`, `phases` (for each phase its `status`, its `error_count`, the dictionary of its latest attempt as in
/// [`PhaseReport`], all `attempts`, and how many of its `parts` ended, if it has any) and `totals` (the counts of the latest attempts, added up). If observers failed,
/// `observer_failures` says how often, and `first_observer_failures` which, at what and why.
///
/// `Display` prints the same as a table of at most 100 columns, or of so many: `{summary:.80}`.
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
    /// What would be reported of the running attempts if they ended now.
    running: Vec<PhaseReport>,
    taken: Timestamp,
    observer_failures: ObserverFailures,
}

impl RunSummary {
    pub(crate) fn of(engine: &Engine) -> Self {
        let (record, running) = engine.whole_and_running();
        RunSummary { record, running, taken: engine.now(), observer_failures: engine.observer_failures() }
    }

    /// For an observer, who is told when something has happened.
    pub(crate) fn of_watched(run: &Observation<'_>) -> Self {
        RunSummary { observer_failures: run.failures.clone(), ..run.record.summary() }
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

    /// How the run is, as a whole.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.record.run_status()
    }

    /// The phases that may come next where the run stands: see [`RunRecord::next_phases`].
    #[must_use]
    pub fn next_phases(&self) -> Vec<&PhaseName> {
        self.record.next_phases()
    }

    /// The phases that are running: see [`RunRecord::running_phases`].
    pub fn running_phases(&self) -> impl Iterator<Item = &PhaseName> {
        self.record.running_phases()
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
        ends.max().filter(|_| self.running.is_empty())
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
        for (name, count) in self.latest_reports().flat_map(PhaseReport::processed) {
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
        self.observer_failures.count()
    }

    /// Which observers failed and why: of each one, its first three different failures.
    ///
    /// ```
    /// # #[cfg(feature = "open-lineage")] {
    /// use etl_context::{Etl, OpenLineage, Run};
    ///
    /// let lineage = OpenLineage::to_callback(|_| Err("the collector is down"));
    /// let summary = Run::builder("import").observe(lineage).begin::<Etl>()?.summary();
    /// let failure = &summary.first_observer_failures()[0];
    /// assert_eq!(failure.to_string(), "OpenLineage at run_began: the collector is down");
    /// # }
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    #[must_use]
    pub fn first_observer_failures(&self) -> &[ObserverFailure] {
        self.observer_failures.first()
    }

    pub(crate) fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The moment that it tells of.
    pub(crate) fn taken(&self) -> Timestamp {
        self.taken
    }

    /// All attempts at the phase, the running one last.
    pub(crate) fn attempts<'a>(&'a self, phase: &'a PhaseRecord) -> impl DoubleEndedIterator<Item = &'a PhaseReport> {
        let running = self.running.iter().filter(|running| running.phase() == phase.name());
        phase.reports().iter().chain(running)
    }

    /// What is told of the latest attempt at each phase, also of one that is running.
    pub fn latest_reports(&self) -> impl Iterator<Item = &PhaseReport> {
        self.record.phases().filter_map(|phase| self.latest(phase))
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
        let running = self
            .running_attempts()
            .map(|running| running.as_of(taken, PhaseStatus::Running, None, self.rejected_by(running)))
            .collect();
        RunSummary { record: self.clone(), running, taken, observer_failures: ObserverFailures::default() }
    }
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = width(f);
        f.write_str(&self.headline(longest))?;
        write!(f, "\nrun {}, began {}", self.run_id(), self.record.start_time())?;
        self.fmt_metadata(f)?;
        if self.record.phases().next().is_some() {
            write!(f, "\n\n{}", format!("{:.longest$}", self.table(longest)).trim_end())?;
        }
        self.fmt_parts(f)?;
        self.fmt_rejected(f)?;
        self.fmt_unexpected(f)?;
        self.fmt_errors(f)?;
        self.fmt_observer_failures(f)
    }
}

impl RunSummary {
    fn fmt_metadata(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata = self.record.metadata();
        for (key, value) in metadata.iter().take(METADATA_LISTED) {
            write!(f, "\n{}", own_line(&format!("{key}: {value}"), width(f)))?;
        }
        match metadata.len().saturating_sub(METADATA_LISTED) {
            0 => Ok(()),
            more => write!(f, "\nand {} more", grouped(more as u64)),
        }
    }

    /// With a column for each counter if that fits on a line, else with a line for each of a phase's counters, and with the
    /// rate of each and the share of the rejected rows if that fits.
    fn table(&self, longest: usize) -> Table {
        let rejected = self.has_rejected();
        let tables = [self.wide_table(), self.long_table(true, rejected), self.long_table(false, rejected)];
        let fitting = tables.into_iter().find(|table| table.width() <= longest);
        fitting.unwrap_or_else(|| self.long_table(false, false))
    }

    fn wide_table(&self) -> Table {
        let counters = self.counters_worth_telling();
        let counts = counters.iter().map(|name| Column::right(&one_line(name, 64)));
        let rejected = self.has_rejected().then(|| Column::left(""));
        let columns = Column::of_attempts().into_iter().chain(counts).chain([Column::right("rate")]).chain(rejected);
        let mut table = Table::new(columns.collect());
        for phase in self.record.phases() {
            let mut row = self.attempt_cells(phase);
            if let Some(report) = self.latest(phase) {
                let count = |name: &String| report.counted().find(|counted| counted.name == name).map(|counted| counted.amount());
                row.extend(counters.iter().map(|name| count(name).unwrap_or_default()));
                row.push(rate_of(report));
                row.push(self.rejected_cell(phase));
            }
            table.push(row);
        }
        table
    }

    /// Those that any phase has counted, or knows a total of, in the order in which they come.
    fn counters_worth_telling(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for counted in self.latest_reports().flat_map(PhaseReport::counted) {
            if names.iter().all(|name| name != counted.name) {
                names.push(counted.name.to_owned());
            }
        }
        names
    }

    fn long_table(&self, with_rates: bool, with_rejected: bool) -> Table {
        let counts = [Column::right("processed"), Column::left("")].into_iter().chain(with_rates.then(|| Column::right("rate")));
        let rejected = with_rejected.then(|| Column::left(""));
        let mut table = Table::new(Column::of_attempts().into_iter().chain(counts).chain(rejected).collect());
        for phase in self.record.phases() {
            let mut cells = self.attempt_cells(phase);
            let none = vec![String::new(); cells.len()];
            let mut rejected = self.rejected_cell(phase);
            for counted in self.latest(phase).into_iter().flat_map(PhaseReport::counted) {
                cells.extend([counted.amount(), one_line(counted.name, 20)]);
                let speed = counted.per_second().filter(|_| with_rates);
                let speed = speed.map(|speed| format!("{}/s", amount_per_second(counted.name, speed))).unwrap_or_default();
                cells.extend(with_rates.then_some(speed).into_iter().chain([std::mem::take(&mut rejected)]));
                table.push(std::mem::replace(&mut cells, none.clone()));
            }
            if cells != none {
                // Without a counter the share still has its place.
                cells.extend(vec![String::new(); if with_rates { 3 } else { 2 }].into_iter().chain([rejected]));
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
        let phases = PhaseErrors::all(&self.record);
        let (told, untold) = phases.split_at(phases.len().min(ERRORS_LISTED));
        for errors in told {
            fmt_errors_of(f, errors, phases.len())?;
        }
        match untold.iter().map(|errors| errors.count).sum() {
            0 => Ok(()),
            more => write!(f, "\n  and {} more in {} other phases", grouped(more), grouped(untold.len() as u64)),
        }
    }
}

impl RunSummary {
    fn fmt_observer_failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.observer_failures() {
            0 => return Ok(()),
            1 => write!(f, "\n\nan observer failed once; the run was not affected")?,
            failures => write!(f, "\n\nobservers failed {} times; the run was not affected", grouped(failures))?,
        }
        let longest = width(f);
        let lines = |failure: &ObserverFailure| wrapped(&format!("  {failure}"), longest, FAILURE_LINES);
        self.first_observer_failures().iter().take(FAILURES_LISTED).flat_map(lines).try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// The errors of one of so many phases, which share the lines.
fn fmt_errors_of(f: &mut fmt::Formatter<'_>, errors: &PhaseErrors<'_>, phases: usize) -> fmt::Result {
    let mut told = errors.told();
    told.truncate((ERRORS_LISTED / phases).max(1));
    let longest = width(f);
    for line in told.iter().map(|error| format!("{error:.longest$}")).collect::<Vec<_>>().iter().flat_map(|error| error.lines()) {
        write!(f, "\n  {line}")?;
    }
    match errors.untold(told.len()) {
        0 => Ok(()),
        more if phases == 1 => write!(f, "\n  and {} more", grouped(more)),
        more => write!(f, "\n  and {} more in {}", grouped(more), errors.phase),
    }
}

/// How fast the phase's leading counter went, as in `1,333 messages/s`.
fn rate_of(report: &PhaseReport) -> String {
    let rated = report.counted().filter_map(|counted| Some((counted.per_second()?, counted)));
    let leading = leading(rated, |(_, counted)| (counted.count, counted.total));
    leading.map(|(per_second, counted)| speed(counted.name, per_second)).unwrap_or_default()
}
