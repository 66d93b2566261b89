//! Runs in an SQLite database: many in one file, each with one owner, beside tables of whoever else uses it.

mod checkpoint_in;
mod complete_in;
mod contract;
mod damage;
mod foreign_databases;
mod forked;
mod full_disk;
mod guide;
mod kill_loop;
mod killed_batches;
mod killed_loads;
mod list_of_runs;
mod locked;
mod many_runs;
mod run_in;
mod touched;
mod transactions;
mod two_owners;

// What the tests above share, each named for what it is.
pub(crate) mod database_file;
pub(crate) mod target;
