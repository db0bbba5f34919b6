//! What a model keeps from sample to sample, behind its activations.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::names::ident;
use crate::plan::Planned;
use crate::state;

/// Whether something is kept from sample to sample.
pub(super) fn is_stateful(planned: &Planned) -> bool {
    state::bytes(planned.graph()) > 0
}

/// The constant that is the length of the model's memory.
pub(super) fn memory_len(planned: &Planned) -> Ident {
    ident(match is_stateful(planned) {
        true => "MEMORY_LEN",
        false => "ARENA_LEN",
    })
}

/// The method that starts a new stream.
pub(super) fn reset(planned: &Planned) -> Option<TokenStream> {
    is_stateful(planned).then(|| {
        quote! {
            /// Forgets the samples so far: the next one is the first of a stream.
            pub fn reset(&mut self) {
                self.arena.fill_part::<ARENA_LEN>(false, 0);
            }
        }
    })
}
