//! Those who watch a run: bars, traces, lineage.

mod containment;
#[cfg(feature = "open-lineage")]
mod open_lineage;
mod opened_and_closed;
#[cfg(feature = "progress")]
mod progress_bars;
#[cfg(feature = "tracing")]
mod tracing;
