//! What is told of the runs of a job in JSON? The same as in words, with the names of fields that a summary has.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::counting::counters::Tally;
use crate::runs::compare::Comparison;
use crate::runs::job_run::{JobPhase, JobRun};
use crate::runs::list::JobRuns;
use crate::runs::missing::MissingRun;

impl Serialize for JobRuns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("job", self.job())?;
        map.serialize_entry("runs", &self.iter().collect::<Vec<_>>())?;
        map.serialize_entry("unreadable", &self.unreadable().iter().map(ToString::to_string).collect::<Vec<_>>())?;
        map.end()
    }
}

impl Serialize for JobRun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(13))?;
        map.serialize_entry("job", &self.place().job)?;
        map.serialize_entry("key", self.key())?;
        map.serialize_entry("number", &self.number())?;
        map.serialize_entry("run_id", &self.run_id())?;
        map.serialize_entry("status", &self.status())?;
        map.serialize_entry("start_time", &self.start_time())?;
        map.serialize_entry("latest_time", &self.latest_time())?;
        map.serialize_entry("total_duration_seconds", &self.total_duration().as_secs_f64())?;
        map.serialize_entry("attempts", &self.attempts())?;
        map.serialize_entry("error_count", &self.error_count())?;
        map.serialize_entry("counts", &ByName(self.totals()))?;
        map.serialize_entry("owner", &self.owner())?;
        map.serialize_entry("phases", self.phases())?;
        map.end()
    }
}

impl Serialize for JobPhase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("phase", &self.name)?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("attempts", &self.attempts)?;
        map.serialize_entry("duration_seconds", &self.duration.as_secs_f64())?;
        map.serialize_entry("counts", &Counted(self.counts.as_ref()))?;
        map.end()
    }
}

impl Serialize for MissingRun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("key", self.key())?;
        map.serialize_entry("status", &self.status())?;
        map.serialize_entry("owner", &self.owner())?;
        map.end()
    }
}

impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        let [first, second] = self.runs();
        map.serialize_entry("first", first)?;
        map.serialize_entry("second", second)?;
        map.serialize_entry("differences", self.differences())?;
        map.serialize_entry("same_outcome", &self.has_same_outcome())?;
        map.end()
    }
}

struct ByName<'a>(&'a [(String, u64)]);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name, count)))
    }
}

/// What a phase has counted that may not have begun.
struct Counted<'a>(Option<&'a Tally>);

impl Serialize for Counted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.into_iter().flat_map(Tally::iter))
    }
}
