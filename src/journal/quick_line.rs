//! What does a line say that stands as this library writes it? What `line` would read in it, only sooner. Of any other line
//! nothing is said here, and it is for `line` to read or to refuse it.

use std::str;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde_json::Value;

use crate::counting::counters::{CounterValues, Counters, Counts, MAX_COUNTERS, Tally};
use crate::json::dictionary::KeptResult;
use crate::json::lossless::check;
use crate::pipeline::by_name::ByName;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::attempt::{Attempt, PhaseReport};
use crate::record::clock::Timestamp;
use crate::record::event::Event;

/// The names that stand in the lines before, so that each is kept once.
#[derive(Default)]
pub(crate) struct Known {
    phases: ByName<PhaseName>,
    counters: Vec<Arc<[String]>>,
}

/// The event of a line, given without its checksum; `None` if the line stands in another way, or says anything else.
pub(crate) fn read(sequence: u64, line: &[u8], known: &mut Known) -> Option<Event> {
    let mut line = Line { rest: str::from_utf8(line).ok()?, known };
    (line.number(r#"{"seq":"#)? == sequence).then_some(())?;
    let event = line.text(r#","event":""#)?;
    let time = line.time(r#","time":""#)?;
    let phase = line.phase()?;
    let attempt = u32::try_from(line.number(r#","attempt":"#)?).ok()?;
    match event {
        "phase_started" => {
            let totals = line.tally(r#","totals":{"#)?;
            let visit = if line.rest.is_empty() { 1 } else { u32::try_from(line.number(r#","visit":"#)?).ok()? };
            line.rest.is_empty().then_some(Event::PhaseStarted { phase, attempt, visit, totals, time })
        }
        "checkpointed" => {
            let counts = line.tally(r#","counts":{"#)?;
            line.skip(r#","cursor":"#)?;
            let cursor: Value = serde_json::from_str(line.rest).ok()?;
            check(&cursor, 1).ok()?;
            let (cursor, carried, rejected) = (Arc::new(cursor), None, None);
            Some(Event::Checkpointed { phase, attempt, cursor, counts, carried, rejected, time })
        }
        "phase_ended" => line.report(phase, attempt, time).map(|report| Event::PhaseEnded { report, error: None }),
        _ => None,
    }
}

/// What is left to read of a line. Each method reads something behind the text that has to stand before it.
struct Line<'a, 'k> {
    rest: &'a str,
    known: &'k mut Known,
}

impl<'a> Line<'a, '_> {
    fn skip(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// A whole number, written without more zeros than it has.
    fn number(&mut self, before: &str) -> Option<u64> {
        self.skip(before)?;
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        if number.is_empty() || (number.starts_with('0') && digits > 1) {
            return None;
        }
        number.bytes().try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
    }

    /// A text in which nothing is escaped, up to its end.
    fn text(&mut self, before: &str) -> Option<&'a str> {
        self.skip(before)?;
        let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
        let length = self.rest.bytes().take_while(is_plain).count();
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest.strip_prefix('"')?;
        Some(text)
    }

    fn time(&mut self, before: &str) -> Option<Timestamp> {
        Timestamp::read(self.text(before)?.as_bytes())
    }

    fn word<W: Deserialize<'a>>(&mut self, before: &str) -> Option<W> {
        let word: StrDeserializer<'a, ValueError> = self.text(before)?.into_deserializer();
        W::deserialize(word).ok()
    }

    fn phase(&mut self) -> Option<PhaseName> {
        let name = self.text(r#","phase":""#)?;
        if let Some(known) = self.known.phases.find(name) {
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
        let status = self.word(r#","status":""#).filter(|status: &PhaseStatus| status.is_end())?;
        let has_cause = self.rest.starts_with(r#","cause""#);
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
            seldom: None,
            result: self.result()?,
        };
        Some(PhaseReport::new(attempt))
    }

    /// What stands at the end of the line, if anything does.
    #[allow(clippy::option_option, reason = "a line without a result is not one that is left to `line`")]
    fn result(&mut self) -> Option<Option<KeptResult>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        self.skip(r#","result":"#)?;
        KeptResult::read(self.rest).map(Some)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use proptest::sample::{self, Index};
    use serde_json::Value;

    use super::{Known, read};
    use crate::journal::line::{decode_any, encode};
    use crate::record::event::Event;
    use crate::{Counts, EtlContext, Journal, MemoryJournal, Run, counters, dict};

    counters! {
        struct Rows {
            rows: u64,
            bytes: u64,
            pages: u64,
        }
    }

    /// The events of a run, and the line of each without its newline.
    fn lines() -> Vec<(u64, Event, Vec<u8>)> {
        let mut journal = MemoryJournal::new();
        let mut run = Run::builder("quick").journal(journal.clone()).begin_dynamic().unwrap();
        make_moves(&mut run);
        encoded(journal.load().unwrap())
    }

    fn encoded(events: Vec<Event>) -> Vec<(u64, Event, Vec<u8>)> {
        let encoded = |(sequence, event): (u64, Event)| {
            let mut line = Vec::new();
            encode(sequence, &event, &mut line).unwrap();
            line.pop();
            (sequence, event, line)
        };
        (0..).zip(events).map(encoded).collect()
    }

    fn make_moves(run: &mut EtlContext) {
        run.start_phase("extract", Counts { conversations: 2, messages: 0 }).unwrap();
        run.update_progress(Counts { conversations: 1, messages: u64::MAX }).unwrap();
        run.checkpoint(&dict! { "offset": 512, "text": "line\nbreak and \"quotes\"" }).unwrap();
        run.checkpoint(&7).unwrap();
        run.end_phase(dict! { "numbers": [0.1, -1], "nested": { "null": null } }).unwrap();
        run.start_phase_with("load-2", Rows { rows: 1, bytes: 2, pages: 3 }).unwrap();
        run.end_phase(dict! { "status": "failed" }).unwrap();
        run.start_phase("load-2", None).unwrap();
        run.fail_phase(&std::fmt::Error).unwrap();
        run.set_phase_status("extract", "failed").unwrap();
    }

    /// A checksum holds byte for byte, or nobody reads the line.
    const CHECKSUM: usize = r#","crc":"01234567"}"#.len();

    fn read_quickly(sequence: u64, line: &[u8]) -> Option<Event> {
        read(sequence, &line[..line.len() - CHECKSUM], &mut Known::default())
    }

    #[test]
    fn the_usual_lines_are_read() {
        for (sequence, event, line) in lines() {
            let is_usual = match &event {
                Event::PhaseStarted { .. } | Event::Checkpointed { .. } => true,
                Event::PhaseEnded { error, .. } => error.is_none(),
                _ => false,
            };
            assert_eq!(read_quickly(sequence, &line), is_usual.then_some(event), "{}", String::from_utf8_lossy(&line));
        }
    }

    /// Each byte of each line is taken out, doubled and replaced; what is still read is what the other reader makes of it.
    #[test]
    fn nothing_is_read_that_the_other_reader_refuses_or_reads_in_another_way() {
        for (sequence, _, line) in lines() {
            for position in 0..line.len() - CHECKSUM {
                let (before, after) = line.split_at(position);
                let replacements = b"\"\\{}[],:0159-+.eEaz_AZ \n\0\xc3\xff".iter().map(|byte| vec![*byte]);
                let replacements = replacements.chain([vec![], vec![after[0]; 2], b"99999999999".to_vec(), b"\xc3\xa9".to_vec()]);
                for replacement in replacements {
                    let changed = [before, &replacement, &after[1..]].concat();
                    if let Some(event) = read_quickly(sequence, &changed) {
                        assert_eq!(decode_any(sequence, &changed), Ok(event), "{}", String::from_utf8_lossy(&changed));
                    }
                }
            }
        }
    }

    /// Any JSON that a program could give.
    fn json() -> impl Strategy<Value = Value> {
        let number = prop_oneof![any::<u64>().prop_map(Value::from), any::<i64>().prop_map(Value::from)];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            number,
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            let object = btree_map(any::<String>(), inner.clone(), 0..5);
            prop_oneof![vec(inner, 0..5).prop_map(Value::from), object.prop_map(|object| object.into_iter().collect())]
        })
    }

    /// The lines of a run with these texts and numbers in it, without their newlines.
    fn lines_with(result: &Value, cursor: &Value, numbers: [u64; 3]) -> Vec<(u64, Event, Vec<u8>)> {
        let mut journal = MemoryJournal::new();
        let mut run = Run::builder("quick").journal(journal.clone()).begin_dynamic().unwrap();
        let [rows, bytes, pages] = numbers;
        run.start_phase_with("load", Rows { rows, bytes, pages }).unwrap();
        run.update_progress(Rows { rows: pages, bytes: rows, pages: bytes }).unwrap();
        run.checkpoint(cursor).unwrap();
        run.end_phase(dict! { "result": result }).unwrap();
        encoded(journal.load().unwrap())
    }

    /// A part of a line is replaced by bytes, or by a part of another line.
    type Edit = (Index, usize, Result<Vec<u8>, (Index, Index, usize)>);

    fn edit() -> impl Strategy<Value = Edit> {
        let bytes = || vec(prop_oneof![any::<u8>(), sample::select(b"\"\\{}[],:0159-+.eE \n".as_slice())], 0..4);
        let of_another = (any::<Index>(), any::<Index>(), 0..40_usize);
        (any::<Index>(), 0..12_usize, prop_oneof![bytes().prop_map(Ok), of_another.prop_map(Err)])
    }

    fn edited(line: &[u8], edits: &[Edit], lines: &[(u64, Event, Vec<u8>)]) -> Vec<u8> {
        let edit = |line: Vec<u8>, (place, length, replacement): &Edit| {
            let start = place.index(line.len() - CHECKSUM + 1);
            let end = (start + length).min(line.len() - CHECKSUM);
            let replacement = match replacement {
                Ok(bytes) => bytes.clone(),
                Err((other, place, length)) => {
                    let (.., other) = &lines[other.index(lines.len())];
                    let start = place.index(other.len());
                    other[start..other.len().min(start + length)].to_vec()
                }
            };
            [&line[..start], &replacement, &line[end..]].concat()
        };
        edits.iter().fold(line.to_vec(), edit)
    }

    fn both_readers_agree(
        (result, cursor, numbers): (Value, Value, [u64; 3]),
        which: Index,
        edits: &[Edit],
    ) -> Result<(), TestCaseError> {
        let lines = lines_with(&result, &cursor, numbers);
        for (sequence, event, line) in &lines[1..] {
            prop_assert_eq!(read_quickly(*sequence, line), Some(event.clone()));
            prop_assert_eq!(decode_any(*sequence, line), Ok(event.clone()));
        }
        let (sequence, _, line) = &lines[which.index(lines.len())];
        let edited = edited(line, edits, &lines);
        if let Some(event) = read_quickly(*sequence, &edited) {
            prop_assert_eq!(decode_any(*sequence, &edited), Ok(event), "{}", String::from_utf8_lossy(&edited));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        #[test]
        fn both_readers_agree_on_any_line(
            run in (json(), json(), any::<[u64; 3]>()), which: Index, edits in vec(edit(), 1..4)
        ) {
            both_readers_agree(run, which, &edits)?;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100_000) })]

        #[test]
        #[ignore = "the same, scheduled"]
        fn scheduled_lines_are_the_same_to_both_readers(
            run in (json(), json(), any::<[u64; 3]>()), which: Index, edits in vec(edit(), 1..4)
        ) {
            both_readers_agree(run, which, &edits)?;
        }
    }
}
