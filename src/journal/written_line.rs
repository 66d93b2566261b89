//! How is an event written? Its fields one after another, each in its place, as the specification of the format lists them.

use serde::Serialize;
use serde_json::Error;

use crate::counting::counters::Tally;
use crate::journal::format::{MAGIC, VERSION, version_of};
use crate::json::dictionary::KeptResult;
use crate::pipeline::phase::PhaseName;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::error::{ErrorRecord, RecordedError};
use crate::record::event::{Beginning, Event};
use crate::record::part::PartRecord;

/// Appends the event to `bytes`, as far as the checksum covers it.
pub(super) fn write(sequence: u64, event: &Event, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let mut line = Line(bytes);
    line.start(sequence, event)?;
    match event {
        Event::RunBegan(beginning) => line.beginning(beginning),
        Event::PipelineChanged { pipeline, .. } => line.json(r#","pipeline":"#, pipeline),
        Event::ParametersChanged { parameters, .. } => line.json(r#","parameters":"#, parameters),
        Event::RunStopped { .. } => Ok(()),
        Event::PhaseStarted { phase, attempt, visit, totals, .. } => {
            line.attempt(phase, *attempt)?;
            line.tally(r#","totals":{"#, totals)?;
            line.json_if_any(r#","visit":"#, (*visit > 1).then_some(visit))
        }
        Event::Checkpointed { phase, attempt, cursor, counts, carried, rejected, .. } => {
            line.attempt(phase, *attempt)?;
            line.tally(r#","counts":{"#, counts)?;
            line.carried(carried.as_ref())?;
            line.json_if_any(r#","rejected":"#, rejected.as_ref())?;
            line.json(r#","cursor":"#, cursor)
        }
        Event::PartsRegistered { phase, attempt, parts, .. } => {
            line.attempt(phase, *attempt)?;
            line.json(r#","parts":"#, parts)
        }
        Event::PartCheckpointed { phase, attempt, part, claim, cursor, counts, carried, rejected, errors, .. } => {
            line.attempt(phase, *attempt)?;
            line.tally(r#","counts":{"#, counts)?;
            line.text(r#","part":"#, part)?;
            line.part_news(*claim, carried.as_deref(), errors)?;
            line.json_if_any(r#","rejected":"#, rejected.as_ref())?;
            line.json(r#","cursor":"#, cursor)
        }
        Event::PartEnded { phase, attempt, part, claim, errors, .. } => {
            line.attempt(phase, *attempt)?;
            line.part(part)?;
            line.part_news(*claim, part.carried(), errors)?;
            line.json_if_any(r#","rejected":"#, part.rejected.as_ref())
        }
        Event::StatusSet { phase, status, .. } => {
            line.text(r#","phase":"#, phase.as_str())?;
            line.text(r#","status":"#, status.as_str())
        }
        Event::ErrorRecorded { error } => {
            line.text(r#","phase":"#, error.phase().as_str())?;
            line.json_if_any(r#","attempt":"#, error.attempt())?;
            line.json(r#","error":"#, error.error())
        }
        Event::PhaseEnded { report, error } => {
            line.report(report)?;
            line.json_if_any(r#","error":"#, error.as_ref().map(ErrorRecord::error))
        }
    }
}

/// A line that is being written. Each method writes something behind the text that has to stand before it.
struct Line<'a>(&'a mut Vec<u8>);

impl Line<'_> {
    fn start(&mut self, sequence: u64, event: &Event) -> Result<(), Error> {
        if let Event::RunBegan(_) = event {
            self.0.extend_from_slice(MAGIC);
            self.json(r#","version":"#, &VERSION)?;
            self.json(r#","seq":"#, &sequence)?;
        } else {
            self.json(r#"{"seq":"#, &sequence)?;
        }
        self.text(r#","event":"#, event.name())?;
        self.time(r#","time":"#, event.time());
        let later = version_of(event.name()).filter(|version| *version > VERSION);
        self.json_if_any(r#","version":"#, later)
    }

    fn beginning(&mut self, beginning: &Beginning) -> Result<(), Error> {
        let Beginning { run, name, pipeline, metadata, parameters, .. } = beginning;
        self.json(r#","run_id":"#, run)?;
        self.text(r#","name":"#, name)?;
        self.json_if_any(r#","pipeline":"#, pipeline.as_ref())?;
        self.json_if_any(r#","metadata":"#, (!metadata.is_empty()).then_some(metadata))?;
        self.json_if_any(r#","parameters":"#, (!parameters.is_empty()).then_some(parameters))
    }

    fn attempt(&mut self, phase: &PhaseName, attempt: u32) -> Result<(), Error> {
        self.text(r#","phase":"#, phase.as_str())?;
        self.json(r#","attempt":"#, &attempt)
    }

    fn part(&mut self, part: &PartRecord) -> Result<(), Error> {
        self.text(r#","status":"#, part.status.as_str())?;
        self.json(r#","duration_microseconds":"#, &part.microseconds)?;
        if let Some(counts) = &part.counts {
            self.tally(r#","counts":{"#, counts)?;
        }
        self.text(r#","part":"#, &part.name)?;
        self.json_if_any(r#","worker":"#, part.worker.as_ref())?;
        self.json_if_any(r#","error":"#, part.error.as_ref())
    }

    /// What few parts have to tell.
    fn part_news(&mut self, claim: u32, carried: Option<&Tally>, errors: &[RecordedError]) -> Result<(), Error> {
        self.json_if_any(r#","claim":"#, (claim > 1).then_some(claim))?;
        self.carried(carried)?;
        self.json_if_any(r#","errors":"#, (!errors.is_empty()).then_some(errors))
    }

    fn report(&mut self, report: &PhaseReport) -> Result<(), Error> {
        self.attempt(report.phase(), report.attempt())?;
        self.text(r#","status":"#, report.status().as_str())?;
        self.json_if_any(r#","cause":"#, report.cause())?;
        self.time(r#","start_time":"#, report.start_time());
        self.json(r#","duration_microseconds":"#, &report.measured().microseconds)?;
        self.tally(r#","counts":{"#, report.tally())?;
        self.tally(r#","totals":{"#, report.totals())?;
        self.carried(report.carried())?;
        let seldom = report.measured().seldom.as_ref();
        self.json_if_any(r#","rejected":"#, seldom.and_then(|seldom| seldom.rejected.as_ref()))?;
        let expectations = report.expectations();
        self.json_if_any(r#","expectations":"#, (!expectations.is_empty()).then_some(expectations))?;
        report.kept_result().map_or(Ok(()), |result| self.result(result))
    }

    fn result(&mut self, result: &KeptResult) -> Result<(), Error> {
        self.0.extend_from_slice(br#","result":"#);
        result.write(self.0)
    }

    fn carried(&mut self, carried: Option<&Tally>) -> Result<(), Error> {
        carried.map_or(Ok(()), |carried| self.tally(r#","carried":{"#, carried))
    }

    /// The counters of a tally, and the end of the object that they stand in.
    fn tally(&mut self, before: &str, tally: &Tally) -> Result<(), Error> {
        self.0.extend_from_slice(before.as_bytes());
        for (index, (name, count)) in tally.iter().enumerate() {
            self.text(if index > 0 { "," } else { "" }, name)?;
            self.json(":", &count)?;
        }
        self.0.push(b'}');
        Ok(())
    }

    fn time(&mut self, before: &str, time: Timestamp) {
        self.0.extend_from_slice(before.as_bytes());
        self.0.push(b'"');
        self.0.extend_from_slice(time.written().as_bytes());
        self.0.push(b'"');
    }

    /// Nearly all texts are the library's words or plain names, in which there is nothing to escape.
    fn text(&mut self, before: &str, text: &str) -> Result<(), Error> {
        if text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
            return self.json(before, text);
        }
        self.0.extend_from_slice(before.as_bytes());
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
        Ok(())
    }

    fn json_if_any(&mut self, before: &str, value: Option<impl Serialize>) -> Result<(), Error> {
        value.map_or(Ok(()), |value| self.json(before, &value))
    }

    fn json<V: Serialize + ?Sized>(&mut self, before: &str, value: &V) -> Result<(), Error> {
        self.0.extend_from_slice(before.as_bytes());
        serde_json::to_writer(&mut *self.0, value)
    }
}
