//! What is told of a run? The same as a table, as JSON, as Markdown, as a page and as a trace.
//!
//! [`summary::RunSummary`] is a run at one moment; the other files are the forms in which it is told, and the file that it gets into.
//!
//! Imports from `engine`, of which it asks how things stand, and from everything below.

mod errors;
mod expectations;
pub(crate) mod file;
mod headline;
pub(crate) mod html;
mod json;
pub(crate) mod markdown;
mod parts;
mod rejects;
pub(crate) mod summary;
mod times;
mod trace;
