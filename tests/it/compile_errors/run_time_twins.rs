//! Compile time and run time say the same words of the same mistake.

use etl_context::{Error, Etl, EtlContext};

use super::{WrongProgram, without_crate_name};

/// The compiler names the phase's type, `Load`, and the run names the phase, `load`; apart from that, the first line of the
/// snapshot and the error begin with `words`.
fn assert_twins(words: &str, program: &str, error: &Error) {
    let snapshot = WrongProgram::named(program).snapshot();
    let (_, compiler) = snapshot.lines().next().unwrap().split_once(": ").expect("as in `error[E0277]: …`");
    let compiler = without_crate_name(compiler.trim_start_matches("evaluation panicked: "));
    assert!(compiler.to_lowercase().starts_with(&words.to_lowercase()), "the compiler says:\n{compiler}\nand not:\n{words}");
    let run = error.to_string();
    assert!(run.starts_with(words), "the run says:\n{run}\nand not:\n{words}");
}

fn etl() -> EtlContext {
    EtlContext::for_pipeline::<Etl>("import")
}

fn running() -> EtlContext {
    let mut context = etl();
    context.start_phase("extract", None).unwrap();
    context
}

fn completed() -> EtlContext {
    let mut context = running();
    context.end_phase(()).unwrap();
    context
}

fn failed() -> EtlContext {
    let mut context = running();
    context.fail_phase(&std::fmt::Error).unwrap();
    context
}

#[test]
fn a_phase_is_already_in_progress() {
    let error = running().start_phase("transform", None).unwrap_err();
    assert_twins("A phase is already in progress: ", "start_while_running", &error);
}

#[test]
fn no_phase_is_currently_in_progress() {
    let idle = "No phase is currently in progress: the context is `Idle`";
    assert_twins(idle, "complete_while_idle", &etl().end_phase(()).unwrap_err());
    assert_twins(idle, "fail_while_idle", &etl().fail_phase(&std::fmt::Error).unwrap_err());
    assert_twins(idle, "update_while_idle", &etl().update_progress(etl_context::Counts::default()).unwrap_err());
    assert_twins(idle, "checkpoint_while_idle", &etl().checkpoint(&100).unwrap_err());
    let again = completed().end_phase(()).unwrap_err();
    assert_twins("No phase is currently in progress: the context is `Completed<extract>`", "complete_twice", &again);
}

#[test]
fn result_must_be_a_dictionary() {
    let error = running().end_phase(42).unwrap_err();
    assert_twins("Result must be a dictionary: ", "result_not_a_dictionary", &error);
}

#[test]
fn phase_name_is_invalid() {
    let in_pipeline = EtlContext::new("import").start_phase("Validate!", None).unwrap_err();
    let words = "Phase name is invalid: `Validate!` does not start with a lower-case letter (a-z)";
    assert_twins(words, "bad_name_in_pipeline", &in_pipeline);
    let in_const = EtlContext::new("import").start_phase("load tables", None).unwrap_err();
    let words = "Phase name is invalid: `load tables` has a character other than a-z, 0-9, `_` and `-`";
    assert_twins(words, "bad_name_in_const", &in_const);
}

#[test]
fn status_is_invalid() {
    let error = etl().set_phase_status("extract", "done").unwrap_err();
    let words = "Status is invalid: `done` is none of `pending`, `running`, `completed`, `failed`";
    assert_twins(words, "bad_status_in_const", &error);
}

#[test]
fn a_phase_cannot_start_after_another() {
    let after_completed = completed().start_phase("load", None).unwrap_err();
    assert_twins("phase `load` cannot start after `extract` in pipeline `Etl`", "wrong_order", &after_completed);
    let after_failed = failed().start_phase("transform", None).unwrap_err();
    let words = "phase `transform` cannot start after `Failed<extract>` in pipeline `Etl`";
    assert_twins(words, "start_after_failure", &after_failed);
}

#[test]
fn what_is_allowed_is_said_in_the_words_of_the_pipeline() {
    let error = etl().start_phase("load", None).unwrap_err();
    assert_eq!(error.to_string(), "phase `load` cannot start after `Idle` in pipeline `Etl`; it may start after `transform`");
}
