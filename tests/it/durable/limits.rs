//! Limits that an author sets once: attempts at a phase, errors of an attempt.

use etl_context::{
    Context, Error, Etl, EtlContext, Event, Extract, FailureCause, JournalError, PhaseFailure, PhaseStatus, Refused, RunBuilder,
};

use super::journal_file::JournalFile;
use super::nightly_run::{builder, open};

fn error() -> JournalError {
    JournalError::new("no connection")
}

/// The run with this many attempts allowed.
fn allowing(file: &JournalFile, attempts: u32) -> RunBuilder {
    builder(file).max_attempts(attempts)
}

/// One more attempt at the first phase by a process of its own, which fails.
fn fail_once(file: &JournalFile) {
    drop(open(file).start(Extract).unwrap().fail("no connection").unwrap());
}

fn refusal<C>(refused: Result<C, Refused<Context>>) -> Error {
    let Err(refused) = refused else { panic!("it was not refused") };
    refused.into_parts().1
}

#[test]
fn a_phase_that_failed_too_often_is_refused_with_its_history_until_the_limit_is_raised() {
    let file = JournalFile::new();
    fail_once(&file);
    fail_once(&file);
    drop(open(&file).start(Extract).unwrap());
    let file = file.crashed();
    let error = refusal(allowing(&file, 3).begin::<Etl>().unwrap().start(Extract));
    assert!(matches!(error, Error::TooManyAttempts { failures: 3, allowed: 3, .. }));
    let message = error.to_string();
    assert!(message.contains("attempt 1 error, attempt 2 error, attempt 3 abandoned"), "{message}");
    drop(allowing(&file, 4).begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap());
}

#[test]
fn every_way_to_start_is_refused() {
    let file = JournalFile::new();
    fail_once(&file);
    let context = || allowing(&file, 1).begin::<Etl>().unwrap();
    refusal(context().start(Extract));
    refusal(context().enter(Extract));
    refusal(context().phase(Extract).start());
    match context().phase(Extract).again().run(|_| -> Result<(), JournalError> { panic!("it runs") }) {
        Err(PhaseFailure::NotStarted(refused)) => assert!(matches!(refused.error(), Error::TooManyAttempts { .. })),
        outcome => panic!("{outcome:?}"),
    }
    let mut dynamic = allowing(&file, 1).begin_dynamic().unwrap();
    assert!(matches!(dynamic.start_phase("extract", None), Err(Error::TooManyAttempts { .. })));
    dynamic.start_phase("transform", None).unwrap();
}

#[test]
fn a_refused_start_is_on_record_once_and_changes_nothing_else() {
    let file = JournalFile::new();
    fail_once(&file);
    let before = file.events();
    for _ in 0..2 {
        let context = allowing(&file, 1).begin::<Etl>().unwrap();
        let (context, error) = context.start(Extract).unwrap_err().into_parts();
        drop(context);
        let after = file.events();
        assert_eq!(after[..before.len()], before);
        let [Event::ErrorRecorded { error: recorded, .. }] = &after[before.len()..] else { panic!("{after:?}") };
        assert_eq!(recorded.error().message(), error.to_string());
    }
}

#[test]
fn retries_in_one_process_count_too() {
    let file = JournalFile::new();
    let context = allowing(&file, 2).begin::<Etl>().unwrap();
    let failed = context.start(Extract).unwrap().fail("first").unwrap();
    let failed = failed.retry().unwrap().fail("second").unwrap();
    let (failed, error) = failed.retry().unwrap_err().into_parts();
    assert!(matches!(error, Error::TooManyAttempts { failures: 2, .. }));
    assert_eq!(failed.report().attempt(), 2);
}

#[test]
fn an_attempt_that_was_interrupted_counts() {
    let file = JournalFile::new();
    let running = open(&file).start(Extract).unwrap();
    let file = file.crashed();
    drop(running);
    let error = refusal(allowing(&file, 1).begin::<Etl>().unwrap().start(Extract));
    assert!(error.to_string().contains("attempt 1 interrupted"), "{error}");
}

#[test]
fn a_phase_that_completed_starts_to_count_anew() {
    let file = JournalFile::new();
    fail_once(&file);
    drop(open(&file).start(Extract).unwrap().complete(()).unwrap());
    fail_once(&file);
    drop(allowing(&file, 2).begin::<Etl>().unwrap().start(Extract).unwrap());
}

#[test]
fn a_long_history_is_told_from_its_end() {
    let file = JournalFile::new();
    (0..25).for_each(|_| fail_once(&file));
    let message = refusal(allowing(&file, 20).begin::<Etl>().unwrap().start(Extract)).to_string();
    assert!(message.contains("the run allows 20, and 25 failed"), "{message}");
    assert!(message.contains("attempt 16 error, ") && message.contains("attempt 25 error;"), "{message}");
    assert!(!message.contains("attempt 15 "), "{message}");
}

/// A run that allows two errors, with this many recorded under its running phase.
fn with_errors(file: &JournalFile, errors: usize) -> EtlContext {
    let mut context = builder(file).max_errors(2).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    for number in 1..=errors {
        let recorded = context.record_error("extract", &error());
        assert_eq!(recorded.is_err(), number > 2, "error {number}");
    }
    context
}

#[test]
fn a_phase_may_record_as_many_errors_as_the_run_allows() {
    let file = JournalFile::new();
    let report = with_errors(&file, 2).end_phase(()).unwrap();
    assert_eq!(report.status(), PhaseStatus::Completed);
}

#[test]
fn the_error_that_is_one_too_many_is_recorded_and_told() {
    let file = JournalFile::new();
    let mut context = with_errors(&file, 2);
    let error = context.record_error("extract", &error()).unwrap_err();
    assert!(matches!(error, Error::TooManyErrors { errors: 3, allowed: 2, .. }));
    assert_eq!(context.record().error_count(), 3);
}

#[test]
fn a_phase_with_too_many_errors_ends_as_failed_by_them_whatever_its_result_says() {
    let file = JournalFile::new();
    let report = with_errors(&file, 3).end_phase(etl_context::dict! { "status": "completed" }).unwrap();
    assert_eq!((report.status(), report.cause()), (PhaseStatus::Failed, Some(FailureCause::Errors)));
    let file = JournalFile::new();
    let report = with_errors(&file, 3).fail_phase(&error()).unwrap();
    assert_eq!(report.cause(), Some(FailureCause::Errors));
}

#[test]
fn the_next_attempt_starts_with_none() {
    let file = JournalFile::new();
    let mut context = with_errors(&file, 3);
    context.end_phase(()).unwrap();
    drop(context);
    assert_eq!(with_errors(&file, 2).end_phase(()).unwrap().status(), PhaseStatus::Completed);
}

#[test]
fn errors_under_other_phases_do_not_count() {
    let file = JournalFile::new();
    let mut context = with_errors(&file, 2);
    (0..5).for_each(|_| context.record_error("load", &error()).unwrap());
    assert_eq!(context.end_phase(()).unwrap().status(), PhaseStatus::Completed);
}

#[test]
fn on_the_typed_face_completing_is_refused_and_failing_tells_the_cause() {
    let file = JournalFile::new();
    let context = builder(&file).max_errors(0).begin::<Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    extract.record_error(&error()).unwrap_err();
    let (extract, refused) = extract.complete(()).unwrap_err().into_parts();
    assert!(matches!(refused, Error::TooManyErrors { .. }));
    assert_eq!(extract.fail("too many errors").unwrap().report().cause(), Some(FailureCause::Errors));
}

#[test]
fn a_closure_that_hands_on_the_refusal_fails_by_it() {
    let file = JournalFile::new();
    let context = builder(&file).max_errors(0).begin::<Etl>().unwrap();
    let outcome = context.phase(Extract).run(|extract| -> Result<(), Error> { extract.record_error(&error()) });
    let (failed, error) = outcome.unwrap_err().into_parts().unwrap();
    assert!(matches!(error, Error::TooManyErrors { .. }));
    assert_eq!(failed.report().cause(), Some(FailureCause::Errors));
}

#[test]
fn the_count_is_exact_and_the_details_are_bounded() {
    let file = JournalFile::new();
    let mut context = builder(&file).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    (0..1_234).for_each(|_| context.record_error("extract", &error()).unwrap());
    assert_eq!((context.record().error_count(), context.errors().len()), (1_234, 1_000));
    assert_eq!(context.record().phase("extract").unwrap().attempt_errors(), 1_234);
    assert_eq!(serde_json::to_value(context.get_summary()).unwrap()["error_count"], 1_234);
    assert_eq!(*context.record(), file.record());
}
