//! A run of which nobody knows what it does next, for those who tell of runs.

use etl_context::{EtlContext, RunRecord};

use crate::seeded::Seeded;

const PHASES: [&str; 3] = ["extract", "transform", "load"];

/// Moves the run, stops it, lets it go and opens it again, and looks at it after each step.
pub(crate) fn move_at_random(seed: u64, begin: impl Fn() -> EtlContext, look: impl Fn(&RunRecord)) {
    let mut random = Seeded(seed);
    let mut run = begin();
    for _ in 0..25 {
        match random.below(8) {
            0 | 1 => drop(run.start_phase(PHASES[usize::try_from(random.below(3)).unwrap()], None)),
            2..=4 => drop(run.end_phase(())),
            5 => drop(run.fail_phase(&std::fmt::Error)),
            6 => run.stopper().stop(),
            _ => {
                drop(run);
                run = begin();
            }
        }
        look(run.record());
    }
}
