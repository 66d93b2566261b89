//! What was found, and what was mended, when a run was opened again?

use std::fmt;

use crate::pipeline::phase::PhaseName;
use crate::text::line::told;

/// What opening a run again found and mended. Nothing of this is hidden: it is also in the run's record.
///
/// ```
/// use etl_context::{Etl, Extract, MemoryJournal, Run};
///
/// let journal = MemoryJournal::new();
/// let import = || Run::builder("import").journal(journal.clone()).begin::<Etl>();
/// let first = import()?;
/// assert_eq!(first.recovery(), None);
/// drop(first.start(Extract)?.complete(())?);
///
/// let second = import()?;
/// let recovery = second.recovery().expect("the run goes on");
/// assert_eq!(recovery.to_string(), "resumed after 3 events; completed: extract");
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// How many events the journal held.
    pub events: u64,
    /// The phases that stand at `completed`, in the order in which they were first mentioned.
    pub completed: Vec<PhaseName>,
    /// The phase and attempt that were running when the last process died; now a failed attempt with the cause `interrupted`.
    pub interrupted: Option<(PhaseName, u32)>,
    /// The other ones, where branches ran side by side.
    pub also_interrupted: Vec<(PhaseName, u32)>,
    /// What is different in the pipeline since the run last kept to one, in words.
    pub pipeline_changes: Vec<String>,
    /// What the store mended, in its own words, such as a torn last line that was cut off and kept beside the file.
    pub repairs: Vec<String>,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resumed after {} events", self.events)?;
        if !self.completed.is_empty() {
            let names = self.completed.iter().map(PhaseName::as_str).collect::<Vec<_>>().join(", ");
            write!(f, "; completed: {names}")?;
        }
        for (phase, attempt) in self.interrupted.iter().chain(&self.also_interrupted) {
            write!(f, "; attempt {attempt} at {phase} was interrupted")?;
        }
        self.pipeline_changes.iter().chain(&self.repairs).try_for_each(|words| write!(f, "; {}", told(words)))
    }
}
