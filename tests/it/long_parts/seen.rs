//! What is counted of open parts is seen by whoever looks at the phase, once, and recorded only when a part completes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use etl_context::{Counts, Error, EtlContext, Event, Journal, MemoryJournal, Part, Parts, Run};

use crate::measurable::let_time_pass;

fn rows(rows: u64) -> Counts {
    Counts { conversations: 0, messages: rows }
}

fn claimed<'p>(parts: &'p Parts<'_>) -> Part<'p> {
    parts.claim().unwrap().unwrap()
}

#[test]
fn counts_of_open_parts_are_seen_at_once_and_those_of_a_part_that_does_not_complete_go_again() {
    let mut run = EtlContext::new("import");
    run.start_phase("extract", rows(40)).unwrap();
    let reader = run.progress();
    let seen = || reader.counts().get("messages").unwrap();
    let parts = run.parts(["a", "b", "c", "d"]).unwrap();
    let (mut a, b, mut c) = (claimed(&parts), claimed(&parts), claimed(&parts));
    a.update_progress(rows(1));
    b.progress().add(rows(10));
    let mut worker = c.progress().worker();
    worker.add(rows(20)).unwrap();
    c.update_progress(rows(5));
    assert_eq!(seen(), 36);
    let snapshot = reader.snapshot();
    assert_eq!((snapshot.counters[1].count, snapshot.counters[1].percent()), (36, Some(90.0)));
    a.complete().unwrap();
    assert_eq!(seen(), 36);
    b.give_back().unwrap();
    assert_eq!(seen(), 26);
    c.fail("odd").unwrap();
    assert_eq!(seen(), 1);
    let mut d = claimed(&parts);
    d.update_progress(rows(3));
    assert_eq!(seen(), 4);
    std::mem::forget(d);
    drop(parts);
    assert_eq!(seen(), 1, "nobody works on it any more");
}

#[test]
fn live_counts_are_not_recorded() {
    let mut journal = MemoryJournal::new();
    let mut run = Run::builder("import").journal(journal.clone()).begin_dynamic().unwrap();
    run.start_phase("extract", None).unwrap();
    let parts = run.parts(["a", "b"]).unwrap();
    let (mut a, b) = (claimed(&parts), claimed(&parts));
    a.update_progress(rows(7));
    b.complete().unwrap();
    a.give_back().unwrap();
    parts.finish().unwrap_err();
    run.checkpoint(&1).unwrap();
    let report = run.fail_phase(&Error::Stopped).unwrap();
    assert_eq!(report.counts(), rows(0));
    let checkpointed = |event: &Event| matches!(event, Event::Checkpointed { counts, .. } if counts.get("messages") == Some(0));
    assert!(journal.load().unwrap().iter().any(checkpointed));
}

/// What was done before is no work of this attempt, and says nothing of how fast it is.
#[test]
fn what_a_part_goes_on_from_is_seen_and_has_no_part_in_the_rate() {
    let mut run = EtlContext::new("import");
    run.start_phase("extract", rows(1_000)).unwrap();
    let parts = run.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    part.update_progress(rows(900));
    part.checkpoint(&1).unwrap();
    part.fail("odd").unwrap();
    drop(parts);
    run.fail_phase(&Error::Stopped).unwrap();
    run.start_phase("extract", rows(1_000)).unwrap();
    let reader = run.progress();
    let parts = run.parts(["a"]).unwrap();
    let mut part = claimed(&parts);
    let _: Option<u64> = part.resume_point().unwrap();
    let_time_pass(&reader);
    let snapshot = reader.snapshot();
    assert_eq!((snapshot.counters[1].count, snapshot.counters[1].per_second), (900, Some(0.0)));
    part.complete().unwrap();
    parts.finish().unwrap();
    let snapshot = reader.snapshot();
    assert_eq!((snapshot.counters[1].count, snapshot.counters[1].per_second), (900, Some(0.0)));
}

/// Somebody who looks all the time sees no row twice and none go, while parts complete one after the other.
#[test]
fn nothing_is_seen_twice_at_the_moment_when_a_part_ends() {
    const PARTS: u64 = 2_000;
    let mut run = EtlContext::new("import");
    run.start_phase("extract", None).unwrap();
    let (reader, done) = (run.progress(), AtomicBool::new(false));
    let parts = run.parts::<Counts>((0..PARTS).map(|number| number.to_string())).unwrap();
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut last = 0;
            while !done.load(Ordering::Relaxed) {
                let seen = reader.counts().get("messages").unwrap();
                assert!(seen >= last, "{seen} after {last}");
                last = seen;
                thread::sleep(Duration::ZERO);
            }
            last
        });
        let working: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    parts.work(|part| -> Result<(), Error> {
                        part.update_progress(rows(1));
                        Ok(())
                    })
                })
            })
            .collect();
        let completed: u64 = working.into_iter().map(|working| working.join().unwrap().unwrap()).sum();
        done.store(true, Ordering::Relaxed);
        assert_eq!(completed, PARTS);
        assert!(watching.join().unwrap() <= PARTS);
    });
    parts.finish().unwrap();
    assert_eq!(run.end_phase(()).unwrap().counts(), rows(PARTS));
}
