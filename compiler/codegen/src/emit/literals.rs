//! Numbers and texts as tokens.

use ember_runtime::{Region, Rounding, Scale};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// A number without a suffix; the sign is a token of its own, as Rust's grammar has it.
pub(super) fn int(value: impl Into<i64>) -> TokenStream {
    let value: i64 = value.into();
    let magnitude = Literal::u64_unsuffixed(value.unsigned_abs());
    if value < 0 {
        quote!(-#magnitude)
    } else {
        quote!(#magnitude)
    }
}

/// A size.
pub(super) fn size(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

/// `[1, -2, 3]`.
pub(super) fn ints<T: Into<i64> + Copy>(values: &[T]) -> TokenStream {
    let values = values.iter().map(|&value| int(value));
    quote!([#(#values),*])
}

/// `[8, 8, 1]`.
pub(super) fn sizes(values: &[usize]) -> TokenStream {
    let values = values.iter().map(|&value| size(value));
    quote!([#(#values),*])
}

/// `Rounding::Single`.
pub(super) fn rounding(rounding: Rounding) -> TokenStream {
    match rounding {
        Rounding::Single => quote!(Rounding::Single),
        Rounding::TfLite => quote!(Rounding::TfLite),
    }
}

/// `Scale { mantissa: …, exponent: … }`.
pub(super) fn scale(scale: Scale) -> TokenStream {
    let (mantissa, exponent) = (int(scale.mantissa), int(scale.exponent));
    quote!(Scale { mantissa: #mantissa, exponent: #exponent })
}

/// `Region::new(0, 64)`.
pub(super) fn region(region: Region) -> TokenStream {
    let (offset, len) = (size(region.offset), size(region.len));
    quote!(Region::new(#offset, #len))
}

/// A float so that it reads back as the same bits.
pub(super) fn float(value: f32) -> Literal {
    Literal::f32_unsuffixed(value)
}
