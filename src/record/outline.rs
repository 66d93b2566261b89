//! How does a run stand, without its history? For a store that says of each run how it is, and keeps no more of it in memory.

use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::status::RunStatus;

/// The record of a run, of which all is forgotten but what decides on its status.
#[derive(Debug, Clone)]
pub(crate) struct RunOutline(RunRecord);

impl RunOutline {
    /// Of a run that consists of these events; `None` if no run can.
    pub(crate) fn of(events: &[Event]) -> Option<Self> {
        RunRecord::replay(events).map(RunOutline::forgetting)
    }

    /// Of a run that begins with this event; `None` if none can.
    fn begun(event: &Event) -> Option<Self> {
        RunOutline::of(std::slice::from_ref(event))
    }

    /// Of a run that stands so, or has not begun, once the event has happened.
    pub(crate) fn then(before: Option<&RunOutline>, event: &Event) -> Option<Self> {
        before.map_or_else(|| RunOutline::begun(event), |before| Some(before.after(event)))
    }

    /// How the run stands once the event has happened, which the record of the run admits.
    fn after(&self, event: &Event) -> Self {
        let mut record = self.0.clone();
        record.apply(event);
        RunOutline::forgetting(record)
    }

    fn forgetting(mut record: RunRecord) -> Self {
        record.forget_history();
        RunOutline(record)
    }

    pub(crate) fn status(&self) -> RunStatus {
        self.0.run_status()
    }

    /// The phases that may come next, as a list for people; `None` if nothing is known to come next.
    pub(crate) fn next(&self) -> Option<String> {
        listed(self.0.next_phases())
    }

    /// The phases that are running, in the same way.
    #[cfg(feature = "sqlite")]
    pub(crate) fn running(&self) -> Option<String> {
        listed(self.0.running_phases())
    }
}

fn listed<'a>(phases: impl IntoIterator<Item = &'a PhaseName>) -> Option<String> {
    let names = phases.into_iter().map(PhaseName::as_str).collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then_some(names)
}
