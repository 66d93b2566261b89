//! One whole cycle, start, update and complete with a result of four keys: by the library and by hand.

use std::hint::black_box;
use std::sync::Arc;

use etl_context::{Completed, Context, Counts, Dictionary, EtlContext, Idle, PhaseReport, dict, pipeline};
use serde::Serialize;
use serde_json::{Value, json};

use crate::by_hand::{Stats, Tracker};

pipeline! {
    /// One phase, again and again.
    pub Again {
        Work = "work" after Idle | Work;
    }
}

/// A run in which the phase has ended once.
pub fn begun() -> Context<Completed<Work>, Again> {
    Again::context("again").start(Work).unwrap().complete(()).unwrap()
}

pipeline! {
    /// The same, in a branch beside another one.
    pub Beside {
        Step = "step" after Idle | Step;
        Other = "other" after Idle;
        Both = "both" after (Step, Other);
    }
}

/// A branch in which the phase has ended once, and another one, which keeps the run forked.
pub fn forked() -> (Context<Completed<Step>, Beside>, Context<Idle, Beside>) {
    let [branch, other] = Beside::context("beside").fork();
    (branch.start(Step).unwrap().complete(()).unwrap(), other)
}

/// As a library's user writes it.
pub fn result() -> Dictionary {
    dict! { "source": "export.tar", "format": "json", "rows": black_box(100_u64), "skipped": 0 }
}

/// As it is written without the library.
pub fn result_by_hand() -> serde_json::Map<String, Value> {
    match json!({ "source": "export.tar", "format": "json", "rows": black_box(100_u64), "skipped": 0 }) {
        Value::Object(entries) => entries,
        _ => unreachable!("it is an object"),
    }
}

/// The same result as a type of its own.
#[derive(Serialize)]
pub struct Outcome {
    pub source: &'static str,
    pub format: &'static str,
    pub rows: u64,
    pub skipped: u64,
}

impl etl_context::PhaseResult for Outcome {}

impl Outcome {
    pub fn new() -> Self {
        Outcome { source: "export.tar", format: "json", rows: black_box(100), skipped: 0 }
    }
}

impl Default for Outcome {
    fn default() -> Self {
        Outcome::new()
    }
}

#[inline(never)]
pub fn typed(context: Context<Completed<Work>, Again>) -> Context<Completed<Work>, Again> {
    let mut work = context.start(Work).unwrap();
    work.update_progress(black_box(Counts { conversations: 5, messages: 100 }));
    work.complete(result()).unwrap()
}

#[inline(never)]
pub fn typed_with_struct(context: Context<Completed<Work>, Again>) -> Context<Completed<Work>, Again> {
    let mut work = context.start(Work).unwrap();
    work.update_progress(black_box(Counts { conversations: 5, messages: 100 }));
    work.complete(Outcome::new()).unwrap()
}

#[inline(never)]
pub fn in_branch(context: Context<Completed<Step>, Beside>) -> Context<Completed<Step>, Beside> {
    let mut step = context.start(Step).unwrap();
    step.update_progress(black_box(Counts { conversations: 5, messages: 100 }));
    step.complete(result()).unwrap()
}

#[inline(never)]
pub fn dynamic(context: &mut EtlContext) -> PhaseReport {
    context.start_phase(black_box("work"), None).unwrap();
    context.update_progress(black_box(Counts { conversations: 5, messages: 100 })).unwrap();
    context.end_phase(Outcome::new()).unwrap()
}

#[inline(never)]
pub fn dynamic_with_dict(context: &mut EtlContext) -> PhaseReport {
    context.start_phase(black_box("work"), None).unwrap();
    context.update_progress(black_box(Counts { conversations: 5, messages: 100 })).unwrap();
    context.end_phase(result()).unwrap()
}

#[inline(never)]
pub fn by_hand(tracker: &mut Tracker) -> Arc<Stats> {
    tracker.start(black_box("work"));
    let (conversations, messages) = black_box((5, 100));
    tracker.update(conversations, messages);
    tracker.complete(result_by_hand())
}
