//! Phases as closures side by side: results, failures, panics, and futures that are dropped.

use std::collections::BTreeMap;
use std::future::{Future, pending, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Barrier;
use std::task::{Context as Waking, Poll, Waker};
use std::thread;

use etl_context::{Counts, Error, Etl, FailureCause, MemoryJournal, Run, RunRecord, RunStatus, RunningPhase, Stopped};
use futures::executor::block_on;

use super::{Both, Left, Right, Two};

#[test]
fn they_run_at_the_same_time_and_have_results_and_errors_of_their_own() -> Result<(), Error> {
    let both_are_here = Barrier::new(2);
    let (joined, (rows, ())) = Two::context("two").phases((Left, Right)).run((
        |left| {
            both_are_here.wait();
            left.update_progress(Counts { conversations: 1, messages: 0 });
            Ok::<_, std::io::Error>(BTreeMap::from([("rows".to_owned(), 3)]))
        },
        |_right| {
            both_are_here.wait();
            Ok::<_, String>(())
        },
    ))?;
    assert_eq!(rows["rows"], 3);
    assert_eq!(joined.record().phase("left").unwrap().latest_report().unwrap().counts().conversations, 1);
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn the_thread_of_a_branch_has_the_name_of_its_phase() -> Result<(), Error> {
    let name = || thread::current().name().map(str::to_owned).unwrap_or_default();
    let phases = Two::context("two").phases((Left, Right));
    let (_, (left, right)) = phases.run((
        |_left| Ok::<_, String>(BTreeMap::from([("thread".to_owned(), name())])),
        |_right| Ok::<_, String>(BTreeMap::from([("thread".to_owned(), name())])),
    ))?;
    assert_eq!((left["thread"].as_str(), right["thread"].as_str()), ("left", "right"));
    Ok(())
}

#[test]
fn one_that_fails_lets_the_others_end_and_is_tried_again() -> Result<(), Error> {
    let outcome = Two::context("two").phases((Left, Right)).run((
        |_left| Err::<(), _>("no connection".to_owned()),
        |right| if right.is_cancelled() { Err("it was asked to stop") } else { Ok(()) },
    ));
    let failure = outcome.unwrap_err();
    assert_eq!(failure.to_string(), "phase `left` failed in attempt 1: no connection");
    let (left, right) = failure.into_outcomes();
    let (failed, error) = left.unwrap_err().into_parts()?;
    assert_eq!(error, "no connection");
    let (left, ()) = failed.retry_phase().run(|_| Ok::<_, String>(()))?;
    let joined = left.join(right.unwrap().0)?;
    assert_eq!(joined.record().run_status(), RunStatus::Unfinished);
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn one_that_fails_stops_the_others_if_it_is_to_and_not_the_run() -> Result<(), Error> {
    let both_are_here = Barrier::new(2);
    let outcome = Two::context("two").phases((Left, Right)).stop_others().run((
        |_left| {
            both_are_here.wait();
            Err::<(), _>("no connection".to_owned())
        },
        |right| {
            both_are_here.wait();
            until_stopped(right)
        },
    ));
    let (left, right) = outcome.unwrap_err().into_outcomes();
    let (left, _) = left.unwrap_err().into_parts()?;
    let (right, Stopped) = right.unwrap_err().into_parts()?;
    assert_eq!(right.report().cause(), Some(FailureCause::Stopped));
    assert_eq!(left.summary().status(), RunStatus::Failed);
    // The run goes on: both are tried again.
    assert!(!left.stopper().is_stopped());
    let joined = left.retry()?.complete(())?.join(right.retry()?.complete(())?)?;
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn a_panic_asks_the_others_to_stop_waits_for_them_and_goes_on() {
    let journal = MemoryJournal::new();
    let context = Run::builder("two").journal(journal.clone()).begin::<Two>().unwrap();
    let both_are_here = Barrier::new(2);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let outcome = context.phases((Left, Right)).run((
            |_left| -> Result<(), String> {
                both_are_here.wait();
                panic!("the disk is on fire")
            },
            |right| {
                both_are_here.wait();
                until_stopped(right)
            },
        ));
        drop(outcome);
    }));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the disk is on fire"));
    assert_eq!(causes(journal), [Some(FailureCause::Panicked), Some(FailureCause::Stopped)]);
}

fn until_stopped(right: &RunningPhase<'_, Right>) -> Result<(), Stopped> {
    loop {
        right.check_cancelled()?;
        thread::yield_now();
    }
}

#[test]
fn futures_are_polled_in_one_task() -> Result<(), Error> {
    let not_send = Rc::new(1);
    let (joined, ((), ())) = block_on(async {
        let phases = Two::context("two").phases((Left, Right));
        phases
            .run_async((
                async |_left| {
                    assert_eq!(*not_send, 1);
                    Ok::<_, std::io::Error>(())
                },
                async |_right| Ok::<_, String>(()),
            ))
            .await
    })?;
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn a_future_that_is_dropped_leaves_every_open_branch_abandoned_with_its_counts() {
    let journal = MemoryJournal::new();
    let context = Run::builder("two").journal(journal.clone()).begin::<Two>().unwrap();
    {
        let run = pin!(context.phases((Left, Right)).run_async((
            async |left| {
                left.update_progress(Counts { conversations: 0, messages: 3 });
                pending::<Result<(), String>>().await
            },
            async |right| {
                right.update_progress(Counts { conversations: 0, messages: 4 });
                pending::<Result<(), String>>().await
            },
        )));
        assert!(matches!(run.poll(&mut Waking::from_waker(Waker::noop())), Poll::Pending));
    }
    let record = record(journal.clone());
    let counts = ["left", "right"].map(|phase| record.phase(phase).unwrap().latest_report().unwrap().counts().messages);
    assert_eq!(counts, [3, 4]);
    assert_eq!(causes(journal), [Some(FailureCause::Abandoned), Some(FailureCause::Abandoned)]);
}

#[test]
fn a_panic_in_a_future_lets_the_others_end() {
    let journal = MemoryJournal::new();
    let context = Run::builder("two").journal(journal.clone()).begin::<Two>().unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        block_on(async {
            let outcome = context.phases((Left, Right)).run_async((
                async |_left| -> Result<(), String> {
                    once_more().await;
                    panic!("the disk is on fire")
                },
                async |right| {
                    once_more().await;
                    right.check_cancelled()
                },
            ));
            drop(outcome.await);
        });
    }));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the disk is on fire"));
    assert_eq!(causes(journal), [Some(FailureCause::Panicked), Some(FailureCause::Stopped)]);
}

/// Lets the other futures be polled.
async fn once_more() {
    let mut was_polled = false;
    poll_fn(|waking| {
        waking.waker().wake_by_ref();
        if mem::replace(&mut was_polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn a_run_that_was_asked_to_stop_starts_no_branch() {
    let context = Two::context("two");
    context.stopper().stop();
    let outcome = context.phases((Left, Right)).run((|_| Ok::<_, String>(()), |_| Ok::<_, String>(())));
    let Error::PhasesFailed { failures, .. } = Error::from(outcome.unwrap_err()) else { panic!("both were refused") };
    assert!(failures.iter().all(|failure| matches!(failure, Error::Stopped)));
}

fn record(journal: MemoryJournal) -> RunRecord {
    let context = Run::builder("two").journal(journal).begin::<Two>().unwrap();
    context.record().clone()
}

fn causes(journal: MemoryJournal) -> [Option<FailureCause>; 2] {
    let record = record(journal);
    ["left", "right"].map(|phase| record.phase(phase).unwrap().latest_report().unwrap().cause())
}

/// The pipeline that everybody has joins nothing.
#[test]
fn a_pipeline_without_a_join_has_one_position() {
    let context = Run::builder("import").begin::<Etl>().unwrap();
    assert_eq!(context.record().positions(), [context.record().position()]);
}
