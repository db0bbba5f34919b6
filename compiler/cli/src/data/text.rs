//! Texts as numbers: a closed vocabulary of bytes, learned on the training set. Bytes of 0, which stand behind
//! texts that are shorter, are number 0, what is rare or unknown number 1; capital letters of ASCII count as small
//! ones.

use ember_codegen::text::Numbers;
use ember_train::Dataset;

/// What a byte that is no word of the vocabulary becomes.
const UNKNOWN: u8 = 1;
/// Bytes that the training set has less often are unknown: so the network learns what to make of such.
const RARE: usize = 3;

/// The vocabulary, and the texts of the test set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Texts {
    /// The number of each byte.
    pub numbers: Numbers,
    /// How many numbers there are.
    pub tokens: usize,
    /// The test set as its network's input, one text after the other.
    pub bytes: Vec<i8>,
}

impl Texts {
    /// Learns a vocabulary. The samples of both sets are bytes.
    pub(super) fn learn(train: &Dataset, test: &Dataset) -> Self {
        let mut counts = [0usize; 256];
        for &byte in &train.samples {
            counts[usize::from(folded(byte))] += 1;
        }
        let mut numbers = [UNKNOWN; 256];
        numbers[0] = 0;
        let mut tokens = 2;
        // As many as a byte can number: with all bytes in use the last ones stay unknown.
        for byte in (1..=u8::MAX).filter(|&byte| counts[usize::from(byte)] >= RARE) {
            if let Ok(number) = u8::try_from(tokens) {
                numbers[usize::from(byte)] = number;
                tokens += 1;
            }
        }
        for capital in b'A'..=b'Z' {
            numbers[usize::from(capital)] = numbers[usize::from(capital.to_ascii_lowercase())];
        }
        let bytes = test.samples.iter();
        Self {
            numbers,
            tokens,
            bytes: bytes
                .map(|&byte| (byte as u8 ^ 0x80).cast_signed())
                .collect(),
        }
    }

    /// The samples with numbers in the place of bytes.
    pub(super) fn read(&self, dataset: &Dataset) -> Dataset {
        let samples = dataset.samples.iter();
        let number = |&byte: &f32| f32::from(self.numbers[usize::from(byte as u8)]);
        Dataset {
            samples: samples.map(number).collect(),
            ..dataset.clone()
        }
    }
}

fn folded(byte: f32) -> u8 {
    (byte as u8).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use ember_ir::Shape;

    fn texts(all: &[&[u8; 4]]) -> Dataset {
        let bytes = all.iter().flat_map(|text| text.map(f32::from));
        let labels = vec![0; all.len()];
        let shape = Shape::from([1, 4, 1]);
        Dataset::new(shape, bytes.collect(), labels, vec!["a".into()]).unwrap()
    }

    #[test]
    fn a_vocabulary_is_closed_and_does_not_tell_capitals_apart() {
        let train = texts(&[b"abA\0", b"aB!\0", b"bz\0\0"]);
        let test = texts(&[b"AbZ\xff"]);
        let learned = Texts::learn(&train, &test);
        assert_eq!(learned.tokens, 4);
        let read = learned.read(&test);
        assert_eq!(read.samples, [2.0, 3.0, 1.0, 1.0]);
        assert_eq!(learned.read(&train).samples[3], 0.0);
        assert_eq!(learned.bytes, [-63, -30, -38, 127]);
    }
}
