//! The constants of a model: literals where they are short, files where they are long.

use proc_macro2::TokenStream;
use quote::quote;

use super::layers::Stream;
use super::literals::{ints, size};
use super::op::{Constant, Place, Values};

/// Constants with more bytes than this go to a file of the crate.
const LITERAL_BYTES: usize = 256;

/// Where long constants go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// Everything is a literal.
    Literals,
    /// Long constants are files beside the source.
    Files,
}

/// The items of one constant each, and the files they include by path in the crate.
pub(super) fn constants(
    constants: &[Constant],
    storage: Storage,
) -> (Vec<TokenStream>, Vec<(String, Vec<u8>)>) {
    let mut items = Vec::new();
    let mut files = Vec::new();
    for constant in constants {
        let Constant { name, what, .. } = constant;
        let doc = format!(" {what}");
        let in_file = storage == Storage::Files && constant.values.bytes() > LITERAL_BYTES;
        let path = format!("weights/{}.bin", constant.stem);
        let (element, len, bytes): (TokenStream, usize, Vec<u8>) = match &constant.values {
            Values::Bytes(values) => {
                let bytes = values.iter().map(|value| value.to_le_bytes()[0]).collect();
                (quote!(i8), values.len(), bytes)
            }
            Values::Halves(values) => {
                let bytes = values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                (quote!(u16), values.len(), bytes)
            }
            Values::Longs(values) => {
                let bytes = values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                (quote!(i64), values.len(), bytes)
            }
            Values::Words(values) => {
                let bytes = values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                (quote!(i32), values.len(), bytes)
            }
        };
        let len = size(len);
        let value = match (&constant.values, in_file) {
            (Values::Bytes(values), false) => ints(values),
            (Values::Halves(values), false) => ints(values),
            (Values::Words(values), false) => ints(values),
            (Values::Longs(values), false) => ints(values),
            (Values::Bytes(_), true) => {
                let include = format!("../{path}");
                quote!(from_bytes(include_bytes!(#include)))
            }
            (Values::Halves(_), true) => {
                let include = format!("../{path}");
                quote!(halves_from_bytes(include_bytes!(#include)))
            }
            (Values::Words(_), true) => {
                let include = format!("../{path}");
                quote!(words_from_bytes(include_bytes!(#include)))
            }
            (Values::Longs(_), true) => {
                let include = format!("../{path}");
                quote!(longs_from_bytes(include_bytes!(#include)))
            }
        };
        if in_file {
            files.push((path, bytes));
        }
        items.push(match constant.place {
            Place::Flash => quote! {
                #[doc = #doc]
                #[used]
                pub static #name: [#element; #len] = #value;
            },
            Place::Packed => quote! {
                #[doc = #doc]
                pub const #name: [#element; #len] = #value;
            },
        });
    }
    (items, files)
}

/// The items of the streams that constants are packed into.
pub(super) fn streams(streams: &[Stream]) -> Vec<TokenStream> {
    let item = |stream: &Stream| {
        let Stream {
            name,
            layer,
            role,
            packing,
            words,
        } = stream;
        let doc =
            format!(" The constants of `{layer}` in the order in which its kernel reads them.");
        let params = quote!(<layers::#layer as layer::#role>::PARAMS);
        quote! {
            #[doc = #doc]
            #[used]
            pub static #name: [i32; packing::#words(&#params)] = packing::#packing(&#params);
        }
    };
    streams.iter().map(item).collect()
}

/// The `use` items that the streams need.
pub(super) fn stream_imports(streams: &[Stream]) -> TokenStream {
    if streams.is_empty() {
        return TokenStream::new();
    }
    quote! {
        use super::layers;
        use ember_runtime::{layer, packing};
    }
}

/// The `use` item that the constants need.
pub(super) fn imports(constants: &[Constant]) -> TokenStream {
    let long = |constant: &&Constant| constant.values.bytes() > LITERAL_BYTES;
    let mut functions = Vec::new();
    for constant in constants.iter().filter(long) {
        functions.push(match constant.values {
            Values::Bytes(_) => quote!(from_bytes),
            Values::Halves(_) => quote!(halves_from_bytes),
            Values::Words(_) => quote!(words_from_bytes),
            Values::Longs(_) => quote!(longs_from_bytes),
        });
    }
    functions.sort_by_key(TokenStream::to_string);
    functions.dedup_by_key(|function| function.to_string());
    if functions.is_empty() {
        return TokenStream::new();
    }
    quote!(use ember_runtime::params::{#(#functions),*};)
}
