//! The model's type: its arena, how to fill the input, the order of the layers.

use ember_runtime::Region;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::chain::{self, Statements};
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
    let (part_len, parts, part, run) = if planned.plan().is_fed() {
        (
            quote!(ROW_LEN),
            quote!(
                const PARTS: usize = INPUT_LEN / ROW_LEN;
            ),
            quote!(row_mut),
            quote!(Self::advance(self);),
        )
    } else {
        (
            quote!(INPUT_LEN),
            TokenStream::new(),
            quote!(input_mut),
            quote!(Self::infer(self);),
        )
    };
    items.push(quote! {
        impl Model for #model {
            const INPUT_LEN: usize = #part_len;
            #parts
            const OUTPUT_LEN: usize = OUTPUT_LEN;
            fn input_mut(&mut self) -> &mut [i8] {
                Self::#part(self)
            }
            fn infer(&mut self) {
                #run
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
    let [(input, input_region), (output, _)] = ends(planned);
    let [input_quant, output_quant] = [input, output].map(|id| planned.network().quants[id]);
    let [input_len, output_len] =
        [input, output].map(|id| size(planned.graph().tensors[id].shape.elements()));
    let row_len = planned.plan().is_fed().then(|| {
        let row = size(input_region.len);
        quote! {
            /// Bytes of one row of an input sample.
            pub const ROW_LEN: usize = #row;
        }
    });
    let [input_scale, output_scale] = [input_quant, output_quant].map(|quant| float(quant.scale));
    let [input_zero, output_zero] = [input_quant, output_quant].map(|quant| int(quant.zero_point));
    let arena = size(planned.plan().arena_bytes);
    quote! {
        /// Bytes of one input sample.
        pub const INPUT_LEN: usize = #input_len;
        #row_len
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
    let Statements {
        before,
        tick,
        behind,
    } = chain::statements(planned, names, layers);
    if planned.plan().is_fed() {
        return fed_type(model, [&input, &output], &tick, &behind);
    }
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
                #(#before)*
                #ticks
                #(#behind)*
                self.output()
            }

            /// The last output, until the next call of `input_mut`.
            pub fn output(&self) -> &[i8; OUTPUT_LEN] {
                self.arena.get::<#output, OUTPUT_LEN>()
            }
        }
    }
}

/// A model that takes its input row by row.
fn fed_type(
    model: &Ident,
    [row, output]: [&Literal; 2],
    tick: &[TokenStream],
    behind: &[TokenStream],
) -> TokenStream {
    let rest = (!behind.is_empty()).then(|| {
        quote! {
            let arena = &mut self.arena;
            #(#behind)*
        }
    });
    quote! {
        /// The network with its arena, in which only the youngest rows of the input lie: give it the rows
        /// from top to bottom by [`push_row`](Self::push_row) as they come, or a whole sample by
        /// [`infer`](Self::infer).
        pub struct #model {
            arena: Arena<ARENA_LEN>,
            /// Rows of the sample that have come.
            rows: usize,
        }

        impl #model {
            /// A model that is ready for its first sample.
            pub const fn new() -> Self {
                Self { arena: Arena::new(), rows: 0 }
            }

            /// Takes the next row of a sample; with the last one comes the output.
            pub fn push_row(&mut self, row: &[i8; ROW_LEN]) -> Option<&[i8; OUTPUT_LEN]> {
                *self.row_mut() = *row;
                if self.advance() { Some(self.output()) } else { None }
            }

            /// Runs a whole sample, from its first row.
            pub fn infer(&mut self, sample: &[i8; INPUT_LEN]) -> &[i8; OUTPUT_LEN] {
                self.rows = 0;
                let (rows, _) = sample.as_chunks();
                for row in rows {
                    *self.row_mut() = *row;
                    self.advance();
                }
                self.output()
            }

            /// Where to write the next row, for [`advance`](Self::advance).
            pub fn row_mut(&mut self) -> &mut [i8; ROW_LEN] {
                self.arena.get_mut::<#row, ROW_LEN>()
            }

            /// Takes the row that was written to [`row_mut`](Self::row_mut). Whether it was the last of
            /// its sample: the output is there then.
            pub fn advance(&mut self) -> bool {
                self.tick(self.rows);
                self.rows += 1;
                if self.rows < INPUT_LEN / ROW_LEN {
                    return false;
                }
                self.rows = 0;
                // What is on its way comes out.
                for tick in INPUT_LEN / ROW_LEN..layers::TICKS {
                    self.tick(tick);
                }
                #rest
                true
            }

            /// The last output, until the next row.
            pub fn output(&self) -> &[i8; OUTPUT_LEN] {
                self.arena.get::<#output, OUTPUT_LEN>()
            }

            /// Runs the layers whose next row can be made.
            #[inline(never)]
            fn tick(&mut self, tick: usize) {
                let arena = &mut self.arena;
                #(#tick)*
            }
        }
    }
}
