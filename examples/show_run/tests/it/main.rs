//! The program as its users run it: arguments in, texts, files and an exit status out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod files;
#[cfg(all(unix, feature = "postgres"))]
mod postgres;

// What these share.
mod program;
