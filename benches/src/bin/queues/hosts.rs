//! How many parts do a hundred workers end? Of ten thousand, in which there is nothing to do but count; and how long it takes to
//! register so many.

use std::time::Instant;

use etl_context::{Etl, Extract, PostgresJournal, Run};
use etl_context_benches::server::Server;
use etl_context_benches::table::{Table, Target};

use crate::bare;
use crate::parts::{by_workers, names};

const PARTS: usize = 10_000;
const WORKERS: [usize; 3] = [1, 10, 100];
const ROUNDS: usize = 3;

pub fn measure(table: &mut Table, server: &mut Server) {
    let database = server.database();
    server.sync(true);
    for workers in WORKERS {
        let [mut bare, mut elsewhere] = [0.0_f64; 2];
        for _ in 0..ROUNDS {
            bare = bare.max(bare::parts_per_second(server, &database, PARTS, workers));
            elsewhere = elsewhere.max(by_workers(server, &database, PARTS, workers));
        }
        let what = format!("{workers} worker{}, {PARTS} parts, synced", if workers > 1 { "s" } else { "" });
        table.row(&what, elsewhere, "a bare queue", bare, "/s", Target::Told);
    }
    let registered = (0..ROUNDS).map(|_| register(server)).fold(f64::INFINITY, f64::min);
    table.told(&format!("to register {PARTS} parts"), registered * 1_000.0, "ms");
}

/// Until they can be claimed.
fn register(server: &mut Server) -> f64 {
    let database = server.database();
    let journal = PostgresJournal::connect(server.url(&database).as_str()).unwrap();
    let mut extract = Run::builder("bench").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap();
    let begun = Instant::now();
    drop(extract.parts(names(PARTS)).unwrap());
    begun.elapsed().as_secs_f64()
}
