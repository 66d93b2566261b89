//! The checksum of a line as the specification has it, bit by bit: a second opinion.

/// The CRC-32 of IEEE 802.3.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let remainder = bytes.iter().fold(u32::MAX, |remainder, byte| {
        (0..8).fold(remainder ^ u32::from(*byte), |remainder, _| (remainder >> 1) ^ (0xedb8_8320 * (remainder & 1)))
    });
    !remainder
}

/// A line of a journal from an object without a checksum, which is given the right one.
pub(crate) fn line(object: &str) -> String {
    let covered = object.strip_suffix('}').unwrap();
    format!("{covered},\"crc\":\"{:08x}\"}}\n", crc32(covered.as_bytes()))
}

/// The object of a line, without its checksum.
pub(crate) fn without_checksum(line: &str) -> String {
    let (object, _) = line.rsplit_once(",\"crc\":").unwrap();
    format!("{object}}}")
}
