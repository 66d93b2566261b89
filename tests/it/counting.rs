//! Counting by many threads at once: once they are joined, the sums are exact.

use std::thread;

use etl_context::{Context, Counts, Extract};

const THREADS: u64 = 8;
const EACH: u64 = 1_000_000;
const ONE: Counts = Counts { conversations: 1, messages: 3 };
const ALL: Counts = Counts { conversations: THREADS * EACH, messages: 3 * THREADS * EACH };

#[test]
fn eight_scoped_threads_count_a_million_each() {
    let extract = Context::new("import").start(Extract).unwrap();
    let progress = extract.progress();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(move || (0..EACH).for_each(|_| progress.add(ONE)));
        }
    });
    assert_eq!(extract.complete(()).unwrap().counts(), ALL);
}

#[test]
fn eight_owned_workers_count_a_million_each() {
    let extract = Context::new("import").start(Extract).unwrap();
    let tasks = (0..THREADS).map(|_| {
        let mut worker = extract.progress().worker();
        thread::spawn(move || (0..EACH).try_for_each(|_| worker.add(ONE)))
    });
    for task in tasks.collect::<Vec<_>>() {
        task.join().unwrap().unwrap();
    }
    assert_eq!(extract.complete(()).unwrap().counts(), ALL);
}

#[test]
fn owner_scoped_threads_and_workers_add_up() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    let mut worker = extract.progress().worker();
    extract.update_progress(ONE);
    worker.add(ONE).unwrap();
    extract.progress().add(ONE);
    assert_eq!(extract.complete(()).unwrap().counts(), Counts { conversations: 3, messages: 9 });
}
