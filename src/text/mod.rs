//! How is a text shown to people? On lines and in columns, with nothing in it that cannot be seen.
//!
//! [`table::Table`] lines it up; the rest are functions from a text or a number to a text, and the words of the documentation.
//!
//! Imports from nothing else in the crate.

pub(crate) mod counter;
pub(crate) mod file_name;
pub(crate) mod identifier;
pub(crate) mod line;
pub(crate) mod list;
pub(crate) mod number;
pub(crate) mod panic;
pub(crate) mod sentence;
pub(crate) mod table;
pub(crate) mod unseen;
