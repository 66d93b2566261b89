//! Runs that survive: kill them anywhere, run them again, lose nothing.

mod every_cut;
mod every_flip;

// What the tests above share, each named for what it is.
mod every_event;
mod journal_file;
