//! What does a line say that stands as this library writes it? What `line` would read in it, only sooner. Of any other line
//! nothing is said here, and it is for `line` to read or to refuse it.

use std::str;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::counters::{CounterValues, Counters, Counts, MAX_COUNTERS, Tally};
use crate::event::Event;
use crate::lossless_json::check;
use crate::phase::PhaseName;
use crate::report::{Attempt, PhaseReport};
use crate::result::Dictionary;

/// The names that stand in the lines before, so that each is kept once.
#[derive(Default)]
pub(crate) struct Known {
    phases: Vec<PhaseName>,
    counters: Vec<Arc<[String]>>,
}

/// The event of a line, given without its checksum; `None` if the line stands in another way, or says anything else.
pub(crate) fn read(sequence: u64, line: &[u8], known: &mut Known) -> Option<Event> {
    let mut line = Line { rest: line, known };
    (line.number(r#"{"seq":"#)? == sequence).then_some(())?;
    let event = line.text(r#","event":""#)?;
    let time = line.time(r#","time":""#)?;
    let phase = line.phase()?;
    let attempt = u32::try_from(line.number(r#","attempt":"#)?).ok()?;
    match event {
        "phase_started" => {
            let totals = line.tally(r#","totals":{"#)?;
            line.rest.is_empty().then_some(Event::PhaseStarted { phase, attempt, totals, time })
        }
        "checkpointed" => {
            let counts = line.tally(r#","counts":{"#)?;
            line.skip(r#","cursor":"#)?;
            let cursor: Value = serde_json::from_slice(line.rest).ok()?;
            check(&cursor, 1).ok()?;
            Some(Event::Checkpointed { phase, attempt, cursor: Arc::new(cursor), counts, time })
        }
        "phase_ended" => line.report(phase, attempt, time).map(|report| Event::PhaseEnded { report, error: None }),
        _ => None,
    }
}

/// What is left to read of a line. Each method reads something behind the text that has to stand before it.
struct Line<'a, 'k> {
    rest: &'a [u8],
    known: &'k mut Known,
}

impl<'a> Line<'a, '_> {
    fn skip(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text.as_bytes())?;
        Some(())
    }

    /// A whole number, written without more zeros than it has.
    fn number(&mut self, before: &str) -> Option<u64> {
        self.skip(before)?;
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        if number.is_empty() || (number[0] == b'0' && digits > 1) {
            return None;
        }
        number.iter().try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
    }

    /// A text in which nothing is escaped, up to its end.
    fn bytes(&mut self, before: &str) -> Option<&'a [u8]> {
        self.skip(before)?;
        let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
        let length = self.rest.iter().take_while(is_plain).count();
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest.strip_prefix(b"\"")?;
        Some(text)
    }

    fn text(&mut self, before: &str) -> Option<&'a str> {
        str::from_utf8(self.bytes(before)?).ok()
    }

    fn time(&mut self, before: &str) -> Option<Timestamp> {
        Timestamp::read(self.bytes(before)?)
    }

    fn word<W: Deserialize<'a>>(&mut self, before: &str) -> Option<W> {
        let word: StrDeserializer<'a, ValueError> = self.text(before)?.into_deserializer();
        W::deserialize(word).ok()
    }

    fn phase(&mut self) -> Option<PhaseName> {
        let name = self.text(r#","phase":""#)?;
        if let Some(known) = self.known.phases.iter().find(|known| known.as_str() == name) {
            return Some(known.clone());
        }
        let name: PhaseName = name.parse().ok()?;
        self.known.phases.push(name.clone());
        Some(name)
    }

    fn tally(&mut self, before: &str) -> Option<Tally> {
        self.skip(before)?;
        let (mut names, mut values, mut length) = ([""; MAX_COUNTERS], CounterValues::default(), 0);
        loop {
            *names.get_mut(length)? = self.text("\"")?;
            values[length] = self.number(":")?;
            length += 1;
            if self.skip("}").is_some() {
                return Some(self.counted(&names[..length], values));
            }
            self.skip(",")?;
        }
    }

    fn counted(&mut self, names: &[&str], values: CounterValues) -> Tally {
        if names == Counts::NAMES {
            return Tally::new(Counts::NAMES, values);
        }
        if let Some(known) = self.known.counters.iter().find(|known| known.iter().eq(names)) {
            return Tally::known(known, values);
        }
        let names: Arc<[String]> = names.iter().map(|name| (*name).to_owned()).collect();
        self.known.counters.push(Arc::clone(&names));
        Tally::known(&names, values)
    }

    /// The rest of the end of a phase. One with an error is left to `line`.
    fn report(&mut self, phase: PhaseName, number: u32, ended: Timestamp) -> Option<PhaseReport> {
        let status = self.word(r#","status":""#)?;
        let has_cause = self.rest.starts_with(br#","cause""#);
        let attempt = Attempt {
            phase,
            number,
            status,
            cause: if has_cause { Some(self.word(r#","cause":""#)?) } else { None },
            started: self.time(r#","start_time":""#)?,
            ended,
            microseconds: self.number(r#","duration_microseconds":"#)?,
            counts: self.tally(r#","counts":{"#)?,
            totals: self.tally(r#","totals":{"#)?,
            result: self.result()?,
        };
        Some(PhaseReport::new(attempt))
    }

    /// What stands at the end of the line, if anything does. What is nested too deeply is for `line` to judge.
    fn result(&mut self) -> Option<Option<Dictionary>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        self.skip(r#","result":"#)?;
        let result: Dictionary = serde_json::from_slice(self.rest).ok()?;
        result.values().try_for_each(|value| check(value, 1)).ok()?;
        Some(Some(result))
    }
}
