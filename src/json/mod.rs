//! What JSON can hold: what a phase may return, what is kept of it without loss, and what can be read back.

pub(crate) mod dictionary;
pub(crate) mod lossless;
pub(crate) mod readable;
