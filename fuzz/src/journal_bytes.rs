//! How does a fuzzer get past the checksums? It need not: whatever it writes in a line, the checksum is made to hold.

const TRAILER: usize = r#","crc":"01234567"}"#.len();

/// The same bytes, with a checksum that holds at the end of each whole line that has one.
pub fn mended(bytes: &[u8]) -> Vec<u8> {
    each_line(bytes, |_, line| line.to_vec())
}

/// The same lines as nobody writes them, with a space behind the first brace, but for the header. A reader that knows the usual
/// lines by heart has to leave these to the reader of any JSON.
pub fn spaced(bytes: &[u8]) -> Vec<u8> {
    each_line(bytes, |number, line| match line {
        [b'{', rest @ ..] if number > 0 => [b"{ ", rest].concat(),
        _ => line.to_vec(),
    })
}

fn each_line(bytes: &[u8], change: impl Fn(usize, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.flat_map(|(number, line)| with_checksum(line, |covered| change(number, covered))).collect()
}

fn with_checksum(line: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some(covered) = covered(line) else { return line.to_vec() };
    let mut line = change(covered);
    let checksum = crc32(&line);
    line.extend_from_slice(format!(",\"crc\":\"{checksum:08x}\"}}\n").as_bytes());
    line
}

/// What stands before the checksum of a whole line, right or wrong.
fn covered(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (covered, trailer) = line.split_at(line.len().checked_sub(TRAILER)?);
    (trailer.starts_with(br#","crc":""#) && trailer.ends_with(br#""}"#)).then_some(covered)
}

/// As the standard describes it, a byte at a time.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| (crc >> 8) ^ OF_BYTE[((crc ^ u32::from(*byte)) & 0xff) as usize])
}

const OF_BYTE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};
