//! What does an event look like on disk? One JSON object on one line, with a checksum of its own at the end.
//! `docs/journal-format.md` is the specification.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::counting::counters::Tally;
use crate::journal::JournalError;
use crate::journal::checksum::{Checksum, crc32};
use crate::journal::format::{FORMAT, NEWEST, VERSION, version_of};
use crate::journal::quick_line::{self, Known};
use crate::journal::written_line;
use crate::json::dictionary::{Dictionary, KeptResult};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::{Attempt, FailureCause, PhaseReport};
use crate::record::clock::Timestamp;
use crate::record::error::{ErrorRecord, RecordedError};
use crate::record::event::{Beginning, Event};
use crate::record::expectation::Expectation;
use crate::record::parameters::Parameters;
use crate::record::part::PartRecord;
use crate::record::rejected::Rejected;
use crate::record::run_id::RunId;
use crate::record::seldom::Seldom;
use crate::text::line::{shown, told};

/// The fields of all events. An event has those that it needs; unknown ones are ignored.
#[derive(Deserialize)]
struct Line {
    version: Option<u32>,
    seq: u64,
    event: String,
    time: Option<Timestamp>,
    run_id: Option<RunId>,
    name: Option<String>,
    pipeline: Option<PipelineShape>,
    metadata: Option<BTreeMap<String, String>>,
    parameters: Option<Parameters>,
    phase: Option<PhaseName>,
    attempt: Option<u32>,
    status: Option<PhaseStatus>,
    cause: Option<FailureCause>,
    start_time: Option<Timestamp>,
    duration_microseconds: Option<u64>,
    visit: Option<u32>,
    counts: Option<Tally>,
    carried: Option<Tally>,
    rejected: Option<Rejected>,
    totals: Option<Tally>,
    result: Option<Dictionary>,
    cursor: Option<Value>,
    parts: Option<Vec<Arc<str>>>,
    part: Option<String>,
    worker: Option<String>,
    claim: Option<u32>,
    expectations: Option<Vec<Expectation>>,
    error: Option<RecordedError>,
    errors: Option<Vec<RecordedError>>,
}

/// Appends the event's line to `bytes`, newline and all.
pub(crate) fn encode(sequence: u64, event: &Event, bytes: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let start = bytes.len();
    written_line::write(sequence, event, bytes)?;
    let trailer = trailer(crc32(&bytes[start..]));
    bytes.extend_from_slice(&trailer);
    bytes.push(b'\n');
    Ok(())
}

/// The event of a line, given without its newline.
///
/// # Errors
///
/// What is wrong with the line, as the end of a sentence.
pub(crate) fn decode(sequence: u64, line: &[u8], known: &mut Known) -> Result<Event, String> {
    let Some(covered) = covered_by_checksum(line) else { return Err("does not match its checksum".to_owned()) };
    match quick_line::read(sequence, covered, known) {
        Some(event) => Ok(event),
        None => decode_any(sequence, line),
    }
}

/// The event of a line, however it is written.
pub(super) fn decode_any(sequence: u64, line: &[u8]) -> Result<Event, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| format!("cannot be read: {}", told(&error)))?;
    if line.seq != sequence {
        return Err(format!("has the sequence number {}, where {sequence} was expected", line.seq));
    }
    if let Some(version) = line.version.filter(|version| *version > NEWEST) {
        return Err(format!("has the format version {version}, and this program reads up to {NEWEST}; use a newer etl-context"));
    }
    if line.version == Some(VERSION) && line.event != "run_began" {
        return Err(format!("begins a journal with the event `{}`, where `run_began` was expected", shown(&line.event)));
    }
    if line.version != version_of(&line.event) {
        return Err(format!("has the event `{}` with another format version than it came with", shown(&line.event)));
    }
    let (event, time) = (shown(&line.event), line.time);
    line.into_event().ok_or_else(|| match time {
        Some(_) => format!("lacks a field of the event `{event}`, or this event is not known"),
        None => format!("lacks the time of the event `{event}`"),
    })
}

/// For a store of your own.
impl Event {
    /// The event as a line of a journal, without a newline: one JSON object with its sequence number and a checksum, as
    /// [the format](crate::guide::journal_format) says.
    ///
    /// ```
    /// use etl_context::{Event, Journal, JournalError};
    ///
    /// /// Keeps its events as lines, anywhere.
    /// #[derive(Default)]
    /// struct Lines(Vec<String>);
    ///
    /// impl Journal for Lines {
    ///     fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
    ///         let next = self.0.len() as u64;
    ///         if sequence != next {
    ///             return Err(JournalError::out_of_sequence(next, sequence));
    ///         }
    ///         self.0.push(event.to_line(sequence)?);
    ///         Ok(())
    ///     }
    ///
    ///     fn load(&mut self) -> Result<Vec<Event>, JournalError> {
    ///         let numbered = (0..).zip(&self.0);
    ///         numbered.map(|(sequence, line)| Event::from_line(sequence, line)).collect()
    ///     }
    /// }
    /// # use etl_context::{Etl, Extract, Run};
    /// # Run::builder("import").journal(Lines::default()).begin::<Etl>()?.start(Extract)?.complete(())?;
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError`] if JSON cannot hold the event.
    pub fn to_line(&self, sequence: u64) -> Result<String, JournalError> {
        let refused = || JournalError::new("the event cannot be written as JSON");
        let mut line = Vec::new();
        encode(sequence, self, &mut line).map_err(|error| refused().with_source(error))?;
        line.pop();
        String::from_utf8(line).map_err(|error| refused().with_source(error))
    }

    /// The event of a line that [`to_line`](Event::to_line) has made, by this version of the library or an earlier one.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the line was changed, if it has another sequence number, or if a newer version has written it.
    pub fn from_line(sequence: u64, line: &str) -> Result<Event, JournalError> {
        if let Some(version) = newer_version(line.as_bytes()) {
            return Err(JournalError::new(format!(
                "the run has the format version {version}, and this program reads version 1; use a newer etl-context"
            )));
        }
        let event = decode(sequence, line.as_bytes(), &mut Known::default());
        event.map_err(|reason| JournalError::new(format!("event {sequence} {reason}")))
    }
}

/// The version of a journal that a newer library wrote; `None` if this library knows the format.
pub(crate) fn newer_version(first_line: &[u8]) -> Option<u64> {
    let header: Value = serde_json::from_slice(first_line).ok()?;
    let version = header.get("version")?.as_u64()?;
    (header.get("format")? == FORMAT && version > u64::from(VERSION)).then_some(version)
}

const CHECKSUM: &[u8] = br#","crc":""#;

/// A checksum after a comma, and the end of the line.
const TRAILER: usize = r#","crc":"01234567"}"#.len();

/// Whether the bytes are a whole line and something more, that is, whether a byte was put where a newline has to be.
///
/// A result may name thousands of checksums of its own, so one runs along instead of beginning anew at each of them.
pub(crate) fn starts_with_whole_line(bytes: &[u8]) -> bool {
    let mut checksum = Checksum::default();
    let mut summed = 0;
    let trailers = bytes.windows(TRAILER).enumerate().filter(|(_, window)| window.starts_with(CHECKSUM));
    trailers.filter(|(start, _)| start + TRAILER < bytes.len()).any(|(start, found)| {
        checksum.add(&bytes[summed..start]);
        summed = start;
        found == trailer(checksum.value())
    })
}

/// The bytes before the checksum, which stands at the very end and covers them; `None` if it does not hold.
fn covered_by_checksum(line: &[u8]) -> Option<&[u8]> {
    let (covered, found) = line.split_at(line.len().checked_sub(TRAILER)?);
    (found == trailer(crc32(covered))).then_some(covered)
}

/// The checksum as it stands behind the bytes that it covers, with the end of the line.
fn trailer(checksum: u32) -> [u8; TRAILER] {
    let mut trailer = *br#","crc":"01234567"}"#;
    for (digit, place) in trailer[CHECKSUM.len()..].iter_mut().zip((0..8).rev()) {
        *digit = b"0123456789abcdef"[(checksum >> (4 * place) & 0xf) as usize];
    }
    trailer
}

impl Line {
    /// `None` if a field is missing or the event is not known.
    fn into_event(self) -> Option<Event> {
        let time = self.time?;
        let phase = self.phase;
        Some(match self.event.as_str() {
            "run_began" if self.version.is_some() => Event::RunBegan(Beginning {
                run: self.run_id?,
                name: self.name?.into(),
                time,
                pipeline: self.pipeline,
                metadata: self.metadata.unwrap_or_default(),
                parameters: self.parameters.unwrap_or_default(),
            }),
            "pipeline_changed" => Event::PipelineChanged { pipeline: self.pipeline?, time },
            "parameters_changed" => Event::ParametersChanged { parameters: self.parameters?, time },
            "run_stopped" => Event::RunStopped { time },
            "phase_started" => Event::PhaseStarted {
                phase: phase?,
                attempt: self.attempt?,
                visit: self.visit.unwrap_or(1),
                totals: self.totals?,
                time,
            },
            "checkpointed" => Event::Checkpointed {
                phase: phase?,
                attempt: self.attempt?,
                // A cursor that is `null` reads like one that is absent.
                cursor: Arc::new(self.cursor.unwrap_or_default()),
                counts: self.counts?,
                carried: self.carried,
                rejected: self.rejected.map(Arc::new),
                time,
            },
            "parts_registered" => {
                Event::PartsRegistered { phase: phase?, attempt: self.attempt?, parts: self.parts?.into(), time }
            }
            "part_checkpointed" => Event::PartCheckpointed {
                phase: phase?,
                attempt: self.attempt?,
                part: self.part?.into(),
                claim: self.claim.unwrap_or(1),
                cursor: Arc::new(self.cursor.unwrap_or_default()),
                counts: self.counts?,
                carried: self.carried.map(Box::new),
                rejected: self.rejected.map(Arc::new),
                errors: self.errors.unwrap_or_default().into(),
                time,
            },
            "part_ended" => Event::PartEnded {
                phase: phase?,
                attempt: self.attempt?,
                part: Box::new(PartRecord {
                    name: self.part?.into(),
                    status: self.status.filter(|status| status.is_end())?,
                    counts: Some(self.counts?),
                    microseconds: self.duration_microseconds?,
                    worker: self.worker.map(Into::into),
                    error: self.error,
                    carried: self.carried.map(Box::new),
                    rejected: self.rejected.map(Arc::new),
                    checkpoint: None,
                    attempt: None,
                    ended: None,
                }),
                claim: self.claim.unwrap_or(1),
                errors: self.errors.unwrap_or_default().into(),
                time,
            },
            "status_set" => Event::StatusSet { phase: phase?, status: self.status?, time },
            "error_recorded" => Event::ErrorRecorded {
                error: ErrorRecord { phase: phase?, attempt: self.attempt, time, error: self.error?, ended: false },
            },
            "phase_ended" => {
                let (phase, number) = (phase?, self.attempt?);
                let seldom = Seldom::of(self.carried, self.rejected.map(Arc::new), self.error.clone());
                let error =
                    self.error.map(|error| ErrorRecord { phase: phase.clone(), attempt: Some(number), time, error, ended: true });
                let report = PhaseReport::new(Attempt {
                    phase,
                    number,
                    status: self.status.filter(|status| status.is_end())?,
                    cause: self.cause,
                    started: self.start_time?,
                    ended: time,
                    microseconds: self.duration_microseconds?,
                    counts: self.counts?,
                    totals: self.totals?,
                    seldom: Seldom::expecting(seldom, self.expectations.unwrap_or_default()),
                    result: self.result.map(KeptResult::Given),
                });
                Event::PhaseEnded { report, error }
            }
            _ => return None,
        })
    }
}
