//! What is told of a run? The same as a table, as JSON, as Markdown and as a page.
//!
//! [`summary::RunSummary`] is a run at one moment; the other files are the forms in which it is told.
//!
//! Imports from `engine`, of which it asks how things stand, and from everything below.

mod errors;
mod headline;
mod html;
mod json;
mod markdown;
pub(crate) mod summary;
mod times;
