//! Whatever is called in whatever order, and wherever the process ends: the journal holds the run that the program saw.

use etl_context::{
    AtRest, Completed, Context, Counts, Error, Etl, EtlContext, Extract, Failed, FailureCause, Follows, Idle, Journal,
    JournalError, Load, Phase, PhaseStatus, Run, RunRecord, Running, Transform, dict,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::journal_file::JournalFile;
use crate::cases::{gate, scheduled};

const NAMES: [&str; 4] = ["extract", "transform", "load", "No Name"];

#[derive(Debug, Clone)]
pub(super) enum Call {
    Start(&'static str, u64),
    Count(u64),
    Checkpoint(String),
    RecordError(&'static str, String),
    SetStatus(&'static str, PhaseStatus),
    End(String),
    Fail(String),
    /// A part is worked on, and ends in one of these ways.
    Part(u8, String),
    /// The program ends and is started again.
    Reopen,
    /// The process dies, and another one opens the journal.
    Crash,
}

/// Texts with whatever could end a line or a string too early.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => any::<String>(), 1 => Just("\n\r\u{0}\u{2028}\",\"crc\":\"00000000\"}\n".to_owned())]
}

pub(super) fn call() -> impl Strategy<Value = Call> {
    let name = || prop::sample::select(NAMES.as_slice());
    let number = || prop_oneof![0..1_000_u64, Just(u64::MAX)];
    prop_oneof![
        5 => (name(), number()).prop_map(|(name, total)| Call::Start(name, total)),
        3 => number().prop_map(Call::Count),
        3 => text().prop_map(Call::Checkpoint),
        2 => (name(), text()).prop_map(|(name, message)| Call::RecordError(name, message)),
        2 => (name(), prop::sample::select(PhaseStatus::ALL.as_slice())).prop_map(|(name, status)| Call::SetStatus(name, status)),
        3 => (0..6_u8, text()).prop_map(|(end, text)| Call::Part(end, text)),
        3 => text().prop_map(Call::End),
        2 => text().prop_map(Call::Fail),
        1 => Just(Call::Reopen),
        1 => Just(Call::Crash),
    ]
}

/// A program that is started again and again.
struct Program {
    file: JournalFile,
    run: Option<EtlContext>,
}

impl Program {
    fn start() -> Self {
        let mut program = Program { file: JournalFile::new(), run: None };
        program.open();
        program
    }

    fn open(&mut self) {
        // The journal has one owner; the last one has to go first.
        self.run = None;
        self.run = Some(Run::builder("any").journal(self.file.open()).max_errors(3).begin_dynamic().unwrap());
    }

    fn record(&self) -> &RunRecord {
        self.run.as_ref().unwrap().record()
    }

    fn make(&mut self, call: Call) {
        let before = self.record().clone();
        match call {
            Call::Reopen => self.reopen(&before),
            Call::Crash => self.crash(&before),
            call => {
                let result = make(call, self.run.as_mut().unwrap());
                // A refused call has recorded nothing, but for the error that was one too many.
                let changes = matches!(result, Ok(()) | Err(Error::TooManyErrors { .. }));
                assert!(changes || *self.record() == before);
            }
        }
    }

    fn reopen(&mut self, before: &RunRecord) {
        self.open();
        let ended = u64::from(before.current_phase().is_some());
        assert_eq!(self.record().events(), before.events() + ended, "a phase that was running was abandoned");
        if ended == 0 {
            assert_eq!(self.record(), before);
        }
    }

    fn crash(&mut self, before: &RunRecord) {
        self.file = self.file.crashed();
        assert_eq!(self.file.record(), *before, "every accepted event is there");
        self.open();
        if let Some(phase) = before.current_phase() {
            let report = self.run.as_ref().unwrap().report(phase.as_str()).unwrap();
            assert_eq!(report.cause(), Some(FailureCause::Interrupted));
        }
    }
}

pub(super) fn make(call: Call, run: &mut EtlContext) -> Result<(), Error> {
    match call {
        Call::Start(name, messages) => run.start_phase(name, Counts { conversations: 0, messages }),
        Call::Count(messages) => run.update_progress(Counts { conversations: 1, messages }),
        Call::Checkpoint(cursor) => run.checkpoint(&cursor),
        Call::RecordError(name, message) => run.record_error(name, &JournalError::new(message).with_source("inner")),
        Call::SetStatus(name, status) => run.set_phase_status(name, status),
        Call::End(result) => run.end_phase(dict! { result.clone(): result, "status": null }).map(drop),
        Call::Fail(message) => run.fail_phase(&JournalError::new(message)).map(drop),
        Call::Part(end, text) => work_on_part(run, end, &text),
        Call::Reopen | Call::Crash => Ok(()),
    }
}

/// What a part refuses is refused of the part alone.
fn work_on_part(run: &mut EtlContext, end: u8, text: &str) -> Result<(), Error> {
    let parts = run.parts::<Counts>(["a", "b \"\n\""])?;
    let Some(mut part) = parts.claim()? else { return Ok(()) };
    let done: Option<String> = part.resume_point()?;
    let counted = done.map_or(1, |done| done.len() as u64);
    part.update_progress(Counts { conversations: 1, messages: counted });
    drop(part.reject(text, text));
    drop(part.checkpoint(text));
    drop(part.record_error(text));
    drop(part.reject(&1, "one"));
    match end {
        0 | 1 => drop(part.complete()),
        2 => drop(part.fail(text)),
        3 => drop(part.give_back()),
        // Its process dies with it.
        _ => std::mem::forget(part),
    }
    Ok(())
}

fn holds_the_run_of_the_dynamic_face(calls: Vec<Call>) -> Result<(), TestCaseError> {
    let mut program = Program::start();
    for call in calls {
        program.make(call);
        prop_assert_eq!(&program.file.record(), program.record());
    }
    let events = program.file.crashed().open().load().unwrap();
    prop_assert_eq!(RunRecord::replay(&events), Some(program.record().clone()));
    Ok(())
}

fn holds_the_run_of_the_typed_face(plan: &[Vec<Attempt>]) -> Result<(), TestCaseError> {
    let file = JournalFile::new();
    let context: Context<Idle> = Run::builder("any").journal(file.open()).begin().unwrap();
    let extracted = phase(context, Extract, &plan[0], &file);
    let transformed = phase(extracted, Transform, &plan[1], &file);
    let loaded = phase(transformed, Load, &plan[2], &file);
    let record = loaded.record().clone();
    drop(loaded);
    prop_assert_eq!(RunRecord::replay(&file.open().load().unwrap()), Some(record));
    Ok(())
}

proptest! {
    #![proptest_config(gate(128))]

    #[test]
    fn the_journal_holds_the_run_of_the_dynamic_face(calls in vec(call(), 1..40)) {
        holds_the_run_of_the_dynamic_face(calls)?;
    }

    #[test]
    fn the_journal_holds_the_run_of_the_typed_face(plan in vec(vec(attempt(), 1..4), 3)) {
        holds_the_run_of_the_typed_face(&plan)?;
    }
}

proptest! {
    #![proptest_config(scheduled())]

    #[test]
    #[ignore = "the same, scheduled"]
    fn scheduled_runs_of_the_dynamic_face_are_held_by_their_journals(calls in vec(call(), 1..40)) {
        holds_the_run_of_the_dynamic_face(calls)?;
    }

    #[test]
    #[ignore = "the same, scheduled"]
    fn scheduled_runs_of_the_typed_face_are_held_by_their_journals(plan in vec(vec(attempt(), 1..4), 3)) {
        holds_the_run_of_the_typed_face(&plan)?;
    }
}

/// What an attempt does before it fails, or completes if it is the last one.
#[derive(Debug, Clone)]
struct Attempt {
    counts: Vec<u64>,
    cursors: Vec<i64>,
    errors: Vec<String>,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let parts = (vec(any::<u64>(), 0..3), vec(any::<i64>(), 0..3), vec(text(), 0..3));
    parts.prop_map(|(counts, cursors, errors)| Attempt { counts, cursors, errors })
}

/// Runs the phase until the last of its attempts completes.
fn phase<Ph, Last, S>(context: Context<S>, phase: Ph, attempts: &[Attempt], file: &JournalFile) -> Context<Completed<Ph>>
where
    Ph: Phase<Counters = Counts> + Follows<Last, Etl>,
    S: AtRest<Last>,
{
    let mut running = context.start(phase).unwrap();
    for attempt in &attempts[1..] {
        work(&mut running, attempt, file);
        let failed: Context<Failed<Ph>> = running.fail("once more").unwrap();
        assert_eq!(*failed.record(), file.record());
        running = failed.retry().unwrap();
    }
    work(&mut running, &attempts[0], file);
    running.complete(dict! { "attempts": attempts.len() }).unwrap()
}

fn work<Ph: Phase<Counters = Counts>>(running: &mut Context<Running<Ph>>, attempt: &Attempt, file: &JournalFile) {
    attempt.counts.iter().for_each(|messages| running.update_progress(Counts { conversations: 1, messages: *messages }));
    attempt.cursors.iter().for_each(|cursor| running.checkpoint(cursor).unwrap());
    attempt.errors.iter().for_each(|error| running.record_error(error).unwrap());
    assert_eq!(*running.record(), file.record());
    if let Some(last) = attempt.cursors.last() {
        assert_eq!(running.resume_point::<i64>().unwrap(), Some(*last));
    }
}
