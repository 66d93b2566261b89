//! Has a line changed since it was written?

/// How many bytes are taken at a time.
const STRIDE: usize = 16;

/// The CRC-32 of IEEE 802.3, as in gzip and PNG: it finds every flipped byte.
///
/// A byte at a time would take as long as reading the JSON. The remainders of bytes that stand further from the end are looked
/// up in tables of their own, so that sixteen look-ups do not wait for one another ("slicing by 16").
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut checksum = Checksum::default();
    checksum.add(bytes);
    checksum.value()
}

/// The checksum of bytes that come one after another, so that none of them is looked at twice.
pub(super) struct Checksum(u32);

impl Default for Checksum {
    fn default() -> Self {
        Checksum(!0)
    }
}

impl Checksum {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let (strides, rest) = bytes.as_chunks::<STRIDE>();
        self.0 = stride(strides.iter().fold(self.0, |crc, bytes| stride(crc, bytes)), rest);
    }

    /// The checksum of all bytes so far.
    pub(super) fn value(&self) -> u32 {
        !self.0
    }
}

/// The remainder after at most so many bytes more. Of those, only the first four have to wait for the ones before.
#[inline]
fn stride(crc: u32, bytes: &[u8]) -> u32 {
    let [a, b, c, d, others @ ..] = bytes else {
        return bytes.iter().fold(crc, |crc, byte| after(crc, *byte));
    };
    let first = (u32::from_le_bytes([*a, *b, *c, *d]) ^ crc).to_le_bytes();
    let after_others = others.iter().rev().zip(&TABLES).fold(0, |crc, (byte, table)| crc ^ table[usize::from(*byte)]);
    let tables = &TABLES[others.len()..];
    first.iter().rev().zip(tables).fold(after_others, |crc, (byte, table)| crc ^ table[usize::from(*byte)])
}

fn after(crc: u32, byte: u8) -> u32 {
    TABLES[0][usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8)
}

/// The remainders of all bytes, each table for those that have one more byte behind them.
static TABLES: [[u32; 256]; STRIDE] = tables();

const fn tables() -> [[u32; 256]; STRIDE] {
    let mut tables = [[0; 256]; STRIDE];
    tables[0] = table();
    let mut distance = 1;
    while distance < STRIDE {
        let mut byte = 0;
        while byte < 256 {
            let nearer = tables[distance - 1][byte];
            tables[distance][byte] = tables[0][(nearer & 0xff) as usize] ^ (nearer >> 8);
            byte += 1;
        }
        distance += 1;
    }
    tables
}

/// The remainders of all bytes, for the reversed polynomial.
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte: u32 = 0;
    while byte < 256 {
        let mut remainder = byte;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ 0xedb8_8320 } else { remainder >> 1 };
            bit += 1;
        }
        table[byte as usize] = remainder;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Checksum, after, crc32};

    #[test]
    fn agrees_with_the_check_value_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn is_the_same_by_strides_and_by_bytes() {
        let bytes: Vec<u8> = (0..1_000_u32).map(|index| (index * index % 251) as u8).collect();
        for length in (0..100).chain([1_000]) {
            let by_bytes = !bytes[..length].iter().fold(!0, |crc, byte| after(crc, *byte));
            assert_eq!(crc32(&bytes[..length]), by_bytes, "{length} bytes");
        }
    }

    #[test]
    fn is_the_same_of_all_bytes_at_once_and_of_one_part_after_another() {
        let bytes: Vec<u8> = (0..200_u32).map(|index| (index * index % 251) as u8).collect();
        for length in 1..=bytes.len() {
            let mut checksum = Checksum::default();
            for (part, end) in
                bytes.chunks(length).scan(0, |end, part| Some((part, *end + part.len())).inspect(|(_, to)| *end = *to))
            {
                checksum.add(part);
                assert_eq!(checksum.value(), crc32(&bytes[..end]), "parts of {length} bytes");
            }
        }
    }
}
