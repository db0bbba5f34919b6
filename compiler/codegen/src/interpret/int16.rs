//! Layers of 16-bit activations: bytes become numbers for the reference kernels, and bytes again.

use ember_ir::Element;
use ember_runtime::params::Width;
use ember_runtime::reference;

use crate::lower::Layer;

/// Runs a layer that reads or writes int16 on the bytes of its tensors.
///
/// # Panics
/// Another layer.
pub fn run_int16(layer: &Layer, inputs: &[&[i8]], output: &mut [i8]) {
    let left = numbers(inputs[0]);
    let mut result = vec![0; output.len() / 2];
    match layer {
        Layer::Conv2dS16(layer) => reference::conv2d_s16(&layer.params(), &left, &mut result),
        Layer::DepthwiseConv2dS16(layer) => {
            reference::depthwise_conv2d_s16(&layer.params(), &left, &mut result);
        }
        Layer::DenseS16(layer) => reference::dense_s16(&layer.params(), &left, &mut result),
        Layer::AddS16(params) => {
            reference::add_s16(params, &left, &numbers(inputs[1]), &mut result);
        }
        Layer::AveragePool2dS16(params) => {
            reference::average_pool2d_s16(params, &left, &mut result);
        }
        Layer::MaxPool2dS16(params) => reference::max_pool2d_s16(params, &left, &mut result),
        Layer::Quantize(params) => {
            let [from, to] = [params.from, params.to].map(|width| match width {
                Width::Byte => Element::Int8,
                Width::Half => Element::Int16,
            });
            let values = from.values(inputs[0]).into_iter();
            let quantized = values.map(|x| reference::quantize_s16(params, x));
            output.copy_from_slice(&to.bytes_of(quantized));
            return;
        }
        Layer::Conv2d(_)
        | Layer::DepthwiseConv2d(_)
        | Layer::Dense(_)
        | Layer::Dot(_)
        | Layer::Add(_)
        | Layer::AveragePool2d(_)
        | Layer::MaxPool2d(_)
        | Layer::Mean(_)
        | Layer::Reshape
        | Layer::Softmax(_)
        | Layer::LogSoftmax(_)
        | Layer::L2Norm(_)
        | Layer::Embedding(_)
        | Layer::Lstm(_)
        | Layer::Recurrent(_)
        | Layer::DartsCell(_)
        | Layer::Svdf(_)
        | Layer::TransposeConv2d(_)
        | Layer::ResizeBilinear(_)
        | Layer::Matmul(_)
        | Layer::Lookup(_)
        | Layer::Binary(_)
        | Layer::Copy(_)
        | Layer::Reduce(_)
        | Layer::ArgMax(_)
        | Layer::Constant(_) => panic!("BUG: a layer of int8 among those of int16"),
    }
    let result = result.into_iter().map(i32::from);
    output.copy_from_slice(&Element::Int16.bytes_of(result));
}

fn numbers(bytes: &[i8]) -> Vec<i16> {
    let values = Element::Int16.values(bytes).into_iter();
    values.map(|value| value as i16).collect()
}
