//! How is an identifier of Rust called elsewhere? Without the `r#` that only Rust needs, and without paths.

use std::any::type_name;

/// The name of an identifier that was made a text by `stringify!`: `type` for `r#type`.
#[doc(hidden)]
#[must_use]
pub const fn plain_name(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

/// The name of a type without the paths that lead to it and to its arguments: `Sink<File>` for `lake::Sink<std::fs::File>`.
pub(crate) fn type_name_of<T: ?Sized>() -> String {
    let whole = type_name::<T>();
    let words = whole.split_inclusive(|character: char| !character.is_alphanumeric() && !"_:{}".contains(character));
    words.map(|word| word.rsplit("::").next().unwrap_or(word)).collect()
}
