//! Rows that a phase cannot use: counted by reason, kept in a file, and no more of them than the run allows.

mod branches;
mod carried;
mod counted;
#[cfg(unix)]
mod full_disk;
mod in_a_file;
#[cfg(unix)]
mod kill_loop;
mod limits;
#[cfg(target_os = "linux")]
mod memory;
mod other_files;
mod told;

// What they share.
pub(crate) mod rejected_rows;
