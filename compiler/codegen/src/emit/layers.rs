//! The layers' types: per layer a zero-sized struct that says where its tensors lie and what it
//! computes, as associated constants.

use std::collections::BTreeSet;

use ember_ir::{Op, TensorId};
use ember_runtime::Region;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::datasheet::{operator, shapes, text, thousands};
use super::literals::region;
use super::names::{Names, ident};
use super::op::{Constant, quote_layer};
use crate::plan::Planned;

/// What the layers of a network become.
pub(super) struct Layers {
    /// `use` items that `items` need.
    pub imports: TokenStream,
    /// One group of items per layer, in execution order.
    pub items: Vec<TokenStream>,
    /// The lines of `infer`, in execution order.
    pub calls: Vec<TokenStream>,
    /// The node of each call.
    pub nodes: Vec<usize>,
    /// Kernels that the calls name.
    pub kernels: BTreeSet<Ident>,
    /// Constants that the items name, in execution order.
    pub constants: Vec<Constant>,
    /// What the constants are packed into, in execution order.
    pub streams: Vec<Stream>,
}

/// A layer's weights and constants in the order in which its kernel reads them.
pub(super) struct Stream {
    /// `CONV1_PACKED`.
    pub name: Ident,
    /// `Conv1`, and its trait.
    pub layer: Ident,
    /// The trait of `ember_runtime::layer` with its parameters.
    pub role: Ident,
    /// Function of `ember_runtime::packing`, and the one that gives its length.
    pub packing: Ident,
    /// Gives the number of words.
    pub words: Ident,
}

/// Quotes all layers.
pub(super) fn layers(planned: &Planned, names: &Names) -> Layers {
    let graph = &planned.network().graph;
    let place = |id: TensorId| {
        let place = planned.plan().regions[id.0];
        Region::new(place.offset, place.bytes)
    };
    let mut params_types = BTreeSet::new();
    let mut root_imports = BTreeSet::new();
    let mut layers = Layers {
        imports: TokenStream::new(),
        items: Vec::new(),
        calls: Vec::new(),
        nodes: Vec::new(),
        kernels: BTreeSet::new(),
        constants: Vec::new(),
        streams: Vec::new(),
    };
    for &index in &planned.plan().order {
        let node = &graph.nodes[index];
        let names = &names.layers[index];
        let Some(quoted) = quote_layer(&planned.layers()[index], names) else {
            assert_eq!(
                place(node.inputs[0]).offset,
                place(node.output).offset,
                "BUG: the plan moves the reshape `{}`",
                graph.node_name(node)
            );
            continue;
        };
        let macs = node
            .op
            .macs(graph.input_shape(node), graph.output_shape(node));
        let work = if macs > 0 {
            format!(", {} MACs", thousands(macs))
        } else {
            String::new()
        };
        let doc = format!(
            " `{}`: {}, {}{work}.",
            text(graph.node_name(node)),
            operator(&node.op),
            shapes(graph, node),
        );
        let type_name = &names.type_name;
        let output = region(place(node.output));
        let places = match node.op {
            Op::Add(_) => {
                let [left, right] = [0, 1].map(|i| region(place(node.inputs[i])));
                quote! {
                    impl layer::Binary for #type_name {
                        const LEFT: Region = #left;
                        const RIGHT: Region = #right;
                        const OUTPUT: Region = #output;
                    }
                }
            }
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_) => {
                let input = region(place(node.inputs[0]));
                quote! {
                    impl layer::Unary for #type_name {
                        const INPUT: Region = #input;
                        const OUTPUT: Region = #output;
                    }
                }
            }
        };
        let role = ident(quoted.role);
        let scratch = planned.plan().scratch[index];
        let scratch = match node.op {
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) => {
                let scratch = region(Region::new(scratch.offset, scratch.bytes));
                Some(quote!(const SCRATCH: Region = #scratch;))
            }
            Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_) => None,
        };
        let packed = quoted.packing.map(|packing| {
            let name = names.constant("PACKED");
            layers.streams.push(Stream {
                name: name.clone(),
                layer: type_name.clone(),
                role: role.clone(),
                packing: ident(packing),
                words: ident(&format!("{packing}_words")),
            });
            quote!(const PACKED: &'static [i32] = &params::#name;)
        });
        let params_type = ident(quoted.params_type);
        let lifetime = quoted.borrows.then(|| quote!(<'static>));
        let params = quoted.params;
        layers.items.push(quote! {
            #[doc = #doc]
            pub struct #type_name;
            #places
            impl layer::#role for #type_name {
                #scratch
                const PARAMS: #params_type #lifetime = #params;
                #packed
            }
        });
        let kernel = ident(quoted.kernel);
        layers
            .calls
            .push(quote!(#kernel::<layers::#type_name>(arena);));
        layers.nodes.push(index);
        layers.kernels.insert(kernel);
        layers.constants.extend(quoted.constants);
        params_types.insert(params_type);
        root_imports.insert(ident("Region"));
        if quoted.rounding.is_some() {
            root_imports.insert(ident("Rounding"));
        }
        if quoted.scale {
            root_imports.insert(ident("Scale"));
        }
    }
    if !layers.items.is_empty() {
        let own_params = (!layers.constants.is_empty()).then(|| {
            quote!(
                use super::params;
            )
        });
        layers.imports = quote! {
            use ember_runtime::layer;
            use ember_runtime::params::{#(#params_types),*};
            use ember_runtime::{#(#root_imports),*};
            #own_params
        };
    }
    layers
}
