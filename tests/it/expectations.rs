//! What is expected of a phase, by bounds and by what the last runs of its job came to, is looked at when it would complete, recorded with
//! its end, and told everywhere.

mod bounds;
mod earlier_runs;
mod failing;
mod told;
#[cfg(all(unix, feature = "testing", any(feature = "postgres", feature = "sqlite")))]
mod transactions;
mod unreasonable;

use etl_context::{Completed, Context, Counts, Etl, Expectation, Extract, MemoryJournal, PhaseReport, Run, RunBuilder, counters};

counters! {
    /// What the loads of these tests count.
    pub struct Rows {
        pub rows: u64,
        pub bytes: u64,
    }
}

etl_context::pipeline! {
    /// A load and nothing else.
    pub Nightly {
        Load = "load" counts Rows after Idle;
    }
}

fn run() -> RunBuilder {
    Run::builder("taxi").journal(MemoryJournal::new())
}

/// A run whose load has counted so many rows and completed.
fn loaded(run: RunBuilder, rows: u64) -> Context<Completed<Load>, Nightly> {
    let mut load = run.begin::<Nightly>().unwrap().start(Load).unwrap();
    load.update_progress(Rows { rows, bytes: 0 });
    load.complete(()).unwrap()
}

/// The only one.
fn only(report: &PhaseReport) -> &Expectation {
    let [expectation] = report.expectations() else { panic!("one is expected: {:?}", report.expectations()) };
    expectation
}

/// The same for the pipeline of the library.
fn extracted(run: RunBuilder, messages: u64) -> Context<Completed<Extract>> {
    let mut extract = run.begin::<Etl>().unwrap().start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 0, messages });
    extract.complete(()).unwrap()
}
