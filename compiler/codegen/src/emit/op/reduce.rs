//! Mean, sum or maximum over any axes.

use ember_runtime::params::{ReduceAxis, ReduceParams};
use proc_macro2::TokenStream;
use quote::quote;

use super::Quoted;
use crate::emit::literals::{int, rounding, scale, size};

pub(super) fn quote_layer(p: &ReduceParams) -> Quoted {
    let axes = |axes: &[ReduceAxis]| -> TokenStream {
        let axes = axes.iter().map(|axis| {
            let [count, stride] = [axis.count, axis.stride].map(size);
            quote!(ReduceAxis { count: #count, stride: #stride })
        });
        quote!([#(#axes),*])
    };
    let [kept, reduced] = [axes(&p.kept), axes(&p.reduced)];
    let sum = match p.sum {
        None => quote!(None),
        Some(sum) => {
            let [input_zero, output_zero] = [sum.input_zero, sum.output_zero].map(int);
            let (factor, mode) = (scale(sum.scale), rounding(sum.rounding));
            quote!(Some(SumParams {
                input_zero: #input_zero,
                output_zero: #output_zero,
                scale: #factor,
                rounding: #mode,
            }))
        }
    };
    Quoted {
        kernel: "reduce_s8",
        role: "Reduce",
        params_type: "ReduceParams",
        types: match p.sum {
            Some(_) => &["ReduceAxis", "SumParams"],
            None => &["ReduceAxis"],
        },
        borrows: false,
        params: quote!(ReduceParams { kept: #kept, reduced: #reduced, sum: #sum }),
        rounding: p.sum.map(|sum| sum.rounding),
        scale: p.sum.is_some(),
        constants: Vec::new(),
        packing: None,
    }
}
