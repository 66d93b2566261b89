//! How far? What a phase counts, at the cost of an addition, and how it is read from anywhere.

pub(crate) mod counters;
pub(crate) mod pace;
pub(crate) mod progress;
pub(crate) mod reader;
pub(crate) mod snapshot;
pub(crate) mod worker;
