//! What does the row of a part say? Who has it, from where it can be gone on with, how it ended, and what was noted of it.
//!
//! What belongs to its checkpoint stays in place when the part fails, for a later attempt goes on from there; `news` is what came behind.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use postgres::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::counting::counters::Tally;
use crate::journal::JournalError;
use crate::journal::board::{Claim, CountedPart, EndedPart, PartNews};
use crate::pipeline::phase::PhaseStatus;
use crate::record::error::RecordedError;
use crate::record::part::{PartCheckpoint, PartRecord};
use crate::record::rejected::Rejected;

/// What is written of a checkpoint.
pub(super) struct WrittenCheckpoint {
    pub(super) cursor: Option<String>,
    pub(super) counts: Option<String>,
    pub(super) carried: Option<String>,
    pub(super) rejected: Option<String>,
    /// What is new, a line for each.
    pub(super) rows: Option<String>,
    pub(super) errors: Option<String>,
}

/// What is written of an end.
pub(super) struct WrittenEnd {
    pub(super) status: &'static str,
    pub(super) counts: Option<String>,
    pub(super) carried: Option<String>,
    pub(super) error: Option<String>,
    pub(super) microseconds: i64,
    pub(super) news: Option<String>,
}

/// What was noted of a part before it ended, in all and since its checkpoint.
#[derive(Serialize, Deserialize)]
struct News {
    rejected: Option<Rejected>,
    rows: Vec<String>,
    errors: Vec<RecordedError>,
    /// Whether what was noted until the checkpoint comes before.
    goes_on: bool,
}

impl WrittenCheckpoint {
    pub(super) fn new(checkpoint: &PartCheckpoint, news: &PartNews) -> Self {
        WrittenCheckpoint {
            cursor: json(&checkpoint.cursor),
            counts: json(&checkpoint.counts),
            carried: checkpoint.carried.as_ref().and_then(json),
            rejected: checkpoint.rejected.as_ref().and_then(json),
            rows: lines(news.rows.iter().cloned()),
            errors: lines(news.errors.iter().filter_map(json)),
        }
    }
}

impl WrittenEnd {
    pub(super) fn new(ended: &EndedPart) -> Self {
        let EndedPart { record, news, .. } = ended;
        let is_news = record.rejected.is_some() || !news.errors.is_empty() || news.goes_on;
        let news = is_news.then(|| News {
            rejected: record.rejected.as_deref().cloned(),
            rows: news.rows.to_vec(),
            errors: news.errors.to_vec(),
            goes_on: news.goes_on,
        });
        WrittenEnd {
            status: record.status.as_str(),
            counts: record.counts.as_ref().and_then(json),
            carried: record.carried.as_ref().and_then(json),
            error: record.error.as_ref().and_then(json),
            microseconds: i64::try_from(record.microseconds).unwrap_or(i64::MAX),
            news: news.as_ref().and_then(json),
        }
    }
}

pub(super) fn json<V: Serialize + ?Sized>(value: &V) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// JSON has no newline in it.
fn lines(values: impl Iterator<Item = String>) -> Option<String> {
    let text = values.map(|value| value + "\n").collect::<String>();
    (!text.is_empty()).then_some(text)
}

/// Of `part, claim, claims, keeps_rows, cursor, cursor_counts, carried, rejected`.
pub(super) fn claim(row: &Row) -> Result<Claim, JournalError> {
    let part: &str = row.get(0);
    let cursor: Option<Value> = read(row, 4, part, "cursor")?;
    let checkpoint = match cursor {
        // A board knows no attempts: whoever has the part goes on from its last checkpoint as if that were his own.
        Some(cursor) => Some(Arc::new(PartCheckpoint {
            cursor: Arc::new(cursor),
            counts: read(row, 5, part, "counts")?.ok_or_else(|| unreadable(part, "counts"))?,
            carried: read(row, 6, part, "counts")?,
            rejected: read::<Rejected>(row, 7, part, "rejected rows")?.map(Arc::new),
            attempt: 0,
            claim: 1,
        })),
        None => None,
    };
    Ok(Claim {
        part: part.into(),
        number: row.get(1),
        times: u32::try_from(row.get::<_, i64>(2)).unwrap_or(u32::MAX),
        phase_attempt: 0,
        checkpoint,
        keeps_rows: row.get(3),
        lost: Arc::new(AtomicBool::new(false)),
    })
}

/// Of `part, state, counts, error, microseconds, worker, carried, news, rows, errors`.
pub(super) fn ended(row: &Row) -> Result<EndedPart, JournalError> {
    let name: &str = row.get(0);
    let status = row.get::<_, &str>(1).parse().map_err(|_| unreadable(name, "state"))?;
    let counts: Option<Tally> = read(row, 2, name, "counts")?;
    let error: Option<RecordedError> = read(row, 3, name, "error")?;
    let microseconds: Option<i64> = row.get(4);
    let news: Option<News> = read(row, 7, name, "news")?;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    let (rejected, goes_on) = match news {
        Some(news) => {
            if news.goes_on {
                rows = each_line(row, 8, name, "rejected rows", |line| Some(line.to_owned()))?;
                errors = each_line(row, 9, name, "errors", |line| serde_json::from_str(line).ok())?;
            }
            rows.extend(news.rows);
            errors.extend(news.errors);
            (news.rejected.map(Arc::new), news.goes_on)
        }
        None => (None, false),
    };
    let record = PartRecord {
        status,
        counts: Some(counts.ok_or_else(|| unreadable(name, "counts"))?),
        microseconds: microseconds.unwrap_or_default().unsigned_abs(),
        worker: row.get::<_, Option<&str>>(5).map(Into::into),
        error: error.filter(|_| status == PhaseStatus::Failed),
        carried: read::<Tally>(row, 6, name, "counts")?.map(Box::new),
        rejected,
        ..PartRecord::open(name.into())
    };
    Ok(EndedPart { record, claim: None, news: PartNews { rows: rows.into(), errors: errors.into(), goes_on } })
}

/// Of `part, counts, carried`; `None` if nobody has counted yet.
pub(super) fn counted(row: &Row) -> Result<Option<CountedPart>, JournalError> {
    let part: &str = row.get(0);
    let counts = read(row, 1, part, "counts")?;
    let carried = read(row, 2, part, "counts")?;
    Ok(counts.map(|counts| CountedPart { part: part.into(), counts, carried }))
}

fn read<V: for<'de> Deserialize<'de>>(row: &Row, column: usize, part: &str, what: &str) -> Result<Option<V>, JournalError> {
    let text: Option<&str> = row.get(column);
    text.map(serde_json::from_str).transpose().map_err(|_| unreadable(part, what))
}

fn each_line<V>(
    row: &Row,
    column: usize,
    part: &str,
    what: &str,
    read: impl Fn(&str) -> Option<V>,
) -> Result<Vec<V>, JournalError> {
    let text: Option<&str> = row.get(column);
    let values = text.unwrap_or_default().lines().map(read).collect::<Option<Vec<_>>>();
    values.ok_or_else(|| unreadable(part, what))
}

fn unreadable(part: &str, what: &str) -> JournalError {
    JournalError::new(format!("the {what} of part `{part}` in `etl_context.parts` cannot be read"))
}
