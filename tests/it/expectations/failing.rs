//! With `or_fail`, a phase that is not as expected cannot complete: the attempt fails, with an error that says what was found.

use std::cell::Cell;
use std::error::Error as _;

use etl_context::{
    Counts, Error, Etl, EtlContext, Event, Expect, Expectation, Extract, FailureCause, Journal, MemoryJournal, PhaseFailure,
    PhaseOrder, PhaseStatus, Retry, Run, RunStatus, dict, pipeline,
};
use futures::executor::block_on;

use super::{only, run};

const REFUSED: &str = "phase `extract` is not as expected: messages: 0, expected at least 1";

fn one_message() -> Expect<u64> {
    Expect::counter("messages").at_least(1).or_fail()
}

#[test]
fn completing_is_refused_and_the_attempt_can_fail() {
    let context = run().expect::<Extract>(one_message()).begin::<Etl>().unwrap();
    let (extract, error) = context.start(Extract).unwrap().complete(()).unwrap_err().into_parts();
    assert_eq!(error.to_string(), REFUSED);
    let Error::NotAsExpected { phase, expectations, .. } = &error else { panic!("{error:?}") };
    assert_eq!((phase.as_str(), expectations.len()), ("extract", 1));
    assert_eq!(extract.status(Extract), PhaseStatus::Running);
    let failed = extract.fail(&error).unwrap();
    assert_eq!((failed.report().cause(), failed.report().error().unwrap().message()), (Some(FailureCause::Error), REFUSED));
    assert!(!only(failed.report()).holds());
    assert_eq!(failed.record().run_status(), RunStatus::Failed);
}

#[test]
fn under_a_question_mark_the_attempt_fails_with_that_error() {
    let mut journal = MemoryJournal::new();
    let import = || -> Result<(), Error> {
        let run = Run::builder("taxi").journal(journal.clone()).expect::<Extract>(one_message());
        drop(run.begin::<Etl>()?.start(Extract)?.complete(())?);
        Ok(())
    };
    assert_eq!(import().unwrap_err().to_string(), REFUSED);
    let Some(Event::PhaseEnded { report, error, .. }) = journal.load().unwrap().pop() else { panic!("it has ended") };
    assert_eq!((report.cause(), error.unwrap().message()), (Some(FailureCause::Error), REFUSED));
    assert!(!only(&report).holds());
}

#[test]
fn who_counts_on_can_complete() {
    let context = run().expect::<Extract>(one_message()).begin::<Etl>().unwrap();
    let (mut extract, _) = context.start(Extract).unwrap().complete(()).unwrap_err().into_parts();
    extract.update_progress(Counts { conversations: 0, messages: 1 });
    assert!(only(extract.complete(()).unwrap().report()).holds());
}

#[test]
fn a_warning_beside_it_is_told_with_the_failure() {
    let warning = Expect::counter("messages").at_least(500);
    let context = run().expect::<Extract>(warning).expect::<Extract>(one_message()).begin::<Etl>().unwrap();
    let (extract, error) = context.start(Extract).unwrap().complete(()).unwrap_err().into_parts();
    assert_eq!(error.to_string(), REFUSED);
    let failed = extract.fail(&error).unwrap();
    let fatal: Vec<_> = failed.report().expectations().iter().map(Expectation::fails_phase).collect();
    assert_eq!(fatal, [false, true]);
}

#[test]
fn a_closure_has_failed_and_its_context_is_handed_back() {
    let context = run().expect::<Extract>(one_message()).begin::<Etl>().unwrap();
    let outcome = context.phase(Extract).run(|_| Ok::<_, String>(dict! { "page": 1 }));
    let Err(PhaseFailure::NotAsExpected(refused)) = outcome else { panic!("nothing was counted") };
    let (context, error) = refused.into_parts();
    assert_eq!((error.to_string(), context.report().cause()), (REFUSED.to_owned(), Some(FailureCause::Error)));
    assert!(!only(context.report()).holds());
    let mut extract = context.retry().unwrap();
    extract.update_progress(Counts { conversations: 0, messages: 1 });
    assert_eq!(extract.complete(()).unwrap().report().attempt(), 2);
}

#[test]
fn a_closure_that_awaits_has_failed_likewise() {
    let context = run().expect::<Extract>(one_message()).begin::<Etl>().unwrap();
    let outcome = block_on(context.phase(Extract).run_async(async |_| Ok::<_, String>(())));
    let failure = outcome.unwrap_err();
    assert_eq!(failure.to_string(), REFUSED);
    assert!(failure.source().is_none() && format!("{failure:?}").starts_with("NotAsExpected"));
    let context: EtlContext = failure.into();
    assert_eq!(context.record().run_status(), RunStatus::Failed);
}

/// It has done what it does; whether that is to be done again is for somebody to decide.
#[test]
fn it_is_not_tried_again() {
    let calls = Cell::new(0);
    let context = run().expect::<Extract>(one_message()).begin::<Etl>().unwrap();
    let outcome = context.phase(Extract).retrying(Retry::up_to(4)).run(|_| {
        calls.set(calls.get() + 1);
        if calls.get() == 1 { Err("no connection") } else { Ok(()) }
    });
    assert_eq!((calls.get(), Error::from(outcome.unwrap_err()).to_string()), (2, REFUSED.to_owned()));
}

#[test]
fn the_next_process_does_it_again() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("taxi").journal(journal.clone()).expect::<Extract>(one_message());
    drop(run().begin::<Etl>().unwrap().phase(Extract).run(|_| Ok::<_, String>(())).unwrap_err());
    let outcome = run().begin::<Etl>().unwrap().phase(Extract).run(|extract| {
        extract.update_progress(Counts { conversations: 0, messages: 1 });
        Ok::<_, String>(())
    });
    assert_eq!(outcome.unwrap().0.report().attempt(), 2);
}

#[test]
fn by_name_the_phase_ends_as_failed_with_its_result() {
    let order = PhaseOrder::new(["extract", "load"]).unwrap();
    let mut context = run().expect_by_name("extract", one_message()).begin_with_order(order).unwrap();
    context.start_phase("extract", None).unwrap();
    let report = context.end_phase(dict! { "page": 1 }).unwrap();
    assert_eq!((report.status(), report.cause()), (PhaseStatus::Failed, Some(FailureCause::Error)));
    assert_eq!((report.error().unwrap().message(), &report.result().unwrap()["page"]), (REFUSED, &1.into()));
    assert!(!only(&report).holds());
    assert!(matches!(context.start_phase("load", None), Err(Error::OutOfOrder { .. })));
}

#[test]
fn by_name_a_closure_returns_the_error() {
    let mut context = run().expect_by_name("extract", one_message()).begin_dynamic().unwrap();
    let error = context.run_phase("extract", |_| Ok::<_, String>(())).unwrap_err();
    assert_eq!(error.to_string(), REFUSED);
    let report = context.record().phase("extract").unwrap().latest_report().unwrap();
    assert_eq!((report.status(), report.error().unwrap().message()), (PhaseStatus::Failed, REFUSED));
}

pipeline! {
    Both {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

#[test]
fn side_by_side_one_fails_and_the_other_completes() {
    let context = run().expect::<Orders>(one_message()).begin::<Both>().unwrap();
    let outcome = context.phases((Users, Orders)).run((|_| Ok::<_, String>(()), |_| Ok::<_, String>(())));
    let (users, orders) = outcome.unwrap_err().into_outcomes();
    let Err(PhaseFailure::NotAsExpected(refused)) = orders else { panic!("nothing was counted") };
    let mut orders = refused.into_parts().0.retry().unwrap();
    orders.update_progress(Counts { conversations: 0, messages: 1 });
    let both = users.unwrap().0.join(orders.complete(()).unwrap()).unwrap();
    drop(both.start(Merge).unwrap().complete(()).unwrap());
}

#[test]
fn a_run_that_was_asked_to_stop_says_so_instead() {
    let context = run().expect::<Extract>(one_message()).begin::<Etl>().unwrap();
    let stopper = context.stopper();
    let (extract, error) = context.start(Extract).unwrap().complete(()).unwrap_err().into_parts();
    stopper.stop();
    assert_eq!(extract.fail(&error).unwrap().report().cause(), Some(FailureCause::Stopped));
}
