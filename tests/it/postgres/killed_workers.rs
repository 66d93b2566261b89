//! Two hundred parts, six worker processes, thirty of which are killed: each part completes once, and the counts are exact.

use std::collections::BTreeMap;
use std::hint::{black_box, spin_loop};
use std::thread;
use std::time::{Duration, Instant};

use etl_context::{Counts, Error, Etl, Extract, Part, PhaseStatus, PostgresJournal, PostgresRuns, PostgresWorker, Run};

use super::server::{TestDatabase, database};
use crate::child::{self, Child};
use crate::seeded::Seeded;

const PARTS: u64 = 200;
const WORKERS: usize = 6;
const KILLS: usize = 30;

/// So short that the parts of a worker that was killed are soon with another.
const LEASE: Duration = Duration::from_millis(200);

fn names() -> impl Iterator<Item = String> {
    (0..PARTS).map(|number| format!("part {number:03}"))
}

fn counts(name: &str) -> Counts {
    Counts { conversations: 1, messages: name[5..].parse::<u64>().unwrap() * 7 }
}

/// Some milliseconds of work, the same for every part.
#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn work(part: &mut Part<'_>) -> Result<(), std::convert::Infallible> {
    let expected = counts(part.name());
    part.update_progress(Counts { messages: 0, ..expected });
    black_box((0..1_000_000_u64).fold(0, |sum: u64, number| sum.wrapping_mul(31).wrapping_add(black_box(number))));
    part.update_progress(Counts { conversations: 0, ..expected });
    Ok(())
}

#[test]
#[ignore = "the part of a process that works"]
fn working_process() {
    let Some(url) = child::given() else { return };
    let worker = PostgresWorker::connect(&url, "import").unwrap().lease(LEASE);
    let outcome = worker.work(Extract, |part| {
        child::say(part.name());
        work(part)
    });
    child::say(&format!("completed {}", outcome.unwrap()));
}

fn start(database: &TestDatabase) -> Child {
    Child::start(module_path!(), "working_process", &database.url())
}

/// Kills one worker after the other, each in the middle of a part, and starts another in its place.
fn disturb(database: &TestDatabase) {
    let mut chance = Seeded(5);
    let mut workers: Vec<_> = (0..WORKERS).map(|_| start(database)).collect();
    let mut kills = 0;
    while kills < KILLS {
        let index = usize::try_from(chance.below(WORKERS as u64)).unwrap();
        let worker = &mut workers[index];
        let said = worker.hear().expect("it has a part");
        assert!(!said.starts_with("completed"), "there are parts left to kill it in");
        (0..chance.below(100_000)).for_each(|_| spin_loop());
        worker.kill();
        kills += 1;
        workers[index] = start(database);
    }
    for mut worker in workers {
        let last = std::iter::from_fn(|| worker.hear()).last().unwrap();
        assert!(last.starts_with("completed "), "{last}");
    }
}

/// A run of all parts by so many worker processes.
fn run(database: &TestDatabase, workers: usize) -> Duration {
    let journal = PostgresJournal::connect(database.url()).unwrap();
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    let parts = extract.parts(names()).unwrap();
    let begun = Instant::now();
    let workers: Vec<_> = (0..workers).map(|_| start(database)).collect();
    parts.finish().unwrap();
    let taken = begun.elapsed();
    drop((workers, extract.complete(()).unwrap()));
    taken
}

#[test]
#[ignore = "a measurement, for reading: cargo test … -- --ignored --nocapture six_workers_beside_one"]
fn six_workers_beside_one() {
    let (Some(one), Some(six)) = (database(), database()) else { return };
    let (one, six) = (run(&one, 1), run(&six, WORKERS));
    println!(
        "{PARTS} parts by one worker: {one:.2?}; by {WORKERS}: {six:.2?}; ratio {:.2}",
        six.as_secs_f64() / one.as_secs_f64()
    );
}

#[test]
fn each_part_completes_once_and_the_counts_are_exact_though_thirty_workers_are_killed() {
    let Some(database) = database() else { return };
    let journal = PostgresJournal::connect(database.url()).unwrap();
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    let (extracted, ()) = thread::scope(|scope| {
        scope.spawn(|| disturb(&database));
        context.phase(Extract).run(|extract| -> Result<(), Error> { extract.parts(names())?.finish() }).unwrap()
    });
    let expected = names().map(|name| counts(&name).messages).sum();
    assert_eq!(extracted.counts(), Counts { conversations: PARTS, messages: expected });
    assert_eq!(extracted.report().attempt(), 1);
    let runs = PostgresRuns::connect(database.url()).unwrap();
    let record = runs.read(extracted.record().run_id()).unwrap().unwrap();
    assert_eq!(&record, extracted.record());
    let parts = record.phase("extract").unwrap().parts();
    assert!(
        parts.map(|part| (part.name(), part.status())).eq(names()
            .map(|_| PhaseStatus::Completed)
            .zip(names())
            .map(|(status, name)| (Box::leak(name.into_boxed_str()) as &str, status)))
    );
    each_has_one_end(&database);
    assert!(claimed_again(&database) >= i64::try_from(KILLS / 2).unwrap(), "most kills are to hit a part");
}

/// In the journal, not only in what it adds up to.
fn each_has_one_end(database: &TestDatabase) {
    let ends = "select line::json ->> 'part', count(*) from etl_context.events where event = 'part_ended' group by 1";
    let ends: BTreeMap<String, i64> =
        database.client().query(ends, &[]).unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(ends.into_iter().eq(names().map(|name| (name, 1))));
}

/// How many claims were for parts that an earlier worker had lost.
fn claimed_again(database: &TestDatabase) -> i64 {
    let claims = "select sum(claims - 1)::bigint from etl_context.parts";
    database.client().query_one(claims, &[]).unwrap().get(0)
}
