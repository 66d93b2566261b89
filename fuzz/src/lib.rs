//! What the targets share: journals as bytes, in memory and in a file, and what is true of every record.

mod disk;
mod invariants;
mod journal_bytes;
mod json;

pub use disk::{Disk, Folder};
pub use invariants::check_record;
pub use journal_bytes::{mended, spaced};
pub use json::{Json, depth};
