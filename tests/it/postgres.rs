//! Runs in PostgreSQL: one owner among many machines, and everybody else can watch. Each test has a database of its own, on a
//! private server that lives in a temporary folder.

mod access;
mod addresses;
mod checkpoint_in;
mod complete_in;
mod contract;
mod cuts;
mod damage;
#[cfg(target_os = "linux")]
mod dead_server;
mod deleted_run;
mod ended_together;
mod frozen_owner;
mod guide;
mod in_doubt;
mod inside_tokio;
mod kill_loop;
mod killed_batches;
mod killed_loads;
mod killed_workers;
mod long_parts;
mod lost_answers;
mod odd_databases;
mod parts;
mod race;
mod refused_events;
mod registered_again;
mod registration;
mod renewal;
mod server_crashes;
mod settings;
mod stands_still;
mod tables;
mod waiting_for_parts;
mod watching;

// What the tests above share, each named for what it is.
mod doubtful;
mod extracting;
pub(crate) mod import;
pub(crate) mod patience;
mod relay;
pub(crate) mod server;
