//! How many parts do threads end in a second if the journal is a file, beside a write and a sync for each?

use std::cell::Cell;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::thread;
use std::time::Instant;

use etl_context::{Counts, Error, Etl, Extract, FileJournal, Part, Run, RunningPhase};
use etl_context_benches::server::Server;
use etl_context_benches::table::{Table, Target};
use tempfile::TempDir;

use crate::pace::Pace;

const PARTS: usize = 2_000;
const ROUNDS: usize = 3;

pub fn measure(table: &mut Table, _: &mut Server) {
    for workers in [1, 2, 4, 8] {
        let (mut bare, mut threads) = (0.0_f64, 0.0_f64);
        for _ in 0..ROUNDS {
            bare = bare.max(writes_per_second());
            threads = threads.max(parts_per_second(workers));
        }
        let what = format!("{workers} thread{}, {PARTS} parts, a file, synced", if workers > 1 { "s" } else { "" });
        table.row(&what, threads, "a line and `fdatasync`, one by one", bare, "/s", Target::Told);
    }
}

/// Lines as long as the event of a part that ended.
fn writes_per_second() -> f64 {
    let folder = TempDir::new().unwrap();
    let mut file = OpenOptions::new().create(true).append(true).open(folder.path().join("plain")).unwrap();
    let line = [b'x'; 240];
    let begun = Instant::now();
    for _ in 0..PARTS {
        file.write_all(&line).unwrap();
        file.sync_data().unwrap();
    }
    PARTS as f64 / begun.elapsed().as_secs_f64()
}

fn parts_per_second(workers: usize) -> f64 {
    let (folder, pace) = (TempDir::new().unwrap(), Pace::of(workers));
    let journal = FileJournal::open(folder.path().join("run.jsonl")).unwrap();
    let context = Run::builder("bench").journal(journal).begin::<Etl>().unwrap();
    let extracting = context.phase(Extract).run(|extract: &mut RunningPhase<'_, Extract>| -> Result<(), Error> {
        let parts = extract.parts((0..PARTS).map(|number| format!("part {number}")))?;
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    let is_first = Cell::new(true);
                    parts.work(|part: &mut Part<'_>| -> Result<(), io::Error> {
                        part.update_progress(Counts { conversations: 1, messages: 1 });
                        pace.took(is_first.take());
                        Ok(())
                    })
                });
            }
        });
        parts.finish()
    });
    drop(extracting.unwrap());
    pace.parts_per_second()
}
