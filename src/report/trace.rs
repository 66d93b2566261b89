//! How does a run look to a viewer of traces? As events of Chrome's trace format, on a track for each phase.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::pipeline::phase::PhaseName;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::error::ErrorRecord;
use crate::record::part::PartRecord;
use crate::record::phase::PhaseRecord;
use crate::report::summary::RunSummary;
use crate::text::line::shown;

/// The one process of the trace.
const PROCESS: u32 = 1;

impl RunSummary {
    /// The same as a trace, in the JSON that <https://ui.perfetto.dev> and `chrome://tracing` open: the run is a process, each phase has a
    /// track with its attempts, the parts of a phase have tracks below it, and errors are instants.
    ///
    /// Times are in microseconds from the beginning of the run, which is in `otherData`. A part is on record only as it ended last, and
    /// stands where its end was recorded; parts that were worked on at once have more than one track. Counts, totals, cause and error
    /// are arguments of an attempt. Of many errors in one phase it has the first thousand.
    ///
    /// ```
    /// use etl_context::{Context, Counts, Extract};
    ///
    /// let mut extract = Context::new("import").start(Extract)?;
    /// extract.update_progress(Counts { conversations: 2, messages: 50 });
    /// let trace = extract.complete(())?.summary().to_trace();
    ///
    /// let trace: serde_json::Value = serde_json::from_str(&trace).expect("a trace is always JSON");
    /// let attempt = trace["traceEvents"].as_array().and_then(|events| events.last()).expect("one attempt");
    /// assert_eq!(attempt["name"], "extract 1: completed");
    /// assert_eq!(attempt["args"]["counts"]["messages"], 50);
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    #[must_use]
    pub fn to_trace(&self) -> String {
        let record = self.record();
        let mut trace = Trace { origin: self.origin(), tracks: Vec::new(), of_phases: BTreeMap::new(), events: Vec::new() };
        record.phases().for_each(|phase| trace.add_phase(self, phase));
        record.errors().iter().for_each(|error| trace.add_error(error));
        let about = json!({
            "run_id": self.run_id(), "name": self.name(), "status": self.status(), "start_time": trace.origin,
        });
        let events = trace.named(self).into_iter().chain(trace.into_events());
        let lines = events.map(|event| event.to_string()).collect::<Vec<_>>().join(",\n");
        format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[\n{lines}\n]}}\n")
    }
}

struct Trace<'a> {
    origin: Timestamp,
    /// The names of the tracks, which are numbered from 1.
    tracks: Vec<String>,
    of_phases: BTreeMap<&'a PhaseName, usize>,
    events: Vec<Happened>,
}

struct Happened {
    track: usize,
    kind: &'static str,
    name: String,
    from: u64,
    /// `None` of an instant.
    took: Option<u64>,
    arguments: Map<String, Value>,
}

impl<'a> Trace<'a> {
    fn add_phase(&mut self, summary: &RunSummary, phase: &'a PhaseRecord) {
        for report in summary.attempts(phase) {
            let track = self.track_of(phase.name());
            let cause = report.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
            let name = format!("{} {}: {}{cause}", phase.name(), report.attempt(), report.status());
            let from = report.start_time().microseconds_since(self.origin);
            let took = u64::try_from(report.duration().as_micros()).unwrap_or(u64::MAX);
            self.events.push(Happened { track, kind: "phase", name, from, took: Some(took), arguments: of_attempt(report) });
        }
        self.add_parts(phase);
    }

    /// Each part is on the first track that is free when it begins.
    fn add_parts(&mut self, phase: &PhaseRecord) {
        let mut parts: Vec<_> = phase.parts().filter_map(|part| Some((self.span_of(part)?, part))).collect();
        parts.sort_by_key(|(span, _)| *span);
        let mut ends: Vec<(usize, u64)> = Vec::new();
        for ((from, to), part) in parts {
            let free = ends.iter().position(|(_, end)| *end <= from).unwrap_or_else(|| {
                let more = if ends.is_empty() { String::new() } else { format!(", {}", ends.len() + 1) };
                ends.push((self.add_track(format!("{}: parts{more}", phase.name())), 0));
                ends.len() - 1
            });
            ends[free].1 = to;
            let (track, name) = (ends[free].0, format!("{}: {}", shown(part.name()), part.status()));
            self.events.push(Happened { track, kind: "part", name, from, took: Some(to - from), arguments: of_part(part) });
        }
    }

    fn add_error(&mut self, error: &'a ErrorRecord) {
        let name = Some(shown(error.message())).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "error".to_owned());
        let (track, from) = (self.track_of(error.phase()), error.time().microseconds_since(self.origin));
        self.events.push(Happened { track, kind: "error", name, from, took: None, arguments: of_error(error) });
    }

    /// From when to when somebody worked on the part; `None` unless it has ended.
    fn span_of(&self, part: &PartRecord) -> Option<(u64, u64)> {
        let to = part.end_time()?.microseconds_since(self.origin);
        Some((to.saturating_sub(u64::try_from(part.duration().as_micros()).unwrap_or(u64::MAX)), to))
    }

    fn track_of(&mut self, phase: &'a PhaseName) -> usize {
        if let Some(track) = self.of_phases.get(phase) {
            return *track;
        }
        let track = self.add_track(phase.to_string());
        self.of_phases.insert(phase, track);
        track
    }

    fn add_track(&mut self, name: String) -> usize {
        self.tracks.push(name);
        self.tracks.len()
    }

    /// How process and tracks are called, and in which order the tracks stand.
    fn named(&self, summary: &RunSummary) -> Vec<Value> {
        let said = |name: &str, said: Value| json!({ "ph": "M", "pid": PROCESS, "name": name, "args": said });
        let process = said("process_name", json!({ "name": shown(summary.name()) }));
        let labels = said("process_labels", json!({ "labels": summary.run_id() }));
        let tracks = (1..).zip(&self.tracks).flat_map(|(track, name)| {
            let said = |key: &str, said: Value| json!({ "ph": "M", "pid": PROCESS, "tid": track, "name": key, "args": said });
            [said("thread_name", json!({ "name": name })), said("thread_sort_index", json!({ "sort_index": track }))]
        });
        [process, labels].into_iter().chain(tracks).collect()
    }

    /// The events as they followed one another.
    fn into_events(mut self) -> impl Iterator<Item = Value> {
        self.events.sort_by_key(|event| event.from);
        self.events.into_iter().map(Happened::into_json)
    }
}

impl Happened {
    fn into_json(self) -> Value {
        let (kind, key, value) = self.took.map_or(("i", "s", "t".into()), |took| ("X", "dur", took.into()));
        let mut event = json!({
            "ph": kind, "pid": PROCESS, "tid": self.track, "cat": self.kind, "name": self.name, "ts": self.from, "args": self.arguments,
        });
        event[key] = value;
        event
    }
}

fn of_attempt(report: &PhaseReport) -> Map<String, Value> {
    let counts: Map<_, _> = report.processed().map(|(name, count)| (name.to_owned(), count.into())).collect();
    let totals = report.totals().iter().filter(|(_, total)| *total > 0);
    let totals: Map<_, _> = totals.map(|(name, total)| (name.to_owned(), total.into())).collect();
    let arguments = [
        ("attempt", Some(report.attempt().into())),
        ("status", Some(report.status().as_str().into())),
        ("cause", report.cause().map(|cause| cause.as_str().into())),
        ("counts", Some(counts.into())),
        ("totals", (!totals.is_empty()).then(|| totals.into())),
        ("error", report.error().map(|error| error.message().into())),
    ];
    those_known(arguments)
}

fn of_part(part: &PartRecord) -> Map<String, Value> {
    let counts = part.counts().map(|counts| counts.iter().map(|(name, count)| (name.to_owned(), Value::from(count))));
    let arguments = [
        ("status", Some(part.status().as_str().into())),
        ("worker", part.worker().map(Value::from)),
        ("counts", counts.map(|counts| counts.collect::<Map<_, _>>().into())),
        ("error", part.error().map(|error| error.message().into())),
    ];
    those_known(arguments)
}

fn of_error(error: &ErrorRecord) -> Map<String, Value> {
    let sources: Vec<_> = error.sources().map(Value::from).collect();
    let arguments = [
        ("attempt", error.attempt().map(Value::from)),
        ("message", Some(error.message().into())),
        ("caused by", (!sources.is_empty()).then(|| sources.into())),
    ];
    those_known(arguments)
}

fn those_known<const N: usize>(arguments: [(&str, Option<Value>); N]) -> Map<String, Value> {
    arguments.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
