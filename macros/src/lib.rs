//! `include_model!("digits.ember")` expands to the module that `emberc` would emit for the network.
//! The path is relative to the crate's `Cargo.toml`; the crate needs `ember-runtime`.
#![forbid(unsafe_code)]

use ember_codegen::plan::{Isa, Planned};
use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

/// Plans the network in the named file and expands to its module; errors point at the file's name.
#[proc_macro]
pub fn include_model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let literal = syn::parse_macro_input!(input as LitStr);
    expand(&literal)
        .unwrap_or_else(|message| syn::Error::new(literal.span(), message).into_compile_error())
        .into()
}

fn expand(literal: &LitStr) -> Result<TokenStream, String> {
    let name = literal.value();
    let root = std::env::var("CARGO_MANIFEST_DIR").map_err(|e| format!("not under cargo: {e}"))?;
    let path = std::path::Path::new(&root).join(&name);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("cannot read '{name}': {e}"))?;
    let network = ember_ir::text::parse(&text).map_err(|e| format!("'{name}', {e}"))?;
    let planned = Planned::new(network, Isa::Any).map_err(|e| format!("'{name}': {e}"))?;
    let module =
        ember_codegen::emit::emit_module(&planned).map_err(|e| format!("'{name}': {e}"))?;
    // The unused constant makes the file an input of the build: a change of it rebuilds the crate.
    Ok(quote! {
        const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", #name));
        #module
    })
}
