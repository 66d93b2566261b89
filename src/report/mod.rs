//! What is told of a run: as a table, as JSON, as Markdown and as a page.

mod html;
mod markdown;
pub(crate) mod summary;
