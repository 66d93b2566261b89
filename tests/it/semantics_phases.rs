//! The numbered semantics 1 to 5, 10, 11 and 13: names, moves, counts, statuses, attempts.

use etl_context::{Context, Counts, Error, Etl, EtlContext, Extract, Load, PhaseName, PhaseReport, PhaseStatus, Transform, dict};

use crate::nightly::{Nightly, Rows};
use crate::parsed_json::keys;
use crate::unchanged::{refused, says};

const BATCH: Counts = Counts { conversations: 1, messages: 20 };
const MOST: Counts = Counts { conversations: u64::MAX, messages: u64::MAX };

/// A context in which `extract` is running and has counted a batch.
fn extracting() -> EtlContext {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", Counts { conversations: 10, messages: 100 }).unwrap();
    context.update_progress(BATCH).unwrap();
    context
}

#[test]
fn s01_a_name_is_a_lower_case_letter_then_up_to_63_more() {
    for name in ["a", "extract", "load-tables_2", &"x".repeat(64)] {
        assert_eq!(name.parse::<PhaseName>().unwrap(), name);
        EtlContext::new("import").start_phase(name, None).unwrap();
    }
    let too_long = "x".repeat(65);
    for name in ["", "Extract", "1st", "_x", "-x", "a b", "a.b", "étape", "a\0", "extract\n", " extract", "loAd", &too_long] {
        says(&name.parse::<PhaseName>().unwrap_err(), "Phase name is invalid");
        let mut context = EtlContext::new("import");
        says(&refused(&mut context, |context| context.start_phase(name, None)), "Phase name is invalid");
        says(&refused(&mut context, |context| context.set_phase_status(name, "failed")), "Phase name is invalid");
        says(&refused(&mut context, |context| context.record_error(name, &std::fmt::Error)), "Phase name is invalid");
    }
}

#[test]
fn s01_the_refusal_shows_what_was_given_and_why() {
    let mut context = EtlContext::new("import");
    let name = context.start_phase("Load", None).unwrap_err().to_string();
    assert!(name.starts_with("Phase name is invalid: `Load` does not start with a lower-case letter"), "{name}");
    let status = context.set_phase_status("load", "done").unwrap_err().to_string();
    assert_eq!(status, "Status is invalid: `done` is none of `pending`, `running`, `completed`, `failed`");
}

#[test]
fn s01_names_are_checked_before_anything_else() {
    let mut context = extracting();
    let start = refused(&mut context, |context| context.start_phase("Load", None));
    assert!(matches!(start, Error::InvalidPhaseName { .. }), "{start}");
    let status = refused(&mut context, |context| context.set_phase_status("Load", "no status"));
    assert!(matches!(status, Error::InvalidPhaseName { .. }), "{status}");

    let mut closed = EtlContext::for_pipeline::<Nightly>("nightly");
    closed.start_phase("extract", None).unwrap();
    let start = refused(&mut closed, |context| context.start_phase_with("no-such-phase", Rows::default()));
    assert!(matches!(start, Error::InvalidPhaseName { .. }), "{start}");
}

#[test]
fn s01_statuses_are_exact_and_case_sensitive() {
    for status in PhaseStatus::ALL {
        assert_eq!(status.to_string().parse::<PhaseStatus>().unwrap(), status);
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        assert_eq!(serde_json::from_value::<PhaseStatus>(status.as_str().into()).unwrap(), status);
        extracting().set_phase_status("extract", status).unwrap();
    }
    for word in ["", "Completed", "FAILED", " failed", "failed ", "done", "pending\0"] {
        says(&refused(&mut extracting(), |context| context.set_phase_status("extract", word)), "Status is invalid");
        serde_json::from_value::<PhaseStatus>(word.into()).unwrap_err();
    }
}

#[test]
fn s02_no_phase_starts_while_one_runs_not_even_the_same() {
    for asked in ["extract", "load"] {
        let error = refused(&mut extracting(), |context| context.start_phase(asked, BATCH));
        says(&error, "A phase is already in progress");
        let Error::AlreadyInProgress { running, asked: named, .. } = error else { panic!("{error}") };
        assert_eq!((running.as_str(), named.as_str()), ("extract", asked));
    }
    let mut erased = Context::new("import").start(Extract).unwrap().erase();
    let error = refused(&mut erased, |context| context.start_phase("load", None));
    says(&error, "A phase is already in progress");
}

#[test]
fn s02_that_a_phase_runs_comes_before_what_the_other_one_counts() {
    let mut closed = EtlContext::for_pipeline::<Nightly>("nightly");
    closed.start_phase("extract", None).unwrap();
    let error = refused(&mut closed, |context| context.start_phase("load-tables", BATCH));
    says(&error, "A phase is already in progress");
}

#[test]
fn s02_while_a_phase_runs_its_status_is_running() {
    let context = extracting();
    assert_eq!(context.get_phase_status("extract"), PhaseStatus::Running);
    assert_eq!(context.current_phase(), Some("extract"));

    let typed = Context::new("import").start(Extract).unwrap();
    assert_eq!(typed.status(Extract), PhaseStatus::Running);
    assert_eq!(typed.summary().status(), PhaseStatus::Running);
}

#[test]
fn s03_an_unknown_phase_reads_pending_and_reading_creates_nothing() {
    let context = EtlContext::new("import");
    let before = context.record().clone();
    for name in ["load", "never-heard-of", "No Name At All", ""] {
        assert_eq!(context.get_phase_status(name), PhaseStatus::Pending);
        assert_eq!(context.errors_for(name).count(), 0);
        assert!(context.record().phase(name).is_none());
    }
    assert_eq!(*context.record(), before);
    assert_eq!(serde_json::to_value(context.get_summary()).unwrap()["phases"], serde_json::json!({}));

    let typed = Context::new("import");
    assert_eq!(typed.status(Load), PhaseStatus::Pending);
    assert_eq!(typed.record().phases().count(), 0);
}

#[test]
fn s04_update_progress_adds_and_saturates() {
    let mut context = extracting();
    context.update_progress(BATCH).unwrap();
    assert_eq!(context.progress().counts().typed(), Some(Counts { conversations: 2, messages: 40 }));
    context.update_progress(MOST).unwrap();
    context.update_progress(MOST).unwrap();
    assert_eq!(context.end_phase(()).unwrap().counts(), MOST);

    let mut typed = Context::new("import").start(Extract).unwrap();
    typed.update_progress(BATCH);
    typed.update_progress(BATCH);
    assert_eq!(typed.progress().counts(), Counts { conversations: 2, messages: 40 });
    typed.update_progress(MOST);
    assert_eq!(typed.complete(()).unwrap().counts(), MOST);
}

#[test]
fn s04_update_progress_needs_a_running_phase() {
    let mut idle = EtlContext::new("import");
    says(&refused(&mut idle, |context| context.update_progress(BATCH)), "No phase is currently in progress");
    let mut ended = extracting();
    ended.end_phase(()).unwrap();
    says(&refused(&mut ended, |context| context.update_progress(BATCH)), "No phase is currently in progress");
}

#[test]
fn s04_processed_may_exceed_the_total() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", Counts { conversations: 0, messages: 10 }).unwrap();
    context.update_progress(BATCH).unwrap();
    let report = serde_json::to_value(context.end_phase(()).unwrap()).unwrap();
    assert_eq!((&report["processed_messages"], &report["total_messages"]), (&20.into(), &10.into()));
    assert_eq!(report["messages_percent"], 200.0);
}

#[test]
fn s05_a_total_of_0_is_unknown() {
    let half_known = Counts { conversations: 0, messages: 40 };
    let mut dynamic = EtlContext::new("import");
    dynamic.start_phase("extract", half_known).unwrap();
    dynamic.update_progress(BATCH).unwrap();
    let mut typed = Context::new("import").start_with(Extract, half_known).unwrap();
    typed.update_progress(BATCH);

    for report in [dynamic.end_phase(()).unwrap(), typed.complete(()).unwrap().report().clone()] {
        let written = keys(&report);
        assert!(!written.iter().any(|key| key == "total_conversations" || key == "conversations_percent"), "{written:?}");
        assert_eq!(serde_json::to_value(&report).unwrap()["messages_percent"], 50.0);
        assert_eq!(report.to_string().matches('%').count(), 1, "{report}");
    }
}

#[test]
fn s05_no_totals_are_totals_of_0() {
    for totals in [None, Some(Counts::default())] {
        let mut context = EtlContext::new("import");
        context.start_phase("extract", totals).unwrap();
        let written = keys(&context.end_phase(()).unwrap());
        assert!(!written.iter().any(|key| key.starts_with("total_") || key.ends_with("_percent")), "{written:?}");
    }
}

#[test]
fn s10_an_override_opens_no_phase() {
    for status in PhaseStatus::ALL {
        let mut context = EtlContext::new("import");
        context.set_phase_status("never-started", status).unwrap();
        assert_eq!(context.get_phase_status("never-started"), status);
        assert_eq!(context.current_phase(), None);
        says(&refused(&mut context, |context| context.end_phase(())), "No phase is currently in progress");
        assert_eq!(context.record().phase("never-started").unwrap().attempts(), 0);
        context.start_phase("never-started", None).unwrap();
        assert_eq!(context.record().status("never-started"), PhaseStatus::Running);
    }
}

#[test]
fn s10_an_override_ends_no_phase_and_touches_no_counter() {
    for status in PhaseStatus::ALL {
        let mut context = extracting();
        context.set_phase_status("extract", status).unwrap();
        assert_eq!(context.get_phase_status("extract"), status);
        assert_eq!(context.current_phase(), Some("extract"));
        says(&refused(&mut context, |context| context.start_phase("load", None)), "A phase is already in progress");
        context.update_progress(BATCH).unwrap();
        assert_eq!(context.end_phase(()).unwrap().counts(), Counts { conversations: 2, messages: 40 });
    }
}

#[test]
fn s10_an_override_is_kept_and_changes_no_report() {
    let mut context = extracting();
    let report = context.end_phase(()).unwrap();
    context.set_phase_status("extract", "failed").unwrap();
    context.set_phase_status("extract", "pending").unwrap();

    let extract = context.record().phase("extract").unwrap();
    let overrides: Vec<_> = extract.overrides().iter().map(|set| (set.from(), set.to())).collect();
    assert_eq!(overrides, [(PhaseStatus::Completed, PhaseStatus::Failed), (PhaseStatus::Failed, PhaseStatus::Pending)]);
    assert!(extract.overrides().iter().all(|set| set.time() >= report.end_time()));
    assert_eq!(extract.reports(), [report]);
    assert_eq!(extract.status(), PhaseStatus::Pending);
}

#[test]
fn s10_a_run_stands_where_its_last_phase_ended_until_that_is_set_otherwise() {
    let position_after = |well: bool, status: &str| {
        let mut context = extracting();
        if well { context.end_phase(()) } else { context.fail_phase(&std::fmt::Error) }.unwrap();
        context.set_phase_status("extract", status).unwrap();
        context.record().position().to_string()
    };
    for well in [true, false] {
        assert_eq!(position_after(well, "completed"), "Completed<extract>");
        assert_eq!(position_after(well, "failed"), "Failed<extract>");
        // No phase ends as these, so they say nothing of how it ended.
        let ended = if well { "Completed<extract>" } else { "Failed<extract>" };
        assert_eq!((position_after(well, "pending").as_str(), position_after(well, "running").as_str()), (ended, ended));
    }
}

#[test]
fn s11_an_ended_phase_starts_again_as_a_new_attempt() {
    let mut context = extracting();
    context.end_phase(dict! { "file": "first.tar", "status": "failed" }).unwrap();
    context.start_phase("extract", None).unwrap();
    assert_eq!(context.progress().counts().typed(), Some(Counts::default()));
    assert_eq!(context.progress().totals().typed(), Some(Counts::default()));
    let second = context.end_phase(()).unwrap();

    assert_eq!((second.attempt(), second.result()), (2, None));
    let attempts: Vec<_> = context.record().phase("extract").unwrap().reports().iter().map(PhaseReport::attempt).collect();
    assert_eq!(attempts, [1, 2]);
    let phase = &serde_json::to_value(context.get_summary()).unwrap()["phases"]["extract"];
    assert_eq!((&phase["attempt"], &phase["messages_processed"], &phase["status"]), (&2.into(), &0.into(), &"completed".into()));
    let first = &phase["attempts"][0];
    assert_eq!((&first["attempt"], &first["messages_processed"], &first["file"]), (&1.into(), &20.into(), &"first.tar".into()));
    assert_eq!(phase["file"], serde_json::Value::Null);
}

#[test]
fn s11_a_retry_on_the_typed_face_is_a_new_attempt() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.update_progress(BATCH);
    let extract = extract.fail("the disk is full").unwrap().retry().unwrap();
    assert_eq!(extract.progress().counts(), Counts::default());
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.report().attempt(), 2);
    assert_eq!(extracted.record().phase("extract").unwrap().reports()[0].counts(), BATCH);
}

#[test]
fn s13_only_a_pipeline_enforces_an_order() {
    let mut free = EtlContext::new("import");
    for name in ["load", "extract", "anything", "load"] {
        free.start_phase(name, None).unwrap();
        free.end_phase(()).unwrap();
    }
    let mut closed = EtlContext::for_pipeline::<Etl>("import");
    let error = refused(&mut closed, |context| context.start_phase("load", None));
    assert!(matches!(error, Error::OutOfOrder { .. }), "{error}");
    let error = refused(&mut closed, |context| context.start_phase("anything", None));
    assert!(matches!(error, Error::InvalidPhaseName { .. }), "{error}");

    let extracted = Context::new("import").start(Extract).unwrap().complete(()).unwrap();
    let mut erased = extracted.start(Transform).unwrap().complete(()).unwrap().erase();
    let error = refused(&mut erased, |context| context.start_phase("extract", None));
    assert!(matches!(error, Error::OutOfOrder { .. }), "{error}");
}
