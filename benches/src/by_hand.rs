//! The same work by hand: what a program does that keeps its statistics itself, without a library and without checks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

/// The statistics of one phase that has ended.
#[derive(Debug)]
pub struct Stats {
    pub phase: &'static str,
    pub attempt: u32,
    pub started: Duration,
    pub duration: Duration,
    pub conversations: u64,
    pub messages: u64,
    pub result: Map<String, Value>,
}

/// A run: two clock reads for each phase, one when it starts and one when it ends.
#[derive(Debug)]
pub struct Tracker {
    began: Instant,
    phase: &'static str,
    started: Instant,
    counts: Counts,
    ended: Vec<Arc<Stats>>,
}

#[derive(Debug, Default)]
pub struct Counts {
    pub conversations: u64,
    pub messages: u64,
}

impl Counts {
    #[inline]
    pub fn add(&mut self, conversations: u64, messages: u64) {
        self.conversations = self.conversations.saturating_add(conversations);
        self.messages = self.messages.saturating_add(messages);
    }
}

impl Tracker {
    pub fn new() -> Self {
        let began = Instant::now();
        Tracker { began, phase: "", started: began, counts: Counts::default(), ended: Vec::new() }
    }

    pub fn start(&mut self, phase: &'static str) {
        self.phase = phase;
        self.started = Instant::now();
        self.counts = Counts::default();
    }

    #[inline]
    pub fn update(&mut self, conversations: u64, messages: u64) {
        self.counts.add(conversations, messages);
    }

    pub fn complete(&mut self, result: Map<String, Value>) -> Arc<Stats> {
        let stats = Arc::new(Stats {
            phase: self.phase,
            attempt: self.ended.len() as u32 + 1,
            started: self.started.duration_since(self.began),
            duration: self.started.elapsed(),
            conversations: self.counts.conversations,
            messages: self.counts.messages,
            result,
        });
        self.ended.push(Arc::clone(&stats));
        stats
    }
}

impl Default for Tracker {
    fn default() -> Self {
        Tracker::new()
    }
}
