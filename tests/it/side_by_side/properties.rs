//! Whatever branches do, and in whatever order: the typed face, the dynamic one and the journal agree.

use etl_context::{
    Completed, Context, Counts, EtlContext, Failed, Idle, Journal, MemoryJournal, Phase, PhaseStatus, Run, RunRecord, Running,
    dict,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::{Both, Left, Right, Two};
use crate::cases::{gate, scheduled};
use crate::layered_error::ImportError;
use crate::parsed_json::comparable;

/// What a branch does next, if it can.
#[derive(Debug, Clone, Copy)]
enum Step {
    Start,
    Count(u64),
    Checkpoint(u64),
    RecordError,
    Complete,
    Fail,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Start),
        3 => (0..1_000_u64).prop_map(Step::Count),
        2 => any::<u64>().prop_map(Step::Checkpoint),
        1 => Just(Step::RecordError),
        2 => Just(Step::Complete),
        1 => Just(Step::Fail),
    ]
}

/// The steps of both branches, in the order in which they come; `true` is the right one.
fn steps() -> impl Strategy<Value = Vec<(bool, Step)>> {
    vec((any::<bool>(), step()), 0..40)
}

/// A branch of one phase on the typed face.
enum Typed<Ph: Phase> {
    Idle(Context<Idle, Two>),
    Running(Context<Running<Ph>, Two>),
    Completed(Context<Completed<Ph>, Two>),
    Failed(Context<Failed<Ph>, Two>),
}

impl<Ph> Typed<Ph>
where
    Ph: Phase<Counters = Counts> + etl_context::Follows<Idle, Two> + Default,
{
    fn make(self, step: Step) -> Self {
        match (self, step) {
            (Typed::Idle(context), Step::Start) => Typed::Running(context.start(Ph::default()).unwrap()),
            (Typed::Failed(context), Step::Start) => Typed::Running(context.retry().unwrap()),
            (Typed::Running(mut context), step) => match step {
                Step::Complete => Typed::Completed(context.complete(result()).unwrap()),
                Step::Fail => Typed::Failed(context.fail(&ImportError::unreadable()).unwrap()),
                Step::Count(messages) => {
                    context.update_progress(Counts { conversations: 1, messages });
                    Typed::Running(context)
                }
                Step::Checkpoint(cursor) => {
                    context.checkpoint(&cursor).unwrap();
                    Typed::Running(context)
                }
                Step::RecordError => {
                    context.record_error(&ImportError::Empty).unwrap();
                    Typed::Running(context)
                }
                Step::Start => Typed::Running(context),
            },
            (other, _) => other,
        }
    }

    /// Goes on until the phase has completed.
    fn complete(mut self) -> Context<Completed<Ph>, Two> {
        loop {
            match self.make(Step::Complete) {
                Typed::Completed(context) => return context,
                other => self = other.make(Step::Start),
            }
        }
    }
}

fn result() -> etl_context::Dictionary {
    dict! { "file": "export.tar" }
}

/// The same by name, as far as the branch can.
fn make(context: &mut EtlContext, phase: &str, step: Step) {
    let is_running = context.current_phase().is_some();
    let has_completed = context.get_phase_status(phase) == PhaseStatus::Completed;
    match step {
        Step::Start if !is_running && !has_completed => context.start_phase(phase, None).unwrap(),
        Step::Count(messages) if is_running => context.update_progress(Counts { conversations: 1, messages }).unwrap(),
        Step::Checkpoint(cursor) if is_running => context.checkpoint(&cursor).unwrap(),
        Step::RecordError if is_running => context.record_error(phase, &ImportError::Empty).unwrap(),
        Step::Complete if is_running => drop(context.end_phase(result()).unwrap()),
        Step::Fail if is_running => drop(context.fail_phase(&ImportError::unreadable()).unwrap()),
        _ => {}
    }
}

fn complete(context: &mut EtlContext, phase: &str) {
    for step in [Step::Complete, Step::Start, Step::Complete] {
        make(context, phase, step);
    }
}

/// The whole, without what depends on the order in which the branches came.
fn in_any_order(summary: &impl serde::Serialize) -> Value {
    let mut told = comparable(summary);
    for list in ["errors", "phase_order", "next"] {
        if let Some(Value::Array(items)) = told.get_mut(list) {
            items.sort_by_key(ToString::to_string);
        }
    }
    told
}

fn faces_and_replay_agree(steps: &[(bool, Step)]) -> Result<(), TestCaseError> {
    let mut journal = MemoryJournal::new();
    let [left, right] = Run::builder("two").journal(journal.clone()).begin::<Two>().unwrap().fork();
    let (mut left, mut right) = (Typed::<Left>::Idle(left), Typed::<Right>::Idle(right));
    let [mut by_name_left, mut by_name_right] = Two::context("two").fork().map(Context::erase);
    let mut in_turn = EtlContext::for_pipeline::<Two>("two");
    for (is_right, step) in steps {
        if *is_right {
            right = right.make(*step);
            make(&mut by_name_right, "right", *step);
        } else {
            left = left.make(*step);
            make(&mut by_name_left, "left", *step);
        }
    }
    for (phase, wanted) in [("left", false), ("right", true)] {
        steps.iter().filter(|(is_right, _)| *is_right == wanted).for_each(|(_, step)| make(&mut in_turn, phase, *step));
        complete(&mut in_turn, phase);
    }
    complete(&mut by_name_left, "left");
    complete(&mut by_name_right, "right");
    prop_assert_eq!(&in_any_order(&by_name_left.get_summary()), &in_any_order(&in_turn.get_summary()));

    let joined = left.complete().join(right.complete()).unwrap();
    prop_assert_eq!(&in_any_order(&joined.summary()), &in_any_order(&in_turn.get_summary()));
    prop_assert_eq!(joined.record().events(), in_turn.record().events());
    let both = joined.start(Both).unwrap().complete(()).unwrap();
    in_turn.start_phase("both", None).unwrap();
    in_turn.end_phase(()).unwrap();
    prop_assert_eq!(in_any_order(&both.summary()), in_any_order(&in_turn.get_summary()));
    let replayed = RunRecord::replay(&journal.load().unwrap()).unwrap();
    prop_assert_eq!(&replayed, both.record());
    Ok(())
}

proptest! {
    #![proptest_config(gate(200))]

    #[test]
    fn typed_dynamic_and_replayed_records_agree_after_any_interleaving(steps in steps()) {
        faces_and_replay_agree(&steps)?;
    }
}

proptest! {
    #![proptest_config(scheduled())]

    #[test]
    #[ignore = "the same, scheduled"]
    fn scheduled_interleavings_leave_records_that_agree(steps in steps()) {
        faces_and_replay_agree(&steps)?;
    }
}
