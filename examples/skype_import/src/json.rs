//! Reads JSON that may be odd in places: a value that nobody can read stands for itself alone, and what is around it is read.
//!
//! A parser refuses a document for one lone surrogate in it. Here a value is first cut out, by its quotes and brackets alone,
//! and what is in it is asked later, if at all.

mod skim;
mod text;
mod value;

pub(crate) use skim::Skim;
pub(crate) use text::text;
pub(crate) use value::{Malformed, is_space, members};
