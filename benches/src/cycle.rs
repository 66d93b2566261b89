//! One whole cycle, start, update and complete with a result of four keys: by the library, by hand, and by a `statum` machine.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use etl_context::{Completed, Context, Counts, Dictionary, EtlContext, PhaseReport, dict, pipeline};
use serde::Serialize;
use serde_json::{Value, json};
use statum::{machine, state, transition};

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

/// What a running phase of the machine carries.
pub struct Started {
    at: Instant,
    counts: crate::by_hand::Counts,
}

#[state]
pub enum Phase {
    Rest,
    Busy(Started),
}

#[machine]
pub struct Machine<Phase> {
    began: Instant,
    ended: Vec<Arc<Stats>>,
}

#[transition]
impl Machine<Rest> {
    pub fn start(self) -> Machine<Busy> {
        self.transition_with(Started { at: Instant::now(), counts: crate::by_hand::Counts::default() })
    }
}

#[transition]
impl Machine<Busy> {
    pub fn complete(mut self, result: serde_json::Map<String, Value>) -> Machine<Rest> {
        let Started { at, counts } = &self.state_data;
        let stats = Stats {
            phase: "work",
            attempt: self.ended.len() as u32 + 1,
            started: at.duration_since(self.began),
            duration: at.elapsed(),
            conversations: counts.conversations,
            messages: counts.messages,
            result,
        };
        self.ended.push(Arc::new(stats));
        self.transition()
    }
}

impl Machine<Busy> {
    pub fn update(&mut self, conversations: u64, messages: u64) {
        self.state_data.counts.add(conversations, messages);
    }
}

pub fn new_machine() -> Machine<Rest> {
    Machine::<Rest>::builder().began(Instant::now()).ended(Vec::new()).build()
}

#[inline(never)]
pub fn by_machine(machine: Machine<Rest>) -> Machine<Rest> {
    let mut busy = machine.start();
    let (conversations, messages) = black_box((5, 100));
    busy.update(conversations, messages);
    busy.complete(result_by_hand())
}
