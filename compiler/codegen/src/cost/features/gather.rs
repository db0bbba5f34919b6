//! A convolution's gathering of patches: pixels, rows of taps, runs of taps. Inside the image a row of taps
//! is copied in runs, at its border tap by tap; with Helium always in rows, by vectors.

use ember_ir::Window2d;
use ember_runtime::params::Phase;
use ember_runtime::scratch::Isa;

use super::flag;
use crate::cost::window::{Pixels, phase_pixels, pixels};

pub(super) fn counts(
    window: &Window2d,
    ([h, w, c], [oh, ow, _]): ([usize; 3], [usize; 3]),
    isa: Isa,
) -> Vec<usize> {
    let layer = Gather {
        kernel: window.kernel,
        // Taps of a row that are apart are copied one by one.
        runs: if window.dilation[1] == 1 {
            1
        } else {
            window.kernel[1]
        },
        channels: c,
        all: oh * ow,
        pointwise: window.kernel == [1, 1] && window.stride == [1, 1] && [h, w] == [oh, ow],
        places: pixels(window, [h, w], [oh, ow]),
    };
    layer.counts(isa)
}

/// As [`counts`], of two phases of a transposed convolution.
pub(super) fn phase_counts(phases: [&Phase; 2], [h, w, c]: [usize; 3], isa: Isa) -> Vec<usize> {
    let layer = Gather {
        kernel: phases.map(|phase| phase.taps as usize),
        runs: 1,
        channels: c,
        all: phases.iter().map(|phase| phase.count as usize).product(),
        pointwise: false,
        places: phase_pixels(phases, [h, w]),
    };
    layer.counts(isa)
}

struct Gather {
    kernel: [usize; 2],
    runs: usize,
    channels: usize,
    all: usize,
    pointwise: bool,
    places: Pixels,
}

impl Gather {
    fn counts(&self, isa: Isa) -> Vec<usize> {
        match isa {
            Isa::Mve => self.by_vectors().to_vec(),
            Isa::Thumb1 | Isa::Thumb2 => self.by_taps(false).to_vec(),
            // Channels that come in words are widened as they are copied, others afterwards.
            Isa::Dsp | Isa::Any => {
                let words = self.channels.is_multiple_of(4);
                let [mut wide, mut bytes] = [self.by_taps(true), self.by_taps(false)];
                if words {
                    bytes.fill(0);
                } else {
                    wide.fill(0);
                }
                let widened = flag(!words) * self.all;
                let taps = self.taps().div_ceil(4);
                [&wide[..], &bytes, &[widened * taps, widened * (taps % 2)]].concat()
            }
        }
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.channels
    }

    /// `wide`: four taps at a time and no others.
    fn by_taps(&self, wide: bool) -> [usize; 13] {
        let [kh, kw] = self.kernel;
        let (all, c, places) = (self.all, self.channels, &self.places);
        let windows = all * flag(!self.pointwise);
        let inside = all - places.border;
        let (runs, run) = (inside * kh * self.runs, kw * c / self.runs);
        let rest = |len: usize| if wide { len / 4 % 2 } else { len % 4 };
        let outside = [
            (places.border * kh - places.border_runs) * kw,
            places.border_runs * kw - places.border_taps,
        ];
        let padding = if wide { c / 4 } else { c };
        [
            all - windows,
            windows,
            flag(!self.pointwise) * inside * kh,
            flag(!self.pointwise) * runs,
            runs * (run / 4) + places.border_taps * (c / 4),
            runs * rest(run) + places.border_taps * rest(c),
            places.border,
            places.border * kh,
            places.border_taps,
            outside[0],
            outside[1],
            (outside[0] + outside[1]) * padding,
            flag(!wide && c < 4) * places.border_taps,
        ]
    }

    fn by_vectors(&self) -> [usize; 12] {
        let (all, c, places) = (self.all, self.channels, &self.places);
        let windows = all * flag(!self.pointwise);
        let [rows, columns] = &places.taps;
        // Copies of the taps of a row, and their vectors.
        let (mut calls, mut vectors) = (0, 0);
        for &taps in columns {
            let (apart, run) = match self.runs {
                1 => (taps.min(1), taps * c),
                _ => (taps, c),
            };
            calls += apart;
            vectors += apart * run.div_ceil(16);
        }
        let with_rows = rows.iter().filter(|&&taps| taps > 0).count();
        let rows_of_taps = rows.iter().sum::<usize>();
        let above = places.before[0];
        let below = rows.len() * self.kernel[0] - rows_of_taps - above;
        let some = flag(!self.pointwise);
        [
            all - windows,
            (all - windows) * c.div_ceil(16),
            windows,
            places.border,
            places.border * self.taps().div_ceil(16),
            columns.len() * above,
            columns.len() * below,
            some * with_rows * columns.len(),
            some * with_rows * columns.len() * self.runs,
            some * with_rows * calls,
            some * rows_of_taps * calls,
            some * rows_of_taps * vectors,
        ]
    }
}
