//! What does a value say? A text as well as it can be read: U+FFFD stands where there can be no character.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// The text of a value; a number as it is written, whatever its size, and so a list or an object. Null says nothing.
pub(crate) fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    match value {
        b"null" => None,
        [b'"', inside @ .., b'"'] => Some(unescaped(inside)),
        other => Some(readable(other)),
    }
}

/// Most texts have nothing that cannot be read, which is found out faster than what can.
fn readable(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn unescaped(inside: &[u8]) -> Cow<'_, str> {
    // Databases do not agree about a zero, so there is none in any text.
    if memchr2(b'\\', 0, inside).is_none() {
        return readable(inside);
    }
    let mut text = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..at]);
        let (character, length) = escaped(&rest[at..]);
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[at + length..];
    }
    text.extend_from_slice(rest);
    let text = match String::from_utf8(text) {
        Ok(text) => text,
        Err(broken) => String::from_utf8_lossy(broken.as_bytes()).into_owned(),
    };
    Cow::Owned(if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text })
}

/// The character that an escape stands for, and how long the escape is. One that stands for none is a backslash like any other.
fn escaped(escape: &[u8]) -> (char, usize) {
    match escape.get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{C}', 2),
        Some(quoted @ (b'"' | b'\\' | b'/')) => (char::from(*quoted), 2),
        Some(b'u') => by_number(escape).unwrap_or(('\\', 1)),
        _ => ('\\', 1),
    }
}

fn by_number(escape: &[u8]) -> Option<(char, usize)> {
    let first = unit(escape)?;
    let pair = escape.get(6..).and_then(unit).map(|second| char::decode_utf16([first, second]).next());
    Some(match pair {
        Some(Some(Ok(character))) if character > '\u{FFFF}' => (character, 12),
        _ => (char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
    })
}

/// The number behind `\u`.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits.iter().try_fold(0, |number, byte| Some(number * 16 + digit(byte)?))?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_says(value: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(text(value.as_ref()).as_deref(), Some(expected));
    }

    #[test]
    fn texts_are_read_as_any_json_parser_does() {
        for json in [r#""""#, r#""plain 🙂""#, r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude42""#, r#""\u0041\uD7FF\uE000\uFFFF""#] {
            assert_says(json, &serde_json::from_str::<String>(json).unwrap());
        }
    }

    #[test]
    fn null_says_nothing_and_other_values_what_is_written() {
        assert_eq!(text(b"null"), None);
        for value in ["100000000000000000001", "1.50", "true", "[1, {\"a\": 2}]"] {
            assert_says(value, value);
        }
    }

    #[test]
    fn where_no_character_can_be_there_is_a_mark() {
        assert_says(r#""cut \ud83d""#, "cut \u{FFFD}");
        assert_says(r#""\ude42\ud83d\u0041\ud83d\ud83d\ude42""#, "\u{FFFD}\u{FFFD}A\u{FFFD}🙂");
        assert_says(b"\"caf\xe9\"", "caf\u{FFFD}");
        assert_says(b"\"caf\xe9\\n\"", "caf\u{FFFD}\n");
        assert_says("\"a\\u0000b\"", "a\u{FFFD}b");
        assert_says("\"a\0b\"", "a\u{FFFD}b");
    }

    #[test]
    fn an_escape_that_stands_for_nothing_stays_as_it_is() {
        assert_says(r#""C:\x\u12\uzzzz""#, r"C:\x\u12\uzzzz");
        assert_says("\"a\tb\nc\"", "a\tb\nc");
    }
}
