//! How do the parts of a phase become part of the run? Registered once in each attempt, and recorded as each one ends.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use crate::counting::counters::{CounterValues, Counters, Tally};
use crate::counting::meter::Meter;
use crate::engine::Engine;
use crate::error::Error;
use crate::journal::board::EndedPart;
use crate::journal::{Journal, JournalError};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::event::Event;
use crate::record::part::{PartCheckpoint, PartRecord};
#[cfg(feature = "postgres")]
use crate::record::phase::PhaseRecord;
use crate::text::line::shown;

/// How many parts that failed an error names.
const FAILURES_SHOWN: usize = 10;

/// How many bytes the name of a part has at most. More of them might not fit into an index.
const LONGEST_NAME: usize = 1_000;

/// What is to be registered, and nothing has happened yet.
pub(crate) struct Registration<C> {
    pub(crate) phase: PhaseName,
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "only a board that hosts share has to know those that ended")
    )]
    pub(crate) names: Vec<Arc<str>>,
    /// Those that have not ended, in the same order, and from where they can be gone on with.
    pub(crate) open: Vec<(Arc<str>, Option<Arc<PartCheckpoint>>)>,
    /// Those that have failed in an earlier attempt, and with what errors is on record.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only a board that hosts share keeps errors"))]
    pub(crate) failed: Vec<Arc<str>>,
    /// The attempt at the phase.
    pub(crate) attempt: u32,
    /// `None` if they are registered again in the same attempt.
    event: Option<Event>,
    /// What the parts had counted that an earlier attempt completed.
    carried: C,
}

#[cfg(feature = "postgres")]
impl<C> Registration<C> {
    /// Whether the parts were registered in this attempt before.
    pub(crate) fn is_again(&self) -> bool {
        self.event.is_none()
    }
}

impl Engine {
    /// Decides what is registered of the parts of the running phase; again in the same attempt, they have to be the same ones.
    pub(crate) fn registration<C: Counters>(&self, names: &[Arc<str>]) -> Result<Registration<C>, Error> {
        let running = self.record.running("parts")?;
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let refused = |reason: String| Error::InvalidParts { phase: phase.clone(), reason };
        check_names(names).map_err(refused)?;
        let record = self.record.phase(phase.as_str());
        if let Some(registered) = record.filter(|record| record.parts_registered() == Some(attempt)) {
            let same = registered.parts().len() == names.len() && names.iter().all(|name| registered.part(name).is_some());
            if !same {
                return Err(refused("other parts were registered in this attempt".to_owned()));
            }
            let open = self.parts_where(&phase, names, |status| status == Some(PhaseStatus::Pending));
            let (names, failed) = (names.into(), Vec::new());
            return Ok(Registration { phase, names, open, failed, attempt, event: None, carried: C::default() });
        }
        let carried = self.carried_counts::<C>(&phase, names)?;
        let open = self.parts_where(&phase, names, |status| status != Some(PhaseStatus::Completed));
        let failed = self.parts_where(&phase, names, |status| status == Some(PhaseStatus::Failed));
        let failed = failed.into_iter().map(|(name, _)| name).collect();
        let event = Event::PartsRegistered { phase: phase.clone(), attempt, parts: names.into(), time: self.clock.now() };
        Ok(Registration { phase, names: names.into(), open, failed, attempt, event: Some(event), carried })
    }

    /// Registers the parts. The counts of those that an earlier attempt completed are counted.
    pub(crate) fn register_parts<C: Counters>(
        &mut self,
        registration: Registration<C>,
        append: impl FnOnce(&mut dyn Journal, u64, &Event) -> Result<(), JournalError>,
    ) -> Result<(), Error> {
        let Registration { event: Some(event), carried, phase, attempt, .. } = registration else { return Ok(()) };
        self.happen_by(&event, |journal, sequence| append(journal, sequence, &event), |_| {})?;
        self.meter.carry(&Tally::of(carried));
        self.divide_rejected(&phase, attempt);
        Ok(())
    }

    /// Those whose status is such a one, with their checkpoints; none if they are not known yet.
    fn parts_where(
        &self,
        phase: &PhaseName,
        names: &[Arc<str>],
        is: impl Fn(Option<PhaseStatus>) -> bool,
    ) -> Vec<(Arc<str>, Option<Arc<PartCheckpoint>>)> {
        // What is known of a phase that has completed, or is outdated, was forgotten when it started.
        let record = self.record.phase(phase.as_str());
        let known = names.iter().map(|name| (name, record.and_then(|record| record.part(name))));
        let such = known.filter(|(_, part)| is(part.map(PartRecord::status)));
        such.map(|(name, part)| (Arc::clone(name), part.and_then(|part| part.checkpoint.clone()))).collect()
    }

    /// What the parts had counted, all together, that an earlier attempt completed.
    fn carried_counts<C: Counters>(&self, phase: &PhaseName, names: &[Arc<str>]) -> Result<C, Error> {
        let parts = names.iter().filter_map(|name| self.record.phase(phase.as_str())?.part(name));
        let completed = parts.filter(|part| part.status == PhaseStatus::Completed);
        let mut sums = CounterValues::default();
        for part in completed {
            let counts = typed::<C>(phase, part)?.to_values();
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        }
        Ok(C::from_values(sums))
    }

    /// Records that parts ended, with all that was noted of them, as far as that is not recorded: at the price of one event, if the journal
    /// knows how to. Rows that were rejected are written before the event that tells of them, and so such a part ends by itself.
    pub(crate) fn end_parts<C: Counters>(&mut self, ended: Vec<EndedPart>) -> Result<(), Error> {
        let mut ends = Ends::default();
        for part in ended {
            let is_apart = part.record.rejected.is_some();
            if is_apart {
                self.record_ends(&mem::take(&mut ends))?;
            }
            match self.end_of::<C>(part) {
                Ok(end) => ends.extend(end),
                Err(error) => {
                    self.record_ends(&ends)?;
                    return Err(error);
                }
            }
            if is_apart {
                self.record_ends(&mem::take(&mut ends))?;
            }
        }
        self.record_ends(&ends)
    }

    /// Records that parts ended of which nothing was noted, by an `append` of the caller's. False if that says that none of it has happened,
    /// or if the end of one is recorded already.
    #[cfg(feature = "postgres")]
    pub(crate) fn end_parts_by<C: Counters>(
        &mut self,
        ended: Vec<EndedPart>,
        append: impl FnOnce(&mut dyn Journal, u64, &[Event]) -> Result<bool, JournalError>,
    ) -> Result<bool, Error> {
        let (parts, mut ends) = (ended.len(), Ends::default());
        ended.into_iter().try_for_each(|part| self.end_of::<C>(part).map(|end| ends.extend(end)))?;
        if ends.events.len() < parts {
            return Ok(false);
        }
        let Ends { events, counts } = &ends;
        self.happen_to_parts(
            events,
            |journal, sequence| append(journal, sequence, events),
            |meter, end| count(meter, &events[end], counts[end].as_ref()),
        )
    }

    fn record_ends(&mut self, ends: &Ends) -> Result<(), Error> {
        let Ends { events, counts } = ends;
        if events.len() > 1 {
            let append = |journal: &mut dyn Journal, sequence| match journal.append_all(sequence, events) {
                Some(appended) => appended.map(|()| true),
                None => Ok(false),
            };
            if self.happen_to_parts(events, append, |meter, end| count(meter, &events[end], counts[end].as_ref()))? {
                return Ok(());
            }
        }
        for (event, counts) in events.iter().zip(counts) {
            if let Event::PartEnded { part, claim, .. } = event {
                self.happen_to_part(event, &part.name, *claim, |meter| count(meter, event, counts.as_ref()))?;
            }
        }
        Ok(())
    }

    /// The event with which a part ends, and what it counts if it has completed; `None` if the end is recorded.
    fn end_of<C: Counters>(&mut self, ended: EndedPart) -> Result<Option<(Event, Option<Tally>)>, Error> {
        let running = self.record.running("end a part")?;
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let EndedPart { record: mut part, claim, news } = ended;
        let known = self.record.phase(phase.as_str()).and_then(|record| record.part(&part.name));
        if known.is_none_or(|known| known.status != PhaseStatus::Pending) {
            return Ok(None);
        }
        let completed = (part.status == PhaseStatus::Completed).then(|| typed::<C>(&phase, &part)).transpose()?;
        let claim = claim.unwrap_or_else(|| self.next_claim(&phase, attempt, &part.name));
        part.rejected = self.keep_rows_of_part(&part.name, claim, part.rejected.take(), &news)?;
        let (part, errors, time) = (Box::new(part), news.errors, self.clock.now());
        Ok(Some((Event::PartEnded { phase, attempt, part, claim, errors, time }, completed.map(Tally::of))))
    }

    /// The attempt since which the parts of the phase that have completed are done.
    #[cfg(feature = "postgres")]
    pub(crate) fn parts_since(&self, phase: &PhaseName) -> u32 {
        self.record.phase(phase.as_str()).map_or(1, PhaseRecord::parts_since)
    }

    /// Every part of the running phase has completed.
    pub(crate) fn check_parts(&self) -> Result<(), Error> {
        let running = self.record.running("finish the parts")?;
        let Some(record) = self.record.phase(running.phase.as_str()) else { return Ok(()) };
        let mut failed = record.parts().filter(|part| part.status != PhaseStatus::Completed);
        let failures = failed.by_ref().take(FAILURES_SHOWN).map(failure).collect::<Vec<_>>();
        if failures.is_empty() {
            return Ok(());
        }
        let (shown, more) = (failures.len(), failed.count());
        let and_more = if more > 0 { format!("; and {more} more") } else { String::new() };
        Err(Error::PartsFailed {
            phase: running.phase.clone(),
            failed: shown + more,
            of: record.parts().len(),
            failures: failures.join("; ") + &and_more,
        })
    }
}

/// Of parts that have ended: the events, and what each of them counts if it has completed.
#[derive(Default)]
struct Ends {
    events: Vec<Event>,
    counts: Vec<Option<Tally>>,
}

impl Ends {
    fn extend(&mut self, end: Option<(Event, Option<Tally>)>) {
        if let Some((event, counts)) = end {
            self.events.push(event);
            self.counts.push(counts);
        }
    }
}

/// The part of this event is no open one any more, and what it counts is the phase's.
fn count(meter: &mut Meter, end: &Event, counts: Option<&Tally>) {
    if let Event::PartEnded { part, .. } = end {
        meter.end_part(&part.name, counts.map(|counts| (counts, part.carried.as_deref())));
    }
}

fn failure(part: &PartRecord) -> String {
    let reason = part.error.as_ref().map_or_else(|| "nobody has worked on it".to_owned(), |error| shown(error.message()));
    format!("`{}`: {reason}", shown(&part.name))
}

fn typed<C: Counters>(phase: &PhaseName, part: &PartRecord) -> Result<C, Error> {
    let counts = part.counts.as_ref().and_then(Tally::typed);
    counts.ok_or_else(|| Error::StoredShape {
        phase: phase.clone(),
        what: "a part",
        reason: format!("part `{}` counted {:?}, not {}", shown(&part.name), part.counts, C::NAMES.join(", ")),
    })
}

/// # Errors
///
/// What is wrong with them, as the end of a sentence.
fn check_names(names: &[Arc<str>]) -> Result<(), String> {
    let mut known = HashSet::new();
    for name in names {
        if name.is_empty() || name.contains('\0') {
            return Err(format!("`{}` is empty, or has a zero byte in it, and names no part", shown(name)));
        }
        if name.len() > LONGEST_NAME {
            let (shown, length) = (shown(name), name.len());
            return Err(format!("`{shown}` has {length} bytes, and the name of a part has at most {LONGEST_NAME}"));
        }
        if !known.insert(name) {
            return Err(format!("`{}` is there twice", shown(name)));
        }
    }
    Ok(())
}
