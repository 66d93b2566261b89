//! What the crate promises, held through its public API: one program, a module for each topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in an argument reads best without a reference")]

mod auto_traits;
mod awaiting_a_stop;
mod bad_errors;
mod bad_names;
mod bad_results;
mod closed_counters;
mod compile_errors;
mod counting;
mod declared;
mod durable;
mod ended_together;
mod examples;
mod expectations;
mod finally;
mod guide;
mod house;
mod journal;
mod journal_replay;
mod kept_results;
mod long_parts;
mod many_nights;
mod many_phases;
mod markdown_report;
#[cfg(all(unix, feature = "progress", feature = "tracing"))]
mod nightly_import;
mod observer_failures;
mod observers;
mod parts;
mod pipelines;
#[cfg(all(unix, feature = "postgres", feature = "testing"))]
mod postgres;
mod properties;
mod question_mark;
mod read_back;
mod rejects;
mod report_display;
mod report_file;
mod reports;
mod retries;
mod run_by_name;
mod run_status;
mod runs;
mod semantics_phases;
mod semantics_reports;
mod semantics_results;
#[cfg(all(unix, feature = "sqlite", feature = "testing"))]
mod sqlite;
mod summary_display;
mod tidy;
mod told_errors;
mod told_parts;
mod traces;
mod typed_async;
mod typed_counters;
mod typed_dropped;
mod typed_erased;
mod typed_scope;
mod typed_transitions;
mod watchers;
mod with_order;

// What these share, each named for what it is.
mod cases;
mod child;
#[cfg(unix)]
mod disturbed_import;
#[cfg(all(unix, feature = "testing", any(feature = "postgres", feature = "sqlite")))]
mod killed_loads;
mod layered_error;
#[cfg(unix)]
mod long_import;
mod measurable;
mod nightly;
mod parsed_json;
#[cfg(all(unix, feature = "testing", any(feature = "postgres", feature = "sqlite")))]
mod random_moves;
mod refusing_journal;
mod report_samples;
#[cfg(unix)]
mod seeded;
mod side_by_side;
mod side_by_side_reports;
mod unchanged;
mod watcher;
mod written_run;
