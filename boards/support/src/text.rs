//! Text without `core::fmt`, whose machinery brings panics and kilobytes.

/// Where text goes.
pub trait Sink {
    /// Writes all of it.
    fn text(&mut self, text: &[u8]);
}

/// 1, 10, 100, … up to 10¹⁹, the largest in a u64: subtracting them needs no division, which small
/// cores lack.
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut i = 1;
    while i < 20 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// ` key=value`, in decimal. Never inlined: a run writes many of them.
#[inline(never)]
pub fn pair(sink: &mut impl Sink, key: &str, value: u64) {
    sink.text(b" ");
    sink.text(key.as_bytes());
    sink.text(b"=");
    decimal(sink, value);
}

/// A number in decimal.
pub fn decimal(sink: &mut impl Sink, mut value: u64) {
    let mut leading = true;
    for (place, power) in POWERS.iter().enumerate().rev() {
        let mut digit = b'0';
        while value >= *power {
            value -= power;
            digit += 1;
        }
        leading &= digit == b'0' && place > 0;
        if !leading {
            sink.text(&[digit]);
        }
    }
}
