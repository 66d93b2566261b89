//! What is this file? Decided by its content, because exports get renamed.

use std::io::{self, Read};

/// Enough to know any kind by.
pub(crate) const HEAD: usize = 512;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where a tar header says what it is.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// So many bytes in.
    Json(u64),
    Tar,
    Gzip,
    Zip,
    /// As people call it.
    Unreadable(&'static str),
}

const NAMED: [(&[u8], Kind); 12] = [
    (b"\x1f\x8b", Kind::Gzip),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    (b"{\0", UTF_16),
    (b"\0{", UTF_16),
    (b"BZh", Kind::Unreadable("a bzip2 file")),
    (b"\xfd7zXZ", Kind::Unreadable("an xz file")),
    (b"7z\xbc\xaf", Kind::Unreadable("a 7z archive")),
    (b"Rar!", Kind::Unreadable("a RAR archive")),
    (b"SQLite format 3\0", Kind::Unreadable("an SQLite database")),
];

const UTF_16: Kind = Kind::Unreadable("a text in UTF-16 (save it as UTF-8)");

impl Kind {
    /// Of the file that begins with these bytes.
    pub(crate) fn of(head: &[u8]) -> Self {
        if head.get(TAR_MAGIC) == Some(b"ustar") {
            return Kind::Tar;
        }
        let named = NAMED.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind);
        let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        named.unwrap_or(Kind::Json(mark as u64))
    }
}

/// The first bytes, at most [`HEAD`].
pub(crate) fn head_of(input: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    input.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_its_first_bytes() {
        assert_eq!(Kind::of(b""), Kind::Json(0));
        assert_eq!(Kind::of(b" {}"), Kind::Json(0));
        assert_eq!(Kind::of(b"\xef\xbb\xbf{}"), Kind::Json(3));
        assert_eq!(Kind::of(b"\x1f\x8b\x08"), Kind::Gzip);
        assert_eq!(Kind::of(b"PK\x03\x04"), Kind::Zip);
        for utf_16 in [&b"\xff\xfe{\0"[..], b"\xfe\xff\0{", b"{\0\"\0", b"\0{\0\""] {
            assert_eq!(Kind::of(utf_16), UTF_16);
        }
        let mut tar = vec![0; HEAD];
        tar[TAR_MAGIC].copy_from_slice(b"ustar");
        assert_eq!(Kind::of(&tar), Kind::Tar);
    }
}
