//! What the crate promises, held through its public API: one program, a module for each topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod compile_errors;
mod examples;
mod guide;
mod skype_import;
mod tidy;
