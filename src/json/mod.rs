//! What can JSON hold? What a phase may return, what is kept of it without loss, and what can be read back.
//!
//! [`dictionary::PhaseResult`] is what a phase may return, and [`dictionary::KeptResult`] what is kept of it.
//!
//! Imports from `text`, and nothing else.

pub(crate) mod dictionary;
pub(crate) mod lossless;
pub(crate) mod readable;
pub(crate) mod seen;
mod twice;
