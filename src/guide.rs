//! The guide: pages to read, compiled with the crate so that their examples keep working.

/// Every mistake: what the compiler prints, what it means, how to mend it, and its twin at run time.
#[doc = include_str!("../docs/errors.md")]
pub mod errors {}
