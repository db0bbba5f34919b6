//! Average and maximum pooling: two kernels with the same parameters.

use ember_runtime::params::Pool2dParams;
use quote::quote;

use super::Quoted;
use crate::emit::literals::{ints, sizes};

pub(super) fn quote_layer(kernel_name: &'static str, p: &Pool2dParams) -> Quoted {
    let [input, output, kernel] = [&p.input[..], &p.output, &p.kernel].map(sizes);
    let [stride, dilation, pad] = [p.stride, p.dilation, p.pad].map(|pair| sizes(&pair));
    let clamp = ints(&p.clamp);
    Quoted {
        kernel: kernel_name,
        role: "Pool2d",
        params_type: "Pool2dParams",
        types: &[],
        borrows: false,
        params: quote!(Pool2dParams {
            input: #input,
            output: #output,
            kernel: #kernel,
            stride: #stride,
            dilation: #dilation,
            pad: #pad,
            clamp: #clamp,
        }),
        rounding: None,
        scale: false,
        constants: Vec::new(),
        packing: None,
    }
}
