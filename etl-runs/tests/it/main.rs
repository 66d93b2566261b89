//! The program as its users run it: arguments in, texts, files and an exit code out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bad_input;
mod compare;
mod golden;
mod html;
mod list;
#[cfg(target_os = "linux")]
mod many;
mod missing;
mod prune;
mod readme;
mod rejects;
mod screen;
mod show;

// What these share.
mod nights;
mod places;
mod program;
