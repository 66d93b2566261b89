//! Which rows could a phase not use, and why? Counted by reason, with a few of them to look at.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::line::shortened;

/// So many reasons are told apart. An author who gives each row a reason of its own costs no more memory for it.
const MOST_REASONS: usize = 20;

/// So many rows are kept of each reason.
const MOST_SAMPLES: usize = 3;

/// How many characters are kept of a reason, and of a row. The file of the rejected rows has both whole.
const LONGEST: usize = 200;

/// The rows that an attempt at a phase has rejected: see [`RunningPhase::reject`](crate::RunningPhase::reject).
///
/// ```
/// use etl_context::{Context, Counts, Extract};
///
/// let mut extract = Context::new("import").start(Extract)?;
/// for row in ["12", "x", "y"] {
///     extract.update_progress(Counts { conversations: 0, messages: 1 });
///     if row.parse::<u32>().is_err() {
///         extract.reject(row, "no number")?;
///     }
/// }
/// let extracted = extract.complete(())?;
/// let rejected = extracted.report().rejected();
/// assert_eq!(rejected.rows(), 2);
/// let [reason] = rejected.reasons() else { unreachable!() };
/// assert_eq!((reason.reason(), reason.rows()), ("no number", 2));
/// assert_eq!(reason.samples(), [r#""x""#, r#""y""#]);
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    reasons: Vec<RejectedReason>,
    /// Rows for further reasons.
    #[serde(default, skip_serializing_if = "is_zero")]
    others: u64,
    /// Rows of all of those that earlier attempts have rejected.
    #[serde(default, skip_serializing_if = "is_zero")]
    carried: u64,
    /// Rows of all of those that were rejected in parts, and how many of them earlier attempts have rejected.
    #[serde(default, skip_serializing_if = "is_zero")]
    in_parts: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    carried_in_parts: u64,
    /// The rows one by one, each as the JSON object of its reason and itself; only in the event of a checkpoint whose rows need not be on
    /// the medium otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
}

/// The rows that were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedReason {
    reason: String,
    rows: u64,
    samples: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Rejected {
    /// What an attempt has rejected that has rejected nothing.
    pub(crate) const NOTHING: &'static Rejected =
        &Rejected { reasons: Vec::new(), others: 0, carried: 0, in_parts: 0, carried_in_parts: 0, lines: Vec::new() };

    /// How many rows there are, for whatever reason, with those of the earlier attempts from whose checkpoint the attempt went on.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.reasons.iter().fold(self.others, |sum, reason| sum.saturating_add(reason.rows))
    }

    /// The reasons, in the order in which they came; of more than twenty, the first twenty.
    #[must_use]
    pub fn reasons(&self) -> &[RejectedReason] {
        &self.reasons
    }

    /// How many rows were rejected for any other reason.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others
    }

    /// How many of the rows earlier attempts had rejected, from whose checkpoint this one went on, or whose parts it did not do again.
    #[must_use]
    pub fn carried(&self) -> u64 {
        self.carried
    }

    /// How many the attempt has rejected itself, outside of its parts.
    pub(crate) fn own(&self) -> u64 {
        let own_in_parts = self.in_parts.saturating_sub(self.carried_in_parts);
        self.rows().saturating_sub(self.carried).saturating_sub(own_in_parts)
    }

    /// How many were rejected up to the checkpoint from which it went on, outside of its parts.
    pub(crate) fn taken_up(&self) -> u64 {
        self.carried.saturating_sub(self.carried_in_parts)
    }

    /// The same as what an attempt tells of a part that completed in it, or in an earlier one.
    pub(crate) fn in_part(&self, is_of_earlier: bool) -> Self {
        let rows = self.rows();
        let carried = if is_of_earlier { rows } else { self.carried };
        Rejected { carried, in_parts: rows, carried_in_parts: carried, ..self.clone() }
    }

    /// The rows one by one, where they are kept.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(crate) fn with_lines(self, lines: Vec<String>) -> Self {
        Rejected { lines, ..self }
    }

    /// The same, shared, without the rows one by one.
    pub(crate) fn without_lines(self: &Arc<Self>) -> Arc<Self> {
        if self.lines.is_empty() { Arc::clone(self) } else { Arc::new(Rejected { lines: Vec::new(), ..(**self).clone() }) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.reasons.is_empty() && self.others == 0
    }

    /// One more, whose row stands as JSON.
    pub(crate) fn add(&mut self, reason: &str, row: &str) {
        let Some(known) = self.reason_mut(reason) else { return self.others += 1 };
        known.rows += 1;
        if known.samples.len() < MOST_SAMPLES {
            known.samples.push(shortened(row, LONGEST));
        }
    }

    /// The same once another attempt goes on from there.
    pub(crate) fn carried_on(&self) -> Self {
        Rejected { carried: self.rows(), ..self.clone() }
    }

    /// Adds what was rejected later, but for the rows one by one.
    pub(crate) fn merge(&mut self, later: &Rejected) {
        self.others = self.others.saturating_add(later.others);
        self.carried = self.carried.saturating_add(later.carried);
        self.in_parts = self.in_parts.saturating_add(later.in_parts);
        self.carried_in_parts = self.carried_in_parts.saturating_add(later.carried_in_parts);
        for RejectedReason { reason, rows, samples } in &later.reasons {
            let Some(known) = self.reason_mut(reason) else {
                self.others = self.others.saturating_add(*rows);
                continue;
            };
            known.rows = known.rows.saturating_add(*rows);
            let room = MOST_SAMPLES.saturating_sub(known.samples.len());
            known.samples.extend(samples.iter().take(room).cloned());
        }
    }

    /// The same as another value.
    pub(crate) fn merged(&self, later: &Rejected) -> Self {
        let mut merged = Rejected { lines: Vec::new(), ..self.clone() };
        merged.merge(later);
        merged
    }

    /// What is new since an earlier moment of the same attempt: merged into that, it makes this.
    pub(crate) fn since(&self, earlier: &Rejected) -> Self {
        let mut before = earlier.reasons.iter();
        let news = self.reasons.iter().map(|reason| {
            // A reason keeps its place.
            let (rows, samples) = before.next().map_or((0, 0), |before| (before.rows, before.samples.len()));
            let samples = reason.samples.get(samples..).unwrap_or_default().to_vec();
            RejectedReason { reason: reason.reason.clone(), rows: reason.rows.saturating_sub(rows), samples }
        });
        Rejected {
            reasons: news.filter(|reason| reason.rows > 0).collect(),
            others: self.others.saturating_sub(earlier.others),
            carried: self.carried.saturating_sub(earlier.carried),
            in_parts: self.in_parts.saturating_sub(earlier.in_parts),
            carried_in_parts: self.carried_in_parts.saturating_sub(earlier.carried_in_parts),
            lines: Vec::new(),
        }
    }

    /// The reason, which is added if it is new; `None` if there are too many.
    fn reason_mut(&mut self, reason: &str) -> Option<&mut RejectedReason> {
        // What has no more bytes has no more characters.
        let cut = (reason.len() > LONGEST).then(|| shortened(reason, LONGEST));
        let reason = cut.as_deref().unwrap_or(reason);
        let known = self.reasons.iter().position(|known| known.reason == reason);
        if known.is_none() && self.reasons.len() < MOST_REASONS {
            self.reasons.push(RejectedReason { reason: reason.to_owned(), rows: 0, samples: Vec::new() });
            return self.reasons.last_mut();
        }
        known.map(|place| &mut self.reasons[place])
    }
}

impl RejectedReason {
    /// The reason, cut if it has more than 200 characters.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// How many rows were rejected for it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The first three of these rows as JSON, each cut if it has more than 200 characters.
    #[must_use]
    pub fn samples(&self) -> &[String] {
        &self.samples
    }
}
