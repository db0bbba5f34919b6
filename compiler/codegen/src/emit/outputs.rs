//! What a model with several outputs hands out: a struct with a field per output, named as in the network.

use ember_ir::Element;
use ember_runtime::Region;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::element;
use super::literals::{float, int, size};
use super::markdown::text;
use super::names::{Names, ident};
use crate::plan::Planned;

/// The outputs as the methods of a model name them.
pub(super) struct Outputs {
    /// Constants, and the struct, if one is needed.
    pub items: TokenStream,
    /// What `infer` gives.
    pub result: TokenStream,
    /// The same, where the borrow needs no name.
    pub method: Ident,
    /// Its documentation.
    pub docs: &'static str,
    /// What the method gives.
    pub value: TokenStream,
    /// Of the trait `Model`: bytes of all outputs, those of the first, and how to get at each of several.
    pub bytes: TokenStream,
    pub first: TokenStream,
    pub several: Option<TokenStream>,
}

/// Quotes them.
pub(super) fn outputs(planned: &Planned, names: &Names) -> Outputs {
    let network = planned.network();
    let graph = &network.graph;
    let region = |id: ember_ir::TensorId| {
        let region = planned.plan().regions[id.0];
        size(Region::new(region.offset, region.bytes).offset)
    };
    if let &[output] = graph.outputs.as_slice() {
        let quant = network.quants[output.0];
        let len = size(graph.tensor(output).shape.elements());
        let (scale, zero, offset) = (float(quant.scale), int(quant.zero_point), region(output));
        let tensor = graph.tensor(output);
        let (value, get) = (element::value(tensor.element), element::get(tensor.element));
        let docs = format!(" {} of one output.", element::unit(tensor.element));
        let first = match tensor.element {
            Element::Int8 => quote!(Self::output(self)),
            Element::Int16 => {
                let bytes = size(tensor.bytes());
                quote!(self.arena.get::<#offset, #bytes>())
            }
        };
        return Outputs {
            items: quote! {
                #[doc = #docs]
                pub const OUTPUT_LEN: usize = #len;
                /// Real size of one step of an output value.
                pub const OUTPUT_SCALE: f32 = #scale;
                /// The output value that stands for real zero.
                pub const OUTPUT_ZERO_POINT: #value = #zero;
            },
            result: quote!(&[#value; OUTPUT_LEN]),
            method: ident("output"),
            docs: " The last output, until the next ",
            value: quote!(self.arena.#get::<#offset, OUTPUT_LEN>()),
            bytes: element::bytes(tensor.element, quote!(OUTPUT_LEN)),
            first,
            several: None,
        };
    }
    let (mut constants, mut fields, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (mut arms, mut first, mut sum) = (Vec::new(), TokenStream::new(), Vec::new());
    let count = graph.outputs.len();
    for (number, (&id, names)) in graph.outputs.iter().zip(&names.outputs).enumerate() {
        let (tensor, quant) = (graph.tensor(id), network.quants[id.0]);
        let name = text(&tensor.name);
        let constant = |suffix| ident(&format!("OUTPUT_{}_{suffix}", names.stem.to_uppercase()));
        let [len, scale, zero] = ["LEN", "SCALE", "ZERO_POINT"].map(constant);
        let elements = size(tensor.shape.elements());
        let (value_type, get) = (element::value(tensor.element), element::get(tensor.element));
        let (step, zero_point) = (float(quant.scale), int(quant.zero_point));
        let [length_doc, scale_doc, zero_doc, field_doc] = [
            format!(" {} of the output `{name}`.", element::unit(tensor.element)),
            format!(" Real size of one step of a value of `{name}`."),
            format!(" The value of `{name}` that stands for real zero."),
            format!(" `{name}`: {}.", tensor.shape),
        ];
        constants.push(quote! {
            #[doc = #length_doc]
            pub const #len: usize = #elements;
            #[doc = #scale_doc]
            pub const #scale: f32 = #step;
            #[doc = #zero_doc]
            pub const #zero: #value_type = #zero_point;
        });
        let (field, offset) = (ident(&names.stem), region(id));
        fields.push(quote! {
            #[doc = #field_doc]
            pub #field: &'a [#value_type; #len],
        });
        let value = quote!(self.arena.#get::<#offset, #len>());
        values.push(quote!(#field: #value,));
        let bytes = match tensor.element {
            Element::Int8 => quote!(#len),
            Element::Int16 => {
                let bytes = size(tensor.bytes());
                quote!(#bytes)
            }
        };
        let value = quote!(self.arena.get::<#offset, #bytes>());
        if number == 0 {
            first = value.clone();
        }
        // The last one has no number, so that no number is wrong.
        arms.push(match number + 1 == count {
            true => quote!(_ => #value,),
            false => {
                let number = size(number);
                quote!(#number => #value,)
            }
        });
        sum.push(element::bytes(tensor.element, quote!(#len)));
    }
    let count = size(count);
    Outputs {
        items: quote! {
            /// Bytes of all outputs together.
            pub const OUTPUT_LEN: usize = #(#sum)+*;
            #(#constants)*
            /// The outputs of a sample.
            #[derive(Clone, Copy, Debug)]
            pub struct Outputs<'a> {
                #(#fields)*
            }
        },
        result: quote!(Outputs<'_>),
        method: ident("outputs"),
        docs: " The last outputs, until the next ",
        value: quote!(Outputs { #(#values)* }),
        bytes: quote!(OUTPUT_LEN),
        first,
        several: Some(quote! {
            const OUTPUTS: usize = #count;
            fn output_at(&self, number: usize) -> &[i8] {
                match number {
                    #(#arms)*
                }
            }
        }),
    }
}
