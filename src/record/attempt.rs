//! What is told of one attempt? Its measurements, its counts, and the result's own keys, as one flat dictionary.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::counting::counters::{Counts, Tally};
use crate::json::dictionary::{Dictionary, KeptResult};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::clock::Timestamp;
use crate::record::counted::{Counted, VALUE_WIDTH, per_second, percent};
use crate::record::error::RecordedError;
use crate::record::rejected::Rejected;
use crate::record::seldom::Seldom;
use crate::text::line::{one_line, wrapped};
use crate::text::number::duration;
use crate::text::table::{Column, Table};

/// What one attempt at a phase came to. Cloning it copies a pointer.
///
/// It serialises to a flat dictionary: `phase`, `status`, `duration_seconds`, `conversations_processed`,
/// `messages_processed`, the keys of the phase's own result, and beside them what was tracked (`processed_messages`,
/// `total_messages`, `messages_percent`, `messages_per_second`, and so on for each counter), the rows that were `rejected`, the `expectations`, `start_time`,
/// `end_time` and `attempt`; of an attempt that failed its `cause` and its `error`, and of one that went on from an earlier one what that had
/// done, as in `carried_messages`. What is not known is absent.
///
/// A result's `conversations_processed`, `messages_processed` and `status` override what was tracked; `phase` and
/// `duration_seconds` are measured and cannot be overridden; every other key of the result is passed through as it is.
///
/// ```
/// use etl_context::{Context, Counts, Extract, dict};
///
/// let expected = Counts { conversations: 5, messages: 0 };
/// let mut extract = Context::new("import").start_with(Extract, expected)?;
/// extract.update_progress(Counts { conversations: 4, messages: 90 });
/// let extracted = extract.complete(dict! { "source": "export.tar", "messages_processed": 100 })?;
///
/// let report = serde_json::to_value(extracted.report()).expect("a report is always JSON");
/// assert_eq!(report["source"], "export.tar");
/// assert_eq!(report["messages_processed"], 100); // the result's word
/// assert_eq!(report["processed_messages"], 90); // what was tracked
/// assert_eq!(report["conversations_percent"], 80.0);
/// assert_eq!(report.get("total_messages"), None); // not known
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseReport(pub(super) Arc<Attempt>);

/// The measurements of an attempt that has ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) phase: PhaseName,
    pub(crate) number: u32,
    pub(crate) status: PhaseStatus,
    pub(crate) cause: Option<FailureCause>,
    pub(crate) started: Timestamp,
    pub(crate) ended: Timestamp,
    /// Whole microseconds, because an `f64` does not always survive JSON.
    pub(crate) microseconds: u64,
    pub(crate) counts: Tally,
    pub(crate) totals: Tally,
    pub(crate) seldom: Option<Box<Seldom>>,
    pub(crate) result: Option<KeptResult>,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FailureCause {
    /// The phase was failed with an error.
    Error,
    /// It ended with a result or a status that said `failed`.
    Status,
    /// The context was dropped while the phase was running: an early return, a cancelled future.
    Abandoned,
    /// The context was dropped by a panic while the phase was running.
    Panicked,
    /// The process died while the phase was running; this was recorded when the run was opened again.
    Interrupted,
    /// The run was asked to stop.
    Stopped,
    /// More errors were recorded, or more rows rejected, than the run allows.
    Errors,
}

impl FailureCause {
    /// The cause as text: `error`, `status`, `abandoned`, `panicked`, `interrupted`, `stopped`, `errors`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            FailureCause::Error => "error",
            FailureCause::Status => "status",
            FailureCause::Abandoned => "abandoned",
            FailureCause::Panicked => "panicked",
            FailureCause::Interrupted => "interrupted",
            FailureCause::Stopped => "stopped",
            FailureCause::Errors => "errors",
        }
    }
}

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl PhaseReport {
    pub(crate) fn new(attempt: Attempt) -> Self {
        PhaseReport(Arc::new(attempt))
    }

    pub(crate) fn measured(&self) -> &Attempt {
        &self.0
    }

    /// The phase.
    #[must_use]
    pub fn phase(&self) -> &PhaseName {
        &self.0.phase
    }

    /// Which attempt at the phase this was, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.number
    }

    /// How the attempt ended: `completed` or `failed`.
    #[must_use]
    pub fn status(&self) -> PhaseStatus {
        self.0.status
    }

    /// Why it failed; `None` if it completed.
    #[must_use]
    pub fn cause(&self) -> Option<FailureCause> {
        self.0.cause
    }

    /// The error with which it failed, with its sources; `None` if it completed, or failed without one.
    #[must_use]
    pub fn error(&self) -> Option<&RecordedError> {
        self.0.seldom.as_ref()?.error.as_ref()
    }

    /// When it started.
    #[must_use]
    pub fn start_time(&self) -> Timestamp {
        self.0.started
    }

    /// When it ended.
    #[must_use]
    pub fn end_time(&self) -> Timestamp {
        self.0.ended
    }

    /// How long it took, by the monotonic clock, to the microsecond.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.0.microseconds)
    }

    /// What was tracked of the two documented counters; zeros for a phase that counts something else.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counts.typed().unwrap_or_default()
    }

    /// What earlier attempts at the phase did of [`tally`](PhaseReport::tally), by name: the attempt took up their last
    /// checkpoint, or the parts that they had completed. `None` if it began at zero.
    #[must_use]
    pub fn carried(&self) -> Option<&Tally> {
        self.0.seldom.as_ref()?.carried.as_ref()
    }

    /// What was tracked, by name.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.0.counts
    }

    /// The rows that the phase could not use, by reason.
    #[must_use]
    pub fn rejected(&self) -> &Rejected {
        self.0.seldom.as_ref().and_then(|seldom| seldom.rejected.as_deref()).unwrap_or(Rejected::NOTHING)
    }

    /// What was expected, by name; 0 is unknown.
    #[must_use]
    pub fn totals(&self) -> &Tally {
        &self.0.totals
    }

    /// The result with which the phase ended, as it was given; `None` if there was none.
    #[must_use]
    pub fn result(&self) -> Option<&Dictionary> {
        self.0.result.as_ref().map(KeptResult::dictionary)
    }

    /// The same as it is kept.
    pub(crate) fn kept_result(&self) -> Option<&KeptResult> {
        self.0.result.as_ref()
    }

    /// What was processed, by name: the result's word where it has one, else what was tracked.
    pub fn processed(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.counts.iter().map(|(name, tracked)| {
            let said = self.said(name).and_then(Value::as_u64);
            (name, said.unwrap_or(tracked))
        })
    }

    /// What was processed, with what is known of its total and its rate. A counter that was not counted and has no total says
    /// nothing to people.
    pub(crate) fn counted(&self) -> impl Iterator<Item = Counted<'_>> {
        let counted = self.processed().zip(self.0.totals.iter()).map(|((name, count), (_, total))| Counted {
            name,
            count,
            before: self.before(name),
            total: (total > 0).then_some(total),
            duration: self.duration(),
        });
        counted.filter(|counted| counted.count > 0 || counted.total.is_some())
    }

    /// What earlier attempts did of a counter.
    fn before(&self, counter: &str) -> u64 {
        self.carried().and_then(|carried| carried.get(counter)).unwrap_or_default()
    }

    /// The result's own keys, without those that are told as a measurement, a count or the status.
    pub(crate) fn own_results(&self) -> impl Iterator<Item = (&str, &Value)> {
        let own = self.result().into_iter().flatten().filter(|(key, _)| !self.is_told(key));
        own.map(|(key, value)| (key.as_str(), value))
    }

    /// A summary also reports on the attempt that is still running.
    fn ended(&self) -> bool {
        self.0.status != PhaseStatus::Running
    }

    /// What the result says of a counter; `null` says nothing.
    fn said(&self, counter: &str) -> Option<&Value> {
        self.own(Key::processed(counter)).filter(|value| !value.is_null())
    }

    /// The value of the result's key, if it has one.
    fn own(&self, key: Key<'_>) -> Option<&Value> {
        self.result()?.iter().find(|(name, _)| key.is(name)).map(|(_, value)| value)
    }

    /// Writes the dictionary into `map`, all but `phase` and `status`, which a summary tells in its own way; so it does the
    /// keys that it has `taken`.
    pub(crate) fn serialize_details<M: SerializeMap>(&self, map: &mut M, taken: &[&str]) -> Result<(), M::Error> {
        map.serialize_entry("duration_seconds", &self.duration().as_secs_f64())?;
        for (name, tracked) in self.0.counts.iter() {
            match self.said(name) {
                Some(said) => map.serialize_entry(&Key::processed(name), said)?,
                None => map.serialize_entry(&Key::processed(name), &tracked)?,
            }
        }
        self.serialize_result(map, taken)?;
        for ((name, tracked), (_, total)) in self.0.counts.iter().zip(self.0.totals.iter()) {
            self.serialize_tracked(map, name, tracked, total)?;
        }
        self.serialize_unless_own(map, Key::plain("rejected"), self.rejected_details())?;
        self.serialize_unless_own(map, Key::plain("expectations"), self.expectation_details())?;
        self.serialize_unless_own(map, Key::plain("start_time"), Some(self.0.started))?;
        self.serialize_unless_own(map, Key::plain("end_time"), self.ended().then_some(self.0.ended))?;
        self.serialize_unless_own(map, Key::plain("attempt"), Some(self.0.number))?;
        self.serialize_unless_own(map, Key::plain("cause"), self.0.cause)?;
        self.serialize_unless_own(map, Key::plain("error"), self.error())
    }

    /// The result's own keys, without those that are told elsewhere.
    fn serialize_result<M: SerializeMap>(&self, map: &mut M, taken: &[&str]) -> Result<(), M::Error> {
        let own = self.result().into_iter().flatten().filter(|(key, _)| !self.is_told(key) && !taken.contains(&key.as_str()));
        own.into_iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
    }

    /// Whether a counter has such a name that this key is that of another number too, which is told first.
    fn is_told_twice(&self, key: Key<'_>) -> bool {
        self.0.counts.iter().any(|(name, _)| Key::processed(name).same_as(key))
    }

    /// Whether this key of the result is told as a measurement, a count or the status.
    fn is_told(&self, key: &str) -> bool {
        matches!(key, "phase" | "status" | "duration_seconds")
            || self.0.counts.iter().any(|(name, _)| Key::processed(name).is(key))
    }

    fn serialize_tracked<M: SerializeMap>(&self, map: &mut M, name: &str, tracked: u64, total: u64) -> Result<(), M::Error> {
        let known = (total > 0).then_some(total);
        self.serialize_unless_own(map, Key::new("processed_", name, ""), Some(tracked))?;
        let before = self.before(name);
        self.serialize_unless_own(map, Key::new("carried_", name, ""), (before > 0).then_some(before))?;
        self.serialize_unless_own(map, Key::new("total_", name, ""), known)?;
        self.serialize_unless_own(map, Key::new("", name, "_percent"), known.map(|total| percent(tracked, total)))?;
        self.serialize_unless_own(
            map,
            Key::new("", name, "_per_second"),
            per_second(tracked.saturating_sub(before), self.duration()),
        )
    }

    fn serialize_unless_own<M: SerializeMap, V: Serialize>(
        &self,
        map: &mut M,
        key: Key<'_>,
        value: Option<V>,
    ) -> Result<(), M::Error> {
        match value {
            Some(value) if self.own(key).is_none() && !self.is_told_twice(key) => map.serialize_entry(&key, &value),
            _ => Ok(()),
        }
    }
}

impl Serialize for PhaseReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("phase", &self.0.phase)?;
        map.serialize_entry("status", &self.0.status)?;
        self.serialize_details(&mut map, &[])?;
        map.end()
    }
}

/// One line for each thing, names and values side by side.
impl fmt::Display for PhaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(vec![Column::left("phase"), Column::left(self.0.phase.as_str())]);
        let mut line = |name: &str, value: String| table.push(vec![one_line(name, 30), one_line(&value, VALUE_WIDTH)]);
        let cause = self.0.cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
        line("status", format!("{}{cause}", self.0.status));
        line("attempt", self.0.number.to_string());
        line("duration", duration(self.duration()));
        for counted in self.counted() {
            line(counted.name, counted.to_string());
        }
        if let Some(rows) = self.rejected_rows() {
            line("rejected", rows);
        }
        for expectation in self.expectations() {
            let lines = wrapped(&expectation.to_string(), VALUE_WIDTH, 3).into_iter();
            lines.zip(["expectation", "", ""]).for_each(|(text, name)| line(name, text));
        }
        if let Some(error) = self.error() {
            line("error", error.message().to_owned());
            error.sources().for_each(|source| line("", format!("caused by: {source}")));
        }
        self.own_results().for_each(|(key, value)| line(key, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        f.write_str(table.to_string().trim_end())
    }
}

/// A key of the dictionary, as in `total_` + `messages`, put together while it is written.
#[derive(Clone, Copy)]
struct Key<'a> {
    start: &'static str,
    name: &'a str,
    end: &'static str,
}

impl<'a> Key<'a> {
    fn new(start: &'static str, name: &'a str, end: &'static str) -> Self {
        Key { start, name, end }
    }

    fn plain(name: &'a str) -> Self {
        Key::new("", name, "")
    }

    fn processed(name: &'a str) -> Self {
        Key::new("", name, "_processed")
    }

    fn same_as(self, other: Key<'_>) -> bool {
        let [left, right] = [self, other].map(|key| key.start.bytes().chain(key.name.bytes()).chain(key.end.bytes()));
        left.eq(right)
    }

    fn is(self, text: &str) -> bool {
        text.strip_prefix(self.start).and_then(|text| text.strip_suffix(self.end)) == Some(self.name)
    }
}

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}{}", self.start, self.name, self.end))
    }
}
