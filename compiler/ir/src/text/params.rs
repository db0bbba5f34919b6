//! The indented lines of a node: its weights, scales and biases.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::line::{Line, ParseError, number};
use crate::{QuantParams, Shape};

/// Bytes of seeded weights that one text may ask for: a line of text must not cost gigabytes.
const MOST_SEEDED: usize = 16 << 20;

/// Which list of numbers an indented line goes on with.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Weights,
    Scales,
    Bias,
}

/// The lines of one node, as far as they are read.
#[derive(Default)]
pub(super) struct RawParams {
    base64: String,
    seed: Option<u64>,
    scales: Vec<f32>,
    bias: Vec<i64>,
    section: Option<Section>,
    last_line: usize,
}

impl RawParams {
    /// Reads a line.
    pub fn line(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        self.last_line = line.number;
        for (index, word) in line.words().enumerate() {
            let keyword = match word {
                "weights" => Some(Section::Weights),
                "scales" => Some(Section::Scales),
                "bias" => Some(Section::Bias),
                _ => None,
            };
            if index == 0 && keyword.is_some() {
                self.section = keyword;
                continue;
            }
            match self.section {
                Some(Section::Weights) => self.weights(line, word)?,
                Some(Section::Scales) => self.scales.push(number(line, word)?),
                Some(Section::Bias) => self.bias.push(number(line, word)?),
                None => return Err(line.error(word, "expected 'weights', 'scales' or 'bias'")),
            }
        }
        Ok(())
    }

    fn weights(&mut self, line: Line<'_>, word: &str) -> Result<(), ParseError> {
        let is_first = self.seed.is_none() && self.base64.is_empty();
        match word.strip_prefix("seed=") {
            Some(seed) if is_first => self.seed = Some(number(line, seed)?),
            None if self.seed.is_none() => self.base64.push_str(word),
            _ => return Err(line.error(word, "weights are base64, or seed=… and nothing else")),
        }
        Ok(())
    }

    /// The numbers; `shape` is that of the node's weights, `seeded` counts the seeded ones of a text.
    pub fn decode(
        self,
        shape: Option<&Shape>,
        seeded: &mut usize,
    ) -> Result<QuantParams, ParseError> {
        let error = |message: String| ParseError {
            line: self.last_line,
            column: 1,
            message,
        };
        let weights = match (self.seed, shape) {
            (Some(seed), Some(shape)) => {
                let count = shape.elements();
                *seeded = seeded.saturating_add(count);
                if *seeded > MOST_SEEDED {
                    return Err(error(format!(
                        "{seeded} bytes of seeded weights up to here; a text may have {MOST_SEEDED}"
                    )));
                }
                seeded_weights(seed, count)
            }
            (Some(_), None) => {
                return Err(error("the operator above this line has no weights".into()));
            }
            (None, _) => {
                let bytes = STANDARD.decode(&self.base64).map_err(|reason| {
                    error(format!(
                        "the weights above this line are not valid base64: {reason}"
                    ))
                })?;
                bytes.into_iter().map(u8::cast_signed).collect()
            }
        };
        Ok(QuantParams {
            weights,
            scales: self.scales,
            bias: self.bias,
        })
    }
}

/// What `weights seed=…` stands for: `count` weights from −127 to 127, one per number of SplitMix64
/// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
pub fn seeded_weights(seed: u64, count: usize) -> Vec<i8> {
    let mut state = seed;
    let mut draw = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (z ^ (z >> 31)) >> 32;
        // 255 equally likely values, to within 2^-24.
        (((high * 255) >> 32) as i16 - 127) as i8
    };
    (0..count).map(|_| draw()).collect()
}
