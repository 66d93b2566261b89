//! How do the parts of a phase become part of the run? Registered once in each attempt, and recorded as each one ends.

use std::collections::HashSet;
use std::sync::Arc;

use crate::counting::counters::{CounterValues, Counters, Tally};
use crate::engine::Engine;
use crate::error::Error;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::event::Event;
use crate::record::part::PartRecord;
#[cfg(feature = "postgres")]
use crate::record::phase::PhaseRecord;
use crate::text::line::shown;

/// How many parts that failed an error names.
const FAILURES_SHOWN: usize = 10;

impl Engine {
    /// Registers the parts of the running phase; done again in the same attempt, they have to be the same ones. The counts of
    /// those that an earlier attempt completed are counted.
    pub(crate) fn register_parts<C: Counters>(&mut self, names: &[Arc<str>]) -> Result<PhaseName, Error> {
        let running = self.record.running("parts")?;
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let refused = |reason: String| Error::InvalidParts { phase: phase.clone(), reason };
        check_names(names).map_err(refused)?;
        let record = self.record.phase(phase.as_str());
        if let Some(registered) = record.filter(|record| record.parts_registered() == Some(attempt)) {
            let same = registered.parts().len() == names.len() && names.iter().all(|name| registered.part(name).is_some());
            return if same { Ok(phase) } else { Err(refused("other parts were registered in this attempt".to_owned())) };
        }
        let carried = self.carried_counts::<C>(&phase, names)?;
        let time = self.clock.now();
        self.happen(&Event::PartsRegistered { phase: phase.clone(), attempt, parts: names.into(), time }, |_| {})?;
        self.meter.carry(&Tally::of(carried));
        Ok(phase)
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

    /// Records that a part ended, unless that is recorded.
    pub(crate) fn end_part<C: Counters>(&mut self, part: PartRecord) -> Result<(), Error> {
        let running = self.record.running("end a part")?;
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let known = self.record.phase(phase.as_str()).and_then(|record| record.part(&part.name));
        if known.is_none_or(|known| known.status != PhaseStatus::Pending) {
            return Ok(());
        }
        let completed = (part.status == PhaseStatus::Completed).then(|| typed::<C>(&phase, &part)).transpose()?;
        let time = self.clock.now();
        self.happen(&Event::PartEnded { phase, attempt, part, time }, |meter| {
            if let Some(counts) = completed {
                meter.add(counts);
            }
        })
    }

    /// The parts that have not completed, in the order in which they were registered.
    pub(crate) fn open_parts(&self, phase: &PhaseName, names: &[Arc<str>]) -> Vec<Arc<str>> {
        let is_open = |name: &&Arc<str>| {
            let part = self.record.phase(phase.as_str()).and_then(|record| record.part(name));
            part.is_some_and(|part| part.status == PhaseStatus::Pending)
        };
        names.iter().filter(is_open).cloned().collect()
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
        if !known.insert(name) {
            return Err(format!("`{}` is there twice", shown(name)));
        }
    }
    Ok(())
}
