//! What is told of a run in JSON? All of it: each phase with its attempts, the errors, the totals.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::pipeline::phase::PhaseStatus;
use crate::record::phase::PhaseRecord;
use crate::report::summary::RunSummary;

impl Serialize for RunSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("run_id", &self.run_id())?;
        map.serialize_entry("name", self.name())?;
        map.serialize_entry("status", &self.status())?;
        map.serialize_entry("next", &self.next_phases())?;
        map.serialize_entry("current_phase", &self.record().current_phase())?;
        map.serialize_entry("current_phases", &self.record().running_phases().collect::<Vec<_>>())?;
        map.serialize_entry("start_time", &self.record().start_time())?;
        map.serialize_entry("end_time", &self.end_time())?;
        map.serialize_entry("total_duration_seconds", &self.total_duration().as_secs_f64())?;
        map.serialize_entry("error_count", &self.error_count())?;
        map.serialize_entry("errors", self.errors())?;
        map.serialize_entry("phase_order", &self.record().phases().map(PhaseRecord::name).collect::<Vec<_>>())?;
        map.serialize_entry("phases", &Phases(self))?;
        map.serialize_entry("totals", &Totals(self))?;
        if self.observer_failures() > 0 {
            map.serialize_entry("observer_failures", &self.observer_failures())?;
            map.serialize_entry("first_observer_failures", self.first_observer_failures())?;
        }
        map.end()
    }
}

/// `{ name: { status, …latest attempt…, attempts: […] } }`
struct Phases<'a>(&'a RunSummary);

impl Serialize for Phases<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.record().phases().map(|phase| (phase.name(), Phase { summary: self.0, phase })))
    }
}

struct Phase<'a> {
    summary: &'a RunSummary,
    phase: &'a PhaseRecord,
}

impl Serialize for Phase<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.phase.status())?;
        map.serialize_entry("error_count", &self.summary.record().error_count_for(self.phase.name().as_str()))?;
        let taken: &[&str] =
            if self.phase.parts().len() > 0 { &["error_count", "attempts", "parts"] } else { &["error_count", "attempts"] };
        match self.summary.latest(self.phase) {
            Some(report) => report.serialize_details(&mut map, taken)?,
            None => map.serialize_entry("attempt", &0)?,
        }
        if self.phase.parts().len() > 0 {
            map.serialize_entry("parts", &Parts(self.phase))?;
        }
        map.serialize_entry("attempts", &self.summary.attempts(self.phase).collect::<Vec<_>>())?;
        map.end()
    }
}

/// `{ "registered": 12, "completed": 11, "failed": 1 }`
struct Parts<'a>(&'a PhaseRecord);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let with = |status| self.0.parts().filter(|part| part.status() == status).count();
        let (completed, failed) = (with(PhaseStatus::Completed), with(PhaseStatus::Failed));
        serializer.collect_map([("registered", self.0.parts().len()), ("completed", completed), ("failed", failed)])
    }
}

/// `{ "messages_processed": 400, … }`
struct Totals<'a>(&'a RunSummary);

impl Serialize for Totals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.totals().iter().map(|(name, total)| (format!("{name}_processed"), total)))
    }
}
