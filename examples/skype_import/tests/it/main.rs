//! The programs of this package as their users run them: arguments and files in, a database, texts and an exit status out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod killed;
#[cfg(all(unix, feature = "postgres"))]
mod postgres;
mod runs;
mod sqlite;

// What these share.
mod place;
