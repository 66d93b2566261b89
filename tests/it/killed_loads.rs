//! A process that loads in the transaction that ends its phase is killed again and again: the rows are there if and only if the
//! phase has completed, whatever database it is.

use std::hint::spin_loop;

use etl_context::PhaseStatus;

use crate::child::Child;
use crate::seeded::Seeded;

/// What one run loads.
pub(crate) const ROWS: i64 = 20;

/// More than a process gets through before it is killed.
pub(crate) const RUNS_OF_A_PROCESS: u32 = 30;

/// A database into which run after run is loaded.
pub(crate) trait Loads {
    /// Starts a process that loads from this run on, and says where it is, as in `loading 7`, until it is killed.
    fn start(&self, first: i64) -> Child;

    /// Loads one run in this process.
    fn load(&self, run: i64);

    /// Of the latest runs, the latest one first, once everything that a killed process has sent is done: how many rows they have, and
    /// how their load is.
    fn loads(&self) -> Vec<(i64, PhaseStatus)>;
}

/// Kills that often, and checks the rows after each time.
pub(crate) fn kill(kills: usize, database: &impl Loads) {
    let (mut chance, mut run, mut hit) = (Seeded(11), 0, 0);
    for _ in 0..kills {
        let first = run;
        run = kill_one(database, first, &mut chance);
        assert!(run - first < i64::from(RUNS_OF_A_PROCESS), "all runs of the process are looked at");
        hit += usize::from(agree(database));
    }
    assert!(hit > kills / 10, "many kills are to hit a load; {hit} did");
    // The last process may have been at the next run already, and not have said so.
    for run in [run, run + 1] {
        database.load(run);
    }
    assert!(!agree(database), "a run that was hit goes on");
}

/// Lets a process load from this run on and kills it after some of them; returns the run that it was at.
fn kill_one(database: &impl Loads, first: i64, chance: &mut Seeded) -> i64 {
    let mut child = database.start(first);
    let patience = usize::try_from(chance.below(6)).unwrap() + 1;
    let mut said: Vec<_> = std::iter::from_fn(|| child.hear()).take(patience).collect();
    (0..chance.below(100_000)).for_each(|_| spin_loop());
    child.kill();
    said.extend(std::iter::from_fn(|| child.hear()));
    child.end();
    let runs = said.iter().filter_map(|said| said.split_once(' ')?.1.parse::<i64>().ok());
    runs.max().unwrap_or(first)
}

/// The rows are there if and only if the load has completed. Whether the latest load was hit.
fn agree(database: &impl Loads) -> bool {
    let loads = database.loads();
    for (number, (rows, status)) in loads.iter().enumerate() {
        let expected = if *status == PhaseStatus::Completed { ROWS } else { 0 };
        assert_eq!(*rows, expected, "of the run that was number {number} from the end");
    }
    loads.first().is_some_and(|(_, status)| *status == PhaseStatus::Running)
}
