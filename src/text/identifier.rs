//! How is an identifier of Rust called elsewhere? Without the `r#` that only Rust needs.

/// The name of an identifier that was made a text by `stringify!`: `type` for `r#type`.
#[doc(hidden)]
#[must_use]
pub const fn plain_name(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}
