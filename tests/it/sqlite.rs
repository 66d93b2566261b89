//! Runs in an SQLite database: many in one file, each with one owner, beside tables of whoever else uses it.

mod contract;
mod kill_loop;
mod many_runs;
mod two_owners;

// What the tests above share, each named for what it is.
mod database_file;
