//! Transposed 2-D convolution, cut into phases: outputs whose numbers, counted with the dropped ones, leave the
//! same rest r by the stride s are reached by the taps r, r + s, r + 2s, … alone. Each phase is a convolution of
//! stride 1, whose taps are these in reverse, so that every output is computed once, with the factors of
//! [`super::conv2d`]. A phase that no tap reaches, where the stride is longer than the kernel, has one tap of
//! weight zero.

use ember_ir::{Multiplier, QuantParams, Shape};
use ember_runtime::Rounding;
use ember_runtime::packing::{self, Isa};
use ember_runtime::params::{PHASE_WORDS, Phase, TransposeConv2dParams};

use super::requant::{self, Channel, Taps};
use super::{Context, Overflow};

/// The owned twin of [`TransposeConv2dParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct TransposeConv2d {
    /// Input shape, `[height, width, channels]`.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Output elements from one input element to the next.
    pub stride: [usize; 2],
    /// The phases of the rows, then those of the columns.
    pub phases: Vec<i32>,
    /// Value of a tap beyond the input.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// OHWI, phase by phase.
    pub weights: Vec<i8>,
    /// One folded bias per phase and output channel.
    pub bias: Vec<i32>,
    /// One mantissa per output channel.
    pub mantissas: Vec<i32>,
    /// One exponent per output channel.
    pub exponents: Vec<i8>,
}

impl TransposeConv2d {
    /// What the kernel takes.
    pub fn params(&self) -> TransposeConv2dParams<'_> {
        TransposeConv2dParams {
            input: self.input,
            output: self.output,
            stride: self.stride,
            phases: &self.phases,
            input_zero: self.input_zero,
            output_zero: self.output_zero,
            clamp: self.clamp,
            rounding: self.rounding,
            weights: &self.weights,
            bias: &self.bias,
            mantissas: &self.mantissas,
            exponents: &self.exponents,
        }
    }
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::TransposeConv2d,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> TransposeConv2d {
    let (input, output) = (context.input(0), context.output());
    let factors = requant::channel_factors(input, output, &params.scales, op.out_channels);
    let multipliers: Vec<Multiplier> = factors.into_iter().map(Multiplier::new).collect();
    let channels = context.input_hwc()[2];
    let [rows, columns] = phases(op);
    let [row_taps, column_taps] = [taps(&rows, op.stride[0]), taps(&columns, op.stride[1])];
    let (mut weights, mut bias) = (Vec::new(), Vec::new());
    for rows in &row_taps {
        for columns in &column_taps {
            for (filter, &multiplier) in multipliers.iter().enumerate() {
                let first = weights.len();
                let all = rows
                    .iter()
                    .flat_map(|&y| columns.iter().map(move |&x| (y, x)));
                for (y, x) in all {
                    let tap = (filter * op.kernel[0] + y) * op.kernel[1] + x;
                    match y < op.kernel[0] && x < op.kernel[1] {
                        true => {
                            weights.extend_from_slice(&params.weights[tap * channels..][..channels])
                        }
                        false => weights.resize(weights.len() + channels, 0),
                    }
                }
                let channel = Channel {
                    index: filter,
                    bias: params.bias[filter],
                    input,
                    taps: Taps::of(weights[first..].iter()),
                    multiplier,
                };
                bias.push(requant::fold(context, &channel, overflows));
            }
        }
    }
    let scales: Vec<_> = multipliers.into_iter().map(requant::scale).collect();
    let phases = rows.iter().chain(&columns);
    TransposeConv2d {
        input: context.input_hwc(),
        output: context.output_hwc(),
        stride: op.stride,
        phases: phases.flat_map(|phase| phase.words()).collect(),
        input_zero: input.zero_point,
        output_zero: output.zero_point,
        clamp: requant::clamp(op.activation, output),
        rounding: context.rounding(),
        weights,
        bias,
        mantissas: scales.iter().map(|scale| scale.mantissa).collect(),
        exponents: scales.iter().map(|scale| scale.exponent).collect(),
    }
}

/// The taps of each phase, those of the first input first; beyond the kernel if there are none.
fn taps(phases: &[Phase], stride: usize) -> Vec<Vec<usize>> {
    let taps = |(rest, phase): (usize, &Phase)| {
        let taps = (0..phase.taps as usize).rev();
        taps.map(|tap| rest + tap * stride).collect()
    };
    phases.iter().enumerate().map(taps).collect()
}

/// The phases of the rows and of the columns, `stride` of each.
pub(crate) fn phases(op: &ember_ir::TransposeConv2d) -> [Vec<Phase>; 2] {
    [0, 1].map(|axis| {
        let (stride, before) = (op.stride[axis], op.before[axis]);
        let phase = |rest: usize| {
            let first = (rest + stride - before % stride) % stride;
            let taps = op.kernel[axis].saturating_sub(rest).div_ceil(stride).max(1);
            // The last tap takes this input for the first output.
            let last = (first + before) / stride;
            Phase {
                first: first as i32,
                count: op.size[axis].saturating_sub(first).div_ceil(stride) as i32,
                taps: taps as i32,
                start: last as i32 - (taps as i32 - 1),
            }
        };
        (0..stride).map(phase).collect()
    })
}

/// The taps of the largest phase along each axis.
pub(crate) fn most_taps(op: &ember_ir::TransposeConv2d) -> [usize; 2] {
    [0, 1].map(|axis| op.kernel[axis].div_ceil(op.stride[axis].max(1)).max(1))
}

/// Words of its constants in flash: the stream of all phases, packed for an instruction set, and the phases.
pub(crate) fn words(op: &ember_ir::TransposeConv2d, input: &Shape, isa: Isa) -> usize {
    let depth = input.hwc().map_or(0, |[_, _, depth]| depth);
    let [rows, columns] = phases(op);
    let mut words = PHASE_WORDS * (rows.len() + columns.len());
    for row in &rows {
        for column in &columns {
            let taps = (row.taps as usize).saturating_mul(column.taps as usize);
            let taps = taps.saturating_mul(depth);
            let filters = packing::filters(isa);
            let phase = packing::matrix_words(isa, filters, op.out_channels, taps);
            words = words.saturating_add(phase);
        }
    }
    words
}
