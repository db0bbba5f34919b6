//! Texts as the input of a network that reads bytes.

/// Writes the bytes of a text, each less 128: of a longer one the first, behind a shorter one zeros.
pub fn read(text: &[u8], input: &mut [i8]) {
    let bytes = text.iter().copied().chain(core::iter::repeat(0));
    for (to, byte) in input.iter_mut().zip(bytes) {
        *to = (byte ^ 0x80).cast_signed();
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_text_is_cut_or_padded() {
        let mut input = [1; 3];
        read(b"abcd", &mut input);
        assert_eq!(input, [-31, -30, -29]);
        read(b"\xff", &mut input);
        assert_eq!(input, [127, -128, -128]);
    }
}
