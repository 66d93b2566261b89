//! What the crate promises, held through its public API: one program, a module for each topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod compile_errors;
mod examples;
mod guide;
mod skype_import;
mod tidy;
//! What a program that depends on the crate can rely on: one module for each topic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking, and its name says what it holds"
)]

mod auto_traits;
mod bad_errors;
mod bad_names;
mod bad_results;
mod journal;
mod journal_replay;
mod observers;
mod pipelines;
mod properties;
mod question_mark;
mod report_display;
mod semantics_phases;
mod semantics_reports;
mod semantics_results;

mod auto_traits;
mod question_mark;
mod summary_display;
mod typed_async;
mod typed_counters;
mod typed_dropped;
mod typed_erased;
mod typed_scope;
mod typed_transitions;

// What the tests above share, each named for what it is.
mod layered_error;
mod measurable;
mod nightly;
mod parsed_json;
mod refusing_journal;
mod unchanged;
mod watcher;
