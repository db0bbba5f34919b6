//! The model's type: its arena, how to fill the input, the order of the layers.

use ember_ir::Element;
use ember_runtime::Region;
use proc_macro2::TokenStream;
use quote::quote;

use super::chain::{self, Statements};
use super::element;
use super::fed;
use super::kept::{is_stateful, memory_len, reset};
use super::layers::Layers;
use super::literals::{float, int, size};
use super::names::Names;
use super::outputs::{Outputs, outputs};
use super::provenance::Provenance;
use crate::plan::Planned;
use crate::{state, text};

/// The items of a model: imports, constants, the type, its methods.
pub(super) fn model(
    planned: &Planned,
    names: &Names,
    layers: &Layers,
    provenance: &Provenance,
) -> Vec<TokenStream> {
    let outputs = outputs(planned, names);
    let mut items = vec![imports(layers), constants(planned, &outputs)];
    if !provenance.classes.is_empty() {
        let count = size(provenance.classes.len());
        let classes = &provenance.classes;
        items.push(quote! {
            /// What each output stands for.
            pub const CLASSES: [&str; #count] = [#(#classes),*];
        });
    }
    items.push(type_and_methods(planned, names, layers, &outputs));
    let model = &names.model;
    if text::reads_bytes(planned.graph()) {
        items.push(quote! {
            impl #model {
                /// Writes the bytes of a text to the input: of a longer one the first, behind a shorter one
                /// zeros.
                pub fn read_text(&mut self, text: &[u8]) {
                    ember_runtime::text::read(text, Self::input_mut(self));
                }
            }
        });
    }
    items.push(quote! {
        impl Default for #model {
            fn default() -> Self {
                Self::new()
            }
        }
    });
    let Outputs {
        first,
        several,
        bytes,
        ..
    } = outputs;
    let (part_len, parts, part, run) = if planned.plan().is_fed() {
        (
            quote!(ROW_LEN),
            quote!(
                const PARTS: usize = INPUT_LEN / ROW_LEN;
            ),
            quote!(row_mut),
            quote!(Self::advance(self);),
        )
    } else if planned.calls() > 1 {
        (
            quote!(INPUT_LEN),
            quote!(
                const PARTS: usize = CALLS;
            ),
            quote!(input_mut),
            quote!(Self::infer(self);),
        )
    } else {
        (
            quote!(INPUT_LEN),
            TokenStream::new(),
            quote!(input_mut),
            quote!(Self::infer(self);),
        )
    };
    let (reset, poison) = match is_stateful(planned) {
        true => (
            Some(quote! {
                fn reset(&mut self) {
                    Self::reset(self);
                }
            }),
            quote!(self.arena.fill_part::<ARENA_LEN>(true, byte);),
        ),
        false => (None, quote!(self.arena.fill(byte);)),
    };
    let begin = (planned.calls() > 1).then(|| {
        quote! {
            fn begin(&mut self) {
                Self::reset(self);
            }
        }
    });
    let (id, region) = input(planned);
    let element = planned.graph().tensors[id].element;
    let part_len = element::bytes(element, part_len);
    let part = match element {
        Element::Int8 => quote!(Self::#part(self)),
        Element::Int16 => {
            let [offset, len] = [region.offset, region.len].map(size);
            quote!(self.arena.get_mut::<#offset, #len>())
        }
    };
    items.push(quote! {
        impl Model for #model {
            const INPUT_LEN: usize = #part_len;
            #parts
            const OUTPUT_LEN: usize = #bytes;
            fn input_mut(&mut self) -> &mut [i8] {
                #part
            }
            fn infer(&mut self) {
                #run
            }
            fn output(&self) -> &[i8] {
                #first
            }
            #several
            #begin
            #reset
            fn poison(&mut self, byte: i8) {
                #poison
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

fn input(planned: &Planned) -> (usize, Region) {
    let id = planned.network().graph.inputs[0];
    let region = planned.plan().regions[id.0];
    (id.0, Region::new(region.offset, region.bytes))
}

fn constants(planned: &Planned, outputs: &Outputs) -> TokenStream {
    let (input, region) = input(planned);
    let quant = planned.network().quants[input];
    let tensor = &planned.graph().tensors[input];
    let input_len = size(tensor.shape.elements());
    let value = element::value(tensor.element);
    let unit = element::unit(tensor.element);
    let docs = match planned.calls() {
        1 => format!(" {unit} of one input sample."),
        _ => format!(" {unit} of one call's input: the next steps of a stream."),
    };
    let calls = size(planned.calls());
    let calls = (planned.calls() > 1).then(|| {
        quote! {
            /// Calls of a window, which begins with `reset`: networks of this kind are trained on windows.
            pub const CALLS: usize = #calls;
        }
    });
    let row_len = planned.plan().is_fed().then(|| {
        let row = size(region.len);
        quote! {
            /// Bytes of one row of an input sample.
            pub const ROW_LEN: usize = #row;
        }
    });
    let (scale, zero) = (float(quant.scale), int(quant.zero_point));
    let arena = size(planned.plan().arena_bytes);
    let outputs = &outputs.items;
    let kept = size(state::bytes(planned.graph()));
    let kept = is_stateful(planned).then(|| {
        quote! {
            /// Bytes that are kept from sample to sample, behind the activations.
            pub const STATE_LEN: usize = #kept;
            /// Bytes of both.
            pub const MEMORY_LEN: usize = ARENA_LEN + STATE_LEN;
        }
    });
    quote! {
        #[doc = #docs]
        pub const INPUT_LEN: usize = #input_len;
        #row_len
        #calls
        /// Bytes of all activations.
        pub const ARENA_LEN: usize = #arena;
        #kept
        /// Real size of one step of an input value.
        pub const INPUT_SCALE: f32 = #scale;
        /// The input value that stands for real zero.
        pub const INPUT_ZERO_POINT: #value = #zero;
        #outputs
    }
}

fn type_and_methods(
    planned: &Planned,
    names: &Names,
    layers: &Layers,
    outputs: &Outputs,
) -> TokenStream {
    let (id, region) = input(planned);
    let input = size(region.offset);
    let element = planned.graph().tensors[id].element;
    let (input_value, get_mut) = (element::value(element), element::get_mut(element));
    let filled = match element {
        Element::Int8 => {
            " Where to write the next sample. Its bytes are reused by `infer`: write all of them"
        }
        Element::Int16 => {
            " Where to write the next sample. Its memory is reused by `infer`: write all of it"
        }
    };
    let model = &names.model;
    let Statements {
        before,
        tick,
        behind,
    } = chain::statements(planned, names, layers);
    if planned.plan().is_fed() {
        return fed::type_and_methods(planned, (model, &input), outputs, [&tick, &behind]);
    }
    let Outputs {
        result,
        method,
        value,
        ..
    } = outputs;
    let docs = format!("{}call of `input_mut`.", outputs.docs);
    let infer_docs = format!(" Runs all layers and returns the {}.", outputs.method);
    let (memory, reset) = (memory_len(planned), reset(planned));
    let borrow = (!layers.calls.is_empty()).then(|| quote!(let arena = &mut self.arena;));
    let ticks = (!tick.is_empty()).then(|| {
        quote! {
            for tick in 0..layers::TICKS {
                #(#tick)*
            }
        }
    });
    quote! {
        /// The network with its arena: write a sample to [`input_mut`](Self::input_mut), then call
        /// [`infer`](Self::infer).
        pub struct #model {
            arena: Arena<#memory>,
        }

        impl #model {
            /// A model that is ready for its first sample.
            pub const fn new() -> Self {
                Self { arena: Arena::new() }
            }

            #[doc = #filled]
            /// before every call.
            pub fn input_mut(&mut self) -> &mut [#input_value; INPUT_LEN] {
                self.arena.#get_mut::<#input, INPUT_LEN>()
            }

            #[doc = #infer_docs]
            pub fn infer(&mut self) -> #result {
                #borrow
                #(#before)*
                #ticks
                #(#behind)*
                self.#method()
            }

            #reset

            #[doc = #docs]
            pub fn #method(&self) -> #result {
                #value
            }
        }
    }
}
