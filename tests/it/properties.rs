//! Whatever is called in whatever order: a small model, the other face and the journal all agree.

use std::collections::BTreeMap;

use etl_context::{
    Completed, Context, Counts, Dictionary, Error, Etl, EtlContext, Extract, Follows, Journal, Load, MemoryJournal, Phase,
    PhaseRecord, PhaseStatus, Run, RunRecord, Transform, dict,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases::{gate, scheduled};
use crate::layered_error::ImportError;
use crate::parsed_json::comparable;

const NAMES: [&str; 4] = ["extract", "transform", "load", "No Name"];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    Start(&'static str),
    Count(u64),
    End(Option<&'static str>),
    EndBadly,
    Fail,
    SetStatus(&'static str, PhaseStatus),
    RecordError(&'static str),
    Checkpoint(u64),
}

pub(crate) fn call() -> impl Strategy<Value = Call> {
    let name = || prop::sample::select(NAMES.as_slice());
    let said = prop::option::of(prop::sample::select(["completed", "failed"].as_slice()));
    prop_oneof![
        4 => name().prop_map(Call::Start),
        3 => prop_oneof![0..1_000_u64, Just(u64::MAX)].prop_map(Call::Count),
        3 => said.prop_map(Call::End),
        1 => Just(Call::EndBadly),
        2 => Just(Call::Fail),
        2 => (name(), prop::sample::select(PhaseStatus::ALL.as_slice())).prop_map(|(name, status)| Call::SetStatus(name, status)),
        2 => name().prop_map(Call::RecordError),
        1 => any::<u64>().prop_map(Call::Checkpoint),
    ]
}

pub(crate) fn make(call: Call, context: &mut EtlContext) -> Result<(), Error> {
    match call {
        Call::Start(name) => context.start_phase(name, None),
        Call::Count(messages) => context.update_progress(Counts { conversations: 1, messages }),
        Call::End(None) => context.end_phase(()).map(drop),
        Call::End(Some(status)) => context.end_phase(dict! { "status": status }).map(drop),
        Call::EndBadly => context.end_phase(42).map(drop),
        Call::Fail => context.fail_phase(&ImportError::unreadable()).map(drop),
        Call::SetStatus(name, status) => context.set_phase_status(name, status),
        Call::RecordError(name) => context.record_error(name, &ImportError::Empty),
        Call::Checkpoint(cursor) => context.checkpoint(&cursor),
    }
}

/// What the documentation says, in as few words as possible.
#[derive(Default)]
struct Model {
    running: Option<&'static str>,
    counted: u64,
    statuses: BTreeMap<&'static str, PhaseStatus>,
    ended: BTreeMap<&'static str, usize>,
    errors: usize,
}

impl Model {
    fn allows(&self, call: Call) -> bool {
        match call {
            Call::Start("No Name") | Call::SetStatus("No Name", _) | Call::RecordError("No Name") | Call::EndBadly => false,
            Call::Start(_) => self.running.is_none(),
            Call::Count(_) | Call::End(_) | Call::Fail | Call::Checkpoint(_) => self.running.is_some(),
            Call::SetStatus(..) | Call::RecordError(_) => true,
        }
    }

    /// The call as it is made when it is allowed.
    fn make(&mut self, call: Call) {
        let set_to_failed = self.running.is_some_and(|name| self.statuses[name] == PhaseStatus::Failed);
        match call {
            Call::Start(name) => {
                (self.running, self.counted) = (Some(name), 0);
                self.statuses.insert(name, PhaseStatus::Running);
            }
            Call::Count(messages) => self.counted = self.counted.saturating_add(messages),
            Call::End(None) if set_to_failed => self.end(PhaseStatus::Failed),
            Call::End(None | Some("completed")) => self.end(PhaseStatus::Completed),
            Call::End(_) | Call::Fail => self.end(PhaseStatus::Failed),
            Call::SetStatus(name, status) => drop(self.statuses.insert(name, status)),
            Call::RecordError(_) | Call::Checkpoint(_) | Call::EndBadly => {}
        }
        self.errors += usize::from(matches!(call, Call::Fail | Call::RecordError(_)));
    }

    fn end(&mut self, status: PhaseStatus) {
        if let Some(name) = self.running.take() {
            self.statuses.insert(name, status);
            *self.ended.entry(name).or_default() += 1;
        }
    }

    fn agrees_with(&self, context: &EtlContext) -> Result<(), TestCaseError> {
        prop_assert_eq!(context.current_phase(), self.running);
        prop_assert_eq!(context.errors().len(), self.errors);
        prop_assert_eq!(context.progress().counts().get("messages").unwrap_or(0), self.counted);
        for name in NAMES {
            prop_assert_eq!(context.get_phase_status(name), self.statuses.get(name).copied().unwrap_or_default());
            let ended = context.record().phase(name).map_or(0, PhaseRecord::attempts);
            prop_assert_eq!(ended, self.ended.get(name).copied().unwrap_or(0));
        }
        Ok(())
    }
}

/// One attempt at a phase, to be made on either face.
#[derive(Debug, Clone)]
struct Attempt {
    batches: Vec<u64>,
    errors: usize,
    result: Option<u64>,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    (vec(any::<u64>(), 0..4), 0..3_usize, prop::option::of(0..1_000_u64)).prop_map(|(batches, errors, result)| Attempt {
        batches,
        errors,
        result,
    })
}

/// Attempts at a phase, of which the last one completes.
fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    vec(attempt(), 1..4)
}

impl Attempt {
    fn counts(&self) -> impl Iterator<Item = Counts> {
        self.batches.iter().map(|messages| Counts { conversations: 1, messages: *messages })
    }

    fn result(&self) -> Dictionary {
        self.result.map(|messages| dict! { "messages_processed": messages, "file": "export.tar" }).unwrap_or_default()
    }
}

fn typed<Ph, Last, S>(context: Context<S>, phase: Ph, attempts: &[Attempt]) -> Context<Completed<Ph>>
where
    S: etl_context::AtRest<Last>,
    Ph: Phase<Counters = Counts> + Follows<Last, Etl>,
{
    let mut running = context.start(phase).unwrap();
    for (index, attempt) in attempts.iter().enumerate() {
        attempt.counts().for_each(|counts| running.update_progress(counts));
        (0..attempt.errors).for_each(|_| running.record_error(&ImportError::Empty).unwrap());
        if index + 1 == attempts.len() {
            return running.complete(attempt.result()).unwrap();
        }
        running = running.fail(&ImportError::unreadable()).unwrap().retry().unwrap();
    }
    panic!("there is a last attempt")
}

fn dynamic(context: &mut EtlContext, phase: &str, attempts: &[Attempt]) {
    for (index, attempt) in attempts.iter().enumerate() {
        context.start_phase(phase, None).unwrap();
        attempt.counts().for_each(|counts| context.update_progress(counts).unwrap());
        (0..attempt.errors).for_each(|_| context.record_error(phase, &ImportError::Empty).unwrap());
        if index + 1 == attempts.len() {
            context.end_phase(attempt.result()).unwrap();
        } else {
            context.fail_phase(&ImportError::unreadable()).unwrap();
        }
    }
}

fn agrees_with_the_model_and_its_replay(calls: Vec<Call>) -> Result<(), TestCaseError> {
    let mut journal = MemoryJournal::new();
    let mut context = Run::builder("import").journal(journal.clone()).begin_dynamic().unwrap();
    let mut model = Model::default();
    for call in calls {
        let before = context.record().clone();
        let outcome = make(call, &mut context);
        prop_assert_eq!(outcome.is_ok(), model.allows(call), "{:?} gave {:?}", call, outcome);
        if outcome.is_ok() {
            model.make(call);
        } else {
            prop_assert_eq!(context.record(), &before);
        }
        model.agrees_with(&context)?;
    }
    let replayed = RunRecord::replay(&journal.load().unwrap()).unwrap();
    prop_assert_eq!(&replayed, context.record());
    Ok(())
}

proptest! {
    #![proptest_config(gate(300))]

    #[test]
    fn any_sequence_of_calls_agrees_with_the_model_and_its_replay(calls in vec(call(), 0..40)) {
        agrees_with_the_model_and_its_replay(calls)?;
    }

    #[test]
    fn typed_and_dynamic_runs_of_the_same_steps_leave_equal_records(
        extract in attempts(), transform in attempts(), load in attempts()
    ) {
        let context = typed(Context::new("import"), Extract, &extract);
        let context = typed(typed(context, Transform, &transform), Load, &load);
        let mut other = EtlContext::for_pipeline::<Etl>("import");
        for (phase, attempts) in [("extract", &extract), ("transform", &transform), ("load", &load)] {
            dynamic(&mut other, phase, attempts);
        }
        prop_assert_eq!(comparable(&context.summary()), comparable(&other.get_summary()));
        prop_assert_eq!(context.record().events(), other.record().events());
    }
}

proptest! {
    #![proptest_config(scheduled())]

    #[test]
    #[ignore = "the same, scheduled"]
    fn scheduled_sequences_of_calls_agree_with_the_model_and_their_replay(calls in vec(call(), 0..40)) {
        agrees_with_the_model_and_its_replay(calls)?;
    }
}
