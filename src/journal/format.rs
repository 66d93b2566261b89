//! By which words is a journal known? Its format and version, which are in its first line.

/// The name of the format.
pub(super) const FORMAT: &str = "etl-context-journal";

/// The first line of every journal starts with these bytes.
pub(super) const MAGIC: &[u8] = br#"{"format":"etl-context-journal""#;

/// The version with which a journal begins.
pub(super) const VERSION: u32 = 1;

/// The newest version that a line can have. A journal begins with the version above all the same, and only the line of an event that
/// it did not know has its own, so that an older release reads what it can.
pub(super) const NEWEST: u32 = 2;

/// The events that came with a later version than the first, and with which.
pub(super) const LATER_EVENTS: [(&str, u32); 4] =
    [("pipeline_changed", 2), ("parameters_changed", 2), ("run_stopped", 2), ("part_checkpointed", 2)];

/// The version that the line of this event tells, if it tells one.
pub(super) fn version_of(event: &str) -> Option<u32> {
    let first = (event == "run_began").then_some(VERSION);
    first.or_else(|| LATER_EVENTS.iter().find(|(later, _)| *later == event).map(|(_, version)| *version))
}
