//! Compressed bodies that are much longer than they look.

/// A gzip stream of so many spaces, whole but for its checksum: one literal, then copies of it.
pub fn gzip_of_spaces(count: usize) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut held, mut bits) = (0u32, 0);
    let mut put = |out: &mut Vec<u8>, value: u32, length: u32, huffman: bool| {
        for i in 0..length {
            let bit = if huffman { length - 1 - i } else { i };
            held |= ((value >> bit) & 1) << bits;
            bits += 1;
            if bits == 8 {
                out.push(held as u8);
                (held, bits) = (0, 0);
            }
        }
    };
    put(&mut out, 1, 1, false);
    put(&mut out, 1, 2, false);
    put(&mut out, 0x30 + 0x20, 8, true);
    for _ in 0..count / 258 {
        put(&mut out, 0xC5, 8, true);
        put(&mut out, 0, 5, true);
    }
    put(&mut out, 0, 7, true);
    put(&mut out, 0, 7, false);
    out
}
