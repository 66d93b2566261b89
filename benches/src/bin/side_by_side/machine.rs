//! The same cycle by a machine of `statum`, which also checks the order of the calls while the program is compiled.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use etl_context_benches::by_hand::{Counts, Stats};
use etl_context_benches::cycle;
use serde_json::Value;
use statum::{machine, state, transition};

/// What a running phase of the machine carries.
pub struct Started {
    at: Instant,
    counts: Counts,
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
        self.transition_with(Started { at: Instant::now(), counts: Counts::default() })
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
    busy.complete(cycle::result_by_hand())
}
