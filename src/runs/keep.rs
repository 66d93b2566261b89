//! Which runs may go? Those that completed and of which enough later ones are kept.

use std::fmt;
use std::time::Duration;

use crate::journal::JournalError;
use crate::record::clock::{Clock, Timestamp};
use crate::record::status::RunStatus;
use crate::runs::job_run::JobRun;
use crate::runs::list::JobRuns;
use crate::text::line::told;

/// Which completed runs of a job are kept: see [`Runs::prune`](crate::Runs::prune).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep(Rule);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Last(usize),
    Within(Duration),
}

impl Keep {
    /// So many, those that began last.
    #[must_use]
    pub fn last(runs: usize) -> Self {
        Keep(Rule::Last(runs))
    }

    /// Those whose latest event is no older than this, by this machine's clock.
    #[must_use]
    pub fn within(age: Duration) -> Self {
        Keep(Rule::Within(age))
    }

    /// Those of the list that may go: they are complete, and nobody has them open.
    pub(crate) fn to_go(self, runs: &JobRuns) -> Vec<&JobRun> {
        let now = Clock::start().now();
        let completed = runs.iter().filter(|run| run.status() == RunStatus::Completed).enumerate();
        let to_go = completed.filter(|(place, run)| !self.keeps(*place, run.latest_time(), now)).map(|(_, run)| run);
        to_go.filter(|run| run.owner().is_none()).collect()
    }

    /// Whether a run is kept that so many later ones have completed after.
    fn keeps(self, later: usize, latest: Timestamp, now: Timestamp) -> bool {
        match self.0 {
            Rule::Last(runs) => later < runs,
            Rule::Within(age) => u128::from(now.microseconds_since(latest)) <= age.as_micros(),
        }
    }
}

/// What was removed, and what was not.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Pruned {
    /// The keys of the runs that were removed, the latest first; of the second run under a key with its number, as in `2026-11-25~2`.
    pub removed: Vec<String>,
    /// Why others were not: somebody has opened one meanwhile, or it cannot be removed.
    pub left: Vec<JournalError>,
}

impl fmt::Display for Pruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.removed.as_slice() {
            [] => f.write_str("removed no run")?,
            [one] => write!(f, "removed 1 run: {}", told(one))?,
            [latest, .., first] => write!(f, "removed {} runs, {} to {}", self.removed.len(), told(first), told(latest))?,
        }
        self.left.iter().try_for_each(|error| write!(f, "; left one: {}", told(error)))
    }
}
