//! Runs that survive: kill them anywhere, run them again, lose nothing.

mod every_cut;
mod every_flip;
#[cfg(unix)]
mod kill_loop;
mod reading;
mod two_owners;

// What the tests above share, each named for what it is.
mod child;
mod every_event;
mod journal_file;
#[cfg(unix)]
mod long_import;
#[cfg(unix)]
mod seeded;
