//! The scoped form: the outcome of a closure ends the phase.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};

use etl_context::{
    Completed, Context, Counts, Dictionary, Error, Extract, Failed, FailureCause, PhaseFailure, PhaseResult, PhaseStatus, Run,
    Running, Transform, dict,
};
use serde::{Deserialize, Serialize};

use crate::layered_error::ImportError;
use crate::refusing_journal::RefusingJournal;
use crate::watcher::Watcher;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Source {
    file: String,
    rate: f64,
}

impl PhaseResult for Source {}

#[test]
fn ok_completes_the_phase_and_gives_the_result_back() {
    let (extracted, source): (Context<Completed<Extract>>, Source) = Context::new("import")
        .phase(Extract)
        .run(|extract| -> Result<Source, ImportError> {
            extract.update_progress(BATCH);
            Ok(Source { file: "export.tar".to_owned(), rate: 0.5 })
        })
        .unwrap();
    assert_eq!(source, Source { file: "export.tar".to_owned(), rate: 0.5 });
    assert_eq!(extracted.counts(), BATCH);
    assert_eq!(extracted.report().result(), Some(&dict! { "file": "export.tar", "rate": 0.5 }));
}

#[test]
fn the_result_may_be_nothing_or_any_dictionary() {
    let extract = Context::new("import").phase(Extract);
    let (extracted, ()) = extract.run(|_| -> Result<(), String> { Ok(()) }).unwrap();
    assert_eq!(extracted.report().result(), None);
    let map = BTreeMap::from([("rows".to_owned(), 3)]);
    let (transformed, map) = extracted.phase(Transform).run(|_| -> Result<_, String> { Ok(map) }).unwrap();
    assert_eq!(transformed.report().result(), Some(&dict! { "rows": 3 }));
    assert_eq!(map["rows"], 3);
}

#[test]
fn the_handle_has_the_running_contexts_methods() {
    let scope = Context::new("import").phase(Extract).with_totals(Counts { conversations: 4, messages: 0 });
    let (extracted, ()) = scope
        .run(|extract| -> Result<(), Error> {
            assert_eq!(extract.progress().totals(), Counts { conversations: 4, messages: 0 });
            assert_eq!(extract.resume_point::<u32>()?, None);
            extract.update_progress(BATCH);
            extract.progress().add(BATCH);
            extract.set_totals(Counts { conversations: 2, messages: 40 });
            extract.record_error(&ImportError::Empty)?;
            extract.record_error("a message without an id")?;
            extract.checkpoint(&7)?;
            assert_eq!(extract.resume_point::<u32>()?, Some(7));
            Ok(())
        })
        .unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: 2, messages: 40 });
    assert_eq!(extracted.report().totals().typed(), Some(Counts { conversations: 2, messages: 40 }));
    assert_eq!(extracted.record().errors().len(), 2);
}

/// Fails the phase with an error of the author's, and returns the failed context and the same error.
fn failed_with<E, Kind>(error: E) -> (Context<Failed<Extract>>, E)
where
    E: etl_context::WorkError<Kind>,
{
    let outcome = Context::new("import").phase(Extract).run(|extract| -> Result<Dictionary, E> {
        extract.update_progress(BATCH);
        Err(error)
    });
    let (failed, error) = outcome.unwrap_err().into_parts().unwrap();
    assert_eq!((failed.report().counts(), failed.report().cause()), (BATCH, Some(FailureCause::Error)));
    assert_eq!(failed.status(Extract), PhaseStatus::Failed);
    (failed, error)
}

fn recorded(failed: &Context<Failed<Extract>>) -> (&str, Vec<&str>) {
    let error = &failed.record().errors()[0];
    (error.message(), error.sources().collect())
}

#[test]
fn err_fails_the_phase_and_gives_an_enum_back() {
    let (failed, error) = failed_with(ImportError::unreadable());
    assert!(matches!(error, ImportError::Unreadable(_)));
    assert_eq!(recorded(&failed), ("export.tar cannot be read", vec!["no such file"]));
    drop(failed.retry().unwrap().complete(()).unwrap());
}

#[test]
fn err_gives_a_boxed_error_back() {
    let (failed, error) = failed_with::<Box<dyn StdError + Send + Sync>, _>(Box::new(ImportError::unreadable()));
    assert!(error.downcast_ref::<ImportError>().is_some());
    assert_eq!(recorded(&failed), ("export.tar cannot be read", vec!["no such file"]));
}

#[test]
fn err_gives_an_anyhow_error_back() {
    let (failed, error) = failed_with(anyhow::Error::new(ImportError::unreadable()).context("the nightly import"));
    assert!(error.downcast_ref::<ImportError>().is_some());
    assert_eq!(recorded(&failed), ("the nightly import", vec!["export.tar cannot be read", "no such file"]));
}

#[test]
fn err_gives_a_text_back() {
    let (failed, error) = failed_with("no such file".to_owned());
    assert_eq!(error, "no such file");
    assert_eq!(recorded(&failed), ("no such file", vec![]));
    assert_eq!(failed_with("no such file").1, "no such file");
}

#[test]
fn the_failure_is_an_error_with_the_sources_behind_it() {
    let failure = Context::new("import").phase(Extract).run(|_| -> Result<(), _> { Err(ImportError::unreadable()) }).unwrap_err();
    assert_eq!(failure.to_string(), "phase `extract` failed in attempt 1: export.tar cannot be read");
    assert_eq!(failure.source().unwrap().to_string(), "no such file");
    let error = Error::from(failure);
    assert_eq!(error.to_string(), "phase `extract` failed in attempt 1: export.tar cannot be read");
    assert_eq!(error.source().unwrap().to_string(), "no such file");
}

#[test]
fn a_panic_fails_the_phase_and_goes_on() {
    let watcher = Watcher::default();
    let context = Run::builder("import").observe(watcher.clone()).begin::<etl_context::Etl>().unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        context.phase(Extract).run(|extract| -> Result<(), String> {
            extract.update_progress(BATCH);
            panic!("the parser has a bug")
        })
    }));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the parser has a bug"));
    assert_eq!(watcher.last_report().counts(), BATCH);
    assert_eq!(watcher.last_cause(), Some(FailureCause::Panicked));
    assert_eq!(watcher.names(), ["run_began", "phase_started", "phase_ended"]);
}

#[test]
fn a_refused_result_leaves_the_phase_running_and_is_recorded() {
    let outcome = Context::new("import").phase(Extract).run(|extract| -> Result<_, ImportError> {
        extract.update_progress(BATCH);
        Ok(dict! { "status": "failed" })
    });
    let Err(PhaseFailure::NotEnded { refused, error: None }) = outcome else { panic!("{outcome:?}") };
    let (extract, error): (Context<Running<Extract>>, _) = refused.into_parts();
    assert!(matches!(error, Error::InvalidStatus { .. }), "{error}");
    assert_eq!(extract.record().errors()[0].message(), error.to_string());
    assert_eq!(extract.complete(()).unwrap().counts(), BATCH);
}

#[test]
fn a_result_that_json_cannot_hold_leaves_the_phase_running() {
    let outcome = Context::new("import")
        .phase(Extract)
        .run(|_| -> Result<_, String> { Ok(Source { file: String::new(), rate: f64::NAN }) });
    let Err(PhaseFailure::NotEnded { refused, error: None }) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(refused.error(), Error::NotSerializable { .. }), "{refused}");
    drop(refused.into_parts().0.fail("the rate is not a number").unwrap());
}

#[test]
fn a_journal_that_fails_at_the_start_keeps_the_work_from_being_called() {
    let context = Run::builder("import").journal(RefusingJournal::at(1)).begin::<etl_context::Etl>().unwrap();
    let outcome = context.phase(Extract).run(|_| -> Result<(), String> { panic!("the phase has not started") });
    let Err(PhaseFailure::NotStarted(refused)) = outcome else { panic!("{outcome:?}") };
    let (idle, error) = refused.into_parts();
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    assert_eq!(idle.record().events(), 1);
    let (extracted, ()) = idle.phase(Extract).run(|_| -> Result<(), String> { Ok(()) }).unwrap();
    assert_eq!(extracted.report().attempt(), 1);
}

#[test]
fn a_journal_that_fails_at_the_end_gives_the_running_context_back() {
    let context = Run::builder("import").journal(RefusingJournal::at(2)).begin::<etl_context::Etl>().unwrap();
    let outcome = context.phase(Extract).run(|_| -> Result<_, String> { Ok(dict! { "file": "export.tar" }) });
    let Err(PhaseFailure::NotEnded { refused, error: None }) = outcome else { panic!("{outcome:?}") };
    let (extract, error) = refused.into_parts();
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    drop(extract.complete(()).unwrap());

    let context = Run::builder("import").journal(RefusingJournal::at(2)).begin::<etl_context::Etl>().unwrap();
    let outcome = context.phase(Extract).run(|_| -> Result<(), ImportError> { Err(ImportError::Empty) });
    let Err(PhaseFailure::NotEnded { refused, error: Some(ImportError::Empty) }) = outcome else { panic!("{outcome:?}") };
    drop(refused.into_parts().0.fail(&ImportError::Empty).unwrap());
}

#[test]
fn a_failure_that_the_journal_refused_still_tells_what_failed() {
    let context = Run::builder("import").journal(RefusingJournal::at(2)).begin::<etl_context::Etl>().unwrap();
    let failure = context.phase(Extract).run(|_| -> Result<(), ImportError> { Err(ImportError::Empty) }).unwrap_err();
    assert!(failure.to_string().contains("export.tar is empty"), "{failure}");
    assert!(Error::from(failure).to_string().contains("export.tar is empty"));
}

#[test]
fn a_phase_that_could_not_start_tells_why_and_what_is_behind_it() {
    let context = Run::builder("import").journal(RefusingJournal::at(1)).begin::<etl_context::Etl>().unwrap();
    let failure = context.phase(Extract).run(|_| -> Result<(), ImportError> { Err(ImportError::Empty) }).unwrap_err();
    assert!(matches!(failure, PhaseFailure::NotStarted(_)));
    let Error::Journal { refused, source, .. } = Error::from(failure) else { panic!("the journal refused it") };
    assert!(refused.contains("`phase_started`"), "{refused}");

    let context = Run::builder("import").journal(RefusingJournal::at(1)).begin::<etl_context::Etl>().unwrap();
    let failure = context.phase(Extract).run(|_| -> Result<(), ImportError> { Err(ImportError::Empty) }).unwrap_err();
    assert!(failure.to_string().contains("`phase_started`"), "{failure}");
    let behind = std::error::Error::source(&failure).expect("the journal said why");
    assert_eq!(behind.to_string(), source.to_string());
}
