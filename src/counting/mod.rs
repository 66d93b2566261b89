//! How far? What a phase counts, at the cost of an addition, and how it is read from anywhere.
//!
//! [`counters::Counters`] says what is counted, [`meter::Meter`] is how the engine counts it, [`progress::Progress`] and
//! [`worker::ProgressWorker`] are how threads and tasks do, and [`reader::ProgressReader`] is how anybody looks on.
//!
//! Imports from `text`, and nothing else.

#[macro_use]
mod declare;

mod cells;
pub(crate) mod counters;
pub(crate) mod meter;
pub(crate) mod open_parts;
mod pace;
pub(crate) mod progress;
pub(crate) mod reader;
pub(crate) mod snapshot;
pub(crate) mod worker;
