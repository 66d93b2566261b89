//! Async work that waits for something else hears at once that the run was asked to stop.

use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Polling, Poll, Wake, Waker};
use std::thread;

use etl_context::{
    Context, Error, Event, Extract, FailureCause, Journal, JournalError, MemoryJournal, PhaseFailure, Run, Stopped, Stopper,
    pipeline,
};
use futures::executor::block_on;

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll(future: &mut (impl Future<Output = Stopped> + Unpin), woken: &Arc<Woken>) -> Poll<Stopped> {
    Pin::new(future).poll(&mut Polling::from_waker(&Waker::from(Arc::clone(woken))))
}

/// A request that hangs, beside the wait for a stop.
async fn hanging(stopped: impl Future<Output = Stopped>) -> Result<(), Stopped> {
    tokio::select! {
        stopped = stopped => Err(stopped),
        () = pending() => Ok(()),
    }
}

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

pipeline! {
    Cleaned {
        Extract after Idle;
        finally Notify = "notify";
    }
}

#[test]
fn a_run_that_was_asked_to_stop_before_is_not_waited_for() {
    let stopper = Stopper::default();
    stopper.stop();
    assert_eq!(block_on(stopper.stopped()), Stopped);
}

#[test]
fn whoever_waits_is_woken_once() {
    let (stopper, woken) = (Stopper::default(), [(); 3].map(|()| Arc::new(Woken::default())));
    let mut waiting = [(); 3].map(|()| stopper.stopped());
    for (future, woken) in waiting.iter_mut().zip(&woken) {
        assert_eq!(poll(future, woken), Poll::Pending);
    }
    stopper.clone().stop();
    stopper.stop();
    assert_eq!(woken.each_ref().map(|woken| woken.times()), [1; 3]);
    assert!(waiting.iter_mut().zip(&woken).all(|(future, woken)| poll(future, woken) == Poll::Ready(Stopped)));
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let (stopper, first, second) = (Stopper::default(), Arc::new(Woken::default()), Arc::new(Woken::default()));
    let mut waiting = stopper.stopped();
    assert_eq!((poll(&mut waiting, &first), poll(&mut waiting, &second)), (Poll::Pending, Poll::Pending));
    assert_eq!(Arc::strong_count(&first), 1);
    stopper.stop();
    assert_eq!((first.times(), second.times()), (0, 1));
}

#[test]
fn who_waits_no_longer_is_forgotten() {
    let (stopper, woken) = (Stopper::default(), Arc::new(Woken::default()));
    for _ in 0..100 {
        assert_eq!(poll(&mut stopper.stopped(), &woken), Poll::Pending);
    }
    assert_eq!(Arc::strong_count(&woken), 1);
    stopper.stop();
    assert_eq!(woken.times(), 0);
}

/// A task whose end ends another one that waits for the same run.
struct Holding(
    #[expect(dead_code, reason = "dropped with the waker")] Mutex<Option<Pin<Box<dyn Future<Output = Stopped> + Send>>>>,
);

impl Wake for Holding {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_task_that_ends_while_it_is_woken_or_forgotten_may_hold_another_one() {
    let (stopper, woken) = (Stopper::default(), Arc::new(Woken::default()));
    let holding = || {
        let mut held = stopper.stopped();
        assert_eq!(poll(&mut held, &woken), Poll::Pending);
        Waker::from(Arc::new(Holding(Mutex::new(Some(Box::pin(held))))))
    };
    let mut forgotten = stopper.stopped();
    assert_eq!(Pin::new(&mut forgotten).poll(&mut Polling::from_waker(&holding())), Poll::Pending);
    // Replaced, dropped, woken.
    assert_eq!(Pin::new(&mut forgotten).poll(&mut Polling::from_waker(&holding())), Poll::Pending);
    drop(forgotten);
    let mut waiting = stopper.stopped();
    assert_eq!(Pin::new(&mut waiting).poll(&mut Polling::from_waker(&holding())), Poll::Pending);
    stopper.stop();
    drop(waiting);
    assert_eq!(Arc::strong_count(&woken), 1);
}

#[test]
fn a_request_that_hangs_is_left_when_another_thread_asks() {
    for _ in 0..1_000 {
        let stopper = Stopper::default();
        let asking = stopper.clone();
        let thread = thread::spawn(move || asking.stop());
        assert_eq!(block_on(hanging(stopper.stopped())), Err(Stopped));
        thread.join().unwrap();
    }
}

#[test]
fn a_phase_hears_of_it_and_ends_as_stopped() {
    let context = Context::new("import");
    let stopper = context.stopper();
    let outcome = context.phase(Extract).run_async(async |extract| {
        thread::spawn(move || stopper.stop());
        hanging(extract.cancelled()).await
    });
    let (failed, Stopped) = block_on(outcome).unwrap_err().into_parts().unwrap();
    assert_eq!(failed.report().cause(), Some(FailureCause::Stopped));
}

/// Says at the first checkpoint that the run belongs to somebody else now.
struct Taken(MemoryJournal);

impl Journal for Taken {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        match event {
            Event::Checkpointed { .. } => Err(JournalError::no_longer_owner("the run belongs to db2")),
            _ => self.0.append(sequence, event),
        }
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        self.0.load()
    }
}

#[test]
fn a_phase_hears_that_its_run_belongs_to_somebody_else() {
    let context = Run::builder("import").journal(Taken(MemoryJournal::new())).begin::<etl_context::Etl>().unwrap();
    let outcome = context.phase(Extract).run_async(async |extract| -> Result<(), Stopped> {
        let woken = Arc::new(Woken::default());
        let mut cancelled = extract.cancelled();
        assert_eq!(poll(&mut cancelled, &woken), Poll::Pending);
        extract.checkpoint(&1).unwrap_err();
        assert_eq!(woken.times(), 1);
        Err(cancelled.await)
    });
    let (failed, Stopped) = block_on(outcome).unwrap_err().into_parts().unwrap();
    assert_eq!(failed.report().cause(), Some(FailureCause::Stopped));
}

#[test]
fn what_runs_finally_goes_on_after_a_stop() {
    let context = Cleaned::context("import");
    context.stopper().stop();
    let outcome = context.phase(Notify).run_async(async |notify| -> Result<(), Stopped> {
        let woken = Arc::new(Woken::default());
        let mut cancelled = notify.cancelled();
        assert_eq!(poll(&mut cancelled, &woken), Poll::Pending);
        Ok(())
    });
    let (notified, ()) = block_on(outcome).unwrap();
    assert_eq!(notified.report().cause(), None);
}

#[test]
fn a_branch_hears_that_another_one_has_failed() {
    let context = Nightly::context("nightly");
    let stopper = context.stopper();
    let outcome = context
        .phases((Users, Orders))
        .stop_others()
        .run_async((async |users| hanging(users.cancelled()).await, async |_| Err::<(), _>("no connection")));
    let (users, orders) = block_on(outcome).unwrap_err().into_outcomes();
    let Err(PhaseFailure::Failed { context, error: Stopped }) = users else { panic!("the others were asked to stop") };
    assert_eq!(context.report().cause(), Some(FailureCause::Stopped));
    assert!(orders.is_err());
    assert!(!stopper.is_stopped());
    assert_eq!(poll(&mut stopper.stopped(), &Arc::default()), Poll::Pending);
}

#[test]
fn a_branch_hears_that_the_run_was_asked() {
    let context = Nightly::context("nightly");
    let stopper = context.stopper();
    let outcome = context.phases((Users, Orders)).run_async((
        async |users| hanging(users.cancelled()).await,
        async |orders| {
            stopper.stop();
            hanging(orders.cancelled()).await
        },
    ));
    let error: Error = block_on(outcome).unwrap_err().into();
    assert!(matches!(error, Error::PhasesFailed { .. }), "{error}");
}

#[test]
fn it_can_be_kept_and_sent() {
    let stopper = Stopper::default();
    let waiting = stopper.stopped();
    let asking = stopper.clone();
    drop(stopper);
    let thread = thread::spawn(move || block_on(waiting));
    asking.stop();
    assert_eq!(thread.join().unwrap(), Stopped);
    // One that is pinned can be awaited by reference.
    block_on(async {
        let mut again = pin!(asking.stopped());
        assert_eq!((&mut again).await, Stopped);
    });
}
