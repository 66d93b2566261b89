//! The typed face: every row of its table of moves, and what a refused move gives back.

use etl_context::{
    Completed, Context, Counts, Error, Etl, Extract, Failed, Idle, Load, MemoryJournal, PhaseStatus, Run, RunStatus, Running,
    Transform, dict,
};

use crate::layered_error::ImportError;
use crate::nightly::{Cleanup, Nightly};
use crate::refusing_journal::RefusingJournal;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

#[test]
fn start_complete_and_start_again_to_the_end() {
    let context: Context<Idle> = Context::new("import");
    let extract: Context<Running<Extract>> = context.start(Extract).unwrap();
    let extracted: Context<Completed<Extract>> = extract.complete(dict! { "source": "export.tar" }).unwrap();
    let transform: Context<Running<Transform>> = extracted.start(Transform).unwrap();
    let transformed: Context<Completed<Transform>> = transform.complete(()).unwrap();
    let load: Context<Running<Load>> = transformed.start(Load).unwrap();
    let loaded: Context<Completed<Load>> = load.complete(()).unwrap();
    assert_eq!(loaded.summary().status(), RunStatus::Completed);
    assert_eq!(loaded.record().phases().map(|phase| phase.name().as_str()).collect::<Vec<_>>(), ["extract", "transform", "load"]);
}

#[test]
fn start_with_says_what_is_expected() {
    let extract = Context::new("import").start_with(Extract, BATCH).unwrap();
    assert_eq!(extract.progress().totals(), BATCH);
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.report().totals().typed(), Some(BATCH));
}

#[test]
fn fail_records_the_error_and_its_sources() {
    let extract = Context::new("import").start(Extract).unwrap();
    let failed: Context<Failed<Extract>> = extract.fail(&ImportError::unreadable()).unwrap();
    assert_eq!(failed.status(Extract), PhaseStatus::Failed);
    let error = &failed.record().errors()[0];
    assert_eq!((error.message(), error.attempt()), ("export.tar cannot be read", Some(1)));
    assert_eq!(error.sources().collect::<Vec<_>>(), ["no such file"]);
}

#[test]
fn retry_is_the_next_attempt_and_expects_as_much() {
    let failed = Context::new("import").start_with(Extract, BATCH).unwrap().fail("the network is down").unwrap();
    let extract: Context<Running<Extract>> = failed.retry().unwrap();
    assert_eq!(extract.progress().totals(), BATCH);
    let failed_again = extract.fail("still down").unwrap();
    assert_eq!(failed_again.report().attempt(), 2);
    assert_eq!(failed_again.retry().unwrap().complete(()).unwrap().report().attempt(), 3);
}

#[test]
fn a_failed_phase_leads_where_the_pipeline_says() {
    let extracted = Nightly::context("nightly").start(Extract).unwrap().complete(()).unwrap();
    let failed = extracted.start(Load).unwrap().fail("the disk is full").unwrap();
    let cleaned = failed.start(Cleanup).unwrap().complete(()).unwrap();
    assert_eq!(cleaned.status(Load), PhaseStatus::Failed);
    assert_eq!(cleaned.summary().status(), RunStatus::Failed);
}

#[test]
fn a_running_phase_counts_checkpoints_and_records_errors() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.update_progress(BATCH);
    extract.set_totals(Counts { conversations: 2, messages: 40 });
    extract.record_error(&ImportError::Empty).unwrap();
    extract.checkpoint(&("page", 7)).unwrap();
    assert_eq!(extract.status(Extract), PhaseStatus::Running);
    assert_eq!(extract.progress().counts(), BATCH);
    assert_eq!(extract.resume_point::<(String, u32)>().unwrap(), Some(("page".to_owned(), 7)));

    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.report().totals().typed(), Some(Counts { conversations: 2, messages: 40 }));
    assert_eq!(extracted.record().errors().len(), 1);
}

#[test]
fn a_checkpoint_outlives_a_failed_attempt_and_ends_with_a_completed_one() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    assert_eq!(extract.resume_point::<u64>().unwrap(), None);
    extract.checkpoint(&7_u64).unwrap();
    let extract = extract.fail("the network is down").unwrap().retry().unwrap();
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(7));
    let error = extract.resume_point::<String>().unwrap_err();
    assert!(matches!(error, Error::StoredShape { .. }), "{error}");

    let mut again = extract.complete(()).unwrap().erase();
    assert_eq!(again.record().phase("extract").unwrap().checkpoint(), None);
    let error = again.checkpoint(&8).unwrap_err();
    assert!(matches!(error, Error::NoneInProgress { .. }), "{error}");
}

#[test]
fn every_state_can_be_read() {
    let idle = Context::new("import");
    assert_eq!((idle.summary().status(), idle.record().events()), (RunStatus::Pending, 1));
    let running = idle.start(Extract).unwrap();
    assert_eq!((running.summary().status(), running.record().events()), (RunStatus::Running, 2));
    let failed = running.fail("no").unwrap();
    assert_eq!((failed.summary().status(), failed.record().events()), (RunStatus::Failed, 3));
    assert_eq!(failed.report().status(), PhaseStatus::Failed);
    let completed = failed.retry().unwrap().complete(()).unwrap();
    assert_eq!((completed.summary().status(), completed.record().events()), (RunStatus::Unfinished, 5));
    assert_eq!((completed.status(Extract), completed.status(Load)), (PhaseStatus::Completed, PhaseStatus::Pending));
}

#[test]
fn every_state_says_its_name() {
    let idle = Context::new("import");
    assert_eq!(format!("{idle:?}"), "Context<Idle, Etl>(import)");
    let running = idle.start(Extract).unwrap();
    assert_eq!(format!("{running:?}"), "Context<Running<extract>, Etl>(import)");
    let failed = running.fail("no").unwrap();
    assert_eq!(format!("{failed:?}"), "Context<Failed<extract>, Etl>(import)");
    let completed = failed.retry().unwrap().complete(()).unwrap();
    assert_eq!(format!("{completed:?}"), "Context<Completed<extract>, Etl>(import)");
}

#[test]
fn a_refused_move_gives_a_context_back_that_works() {
    // Appends 1 to 4 are: start, fail, retry, complete.
    for append in 1..=4 {
        let journal = RefusingJournal::at(append);
        let idle = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
        let running = idle.start(Extract).or_else(|refused| handed_back(refused).start(Extract)).unwrap();
        let failed = running.fail("no").or_else(|refused| handed_back(refused).fail("no")).unwrap();
        let running = failed.retry().or_else(|refused| handed_back(refused).retry()).unwrap();
        let completed = running.complete(()).or_else(|refused| handed_back(refused).complete(())).unwrap();
        assert_eq!(completed.record().events(), 5);
    }
}

fn handed_back<C>(refused: etl_context::Refused<C>) -> C {
    assert!(matches!(refused.error(), Error::Journal { .. }), "{refused}");
    refused.into_parts().0
}

#[test]
fn a_run_begins_at_idle_with_its_name() {
    let context = Run::builder("import").journal(MemoryJournal::new()).begin::<Nightly>().unwrap();
    let record = context.record();
    assert_eq!((record.name(), record.events(), record.current_phase()), ("import", 1, None));
    assert_eq!(record.start_time(), record.latest_time());
}
