//! Sound to features: a logarithmic mel spectrogram in integers, the same on host and device.
//!
//! A frame of `FRAME` 16-bit samples (a power of two) is multiplied by a Hann window, transformed
//! ([`fft`](mod@fft)), its power is summed in triangular bands of the mel scale, and each sum becomes a *level*:
//! its logarithm in steps of an eighth of an octave of power (0.376 dB), 0 at 96 dB below the loudest
//! tone, and 255 at most. A row of levels comes with every `HOP` samples; [`LogMel`] keeps the youngest rows.
//! The network reads them through a table of 256 values, which is how the host has quantised each level;
//! relative to the loudest level of the window, if its loudness shall not matter. Or it reads
//! [`cepstra`] of them.
//!
//! Cost per frame: `FRAME/4·log₂(FRAME/2)` butterflies, a split and two multiplications per frequency. Memory: six bytes per sample
//! of a frame, a byte per level. Limits: no pre-emphasis, no dither; twiddles of 16 bits put the noise of a
//! frame 90 dB below its loudest frequency.
//!
//! Sources: S. B. Davis, P. Mermelstein, *Comparison of parametric representations for monosyllabic word
//! recognition* (1980), for mel bands; S. Young et al., *The HTK book*, for their triangles.

pub mod cepstra;
pub mod fft;

use crate::kernels::{frozen, frozen_mut, rolled, unknown};

/// Steps of a level per octave of power.
pub const STEPS: u32 = 8;
/// Octaves of the sum of a band's power, in 1/2⁵ of the transform's squares, at level 0.
pub const BASE: u32 = 30;

/// `FRAME` samples at most, and at least.
pub const FRAMES: [usize; 2] = [64, 2048];

/// The constants of a front end.
#[derive(Clone, Copy, Debug)]
pub struct Bank<'a, const FRAME: usize> {
    /// Cosine and sine of `2πk/FRAME` for `k < FRAME/2`, in 1/2¹⁵.
    pub twiddles: &'a [i16; FRAME],
    /// First frequency from the start, each centre and the end of the bands on; two more than bands, from 1 to
    /// `FRAME/2`, ascending.
    pub edges: &'a [u16],
    /// Per frequency from the first edge to the last: how far it is from one edge to the next, in 1/2¹⁵.
    pub slopes: &'a [u16],
}

/// The youngest samples and rows of levels: what a front end keeps, and its scratch.
#[derive(Clone, Debug)]
pub struct LogMel<const FRAME: usize, const LEVELS: usize> {
    recent: [i16; FRAME],
    spectrum: [i32; FRAME],
    levels: [u8; LEVELS],
    /// Where the next row goes: the oldest one's place.
    next: usize,
}

impl<const FRAME: usize, const LEVELS: usize> LogMel<FRAME, LEVELS> {
    /// Silence so far.
    pub const fn new() -> Self {
        const {
            assert!(
                FRAME.is_power_of_two() && FRAME >= FRAMES[0] && FRAME <= FRAMES[1],
                "a frame is a power of two from 64 to 2048"
            )
        };
        Self {
            recent: [0; FRAME],
            spectrum: [0; FRAME],
            levels: [0; LEVELS],
            next: 0,
        }
    }

    /// Takes the next samples and makes a row of levels of the frame that ends with them.
    #[inline(never)]
    pub fn push<const HOP: usize>(
        &mut self,
        bank: &'static Bank<'static, FRAME>,
        samples: &[i16; HOP],
    ) {
        const { assert!(0 < HOP && HOP <= FRAME, "frames leave no sample out") };
        // LLVM would compile the one bank and the one place that a model has into all of it.
        let (bank, this) = (frozen(bank), frozen_mut(self));
        for at in 0..unknown(FRAME - HOP).min(FRAME - HOP) {
            rolled();
            this.recent[at] = this.recent[at + HOP];
        }
        let places = this.recent.iter_mut().skip(FRAME - HOP);
        for (to, from) in places.zip(samples).take(unknown(HOP)) {
            rolled();
            *to = *from;
        }
        let bands = bank.edges.len().saturating_sub(2);
        let end = this.next.wrapping_add(bands);
        if let Some(row) = this.levels.get_mut(this.next..end) {
            levels(bank, &this.recent, &mut this.spectrum, row);
        }
        this.next = if end < LEVELS { end } else { 0 };
    }

    /// Writes what the rows are for the network, the oldest first: `values` has its input for every level.
    /// With a `range`, levels count from so far below the loudest one, and those below that are as silent.
    #[inline(never)]
    pub fn write(&self, values: &[i8; 256], range: Option<u8>, input: &mut [i8; LEVELS]) {
        let offset = offset(self.loudest(), any(range));
        let newer = self.levels.get(..self.next).unwrap_or_default();
        let older = self.levels.get(self.next..).unwrap_or_default();
        for (to, level) in input.iter_mut().zip(older.iter().chain(newer)) {
            rolled();
            *to = values[usize::from(shifted(*level, offset))];
        }
    }
}

impl<const FRAME: usize, const LEVELS: usize> LogMel<FRAME, LEVELS> {
    /// The loudest level that is kept.
    #[inline(always)]
    fn loudest(&self) -> u8 {
        let mut loudest = 0;
        for level in &self.levels {
            rolled();
            loudest = loudest.max(*level);
        }
        loudest
    }
}

impl<const FRAME: usize, const LEVELS: usize> Default for LogMel<FRAME, LEVELS> {
    fn default() -> Self {
        Self::new()
    }
}

/// The same, as one that the compiler knows nothing of, or code would be another in every model.
#[inline(always)]
fn any(range: Option<u8>) -> Option<u8> {
    u8::try_from(unknown(range.map_or(usize::MAX, usize::from))).ok()
}

/// What is added to the levels of a window whose loudest is `loudest`.
#[inline(always)]
pub fn offset(loudest: u8, range: Option<u8>) -> i32 {
    range.map_or(0, |range| i32::from(range) - i32::from(loudest))
}

/// A level with its window's offset, within 0 to 255.
#[inline(always)]
pub fn shifted(level: u8, offset: i32) -> u8 {
    (i32::from(level) + offset).clamp(0, 255) as u8
}

/// The levels of a frame, one per band; `spectrum` is scratch.
#[inline(never)]
pub fn levels<const FRAME: usize>(
    bank: &Bank<'_, FRAME>,
    samples: &[i16; FRAME],
    spectrum: &mut [i32; FRAME],
    row: &mut [u8],
) {
    fft::transform(bank.twiddles, samples, spectrum);
    let mut slopes = bank.slopes.iter();
    let mut places = row.iter_mut();
    // A frequency between two centres counts for both their bands, the more the nearer.
    let mut rising: Option<u64> = None;
    for edges in bank.edges.windows(2) {
        let &[from, to] = edges else { continue };
        let (mut up, mut down) = (0, 0);
        for (frequency, slope) in (from..to).zip(&mut slopes) {
            rolled();
            let power = fft::power(bank.twiddles, spectrum, usize::from(frequency));
            let part = power * u64::from(*slope);
            up += part;
            down += (power << 15) - part;
        }
        if let Some(rising) = rising
            && let Some(place) = places.next()
        {
            *place = level(rising + down);
        }
        rising = Some(up);
    }
}

/// Where the next eighth of an octave begins, rounded to the nearest: 2^(15 + (2i + 1)/16).
const STARTS: [u16; 8] = [34219, 37316, 40694, 44377, 48393, 52773, 57549, 62758];

/// The level of a power.
#[inline(never)]
pub fn level(power: u64) -> u8 {
    let power = power | 1;
    let zeros = power.leading_zeros();
    let mantissa = ((power << zeros) >> 48) as u16;
    let mut steps = (u64::BITS - 1 - zeros) * STEPS;
    for start in STARTS {
        rolled();
        steps += u32::from(mantissa >= start);
    }
    steps.saturating_sub(BASE * STEPS).min(255) as u8
}
