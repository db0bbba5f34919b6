//! The layers' types: per layer a zero-sized struct that says where its tensors lie and what it
//! computes, as associated constants.

use std::collections::BTreeSet;

use ember_ir::{Op, TensorId};
use ember_runtime::Region;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::chain;
use super::datasheet::{operator, shapes};
use super::literals::region;
use super::markdown::{text, thousands};
use super::names::{Names, ident};
use super::op::{self, Constant, quote_layer};
use crate::elementwise;
use crate::lower::Layer;
use crate::plan::{Makes, Planned};
use crate::{state, whole};

/// What the layers of a network become.
pub(super) struct Layers {
    /// `use` items that `items` need.
    pub imports: TokenStream,
    /// One group of items per layer, in execution order.
    pub items: Vec<TokenStream>,
    /// What runs a layer, and its node, in execution order.
    pub calls: Vec<(usize, TokenStream)>,
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
    let plan = planned.plan();
    let mut params_types = BTreeSet::new();
    let mut root_imports = BTreeSet::new();
    let mut layers = Layers {
        imports: TokenStream::new(),
        items: Vec::new(),
        calls: Vec::new(),
        kernels: BTreeSet::new(),
        constants: Vec::new(),
        streams: Vec::new(),
    };
    if let (Some(chain), Some(names)) = (&plan.chain, &names.rows) {
        layers.items.extend(chain::input(planned, chain, names));
        root_imports.insert(ident("Region"));
        params_types.insert(ident("Schedule"));
    }
    for &index in &plan.order {
        let node = &graph.nodes[index];
        let (all_names, names) = (names, &names.layers[index]);
        let stage = plan.stage(index);
        let layer = &planned.layers()[index];
        let row = match stage.map(|stage| stage.makes) {
            Some(Makes::Rows(lines)) => Some(layer.row(lines.timing.count)),
            Some(Makes::Sums { .. }) | None => None,
        };
        let (inputs, output) = plan.operands(graph, index);
        let place = |place: crate::plan::Region| region(Region::new(place.offset, place.bytes));
        let Some(quoted) = quote_layer(row.as_ref().unwrap_or(layer), names) else {
            if let Layer::Constant(constant) = layer {
                layers.constants.push(op::constant::values(constant, names));
                continue;
            }
            assert_eq!(
                inputs[0].offset,
                output.offset,
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
            operator(node),
            shapes(graph, node),
        );
        let type_name = &names.type_name;
        let output = place(output);
        let places = match node.op {
            Op::Add(_) if matches!(layer, Layer::Add(_) | Layer::AddS16(_)) => {
                let [left, right] = [0, 1].map(|i| place(inputs[i]));
                quote! {
                    impl layer::Binary for #type_name {
                        const LEFT: Region = #left;
                        const RIGHT: Region = #right;
                        const OUTPUT: Region = #output;
                    }
                }
            }
            // Theirs are in the one trait that they have.
            Op::Add(_) | Op::Binary(_) | Op::Matmul(_) | Op::Move(_) | Op::Constant(_) => {
                TokenStream::new()
            }
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Unary(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_) => {
                let input = place(inputs[0]);
                quote! {
                    impl layer::Unary for #type_name {
                        const INPUT: Region = #input;
                        const OUTPUT: Region = #output;
                    }
                }
            }
        };
        let role = ident(quoted.role);
        let scratch = plan.scratch[index];
        let scratch = match node.op {
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_) if graph.has_int16(node) => None,
            Op::DepthwiseConv2d(_) | Op::Dense(_) if matches!(layer, Layer::Dot(_)) => None,
            Op::Dense(_) if scratch.bytes == 0 => None,
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::TransposeConv2d(_) | Op::Dense(_) => {
                let scratch = region(Region::new(scratch.offset, scratch.bytes));
                Some(quote!(const SCRATCH: Region = #scratch;))
            }
            Op::Add(_) | Op::Binary(_) | Op::Matmul(_)
                if matches!(layer, Layer::Binary(_) | Layer::Matmul(_)) =>
            {
                let [left, right] = [0, 1].map(|i| {
                    let input = node.inputs[i];
                    match flash(planned, all_names, input) {
                        Some(values) => quote!(layer::Operand::Flash(&params::#values)),
                        None => {
                            let region = place(inputs[i]);
                            quote!(layer::Operand::Arena(#region))
                        }
                    }
                });
                let scratch = matches!(layer, Layer::Matmul(_)).then(|| {
                    let scratch = region(Region::new(scratch.offset, scratch.bytes));
                    quote!(const SCRATCH: Region = #scratch;)
                });
                Some(quote! {
                    #scratch
                    const LEFT: layer::Operand = #left;
                    const RIGHT: layer::Operand = #right;
                    const OUTPUT: Region = #output;
                })
            }
            Op::Move(_) => {
                let inputs = inputs.iter().map(|&input| place(input));
                Some(quote! {
                    const INPUTS: &'static [Region] = &[#(#inputs),*];
                    const OUTPUT: Region = #output;
                })
            }
            Op::Lstm(_) | Op::Recurrent(_) | Op::DartsCell(_) => {
                let scratch = region(Region::new(scratch.offset, scratch.bytes));
                let kept = state::region(graph, index, plan.arena_bytes);
                let state = match kept.bytes {
                    0 => quote!(None),
                    bytes => {
                        let kept = region(Region::new(kept.offset, bytes));
                        quote!(Some(#kept))
                    }
                };
                Some(quote! {
                    const SCRATCH: Region = #scratch;
                    const STATE: Option<Region> = #state;
                })
            }
            Op::Svdf(_) => {
                let kept = state::region(graph, index, plan.arena_bytes);
                let kept = region(Region::new(kept.offset, kept.bytes));
                Some(quote!(const STATE: Region = #kept;))
            }
            Op::Constant(_) => Some(quote!(const OUTPUT: Region = #output;)),
            Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Unary(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_) => None,
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
        let grouped = !graph.has_int16(node) && !matches!(layer, Layer::Dot(_));
        let whole = (grouped && whole::of(graph, &node.op)).then(|| {
            quote!(
                const WHOLE: bool = true;
            )
        });
        let params_type = ident(quoted.params_type);
        let lifetime = quoted.borrows.then(|| quote!(<'static>));
        let params = quoted.params;
        layers.items.push(quote! {
            #[doc = #doc]
            pub struct #type_name;
            #places
            impl layer::#role for #type_name {
                #whole
                #scratch
                const PARAMS: #params_type #lifetime = #params;
                #packed
            }
        });
        let kernel = ident(quoted.kernel);
        let call = match stage {
            None => {
                layers.kernels.insert(kernel.clone());
                quote!(#kernel::<layers::#type_name>(arena);)
            }
            Some(stage) => {
                layers.items.push(chain::rows(planned, stage, type_name));
                let (call, functions) = chain::call(planned, stage, &kernel, type_name);
                layers.kernels.extend(functions);
                call
            }
        };
        layers.calls.push((index, call));
        layers.constants.extend(quoted.constants);
        params_types.insert(params_type);
        params_types.extend(quoted.types.iter().copied().map(ident));
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

/// The name of a tensor's values, if they are read in flash.
fn flash(planned: &Planned, names: &Names, tensor: TensorId) -> Option<Ident> {
    let graph = planned.graph();
    let writer = graph.nodes.iter().position(|node| node.output == tensor)?;
    elementwise::in_flash(graph, tensor).then(|| names.layers[writer].constant("VALUES"))
}
