//! How many parts of a phase are worked on in a second, by threads of its process and by workers elsewhere?

use std::cell::Cell;
use std::io;
use std::thread;

use etl_context::{Counts, Error, Extract, Part, Parts, PostgresJournal, PostgresWorker, Run, RunningPhase, Stopper};
use etl_context_benches::server::Server;
use etl_context_benches::table::{Table, Target};

use crate::bare;
use crate::pace::Pace;

const SIZES: [usize; 3] = [10, 1_000, 100_000];
const WORKERS: [usize; 3] = [1, 2, 4];

/// Rounds in turns; the best of each counts.
fn rounds(parts: usize) -> usize {
    if parts < 100 { 12 } else { 3 }
}

pub fn measure(table: &mut Table, server: &mut Server) {
    let database = server.database();
    for is_synced in [true, false] {
        server.sync(is_synced);
        for workers in WORKERS {
            for parts in SIZES {
                measure_one(table, server, &database, is_synced, workers, parts);
            }
        }
    }
}

fn measure_one(table: &mut Table, server: &Server, database: &str, is_synced: bool, workers: usize, parts: usize) {
    let [mut bare, mut threads, mut elsewhere] = [0.0_f64; 3];
    for _ in 0..rounds(parts) {
        bare = bare.max(bare::parts_per_second(server, database, parts, workers));
        threads = threads.max(by_threads(server, database, parts, workers));
        elsewhere = elsewhere.max(by_workers(server, database, parts, workers));
    }
    let synced = if is_synced { "synced" } else { "not synced" };
    let row = |by: &str| format!("{workers} {by}{}, {parts} parts, {synced}", if workers > 1 { "s" } else { "" });
    table.row(&row("worker"), elsewhere, "a bare queue", bare, "/s", Target::AtLeast(0.8));
    table.row(&row("thread"), threads, "a bare queue", bare, "/s", Target::AtLeast(0.5));
}

pub fn names(parts: usize) -> impl Iterator<Item = String> {
    (0..parts).map(|number| format!("part {number}"))
}

/// What each worker does with each part: nothing but to count.
fn count<'a>(pace: &'a Pace, stopper: &'a Stopper) -> impl FnMut(&mut Part<'_>) -> Result<(), io::Error> + use<'a> {
    let is_first = Cell::new(true);
    move |part| {
        part.update_progress(Counts { conversations: 1, messages: 1 });
        if !pace.took(is_first.take()) {
            stopper.stop();
        }
        Ok(())
    }
}

/// A phase whose parts are registered. What follows is as if its process died: the run goes with the database.
fn in_phase(server: &Server, database: &str, parts: usize, stopper: &Stopper, work: impl FnOnce(&Parts<'_>)) {
    let mut client = server.client(database);
    let _ = client.batch_execute("truncate etl_context.runs cascade");
    let journal = PostgresJournal::connect(server.url(database).as_str()).unwrap();
    let context = Run::builder("bench").journal(journal).stopper(stopper).begin::<etl_context::Etl>().unwrap();
    let _ = context.phase(Extract).run(|extract: &mut RunningPhase<'_, Extract>| -> Result<(), Error> {
        work(&extract.parts(names(parts))?);
        Ok(())
    });
}

fn by_threads(server: &Server, database: &str, parts: usize, workers: usize) -> f64 {
    let (pace, stopper) = (Pace::of(workers), Stopper::default());
    in_phase(server, database, parts, &stopper, |parts| {
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| parts.work(count(&pace, &stopper)).unwrap());
            }
        });
    });
    pace.parts_per_second()
}

pub fn by_workers(server: &Server, database: &str, parts: usize, workers: usize) -> f64 {
    let pace = Pace::of(workers);
    in_phase(server, database, parts, &Stopper::default(), |_| {
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    let worker = PostgresWorker::connect(server.url(database).as_str(), "bench").unwrap();
                    let stopper = worker.stopper();
                    worker.work(Extract, count(&pace, &stopper)).unwrap()
                });
            }
        });
    });
    pace.parts_per_second()
}
