//! A phase that is tried again: how often, after which pause, and what is left of it on record.

use std::cell::Cell;
use std::io::{Error as IoError, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etl_context::{
    Context, Error, Etl, Event, Extract, FailureCause, MemoryJournal, Observation, Observer, Pause, PhaseFailure, PhaseName,
    PhaseReport, Retry, Run, RunStatus,
};
use futures::executor::block_on;

/// Keeps the pauses that it is told of.
#[derive(Clone, Default)]
struct Pauses(Arc<Mutex<Vec<Duration>>>);

impl Observer for Pauses {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    fn pausing(&mut self, phase: &PhaseName, pause: Duration) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        assert_eq!(phase.as_str(), "extract");
        self.0.lock().unwrap().push(pause);
        Ok(())
    }
}

#[test]
fn each_failure_is_an_attempt_on_record() -> Result<(), Error> {
    let mut left = 2;
    let (extracted, ()) = Context::new("import").phase(Extract).retrying(Retry::up_to(4)).run(|_| {
        left -= 1;
        if left < 0 { Ok(()) } else { Err("no connection") }
    })?;
    let causes = extracted.record().phase("extract").unwrap().reports().iter().map(PhaseReport::cause).collect::<Vec<_>>();
    assert_eq!(causes, [Some(FailureCause::Error), Some(FailureCause::Error), None]);
    Ok(())
}

#[test]
fn after_the_last_attempt_the_error_is_given_back_with_the_failed_context() {
    let mut attempts = 0;
    let outcome = Context::new("import").phase(Extract).retrying(Retry::up_to(3)).run(|_| -> Result<(), String> {
        attempts += 1;
        Err(format!("failure {attempts}"))
    });
    let (failed, error) = outcome.unwrap_err().into_parts().unwrap();
    assert_eq!((attempts, error.as_str(), failed.report().attempt()), (3, "failure 3", 3));
}

#[test]
fn no_attempt_at_all_is_one() {
    let outcome = Context::new("import").phase(Extract).retrying(Retry::up_to(0)).run(|_| Err::<(), _>("no connection"));
    assert_eq!(outcome.unwrap_err().into_parts().unwrap().0.report().attempt(), 1);
}

#[test]
fn an_error_that_is_not_to_be_tried_again_ends_it() {
    let kinds = [ErrorKind::ConnectionReset, ErrorKind::NotFound, ErrorKind::ConnectionReset];
    let next = Cell::new(0);
    let extract = Context::new("import").phase(Extract).retrying(Retry::up_to(9));
    let outcome = extract
        .retry_if(|error: &IoError| error.kind() == ErrorKind::ConnectionReset)
        .run(|_| -> Result<(), IoError> { Err(kinds[next.replace(next.get() + 1)].into()) });
    let (failed, error) = outcome.unwrap_err().into_parts().unwrap();
    assert_eq!((failed.report().attempt(), error.kind()), (2, ErrorKind::NotFound));
}

#[test]
fn a_decision_that_panics_leaves_nothing_half_done() {
    let journal = MemoryJournal::new();
    let context = Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap();
    let extract = context.phase(Extract).retrying(Retry::up_to(9)).retry_if(|_: &String| panic!("undecided"));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        drop(extract.run(|_| Err::<(), _>("no connection".to_owned())));
    }));
    assert!(panic.is_err());
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    let extract = context.record().phase("extract").unwrap();
    assert_eq!((extract.attempts(), extract.reports()[0].cause()), (1, Some(FailureCause::Error)));
}

#[test]
fn pauses_grow_to_the_longest() {
    let pauses = Pauses::default();
    let context = Run::builder("import").observe(pauses.clone()).begin::<Etl>().unwrap();
    let pause = Pause::exponential(Duration::from_millis(1), Duration::from_millis(4));
    let outcome = context.phase(Extract).retrying(Retry::up_to(5).pausing(pause)).run(|_| Err::<(), _>("no connection"));
    assert!(outcome.is_err());
    let told = pauses.0.lock().unwrap().iter().map(Duration::as_millis).collect::<Vec<_>>();
    assert_eq!(told, [1, 2, 4, 4]);
}

#[test]
fn a_stop_ends_a_pause_of_days() {
    let context = Context::new("import");
    let stopper = context.stopper();
    let pause = Pause::fixed(Duration::from_secs(30 * 24 * 3_600));
    let stopping = std::thread::spawn({
        let stopper = stopper.clone();
        move || stopper.stop()
    });
    let outcome = context.phase(Extract).retrying(Retry::up_to(2).pausing(pause)).run(|_| Err::<(), _>("no connection"));
    stopping.join().unwrap();
    // Whether the stop came before the attempt or after it, the phase is not tried a second time.
    let summary = match outcome.unwrap_err() {
        PhaseFailure::Failed { context, .. } => context.summary(),
        PhaseFailure::NotStarted(refused) => refused.into_parts().0.summary(),
        other @ (PhaseFailure::NotEnded { .. } | PhaseFailure::NotAsExpected(_)) => panic!("{other}"),
    };
    assert!(stopper.is_stopped());
    assert_ne!(summary.status(), RunStatus::Completed);
}

#[test]
fn a_run_that_is_opened_again_goes_on_with_the_attempts_that_are_left() -> Result<(), Error> {
    let journal = MemoryJournal::new();
    let open = || Run::builder("import").journal(journal.clone()).begin::<Etl>();
    drop(open()?.start(Extract)?.fail("no connection")?);
    drop(open()?.start(Extract)?.fail("no connection")?);

    let mut attempts = 0;
    let retry = Retry::up_to(3);
    let outcome = open()?.phase(Extract).retrying(retry).run(|_| -> Result<(), &str> {
        attempts += 1;
        Err("no connection")
    });
    assert!(matches!(outcome, Err(PhaseFailure::Failed { .. })));
    drop(outcome);
    assert_eq!(attempts, 1);

    let outcome = open()?.phase(Extract).retrying(retry).run(|_| -> Result<(), &str> { panic!("no attempt is left") });
    let Err(PhaseFailure::NotStarted(refused)) = outcome else { panic!("{outcome:?}") };
    let (context, error) = refused.into_parts();
    assert!(matches!(error, Error::TooManyAttempts { failures: 3, allowed: 3, .. }), "{error}");
    assert_eq!(context.record().run_status(), RunStatus::Failed);
    Ok(())
}

#[test]
fn what_the_run_allows_bounds_it_too() {
    let context = Run::builder("import").max_attempts(2).begin::<Etl>().unwrap();
    let outcome = context.phase(Extract).retrying(Retry::up_to(5)).run(|_| Err::<(), _>("no connection"));
    assert_eq!(outcome.unwrap_err().into_parts().unwrap().0.report().attempt(), 2);
}

#[test]
fn async_work_is_tried_again_and_sleeps_as_it_is_told() -> Result<(), Error> {
    let (mut left, slept) = (2, Cell::new(Duration::ZERO));
    let extract =
        Context::new("import").phase(Extract).retrying(Retry::up_to(4).pausing(Pause::fixed(Duration::from_millis(50))));
    let extract = extract.sleeping_with(|pause: Duration| {
        slept.set(slept.get() + pause);
        async {}
    });
    let (extracted, ()) = block_on(extract.run_async(async |_extract| {
        left -= 1;
        if left < 0 { Ok(()) } else { Err("no connection") }
    }))?;
    assert_eq!((extracted.report().attempt(), slept.get()), (3, Duration::from_millis(100)));
    Ok(())
}
