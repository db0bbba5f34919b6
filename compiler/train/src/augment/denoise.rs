//! Noise on the input of a network that is to rebuild what was there without it: it learns what samples have in
//! common instead of the identity. Source: Vincent et al., "Extracting and composing robust features with
//! denoising autoencoders" (2008).

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::random::Random;

/// Another place of what is longer, and noise.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DenoisingAugmentation {
    /// Standard deviation of white noise, in units of the normalised input.
    pub noise: f32,
}

impl DenoisingAugmentation {
    /// A random place of a sample that may be longer (in time) than the target.
    pub(super) fn apply(sample: Sample<'_>, target: &mut [f32], random: &mut Random) {
        let channels = sample.spread.len();
        let surplus = sample.values.len().saturating_sub(target.len()) / channels;
        let start = random.below(surplus + 1) * channels;
        target.copy_from_slice(&sample.values[start..start + target.len()]);
    }

    /// Adds the noise to normalised samples.
    pub(super) fn corrupt(&self, samples: &mut [f32], random: &mut Random) {
        if self.noise > 0.0 {
            for value in samples {
                *value += self.noise * random.normal();
            }
        }
    }
}
