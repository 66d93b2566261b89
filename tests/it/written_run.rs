//! Runs at chosen times: journals as `docs/journal-format.md` describes them, written by hand and read by the library.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use etl_context::RunRecord;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A run that is told event by event. Time passes only when [`after`](WrittenRun::after) says so.
pub(crate) struct WrittenRun {
    lines: Vec<String>,
    now: OffsetDateTime,
    attempts: BTreeMap<String, u32>,
    /// The one that is spoken of is the last.
    running: Vec<Running>,
    /// Of the last sign of life.
    latest: OffsetDateTime,
}

struct Running {
    phase: String,
    started: OffsetDateTime,
    counts: Value,
    totals: Value,
}

impl WrittenRun {
    pub(crate) fn begin(name: &str, time: &str, pipeline: Value, metadata: Value) -> Self {
        let now = OffsetDateTime::parse(time, &Rfc3339).unwrap();
        let mut run = WrittenRun { lines: Vec::new(), now, attempts: BTreeMap::new(), running: Vec::new(), latest: now };
        let began = json!({
            "run_id": "019aabcd-0000-7000-8000-000000000001", "name": name, "pipeline": pipeline, "metadata": metadata,
        });
        run.push("run_began", began);
        run
    }

    pub(crate) fn after(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self
    }

    /// The clock is set back by this much, which no process does to itself.
    pub(crate) fn set_back(&mut self, time: Duration) -> &mut Self {
        self.now -= time;
        self
    }

    /// `totals` names the phase's counters; 0 is unknown.
    pub(crate) fn start(&mut self, phase: &str, totals: Value) -> &mut Self {
        let attempt = self.attempts.entry(phase.to_owned()).or_default();
        *attempt += 1;
        let event = json!({ "phase": phase, "attempt": *attempt, "totals": &totals });
        let counts = totals.as_object().unwrap().keys().map(|name| (name.clone(), json!(0))).collect::<Map<_, _>>();
        self.running.push(Running { phase: phase.to_owned(), started: self.now, counts: counts.into(), totals });
        self.push("phase_started", event)
    }

    /// What follows is said of this phase, which runs beside others; else it is said of the one that started last.
    pub(crate) fn in_phase(&mut self, phase: &str) -> &mut Self {
        let place = self.running.iter().position(|running| running.phase == phase).unwrap();
        let running = self.running.remove(place);
        self.running.push(running);
        self
    }

    pub(crate) fn checkpoint(&mut self, cursor: Value, counts: Value) -> &mut Self {
        let running = self.running.last_mut().unwrap();
        running.counts = counts.clone();
        let phase = running.phase.clone();
        self.push("checkpointed", json!({ "attempt": self.attempts[&phase], "phase": phase, "cursor": cursor, "counts": counts }))
    }

    /// `chain` is the message, and those of its sources.
    pub(crate) fn error(&mut self, phase: &str, chain: &[&str]) -> &mut Self {
        self.push("error_recorded", json!({ "phase": phase, "attempt": self.attempts.get(phase), "error": error(chain) }))
    }

    pub(crate) fn divide(&mut self, parts: &[&str]) -> &mut Self {
        let phase = self.running.last().unwrap().phase.clone();
        self.push("parts_registered", json!({ "attempt": self.attempts[&phase], "phase": phase, "parts": parts }))
    }

    /// A part that took so long has completed, or failed with an error.
    pub(crate) fn end_part(&mut self, part: &str, took: Duration, counts: Value, chain: &[&str]) -> &mut Self {
        let phase = self.running.last().unwrap().phase.clone();
        let status = if chain.is_empty() { "completed" } else { "failed" };
        let took = u64::try_from(took.as_micros()).unwrap();
        self.push(
            "part_ended",
            json!({
                "attempt": self.attempts[&phase], "phase": phase, "part": part, "status": status, "counts": counts,
                "duration_microseconds": took, "worker": "process 7 on host a", "error": error(chain),
            }),
        )
    }

    pub(crate) fn set_status(&mut self, phase: &str, status: &str) -> &mut Self {
        self.push("status_set", json!({ "phase": phase, "status": status }))
    }

    pub(crate) fn complete(&mut self, counts: Value, result: Value) -> &mut Self {
        self.end(json!({ "status": "completed", "counts": counts, "result": result }))
    }

    pub(crate) fn fail(&mut self, cause: &str, counts: Value, chain: &[&str]) -> &mut Self {
        self.end(json!({ "status": "failed", "cause": cause, "counts": counts, "error": error(chain) }))
    }

    /// What the next process records of the attempt that was running when the last one died.
    pub(crate) fn interrupt(&mut self) -> &mut Self {
        let running = self.running.last().unwrap();
        let (now, counts) = (self.now, running.counts.clone());
        self.now = self.latest;
        self.end(json!({ "status": "failed", "cause": "interrupted", "counts": counts }));
        self.now = now;
        self
    }

    fn end(&mut self, mut event: Value) -> &mut Self {
        let running = self.running.pop().unwrap();
        event["phase"] = json!(running.phase);
        event["attempt"] = json!(self.attempts[&running.phase]);
        event["totals"] = running.totals;
        event["start_time"] = json!(running.started.format(&Rfc3339).unwrap());
        let took = (self.now - running.started).whole_microseconds().max(0);
        event["duration_microseconds"] = json!(u64::try_from(took).unwrap());
        self.push("phase_ended", event)
    }

    fn push(&mut self, name: &str, event: Value) -> &mut Self {
        let Value::Object(mut fields) = event else { unreachable!() };
        fields.retain(|_, value| !value.is_null());
        fields.insert("seq".to_owned(), json!(self.lines.len()));
        fields.insert("event".to_owned(), json!(name));
        fields.insert("time".to_owned(), json!(self.now.format(&Rfc3339).unwrap()));
        let fields = Value::Object(fields).to_string();
        let header = if self.lines.is_empty() { r#""format":"etl-context-journal","version":1,"# } else { "" };
        let line = format!("{{{header}{}", &fields[1..fields.len() - 1]);
        self.latest = self.now;
        self.lines.push(format!("{line},\"crc\":\"{:08x}\"}}\n", crc32(line.as_bytes())));
        self
    }

    pub(crate) fn journal(&self) -> String {
        self.lines.concat()
    }

    /// The run as the library reads it.
    pub(crate) fn record(&self) -> RunRecord {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), self.journal()).unwrap();
        RunRecord::read(file.path()).unwrap().unwrap()
    }
}

fn error(chain: &[&str]) -> Value {
    chain.split_first().map_or(Value::Null, |(message, sources)| json!({ "message": message, "sources": sources }))
}

/// Bit by bit, as the standard describes it.
fn crc32(bytes: &[u8]) -> u32 {
    let shift = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), shift))
}
