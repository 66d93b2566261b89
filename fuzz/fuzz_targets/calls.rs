//! Whatever is called on an `EtlContext`, with whatever arguments: a call is allowed or refused by the rules that are written
//! down, a refused one changes nothing, the record keeps its invariants, and its events add up to it again.

#![no_main]

use std::collections::BTreeSet;
use std::fmt;

use arbitrary::Arbitrary;
use etl_context::{Counts, Dictionary, Error, EtlContext, FileJournal, Journal, PhaseStatus, Run, RunRecord};
use etl_context_fuzz::{Disk, Json, check_record, depth};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Debug, Clone, Arbitrary)]
enum Name {
    Extract,
    Transform,
    Load,
    Any(String),
}

#[derive(Debug, Clone, Arbitrary)]
enum Status {
    Known(u8),
    Any(String),
}

#[derive(Debug, Arbitrary)]
enum Call {
    Start(Name, Option<(u64, u64)>),
    Count(u64, u64),
    SetTotals(u64, u64),
    End(Json),
    EndAs(Status, Vec<(String, Json)>),
    EndWithoutWord,
    Fail(Chain),
    SetStatus(Name, Status),
    RecordError(Name, Chain),
    Checkpoint(Json),
    Parts(Vec<(String, bool)>),
    Reopen,
}

#[derive(Debug, Arbitrary)]
struct Input {
    name: String,
    max_errors: Option<u8>,
    calls: Vec<Call>,
}

/// An error with sources.
#[derive(Debug, Clone, Arbitrary)]
struct Chain {
    message: String,
    source: Option<Box<Chain>>,
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Chain {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Name::Extract => "extract",
            Name::Transform => "transform",
            Name::Load => "load",
            Name::Any(name) => name,
        }
    }

    fn is_valid(&self) -> bool {
        let name = self.as_str().as_bytes();
        let is_usual = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        (1..=64).contains(&name.len()) && name[0].is_ascii_lowercase() && name.iter().all(is_usual)
    }
}

impl Status {
    fn as_str(&self) -> &str {
        match self {
            Status::Known(number) => ["pending", "running", "completed", "failed"][usize::from(*number) % 4],
            Status::Any(status) => status,
        }
    }
}

fuzz_target!(|input: Input| {
    let mut program = Program::start(input.name, input.max_errors);
    for call in input.calls {
        let before = program.run.record().clone();
        program.make(call);
        let record = program.run.record();
        check_record(record);
        check_grown(&before, record);
    }
    let record = program.run.record().clone();
    assert_eq!(program.replayed(), record);
    show(&program.run);
});

struct Program {
    name: String,
    max_errors: Option<u8>,
    disk: Disk,
    run: EtlContext,
}

impl Program {
    fn start(name: String, max_errors: Option<u8>) -> Self {
        let disk = Disk::default();
        let run = open(&name, max_errors, &disk);
        Program { name, max_errors, disk, run }
    }

    fn replayed(&self) -> RunRecord {
        RunRecord::replay(&journal(&self.disk).load().expect("what was written can be read")).expect("the events add up")
    }

    fn make(&mut self, call: Call) {
        if let Call::Reopen = call {
            // A process that died leaves its bytes, and another one opens them.
            let was_running = self.run.current_phase().map(str::to_owned);
            let events = self.run.record().events();
            let left = Disk::holding(&self.disk.bytes());
            self.run = open(&self.name, self.max_errors, &left);
            self.disk = left;
            assert_eq!(self.run.record().events(), events + u64::from(was_running.is_some()));
            return;
        }
        let (before, allowed) = (self.run.record().clone(), allowed(&call, &self.run));
        let outcome = make(call, &mut self.run);
        match outcome {
            Err(Error::TooManyErrors { .. }) => assert!(self.max_errors.is_some()),
            Err(Error::PartsFailed { .. }) => {}
            outcome => {
                assert_eq!(outcome.is_ok(), allowed, "{outcome:?}");
                if outcome.is_err() {
                    assert_eq!(*self.run.record(), before, "{outcome:?}");
                }
            }
        }
    }
}

fn journal(disk: &Disk) -> FileJournal {
    FileJournal::with_storage("run.jsonl", disk.clone()).expect("what was written can be opened")
}

fn open(name: &str, max_errors: Option<u8>, disk: &Disk) -> EtlContext {
    let mut builder = Run::builder(name).journal(journal(disk)).metadata(name, name);
    if let Some(errors) = max_errors {
        builder = builder.max_errors(u64::from(errors));
    }
    builder.begin_dynamic().expect("it is the same run")
}

/// JSON that is nested deeper is refused.
const DEEPEST: usize = 100;

/// What the documentation says of each call.
fn allowed(call: &Call, run: &EtlContext) -> bool {
    let is_running = run.current_phase().is_some();
    match call {
        Call::Start(name, _) => name.is_valid() && !is_running,
        Call::Count(..) | Call::SetTotals(..) | Call::EndWithoutWord | Call::Fail(_) => is_running,
        Call::Checkpoint(cursor) => is_running && depth(&cursor.clone().value()) <= DEEPEST,
        Call::End(json) => is_running && can_end(&json.clone().value()),
        Call::EndAs(status, result) => is_running && can_end(&said(status, result.clone()).into()),
        Call::SetStatus(name, status) => {
            name.is_valid() && PhaseStatus::ALL.iter().any(|known| known.to_string() == status.as_str())
        }
        Call::RecordError(name, _) => name.is_valid(),
        Call::Parts(parts) => is_running && can_be_parts(parts),
        Call::Reopen => true,
    }
}

fn said(status: &Status, result: Vec<(String, Json)>) -> Dictionary {
    let mut result: Dictionary = result.into_iter().map(|(key, value)| (key, value.value())).collect();
    result.insert("status".to_owned(), status.as_str().into());
    result
}

fn can_end(result: &Value) -> bool {
    if depth(result) > DEEPEST {
        return false;
    }
    match result {
        Value::Null => true,
        Value::Object(result) => match result.get("status") {
            None | Some(Value::Null) => true,
            Some(status) => status == "completed" || status == "failed",
        },
        _ => false,
    }
}

/// Other parts than those that the attempt has registered are refused as well, which `work` lets pass.
fn can_be_parts(parts: &[(String, bool)]) -> bool {
    let names: BTreeSet<_> = parts.iter().map(|(name, _)| name.as_str()).collect();
    names.len() == parts.len() && names.iter().all(|name| !name.is_empty() && !name.contains('\0'))
}

fn make(call: Call, run: &mut EtlContext) -> Result<(), Error> {
    match call {
        Call::Start(name, totals) => {
            let totals = totals.map(|(conversations, messages)| Counts { conversations, messages });
            run.start_phase(name.as_str(), totals)
        }
        Call::Count(conversations, messages) => run.update_progress(Counts { conversations, messages }),
        Call::SetTotals(conversations, messages) => run.set_totals(Counts { conversations, messages }),
        Call::End(json) => run.end_phase(json.value()).map(drop),
        Call::EndAs(status, result) => run.end_phase(said(&status, result)).map(drop),
        Call::EndWithoutWord => run.end_phase(()).map(drop),
        Call::Fail(error) => run.fail_phase(&error).map(drop),
        Call::SetStatus(name, status) => run.set_phase_status(name.as_str(), status.as_str()),
        Call::RecordError(name, error) => run.record_error(name.as_str(), &error),
        Call::Checkpoint(cursor) => {
            let cursor = cursor.value();
            run.checkpoint(&cursor)?;
            assert_eq!(run.resume_point::<Value>().expect("it was just recorded"), Some(cursor));
            Ok(())
        }
        Call::Parts(parts) => work(parts, run),
        Call::Reopen => Ok(()),
    }
}

fn work(parts: Vec<(String, bool)>, run: &mut EtlContext) -> Result<(), Error> {
    let names: Vec<_> = parts.iter().map(|(name, _)| name.clone()).collect();
    let registered = run.parts::<Counts>(names);
    let registered = match registered {
        // Which of the attempts registered the ones that are there cannot be seen from here.
        Err(Error::InvalidParts { reason, .. }) if reason.contains("other parts were registered") => return Ok(()),
        registered => registered?,
    };
    registered.work(|part| {
        let done: Option<String> = part.resume_point().map_err(|error| error.to_string())?;
        part.update_progress(Counts { conversations: 1, messages: u64::MAX / 2 });
        let _ = part.reject(&done, part.name().to_owned());
        let _ = part.record_error("odd");
        let name = part.name().to_owned();
        let _ = part.checkpoint(&name);
        let fails = parts.iter().any(|(name, fails)| name == part.name() && *fails);
        if fails { Err(format!("{} fails", part.name())) } else { Ok(()) }
    })?;
    registered.finish()
}

/// Reports and errors are only ever added.
fn check_grown(before: &RunRecord, after: &RunRecord) {
    assert!(after.events() >= before.events() && after.error_count() >= before.error_count());
    assert!(after.errors().starts_with(before.errors()));
    for (before, after) in before.phases().zip(after.phases()) {
        assert_eq!(before.name(), after.name());
        assert!(after.reports().starts_with(before.reports()));
        assert!(after.overrides().starts_with(before.overrides()));
    }
}

fn show(run: &EtlContext) {
    let summary = run.get_summary();
    serde_json::to_string(&summary).expect("a summary can be serialised");
    let _ = summary.to_string();
}
