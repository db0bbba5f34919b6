//! Depthwise convolution: groups of channels, bands of rows, which are copied; then rows of pixels.

use ember_ir::DepthwiseConv2d;
use ember_runtime::kernels::Form;
use ember_runtime::scratch::{CHANNELS, Geometry, Isa, band_columns, band_rows_in};

use super::rescale::{Finish, Rescale};
use super::{flag, numbers};

pub(super) fn counts(op: &DepthwiseConv2d, g: &Geometry, isa: Isa, rescale: Rescale) -> Vec<f64> {
    let ([_, w, inputs], [oh, ow, channels]) = (g.input, g.output);
    let [kh, kw] = g.kernel;
    let finish = Finish::of(rescale, channels, CHANNELS);
    let groups = finish.whole_groups + finish.other_groups;
    let columns = band_columns(g);
    let within = w.min(columns - g.pad[1].min(columns));
    let bands = Bands::of(g, isa);
    let mve = isa == Isa::Mve;
    // With Helium pixels of a band are words, four of a row at a time.
    let steps = |pixels: usize| if mve { pixels.div_ceil(4) } else { pixels };
    let direct = op.multiplier == 1;
    let adjacent = flag(direct) * channels / CHANNELS;
    let apart = groups - adjacent;
    let lookups = channels - adjacent * CHANNELS;
    // Where one band is the layer, rows of padding are filled once, with the columns of padding.
    let refilled = groups * flag(bands.bands > 1);
    // Pixels are copied a word at a time where four channels are four channels of the input; with Helium
    // only where all pixels are aligned.
    let fast_copies = adjacent * bands.copied;
    let slow_copies = groups * bands.copied - fast_copies;
    let single = flag(mve && !inputs.is_multiple_of(CHANNELS)) * fast_copies;
    // Calls that copy rows, and what they do per row or per three.
    let copied = match isa {
        Isa::Dsp => {
            let [triples, rest] = bands.triples;
            [
                triples,
                triples * within,
                rest,
                rest * (within / 2),
                rest * (within % 2),
            ]
        }
        Isa::Thumb1 | Isa::Thumb2 | Isa::Mve | Isa::Any => {
            let fast = flag(single == 0) * bands.copied;
            [bands.copied, fast * steps(within), 0, 0, 0]
        }
    };
    let (fast, slow) = (finish.whole_groups, finish.other_groups);
    let pixels = oh * ow;
    let square = flag(g.kernel == [3, 3] && g.dilation[1] == 1);
    let looped = 1 - square;
    // Helium's square windows go by pairs of pixels.
    let units = if mve { oh * ow.div_ceil(2) } else { pixels };
    let tflite = flag(rescale.form == Form::TfLite);
    // Only Cortex-M0 has a square window of its own where outputs are finished one by one.
    let slow_square = square * flag(isa == Isa::Thumb1);
    let window = |groups: usize, loops: usize| {
        let pixels = groups * pixels * loops;
        [pixels, pixels * kh, pixels * kh * kw]
    };
    // Their factors stay packed until an output needs them.
    let packed = groups * flag(rescale.form.is_one_by_one());
    let clamped = pixels * channels * rescale.clamped();
    numbers(&[
        &[1, groups, packed, groups * square, channels],
        &[groups * bands.bands],
        &[groups * bands.copied, steps(columns * bands.rows)],
        &[
            refilled * bands.bands,
            refilled * steps(bands.filled * columns),
        ],
        // Channels that are not adjacent are looked up for every band.
        &[apart * bands.bands, lookups * bands.bands],
        &[groups * bands.moved * columns],
        &copied.map(|count| adjacent * count),
        &[single, single * within, slow_copies * within],
        &[fast * oh * square, fast * oh * looped],
        &[fast * units * square, fast * units * square * tflite],
        &[fast * pixels * looped * tflite],
        &window(fast, looped),
        &[slow * oh, slow * pixels * slow_square],
        &window(slow, 1 - slow_square),
        &rescale.counts(finish.others * pixels),
        &[
            rescale.clamped(),
            if mve { clamped.div_ceil(16) } else { clamped },
        ],
    ])
}

/// What is done to rows for each group of channels.
struct Bands {
    bands: usize,
    /// Input rows of the first band, padding counted.
    rows: usize,
    /// Rows copied from the image, filled with padding, moved from the end of a band to its start.
    copied: usize,
    filled: usize,
    moved: usize,
    /// Copied rows by three at a time, and the others.
    triples: [usize; 2],
}

impl Bands {
    fn of(g: &Geometry, isa: Isa) -> Self {
        let (h, oh) = (g.input[0], g.output[0]);
        let band = isa.band(g, isa.depthwise_scratch(g)).max(1);
        let (mut copied, mut filled, mut moved, mut bands) = (0, 0, 0, 0);
        let (mut oy, mut kept) = (0, 0);
        let mut triples = [0, 0];
        while oy < oh {
            let rows = band.min(oh - oy);
            let before = copied;
            for row in kept..band_rows_in(g, rows) {
                let y = oy * g.stride[0] + row;
                let image = y >= g.pad[0] && y - g.pad[0] < h;
                copied += flag(image);
                filled += flag(!image);
            }
            triples[0] += (copied - before) / 3;
            triples[1] += (copied - before) % 3;
            bands += 1;
            oy += rows;
            if oy < oh {
                kept = band_rows_in(g, rows).saturating_sub(rows * g.stride[0]);
                moved += kept;
            }
        }
        Self {
            bands,
            rows: band_rows_in(g, band.min(oh)),
            copied,
            filled,
            moved,
            triples,
        }
    }
}
