//! How is a name written where only some characters are allowed? The others as bytes in hexadecimal, so that it can be read back.

use std::fmt::Write;

/// The name, of which the bytes that are not to be kept are written as in `%2f`.
pub(crate) fn escaped(name: &str, is_kept: impl Fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii() && is_kept(byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02x}");
        }
    }
    escaped
}

/// What was escaped; `None` if nothing is escaped so.
pub(crate) fn unescaped(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let [high, low, after @ ..] = after else { return None };
        bytes.push(digit(*high)? * 16 + digit(*low)?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Capitals are not kept, because some file systems do not tell them from small letters.
pub(crate) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{escaped, is_plain, unescaped};

    #[test]
    fn what_is_escaped_can_be_read_back() {
        for name in ["2026-11-25", "a/b", "..", "100 %", "Ünïcode", "", "%2f"] {
            let written = escaped(name, is_plain);
            assert!(written.bytes().all(|byte| is_plain(byte) || byte == b'%'), "{written}");
            assert_eq!(unescaped(&written).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_is_not_escaped_so_is_nothing() {
        for written in ["%", "%2", "%zz", "%ff", "%+1", "a%é"] {
            assert_eq!(unescaped(written), None, "{written}");
        }
    }
}
