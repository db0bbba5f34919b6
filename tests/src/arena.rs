//! Layers that share one arena as a plan says: the definition of a right plan.
//!
//! The interpreter's layers are run with the kernels' order of work: a convolution pixel by pixel, a
//! depthwise one by rows of a few channels, each reading what the arena holds at that time. What a
//! kernel may spoil is poisoned: scratch, and the output before it is written.

use ember_codegen::interpret::run_int16;
use ember_codegen::lower::Layer;
use ember_codegen::plan::{Plan, Planned, Region};
use ember_runtime::params::{
    AddParams, AddS16Params, BinaryAxis, BinaryParams, Conv2dParams, DepthwiseConv2dParams,
    DotParams, LookupParams, QuantizeParams,
};
use ember_runtime::reference;

use crate::arena_rows::run_chain;

/// What memory is full of that nothing was written to.
pub(crate) const POISON: i8 = -86;

/// Channels of a depthwise convolution that go through the image together.
const CHANNELS: usize = 4;

/// Runs the layers in the plan's order and arena; `None` if the order reads what is not there.
pub fn run_in_arena(planned: &Planned, plan: &Plan, input: &[i8]) -> Option<Vec<Vec<i8>>> {
    let graph = planned.graph();
    let mut arena = vec![POISON; plan.arena_bytes];
    let mut rest = input;
    for id in graph.inputs.iter().filter(|_| !plan.is_fed()) {
        let region = plan.regions[id.0];
        let (sample, after) = rest.split_at(region.bytes);
        arena.get_mut(slice(region))?.copy_from_slice(sample);
        rest = after;
    }
    // Constants that are read in flash lie behind the arena here.
    let mut places = plan.regions.clone();
    for (node, layer) in graph.nodes.iter().zip(planned.layers()) {
        if let Layer::Constant(constant) = layer
            && constant.in_flash
        {
            places[node.output.0] = Region {
                offset: arena.len(),
                bytes: constant.values.len(),
            };
            arena.extend_from_slice(&constant.values);
        }
    }
    let mut chain = plan.chain.as_ref();
    for &index in &plan.order {
        if plan.stage(index).is_some() {
            if let Some(chain) = chain.take() {
                run_chain(planned, plan, chain, &mut arena, input)?;
            }
            continue;
        }
        let node = &graph.nodes[index];
        let scratch = slice(plan.scratch[index]);
        arena.get_mut(scratch.clone())?.fill(85);
        let inputs: Vec<Region> = node.inputs.iter().map(|id| places[id.0]).collect();
        run(
            &planned.layers()[index],
            &mut arena,
            &inputs,
            places[node.output.0],
        )?;
        arena.get_mut(scratch)?.fill(-86);
    }
    graph
        .outputs
        .iter()
        .map(|id| arena.get(slice(plan.regions[id.0])).map(<[i8]>::to_vec))
        .collect()
}

pub(crate) fn slice(region: Region) -> std::ops::Range<usize> {
    region.offset..region.end()
}

pub(crate) fn run(
    layer: &Layer,
    arena: &mut [i8],
    inputs: &[Region],
    output: Region,
) -> Option<()> {
    let input = inputs.first().copied().unwrap_or(output);
    match layer {
        Layer::Reshape => return Some(()),
        Layer::Binary(params) => {
            // As an addition.
            let elements: usize = params.axes.iter().map(|axis| axis.count).product();
            for i in 0..elements {
                let (mut rest, mut left, mut right) = (i, inputs[0].offset, inputs[1].offset);
                for axis in params.axes.iter().rev() {
                    left += rest % axis.count * axis.left;
                    right += rest % axis.count * axis.right;
                    rest /= axis.count;
                }
                let (left, right) = (*arena.get(left)?, *arena.get(right)?);
                let output = arena.get_mut(output.offset + i..=output.offset + i)?;
                let one = BinaryParams {
                    axes: [BinaryAxis::ONE; 4],
                    ..*params
                };
                reference::binary_s8(&one, &[left], &[right], output);
            }
            return Some(());
        }
        Layer::Constant(constant) => {
            arena
                .get_mut(slice(output))?
                .copy_from_slice(&constant.values);
            return Some(());
        }
        Layer::Add(params) => {
            // One element at a time: right also where the output lies exactly on an input.
            let [left, right] = [0, 1].map(|i| inputs[i].offset);
            for i in 0..params.len {
                let (left, right) = (*arena.get(left + i)?, *arena.get(right + i)?);
                let output = arena.get_mut(output.offset + i..=output.offset + i)?;
                reference::add_s8(&AddParams { len: 1, ..*params }, &[left], &[right], output);
            }
            return Some(());
        }
        Layer::Lookup(layer) => {
            let one = LookupParams {
                len: 1,
                ..layer.params()
            };
            for i in 0..layer.len {
                let x = *arena.get(input.offset + i)?;
                let output = arena.get_mut(output.offset + i..=output.offset + i)?;
                reference::lookup_s8(&one, &[x], output);
            }
            return Some(());
        }
        Layer::AddS16(params) => {
            let one = Layer::AddS16(AddS16Params { len: 1, ..*params });
            return by_elements(&one, params.len, arena, inputs, output);
        }
        Layer::Quantize(params) => {
            let one = Layer::Quantize(QuantizeParams { len: 1, ..*params });
            return by_elements(&one, params.len, arena, inputs, output);
        }
        Layer::Conv2d(layer) if input.overlaps(output) => {
            return by_pixels(&layer.params(), arena, input, output);
        }
        Layer::DepthwiseConv2d(layer) if input.overlaps(output) => {
            return by_rows(&layer.params(), arena, input, output);
        }
        Layer::Dot(layer) if input.overlaps(output) => {
            return by_outputs(&layer.params(), arena, input, output);
        }
        Layer::Conv2d(_)
        | Layer::DepthwiseConv2d(_)
        | Layer::Dense(_)
        | Layer::Dot(_)
        | Layer::AveragePool2d(_)
        | Layer::MaxPool2d(_)
        | Layer::Mean(_)
        | Layer::Softmax(_)
        | Layer::LogSoftmax(_)
        | Layer::L2Norm(_)
        | Layer::Embedding(_)
        | Layer::Svdf(_)
        | Layer::Lstm(_)
        | Layer::Recurrent(_)
        | Layer::DartsCell(_)
        | Layer::Copy(_)
        | Layer::Reduce(_)
        | Layer::ArgMax(_)
        | Layer::TransposeConv2d(_)
        | Layer::Matmul(_)
        | Layer::ResizeBilinear(_)
        | Layer::Conv2dS16(_)
        | Layer::DepthwiseConv2dS16(_)
        | Layer::DenseS16(_)
        | Layer::AveragePool2dS16(_)
        | Layer::MaxPool2dS16(_) => {}
    }
    // Other kernels may write any output before they read an input.
    arena.get_mut(slice(output))?.fill(-86);
    let all: Option<Vec<&[i8]>> = inputs
        .iter()
        .map(|&place| arena.get(slice(place)))
        .collect();
    let input = arena.get(slice(input))?;
    let mut result = vec![0; output.bytes];
    match layer {
        Layer::Conv2d(layer) => reference::conv2d_s8(&layer.params(), input, &mut result),
        Layer::DepthwiseConv2d(layer) => {
            reference::depthwise_conv2d_s8(&layer.params(), input, &mut result);
        }
        Layer::Dense(layer) => reference::dense_s8(&layer.params(), input, &mut result),
        Layer::Dot(layer) => reference::dot_s8(&layer.params(), input, &mut result),
        Layer::AveragePool2d(params) => reference::average_pool2d_s8(params, input, &mut result),
        Layer::MaxPool2d(params) => reference::max_pool2d_s8(params, input, &mut result),
        Layer::Mean(params) => reference::mean_s8(params, input, &mut result),
        Layer::Softmax(layer) => reference::softmax_s8(&layer.params(), input, &mut result),
        Layer::LogSoftmax(layer) => {
            reference::log_softmax_s8(&layer.params(), input, &mut result);
        }
        Layer::L2Norm(params) => reference::l2_norm_s8(params, input, &mut result),
        Layer::Embedding(layer) => reference::embedding_s8(&layer.params(), input, &mut result),
        Layer::Svdf(layer) => {
            let mut state = vec![0; layer.units * layer.rank * layer.memory];
            reference::svdf_s8(&layer.params(), input, &mut state, &mut result);
        }
        Layer::Lstm(layer) => {
            let (mut state, mut values) = (vec![0; 2 * layer.hidden], vec![0; layer.hidden]);
            reference::lstm_s8(&layer.params(), input, &mut state, &mut values, &mut result);
        }
        Layer::Recurrent(layer) => {
            let (mut state, mut values) = (vec![0; layer.hidden], vec![0; 2 * layer.hidden]);
            let params = layer.params();
            reference::recurrent_s8(&params, input, &mut state, &mut values, &mut result);
        }
        Layer::DartsCell(layer) => {
            let params = layer.params();
            let (mut hidden, units) = (vec![0; layer.hidden], layer.hidden);
            let mut states = vec![0; params.stages() * units];
            reference::darts_cell_s8(&params, input, &mut hidden, &mut states, &mut result);
        }
        Layer::Copy(layer) => reference::copy_s8(&layer.params(), &all?, &mut result),
        Layer::Reduce(params) => reference::reduce_s8(params, input, &mut result),
        Layer::TransposeConv2d(layer) => {
            reference::transpose_conv2d_s8(&layer.params(), input, &mut result);
        }
        Layer::ResizeBilinear(params) => {
            reference::resize_bilinear_s8(params, input, &mut result);
        }
        Layer::Matmul(params) => {
            let all = all?;
            reference::matmul_s8(params, all[0], all[1], &mut result);
        }
        Layer::ArgMax(params) => reference::arg_max_s8(params, input, &mut result),
        Layer::Conv2dS16(_)
        | Layer::DepthwiseConv2dS16(_)
        | Layer::DenseS16(_)
        | Layer::AveragePool2dS16(_)
        | Layer::MaxPool2dS16(_) => run_int16(layer, &all?, &mut result),
        Layer::Add(_)
        | Layer::AddS16(_)
        | Layer::Quantize(_)
        | Layer::Lookup(_)
        | Layer::Binary(_)
        | Layer::Constant(_)
        | Layer::Reshape => return None,
    }
    arena.get_mut(slice(output))?.copy_from_slice(&result);
    Some(())
}

/// A layer of one element, on so many of them: right also where the output lies exactly on an input.
fn by_elements(
    one: &Layer,
    len: usize,
    arena: &mut [i8],
    inputs: &[Region],
    output: Region,
) -> Option<()> {
    let bytes = |region: Region| region.bytes / len;
    for i in 0..len {
        let place = |region: Region| {
            let start = region.offset + i * bytes(region);
            start..start + bytes(region)
        };
        let read = inputs.iter().map(|&input| arena.get(place(input)));
        let mut result = vec![0; bytes(output)];
        run_int16(one, &read.collect::<Option<Vec<_>>>()?, &mut result);
        arena.get_mut(place(output))?.copy_from_slice(&result);
    }
    Some(())
}

/// The input elements under the window of an output along an axis, and the padding before them.
fn under(
    output: usize,
    step: usize,
    pad: usize,
    extent: usize,
    len: usize,
) -> (usize, usize, usize) {
    let start = output * step;
    let end = (start + extent).saturating_sub(pad).min(len);
    (start.saturating_sub(pad), end, pad.saturating_sub(start))
}

fn by_pixels(
    params: &Conv2dParams<'_>,
    arena: &mut [i8],
    input: Region,
    output: Region,
) -> Option<()> {
    let [height, width, channels] = params.input;
    let [rows, columns, outputs] = params.output;
    let extent = |axis: usize| (params.kernel[axis] - 1) * params.dilation[axis] + 1;
    for pixel in 0..rows * columns {
        let (oy, ox) = (pixel / columns, pixel % columns);
        let (top, bottom, above) = under(oy, params.stride[0], params.pad[0], extent(0), height);
        let (left, right, before) = under(ox, params.stride[1], params.pad[1], extent(1), width);
        let mut window = Vec::new();
        for y in top..bottom {
            let at = input.offset + (y * width + left) * channels;
            window.extend_from_slice(arena.get(at..at + (right - left) * channels)?);
        }
        let one = Conv2dParams {
            input: [bottom - top, right - left, channels],
            output: [1, 1, outputs],
            pad: [above, before],
            ..*params
        };
        let at = output.offset + pixel * outputs;
        reference::conv2d_s8(&one, &window, arena.get_mut(at..at + outputs)?);
    }
    Some(())
}

fn by_outputs(
    params: &DotParams<'_>,
    arena: &mut [i8],
    input: Region,
    output: Region,
) -> Option<()> {
    let mut result = vec![0; params.outputs];
    for o in 0..params.outputs {
        // As the arena is now: of the others' results only this one counts.
        reference::dot_s8(params, arena.get(slice(input))?, &mut result);
        *arena.get_mut(output.offset + o)? = result[o];
    }
    Some(())
}

fn by_rows(
    params: &DepthwiseConv2dParams<'_>,
    arena: &mut [i8],
    input: Region,
    output: Region,
) -> Option<()> {
    let [height, width, channels] = params.input;
    let [rows, columns, outputs] = params.output;
    let extent = (params.kernel[0] - 1) * params.dilation[0] + 1;
    let row_bytes = width * channels;
    for first in (0..outputs).step_by(CHANNELS) {
        let mut band = vec![-86_i8; input.bytes];
        let mut copied = 0;
        for oy in 0..rows {
            let (top, bottom, above) = under(oy, params.stride[0], params.pad[0], extent, height);
            for y in top.max(copied)..bottom {
                let at = input.offset + y * row_bytes;
                let row = arena.get(at..at + row_bytes)?;
                band[y * row_bytes..][..row_bytes].copy_from_slice(row);
            }
            copied = copied.max(bottom);
            let one = DepthwiseConv2dParams {
                input: [bottom - top, width, channels],
                output: [1, columns, outputs],
                pad: [above, params.pad[1]],
                ..*params
            };
            let mut row = vec![0; columns * outputs];
            let window = &band[top * row_bytes..bottom * row_bytes];
            reference::depthwise_conv2d_s8(&one, window, &mut row);
            for ox in 0..columns {
                for channel in first..outputs.min(first + CHANNELS) {
                    let at = output.offset + (oy * columns + ox) * outputs + channel;
                    *arena.get_mut(at)? = row[ox * outputs + channel];
                }
            }
        }
    }
    Some(())
}
