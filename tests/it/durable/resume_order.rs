//! What runs when a run is opened again, and what does not.

use std::convert::Infallible;

use etl_context::{Completed, Context, Extract, Load, PhaseStatus, Transform, pipeline};

use super::journal_file::JournalFile;
use super::nightly_run::{builder, export, extracted, finished, go_on, go_through, open, run_again, set_status};

#[test]
fn a_run_that_is_finished_runs_nothing() {
    assert!(run_again(&finished()).is_empty());
}

#[test]
fn a_run_goes_on_with_the_first_phase_that_is_not_completed() {
    assert_eq!(run_again(&extracted()), ["transform", "load"]);
}

#[test]
fn a_phase_that_failed_runs_again() {
    let file = extracted();
    let (context, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    drop(context.phase(Transform).run(|_| Err::<(), _>("no disk")).unwrap_err());
    assert_eq!(run_again(&file), ["transform", "load"]);
}

#[test]
fn a_phase_that_was_running_when_its_process_died_runs_again() {
    let file = extracted();
    let (context, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let _running = context.start(Transform).unwrap();
    assert_eq!(run_again(&file.crashed()), ["transform", "load"]);
}

#[test]
fn a_status_that_was_set_to_anything_but_completed_makes_the_phase_and_all_later_ones_run() {
    for status in [PhaseStatus::Failed, PhaseStatus::Pending] {
        let file = finished();
        set_status(&file, "transform", status);
        assert_eq!(run_again(&file), ["transform", "load"], "{status}");
        assert!(run_again(&file).is_empty());
    }
}

#[test]
fn when_a_phase_is_run_again_on_purpose_all_later_ones_run() {
    let file = finished();
    let (context, _) = open(&file).phase(Extract).again().run(|_| Ok::<_, Infallible>(export())).unwrap();
    let mut ran = Vec::new();
    drop(go_on(context, &mut ran).unwrap());
    assert_eq!(ran, ["transform", "load"]);
}

#[test]
fn each_visit_of_a_phase_has_the_result_of_its_own_attempt() {
    pipeline! {
        Days {
            Day = "day" after Idle | Day;
        }
    }
    let file = JournalFile::new();
    let mut ran = 0;
    let mut two_days = || {
        let context = builder(&file).begin::<Days>().unwrap();
        let mut day = || {
            ran += 1;
            Ok::<_, Infallible>(())
        };
        let (context, ()) = context.phase(Day).run(|_| day()).unwrap();
        context.phase(Day).run(|_| day()).map(drop).unwrap();
        ran
    };
    assert_eq!(two_days(), 2);
    assert_eq!(two_days(), 2, "the second visit stands for the second attempt that completed");
}

#[test]
fn a_phase_that_is_new_in_the_program_runs_and_all_later_ones_with_it() {
    pipeline! {
        Wider {
            Extract after Idle;
            Validate = "validate" after Extract;
            Transform after Validate;
        }
    }
    let file = finished();
    let mut ran = Vec::new();
    let context: Context<Idle, Wider> = builder(&file).allow_other_pipeline().begin().unwrap();
    let (context, _) = context.phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let (context, ()) = context
        .phase(Validate)
        .run(|_| {
            ran.push("validate");
            Ok::<_, Infallible>(())
        })
        .unwrap();
    context
        .phase(Transform)
        .run(|_| {
            ran.push("transform");
            Ok::<_, Infallible>(())
        })
        .map(drop)
        .unwrap();
    assert_eq!(ran, ["validate", "transform"]);
}

#[test]
fn a_phase_that_was_gone_past_can_be_followed_by_name() {
    let file = JournalFile::new();
    let (context, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    drop(context.phase(Transform).run(|_| Err::<(), _>("no disk")).unwrap_err());
    let (context, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let mut dynamic = context.erase();
    dynamic.start_phase("transform", None).unwrap();
    dynamic.end_phase(()).unwrap();
    dynamic.start_phase("load", None).unwrap();
    dynamic.end_phase(()).unwrap();
}

#[test]
fn the_last_phase_that_was_gone_past_is_the_state_at_the_end() {
    let file = finished();
    let mut ran = Vec::new();
    let loaded = go_through(open(&file), &mut ran).unwrap();
    assert_eq!(loaded.report().phase(), "load");
    let _: Context<Completed<Load>> = loaded.erase().try_into_state().expect("the run is at its end");
}
