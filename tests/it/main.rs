//! The integration tests, one module a topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test may panic")]

mod skype_import;
//! What the crate promises, held through its public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]
mod compile_errors;
//! The integration tests, by topic, in one program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may stop at what it did not expect"
)]
mod examples;
mod guide;
mod tidy;
