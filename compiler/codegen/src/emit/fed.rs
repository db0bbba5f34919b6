//! The type of a model that takes its input row by row.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::kept::{memory_len, reset};
use super::outputs::Outputs;
use crate::plan::Planned;

/// Its items: rows come one by one, and with the last the output.
pub(super) fn type_and_methods(
    planned: &Planned,
    (model, row): (&Ident, &Literal),
    outputs: &Outputs,
    [tick, behind]: [&[TokenStream]; 2],
) -> TokenStream {
    let Outputs {
        result,
        method,
        value,
        ..
    } = outputs;
    let docs = format!("{}row.", outputs.docs);
    let (memory, reset) = (memory_len(planned), reset(planned));
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
            arena: Arena<#memory>,
            /// Rows of the sample that have come.
            rows: usize,
        }

        impl #model {
            /// A model that is ready for its first sample.
            pub const fn new() -> Self {
                Self { arena: Arena::new(), rows: 0 }
            }

            /// Takes the next row of a sample; with the last one comes the output.
            pub fn push_row(&mut self, row: &[i8; ROW_LEN]) -> Option<#result> {
                *self.row_mut() = *row;
                if self.advance() { Some(self.#method()) } else { None }
            }

            /// Runs a whole sample, from its first row.
            pub fn infer(&mut self, sample: &[i8; INPUT_LEN]) -> #result {
                self.rows = 0;
                let (rows, _) = sample.as_chunks();
                for row in rows {
                    *self.row_mut() = *row;
                    self.advance();
                }
                self.#method()
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

            #reset

            #[doc = #docs]
            pub fn #method(&self) -> #result {
                #value
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
