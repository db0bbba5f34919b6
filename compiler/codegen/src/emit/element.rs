//! How an emitted model names the types of its input and its outputs.

use ember_ir::Element;
use proc_macro2::TokenStream;
use quote::quote;

/// The type of a value.
pub(super) fn value(element: Element) -> TokenStream {
    match element {
        Element::Int8 => quote!(i8),
        Element::Int16 => quote!(i16),
    }
}

/// What a number of values counts.
pub(super) fn unit(element: Element) -> &'static str {
    match element {
        Element::Int8 => "Bytes",
        Element::Int16 => "Values",
    }
}

/// The function of the arena that reads values.
pub(super) fn get(element: Element) -> TokenStream {
    match element {
        Element::Int8 => quote!(get),
        Element::Int16 => quote!(get_i16),
    }
}

/// The function of the arena that lends values for writing.
pub(super) fn get_mut(element: Element) -> TokenStream {
    match element {
        Element::Int8 => quote!(get_mut),
        Element::Int16 => quote!(get_i16_mut),
    }
}

/// A length in bytes, of one in values.
pub(super) fn bytes(element: Element, len: TokenStream) -> TokenStream {
    match element {
        Element::Int8 => len,
        Element::Int16 => quote!(2 * #len),
    }
}
