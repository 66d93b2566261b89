//! What a run that goes on remembers of what ran again, of limits, and of statuses that were set by hand.

use std::convert::Infallible;

use etl_context::{
    Completed, Context, Entry, Etl, Event, Extract, FailureCause, Idle, Journal, JournalError, Load, PhaseStatus, Transform,
    pipeline,
};

use super::journal_file::JournalFile;
use super::nightly_run::{builder, export, finished, go_through, open, run_again, set_status};

#[test]
fn when_a_phase_ran_again_all_later_ones_run_even_if_its_process_died_in_between() {
    let file = finished();
    drop(open(&file).phase(Extract).again().run(|_| Ok::<_, Infallible>(export())).unwrap());
    assert_eq!(run_again(&file), ["transform", "load"]);
}

#[test]
fn a_status_that_was_set_keeps_its_effect_if_the_process_dies_in_between() {
    let file = finished();
    set_status(&file, "extract", PhaseStatus::Failed);
    drop(open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap());
    assert_eq!(run_again(&file), ["transform", "load"]);
}

#[test]
fn a_phase_that_was_gone_past_is_the_state_of_the_context() {
    let file = finished();
    let (context, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let dynamic = context.erase();
    let context: Context<Completed<Extract>> = dynamic.try_into_state().expect("it is where it was before");
    drop(context);
}

#[test]
fn a_run_that_is_opened_again_starts_as_idle_on_both_faces() {
    let dynamic = builder(&finished()).begin::<Etl>().unwrap().erase();
    let context: Context<Idle> = dynamic.try_into_state().expect("it is where it was before");
    let mut ran = Vec::new();
    go_through(context, &mut ran).map(drop).unwrap();
    assert!(ran.is_empty());
}

#[test]
fn what_a_completed_phase_is_entered_with_is_a_report_of_completion() {
    let file = JournalFile::new();
    drop(open(&file).phase(Extract).run(|_| Err::<(), _>("no disk")).unwrap_err());
    set_status(&file, "extract", PhaseStatus::Completed);
    if let Entry::Done(extracted) = open(&file).enter(Extract).unwrap() {
        assert_eq!(extracted.report().status(), PhaseStatus::Completed);
    }
}

#[test]
fn a_checkpoint_does_not_count_once_an_earlier_phase_ran_again() {
    let file = JournalFile::new();
    let (extracted, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, Infallible>(())).unwrap();
    let mut load = transformed.start(Load).unwrap();
    load.checkpoint(&500).unwrap();
    let file = file.crashed();
    drop(load);
    // The export was bad; the operator has it made again, and all later phases run on it.
    set_status(&file, "extract", PhaseStatus::Failed);
    let (extracted, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, Infallible>(())).unwrap();
    let load = transformed.start(Load).unwrap();
    assert_eq!(load.resume_point::<u64>().unwrap(), None, "the first 500 rows of the new export would never be loaded");
}

#[test]
fn a_closure_that_goes_on_after_too_many_errors_fails_by_them() {
    let file = JournalFile::new();
    let context = builder(&file).max_errors(0).begin::<Etl>().unwrap();
    let outcome = context.phase(Extract).run(|extract| {
        let _ = extract.record_error("row 7");
        Ok::<_, Infallible>(())
    });
    drop(outcome.unwrap_err());
    let causes = file.record().phase("extract").unwrap().latest_report().unwrap().cause();
    assert_eq!(causes, Some(FailureCause::Errors));
}

#[test]
fn the_refusal_of_another_name_proposes_what_helps() {
    let file = finished();
    let message = etl_context::Run::builder("weekly").journal(file.open()).begin::<Etl>().unwrap_err().to_string();
    assert!(!message.contains("allow_other_parameters"), "{message}");
}

#[test]
fn a_journal_that_cannot_be_loaded_is_told_as_such() {
    struct Unreadable;
    impl Journal for Unreadable {
        fn append(&mut self, _: u64, _: &Event) -> Result<(), JournalError> {
            Ok(())
        }
        fn load(&mut self) -> Result<Vec<Event>, JournalError> {
            Err(JournalError::new("no connection"))
        }
    }
    let error = etl_context::Run::builder("nightly").journal(Unreadable).begin::<Etl>().unwrap_err();
    assert!(!error.to_string().contains("run_began"), "{error}");
}

#[test]
fn a_phase_that_is_new_in_the_program_keeps_its_effect_if_the_process_dies_in_between() {
    pipeline! {
        Wider {
            Extract after Idle;
            Validate = "validate" after Extract;
            Transform after Validate;
        }
    }
    let file = finished();
    let validated = || {
        let context: Context<Idle, Wider> = builder(&file).allow_other_pipeline().begin().unwrap();
        let (context, _) = context.phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
        context.phase(Validate).run(|_| Ok::<_, Infallible>(())).unwrap().0
    };
    drop(validated());
    let entry = validated().enter(Transform).unwrap();
    assert!(matches!(entry, Entry::Vacant(_)), "what was transformed before was not validated");
}
