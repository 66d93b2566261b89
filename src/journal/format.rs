//! By which words is a journal known? Its format and version, which are in its first line.

/// The name of the format.
pub(super) const FORMAT: &str = "etl-context-journal";

/// The first line of every journal starts with these bytes.
pub(super) const MAGIC: &[u8] = br#"{"format":"etl-context-journal""#;

/// Raised if an older release could not read what is written.
pub(super) const VERSION: u32 = 1;
