//! Runs that survive: kill them anywhere, run them again, lose nothing.

mod any_damage;
mod at_least_once;
mod carried_counts;
mod changed_counters;
mod checkpoints;
mod clock_steps;
#[cfg(feature = "testing")]
mod contract;
mod dynamic_face;
mod escaped_texts;
mod every_cut;
mod every_flip;
#[cfg(feature = "testing")]
mod failing_disk;
mod foreign_files;
#[cfg(unix)]
mod forked;
#[cfg(unix)]
mod full_disk;
mod golden;
mod hostile_texts;
#[cfg(unix)]
mod kill_loop;
mod limits;
mod long_lines;
mod loops;
#[cfg(unix)]
mod many_phases;
mod other_names;
mod other_pipeline;
mod other_run;
#[cfg(feature = "testing")]
mod power_cuts;
mod properties;
mod reading;
mod recovery;
mod resume_order;
mod resume_results;
mod specification;
mod stopping;
mod two_owners;
mod what_ran_again;

// What the tests above share, each named for what it is.
mod checksum;
mod every_event;
#[cfg(feature = "testing")]
pub(crate) mod fake_disk;
pub(crate) mod journal_file;
mod nightly_run;
