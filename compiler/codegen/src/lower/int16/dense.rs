//! Fully connected layer.

use ember_ir::QuantParams;
use ember_runtime::params::{DenseS16Params, Sums};

use super::super::requant::Taps;
use super::super::{Context, Overflow, dense};
use super::{Conv2dS16, Factors};
use crate::convolution;

/// The owned twin of [`DenseS16Params`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct DenseS16 {
    /// Elements read.
    pub inputs: usize,
    /// Elements written.
    pub outputs: usize,
    /// Lowest and highest output.
    pub clamp: [i16; 2],
    /// How outputs are computed from sums.
    pub sums: Sums,
    /// `[outputs, inputs]`.
    pub weights: Vec<i8>,
    /// One bias per output.
    pub bias: Vec<i64>,
    /// One mantissa per output.
    pub mantissas: Vec<i32>,
    /// One exponent per output.
    pub exponents: Vec<i8>,
}

impl DenseS16 {
    /// What the kernel takes.
    pub fn params(&self) -> DenseS16Params<'_> {
        DenseS16Params {
            inputs: self.inputs,
            outputs: self.outputs,
            clamp: self.clamp,
            sums: self.sums,
            weights: &self.weights,
            bias: &self.bias,
            mantissas: &self.mantissas,
            exponents: &self.exponents,
        }
    }
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Dense,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> DenseS16 {
    let inputs = context.graph.input_shape(context.node).elements();
    let factors = factors(context, op, params, inputs, overflows);
    DenseS16 {
        inputs,
        outputs: op.out_features,
        clamp: super::clamp(op.activation, context.output()),
        sums: super::sums(context),
        weights: params.weights.clone(),
        bias: params.bias.clone(),
        mantissas: factors.mantissas,
        exponents: factors.exponents,
    }
}

/// A fully connected layer over rows: a convolution with one tap over an image of one row.
pub(super) fn lower_over_rows(
    context: &Context<'_>,
    op: &ember_ir::Dense,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> Conv2dS16 {
    let (window, (input, output)) = convolution::of_rows(context.graph, context.node, op);
    let factors = factors(context, op, params, input[2], overflows);
    Conv2dS16 {
        input,
        output,
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [0, 0],
        clamp: super::clamp(op.activation, context.output()),
        sums: super::sums(context),
        weights: params.weights.clone(),
        bias: params.bias.clone(),
        mantissas: factors.mantissas,
        exponents: factors.exponents,
    }
}

/// One for each output also where one serves all: what a layer takes follows from its shape then.
fn factors(
    context: &Context<'_>,
    op: &ember_ir::Dense,
    params: &QuantParams,
    inputs: usize,
    overflows: &mut Vec<Overflow>,
) -> Factors {
    let mut factors = dense::factors(context, params, op.out_features);
    factors.resize(op.out_features, factors[0]);
    let taps = |channel: usize| Taps::of(params.weights[channel * inputs..][..inputs].iter());
    super::factors(context, &params.bias, &factors, taps, overflows)
}
