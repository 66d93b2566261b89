//! From the typed face to the dynamic one and back.

use etl_context::{
    Completed, Context, Counts, Error, Etl, EtlContext, Extract, Failed, Idle, Load, Pipeline, Running, State, Transform,
};

use crate::nightly::{LoadTables, Nightly, Restore, Rows};
use crate::unchanged::refused;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

#[test]
fn every_state_goes_there_and_back() {
    let idle = Context::new("import").erase().try_into_state::<Idle, Etl>().unwrap();
    let mut running = idle.start(Extract).unwrap().erase().try_into_state::<Running<Extract>, Etl>().unwrap();
    running.update_progress(BATCH);
    let failed = running.fail("no").unwrap().erase().try_into_state::<Failed<Extract>, Etl>().unwrap();
    assert_eq!(failed.report().counts(), BATCH);
    let completed = failed.retry().unwrap().complete(()).unwrap().erase().try_into_state::<Completed<Extract>, Etl>().unwrap();
    assert_eq!(completed.report().attempt(), 2);
    drop(completed.start(Transform).unwrap().complete(()).unwrap());
}

#[test]
fn a_round_trip_changes_nothing() {
    let mut extract = Context::new("import").start_with(Extract, BATCH).unwrap();
    extract.update_progress(BATCH);
    let before = extract.record().clone();
    let erased = extract.erase();
    assert_eq!(*erased.record(), before);
    assert_eq!(erased.progress().counts().typed(), Some(BATCH));
    let back = erased.try_into_state::<Running<Extract>, Etl>().unwrap();
    assert_eq!(*back.record(), before);
    assert_eq!((back.progress().counts(), back.progress().totals()), (BATCH, BATCH));
}

#[test]
fn each_face_goes_on_where_the_other_left_off() {
    let mut dynamic = Context::new("import").start(Extract).unwrap().erase();
    dynamic.update_progress(BATCH).unwrap();
    dynamic.end_phase(()).unwrap();
    dynamic.start_phase("transform", None).unwrap();
    dynamic.update_progress(BATCH).unwrap();
    let mut typed = dynamic.try_into_state::<Running<Transform>, Etl>().unwrap();
    typed.update_progress(BATCH);
    assert_eq!(typed.complete(()).unwrap().counts(), Counts { conversations: 2, messages: 40 });
}

#[test]
fn a_checkpoint_is_read_by_either_face() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.checkpoint(&7).unwrap();
    let mut erased = extract.erase();
    assert_eq!(erased.resume_point::<u32>().unwrap(), Some(7));
    assert!(matches!(erased.resume_point::<String>(), Err(Error::StoredShape { .. })));
    erased.checkpoint(&8).unwrap();
    let extract = erased.try_into_state::<Running<Extract>, Etl>().unwrap();
    assert_eq!(extract.resume_point::<u32>().unwrap(), Some(8));
    let error = extract.complete(()).unwrap().erase().resume_point::<u32>().unwrap_err();
    assert!(matches!(error, Error::NoneInProgress { .. }), "{error}");
}

#[test]
fn an_erased_context_keeps_to_its_pipeline() {
    let mut erased = Nightly::context("nightly").erase();
    let error = refused(&mut erased, |context| context.start_phase("transform", None));
    assert!(matches!(error, Error::InvalidPhaseName { .. }), "{error}");
    let error = refused(&mut erased, |context| context.start_phase("load", None));
    assert!(matches!(&error, Error::OutOfOrder { pipeline, .. } if pipeline == "Nightly"), "{error}");
    erased.start_phase("extract", None).unwrap();
}

#[test]
fn a_context_without_a_pipeline_can_join_one() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", BATCH).unwrap();
    let extract = context.try_into_state::<Running<Extract>, Etl>().unwrap();
    drop(extract.complete(()).unwrap().start(Transform).unwrap().complete(()).unwrap());
}

/// Asks for a state that the context is not in, and returns the context and the message.
#[track_caller]
fn mismatched<S: State, P: Pipeline>(context: EtlContext) -> (EtlContext, String) {
    let before = context.record().clone();
    let mismatch = context.try_into_state::<S, P>().unwrap_err();
    let message = mismatch.to_string();
    assert!(message.contains(mismatch.asked()) && message.contains(mismatch.found()), "{message}");
    let context = mismatch.into_context();
    assert_eq!(*context.record(), before);
    (context, message)
}

#[test]
fn a_mismatch_gives_the_context_back_and_names_both_states() {
    let (context, message) = mismatched::<Running<Extract>, Etl>(EtlContext::for_pipeline::<Etl>("import"));
    assert_eq!(message, "the context is in state `Idle in pipeline Etl`, not in `Running<extract> in pipeline Etl`");
    let running = context.try_into_state::<Idle, Etl>().unwrap().start(Extract).unwrap();

    let (context, _) = mismatched::<Idle, Etl>(running.erase());
    let (context, _) = mismatched::<Running<Transform>, Etl>(context);
    let (mut context, message) = mismatched::<Completed<Extract>, Etl>(context);
    assert!(message.contains("`Running<extract> in pipeline Etl`"), "{message}");
    context.end_phase(()).unwrap();

    let (context, _) = mismatched::<Failed<Extract>, Etl>(context);
    let (context, _) = mismatched::<Running<Extract>, Etl>(context);
    let (context, _) = mismatched::<Completed<Load>, Etl>(context);
    drop(context.try_into_state::<Completed<Extract>, Etl>().unwrap().start(Transform).unwrap().complete(()).unwrap());
}

#[test]
fn another_pipeline_is_a_mismatch() {
    let extracted = Context::new("import").start(Extract).unwrap().complete(()).unwrap();
    let (context, message) = mismatched::<Completed<Extract>, Restore>(extracted.erase());
    assert!(message.contains("in pipeline Etl") && message.contains("in pipeline Restore"), "{message}");
    drop(context.try_into_state::<Completed<Extract>, Etl>().unwrap());
}

#[test]
fn other_counters_are_a_mismatch_while_the_phase_runs() {
    let mut context = EtlContext::new("nightly");
    context.start_phase("load-tables", BATCH).unwrap();
    let (mut context, _) = mismatched::<Running<LoadTables>, Nightly>(context);
    context.end_phase(()).unwrap();

    let mut context = EtlContext::new("nightly");
    context.start_phase_with("load-tables", Rows { rows: 9, bytes: 0 }).unwrap();
    let mut typed = context.try_into_state::<Running<LoadTables>, Nightly>().unwrap();
    typed.update_progress(Rows { rows: 1, bytes: 10 });
    assert_eq!(typed.complete(()).unwrap().counts(), Rows { rows: 1, bytes: 10 });
}

#[test]
fn a_status_set_by_hand_decides_the_state() {
    let mut context = EtlContext::for_pipeline::<Etl>("import");
    context.start_phase("extract", None).unwrap();
    context.end_phase(()).unwrap();
    context.set_phase_status("extract", "failed").unwrap();
    let (context, _) = mismatched::<Completed<Extract>, Etl>(context);
    let failed = context.try_into_state::<Failed<Extract>, Etl>().unwrap();
    drop(failed.retry().unwrap().complete(()).unwrap());
}

#[test]
fn a_mismatch_leaves_a_context_without_a_pipeline_without_one() {
    let (mut context, message) = mismatched::<Running<Load>, Etl>(EtlContext::new("import"));
    assert!(!message.contains("`Idle in pipeline Etl`"), "{message}");
    context.start_phase("anything", None).unwrap();
    context.end_phase(()).unwrap();
    context.start_phase("load", None).unwrap();
}

#[test]
fn other_counters_are_a_mismatch_after_the_phase_too() {
    for well in [true, false] {
        let mut context = EtlContext::new("nightly");
        context.start_phase("load-tables", None).unwrap();
        context.update_progress(BATCH).unwrap();
        // With the state granted, `counts()` would have to make up rows that nobody counted.
        if well {
            context.end_phase(()).unwrap();
            drop(mismatched::<Completed<LoadTables>, Nightly>(context));
        } else {
            context.fail_phase(&std::fmt::Error).unwrap();
            drop(mismatched::<Failed<LoadTables>, Nightly>(context));
        }
    }
}

#[test]
fn a_phase_that_the_pipeline_does_not_have_is_a_mismatch() {
    let mut context = EtlContext::new("import");
    context.start_phase("validate", None).unwrap();
    context.end_phase(()).unwrap();
    drop(mismatched::<Completed<crate::nightly::Validate>, Etl>(context));
}
