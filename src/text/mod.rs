//! How is a text shown to people?

pub(crate) mod table;
pub(crate) mod unseen;
