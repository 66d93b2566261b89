//! An attempt that has rejected more rows than the run allows can only fail.

use etl_context::{Context, Error, Etl, Extract, FailureCause, Idle, MaxRejected, PhaseStatus, Run, Share, counters, pipeline};

use super::rejected_rows::messages;

fn begin(most: impl Into<MaxRejected>) -> Context<Idle, Etl> {
    Run::builder("import").max_rejected(most).begin().unwrap()
}

#[test]
fn one_row_too_many_is_counted_and_the_attempt_can_only_fail() {
    let mut extract = begin(2).start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    extract.reject(&2, "odd").unwrap();
    let error = extract.reject(&3, "odd").unwrap_err();
    let Error::TooManyRejected { rejected: 3, allowed: MaxRejected::Rows(2), .. } = &error else { panic!("{error}") };
    assert!(error.to_string().contains("phase `extract` has rejected more rows than it may (3 of 3, at most 2)"), "{error}");
    let (extract, error) = extract.complete(()).unwrap_err().into_parts();
    assert!(matches!(error, Error::TooManyRejected { .. }), "{error}");
    let failed = extract.fail(&error).unwrap();
    assert_eq!((failed.report().cause(), failed.report().rejected().rows()), (Some(FailureCause::Errors), 3));
}

#[test]
fn a_closure_that_does_not_care_fails_at_its_end() {
    let failure = begin(0).phase(Extract).run(|extract| -> Result<(), Error> {
        let _ = extract.reject(&1, "odd");
        Ok(())
    });
    let failure = failure.unwrap_err();
    assert!(Error::from(failure).to_string().contains("has rejected more rows than it may"));
}

#[test]
fn on_the_dynamic_face_the_phase_fails_by_itself() {
    let mut run = Run::builder("import").max_rejected(0).begin_dynamic().unwrap();
    run.start_phase("extract", None).unwrap();
    run.reject(&1, "odd").unwrap_err();
    let report = run.end_phase(()).unwrap();
    assert_eq!((report.status(), report.cause()), (PhaseStatus::Failed, Some(FailureCause::Errors)));
}

/// A share says nothing of the first row, nor of the first hundred: who knows how many there will be?
#[test]
fn a_share_is_known_at_the_end() {
    for (rows, completes) in [(1_000, true), (999, false)] {
        let mut extract = begin(Share::percent(0.5)).start(Extract).unwrap();
        for row in 0..5 {
            extract.reject(&row, "odd").unwrap();
        }
        extract.update_progress(messages(rows));
        match extract.complete(()) {
            Ok(_) => assert!(completes),
            Err(refused) => {
                assert!(!completes);
                let (extract, error) = refused.into_parts();
                assert!(error.to_string().contains("(5 of 999, at most 0.5 %)"), "{error}");
                assert_eq!(extract.fail(&error).unwrap().report().status(), PhaseStatus::Failed);
            }
        }
    }
}

#[test]
fn a_share_of_rows_whose_number_is_known_is_known_at_once() {
    let mut extract = begin(Share::percent(0.5)).start_with(Extract, messages(1_000)).unwrap();
    for row in 0..5 {
        extract.reject(&row, "odd").unwrap();
    }
    let error = extract.reject(&5, "odd").unwrap_err();
    assert!(matches!(error, Error::TooManyRejected { rejected: 6, rows: 1_000, .. }), "{error}");
    drop(extract.fail(&error).unwrap());
}

#[test]
fn a_share_of_nothing_is_nothing_and_of_rows_that_were_all_rejected_is_all() {
    drop(begin(Share::percent(0.0)).start(Extract).unwrap().complete(()).unwrap());
    let mut extract = begin(Share::percent(99.9)).start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    drop(extract.complete(()).unwrap_err());
    let mut extract = begin(Share::percent(100.0)).start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    drop(extract.complete(()).unwrap());
}

counters! {
    struct Read { files: u64, rows: u64, bytes_read: u64 }
}

pipeline! {
    Rows { ReadAll = "read" counts Read after Idle; Empty = "empty" counts () after ReadAll; }
}

/// Rows are what there is most of, and bytes are none.
#[test]
fn the_share_is_one_of_rows() {
    let begin = |most| Run::builder("import").max_rejected(Share::percent(most)).begin::<Rows>().unwrap();
    for (most, completes) in [(1.0, true), (0.9, false)] {
        let mut read = begin(most).start(ReadAll).unwrap();
        read.update_progress(Read { files: 2, rows: 100, bytes_read: 1_000_000 });
        read.reject(&1, "odd").unwrap();
        assert_eq!(read.complete(()).is_ok(), completes);
    }
    let mut empty = begin(50.0).start(ReadAll).unwrap().complete(()).unwrap().start(Empty).unwrap();
    empty.reject(&1, "odd").unwrap();
    drop(empty.complete(()).unwrap_err());
}

#[test]
fn a_percentage_that_is_none_allows_nothing() {
    assert_eq!(Share::percent(f64::NAN), Share::percent(0.0));
    assert_eq!(Share::percent(-1.0), Share::percent(0.0));
    assert_eq!(Share::percent(f64::INFINITY), Share::percent(100.0));
}

#[test]
fn each_attempt_has_the_limit_for_itself() {
    let mut extract = begin(1).start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    let mut extract = extract.fail("no connection").unwrap().retry().unwrap();
    extract.reject(&1, "odd").unwrap();
    drop(extract.complete(()).unwrap());
}
