//! The model's type: its arena, how to fill the input, the order of the layers.

use ember_runtime::Region;
use proc_macro2::TokenStream;
use quote::quote;

use super::layers::Layers;
use super::literals::{float, int, size};
use super::names::Names;
use super::provenance::Provenance;
use crate::plan::Planned;

/// The items of a model: imports, constants, the type, its methods.
pub(super) fn model(
    planned: &Planned,
    names: &Names,
    layers: &Layers,
    provenance: &Provenance,
) -> Vec<TokenStream> {
    let mut items = vec![imports(layers), constants(planned)];
    if !provenance.classes.is_empty() {
        let count = size(provenance.classes.len());
        let classes = &provenance.classes;
        items.push(quote! {
            /// What each output stands for.
            pub const CLASSES: [&str; #count] = [#(#classes),*];
        });
    }
    items.push(type_and_methods(planned, names, layers));
    let model = &names.model;
    items.push(quote! {
        impl Default for #model {
            fn default() -> Self {
                Self::new()
            }
        }
    });
    items.push(quote! {
        impl Model for #model {
            const INPUT_LEN: usize = INPUT_LEN;
            const OUTPUT_LEN: usize = OUTPUT_LEN;
            fn input_mut(&mut self) -> &mut [i8] {
                Self::input_mut(self)
            }
            fn infer(&mut self) {
                Self::infer(self);
            }
            fn output(&self) -> &[i8] {
                Self::output(self)
            }
            fn poison(&mut self, byte: i8) {
                self.arena.fill(byte);
            }
        }
    });
    items
}

fn imports(layers: &Layers) -> TokenStream {
    let kernels = &layers.kernels;
    let kernels =
        (!kernels.is_empty()).then(|| quote!(use ember_runtime::kernels::{#(#kernels),*};));
    quote! {
        #kernels
        use ember_runtime::{Arena, Model};
    }
}

fn ends(planned: &Planned) -> [(usize, Region); 2] {
    let graph = &planned.network().graph;
    [graph.inputs[0], graph.outputs[0]].map(|id| {
        let region = planned.plan().regions[id.0];
        (id.0, Region::new(region.offset, region.bytes))
    })
}

fn constants(planned: &Planned) -> TokenStream {
    let [(input, input_region), (output, output_region)] = ends(planned);
    let [input_quant, output_quant] = [input, output].map(|id| planned.network().quants[id]);
    let [input_len, output_len] = [input_region, output_region].map(|region| size(region.len));
    let [input_scale, output_scale] = [input_quant, output_quant].map(|quant| float(quant.scale));
    let [input_zero, output_zero] = [input_quant, output_quant].map(|quant| int(quant.zero_point));
    let arena = size(planned.plan().arena_bytes);
    quote! {
        /// Bytes of one input sample.
        pub const INPUT_LEN: usize = #input_len;
        /// Bytes of one output.
        pub const OUTPUT_LEN: usize = #output_len;
        /// Bytes of all activations.
        pub const ARENA_LEN: usize = #arena;
        /// Real size of one step of an input value.
        pub const INPUT_SCALE: f32 = #input_scale;
        /// The input value that stands for real zero.
        pub const INPUT_ZERO_POINT: i8 = #input_zero;
        /// Real size of one step of an output value.
        pub const OUTPUT_SCALE: f32 = #output_scale;
        /// The output value that stands for real zero.
        pub const OUTPUT_ZERO_POINT: i8 = #output_zero;
    }
}

fn type_and_methods(planned: &Planned, names: &Names, layers: &Layers) -> TokenStream {
    let [(_, input), (_, output)] = ends(planned);
    let [input, output] = [input, output].map(|region| size(region.offset));
    let model = &names.model;
    let calls = &layers.calls;
    let borrow = (!calls.is_empty()).then(|| quote!(let arena = &mut self.arena;));
    quote! {
        /// The network with its arena: write a sample to [`input_mut`](Self::input_mut), then call
        /// [`infer`](Self::infer).
        pub struct #model {
            arena: Arena<ARENA_LEN>,
        }

        impl #model {
            /// A model that is ready for its first sample.
            pub const fn new() -> Self {
                Self { arena: Arena::new() }
            }

            /// Where to write the next sample. Its bytes are reused by `infer`: write all of them
            /// before every call.
            pub fn input_mut(&mut self) -> &mut [i8; INPUT_LEN] {
                self.arena.get_mut::<#input, INPUT_LEN>()
            }

            /// Runs all layers and returns the output.
            pub fn infer(&mut self) -> &[i8; OUTPUT_LEN] {
                #borrow
                #(#calls)*
                self.output()
            }

            /// The last output, until the next call of `input_mut`.
            pub fn output(&self) -> &[i8; OUTPUT_LEN] {
                self.arena.get::<#output, OUTPUT_LEN>()
            }
        }
    }
}
