//! The front end of a network for sound: its constants, and the type that takes samples.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::literals::{int, ints, size};
use super::names::{Names, ident};
use crate::front::{Front, Spec, Tables};
use crate::plan::Planned;

/// The type that takes samples.
fn listener(names: &Names) -> Ident {
    ident(&format!("{}Listener", names.model))
}

/// The type that the firmware runs: the network, or the front end with it.
pub(super) fn program_model(planned: &Planned, names: &Names) -> Ident {
    match planned.front() {
        Some(_) => listener(names),
        None => names.model.clone(),
    }
}

/// The constants, beside those of the layers.
pub(super) fn tables(planned: &Planned) -> Vec<TokenStream> {
    let Some(front) = planned.front() else {
        return Vec::new();
    };
    let tables = match Tables::new(&front.spec) {
        Ok(tables) => tables,
        Err(error) => panic!("BUG: a front end that was not checked: {error}"),
    };
    let table = |name: &str, doc: &str, element: TokenStream, len: usize, values: TokenStream| {
        let (name, len) = (ident(name), size(len));
        let doc = format!(" {doc}");
        quote! {
            #[doc = #doc]
            #[used]
            pub static #name: [#element; #len] = #values;
        }
    };
    let Tables {
        twiddles,
        edges,
        slopes,
        factors,
    } = &tables;
    let mut tables = vec![
        table(
            "FRONT_TWIDDLES",
            "Front end: cosines and sines of half a turn, in 1/2¹⁵.",
            quote!(i16),
            twiddles.len(),
            ints(twiddles),
        ),
        table(
            "FRONT_EDGES",
            "Front end: the frequencies where bands begin, reach their centres and end.",
            quote!(u16),
            edges.len(),
            ints(edges),
        ),
        table(
            "FRONT_SLOPES",
            "Front end: how far each frequency is from one edge to the next, in 1/2¹⁵.",
            quote!(u16),
            slopes.len(),
            ints(slopes),
        ),
        table(
            "FRONT_VALUES",
            "Front end: the network's input for every level.",
            quote!(i8),
            front.values.len(),
            ints(&front.values),
        ),
    ];
    if !factors.is_empty() {
        tables.push(table(
            "FRONT_FACTORS",
            "Front end: the factors of each cepstral coefficient, in 1/2¹².",
            quote!(i16),
            factors.len(),
            ints(factors),
        ));
    }
    tables
}

/// The type that takes samples, and its constants.
pub(super) fn items(planned: &Planned, names: &Names) -> Vec<TokenStream> {
    let Some(front) = planned.front() else {
        return Vec::new();
    };
    let (model, listener) = (&names.model, listener(names));
    let spec = &front.spec;
    let rate = int(spec.rate);
    let [hop, frame, levels, rows, parts] = [
        spec.hop,
        spec.frame,
        front.levels(),
        front.rows,
        front.parts(),
    ]
    .map(size);
    let write = write(front, &quote!(self.network.input_mut()));
    vec![
        quote! {
            use ember_runtime::log_mel::{Bank, LogMel};
        },
        quote! {
            /// Sound: samples per second.
            pub const SAMPLE_RATE: u32 = #rate;
            /// Samples that make a row of levels.
            pub const HOP: usize = #hop;
            /// Samples of a frame; each row is of the youngest ones.
            pub const FRAME: usize = #frame;
            /// Rows of levels that the network sees.
            pub const ROWS: usize = #rows;
            /// The constants of the front end.
            const BANK: Bank<'static, FRAME> = Bank {
                twiddles: &params::FRONT_TWIDDLES,
                edges: &params::FRONT_EDGES,
                slopes: &params::FRONT_SLOPES,
            };
        },
        quote! {
            /// The front end with the network: give it the sound by [`push_samples`](Self::push_samples) as it
            /// comes, and ask for the network's opinion of the last `ROWS` rows by [`infer`](Self::infer) when
            /// it is due.
            pub struct #listener {
                front: LogMel<FRAME, #levels>,
                /// For programs that write samples as bytes: see `ember_runtime::Model`.
                samples: Arena<{ 2 * HOP }>,
                network: #model,
                /// Parts of a sample that have come by `ember_runtime::Model`.
                parts: usize,
            }

            impl #listener {
                /// Silence so far.
                pub const fn new() -> Self {
                    Self {
                        front: LogMel::new(),
                        samples: Arena::new(),
                        network: #model::new(),
                        parts: 0,
                    }
                }

                /// Takes the next samples and makes a row of levels.
                pub fn push_samples(&mut self, samples: &[i16; HOP]) {
                    self.front.push(&BANK, samples);
                }

                /// Runs the network on the last rows and returns its output.
                pub fn infer(&mut self) -> &[i8; OUTPUT_LEN] {
                    self.front.#write;
                    self.network.infer()
                }

                /// The last output, until the next call of `infer`.
                pub fn output(&self) -> &[i8; OUTPUT_LEN] {
                    self.network.output()
                }
            }
        },
        quote! {
            impl Default for #listener {
                fn default() -> Self {
                    Self::new()
                }
            }
        },
        quote! {
            impl Model for #listener {
                const INPUT_LEN: usize = 2 * HOP;
                const PARTS: usize = #parts;
                const OUTPUT_LEN: usize = OUTPUT_LEN;
                fn input_mut(&mut self) -> &mut [i8] {
                    self.samples.get_mut::<0, { 2 * HOP }>()
                }
                fn infer(&mut self) {
                    self.front.push(&BANK, self.samples.get_i16::<0, HOP>());
                    self.parts += 1;
                    if self.parts == <Self as Model>::PARTS {
                        self.parts = 0;
                        Self::infer(self);
                    }
                }
                fn output(&self) -> &[i8] {
                    Self::output(self)
                }
                fn poison(&mut self, byte: i8) {
                    self.network.poison(byte);
                }
            }
        },
    ]
}

/// The call that writes the last rows, as the network sees them, to a place.
pub(super) fn write(front: &Front, to: &TokenStream) -> TokenStream {
    let spec = &front.spec;
    let range = match spec.range {
        None => quote!(None),
        Some(range) => {
            let range = int(range);
            quote!(Some(#range))
        }
    };
    match spec.coefficients {
        None => quote!(write(&params::FRONT_VALUES, #range, #to)),
        Some(_) => {
            let bands = size(spec.bands);
            quote! {
                write_cepstra(
                    #bands, &params::FRONT_FACTORS, &params::FRONT_VALUES, #range, #to,
                )
            }
        }
    }
}

/// What goes in, for the documentation.
pub(super) fn documentation(front: &Front) -> Vec<String> {
    let Spec {
        rate,
        frame,
        hop,
        bands,
        low,
        high,
        range,
        coefficients,
    } = front.spec;
    let loudness = match range {
        None => "absolute".to_owned(),
        Some(range) => format!("from {range} below the loudest of the window"),
    };
    let seen = match coefficients {
        None => String::new(),
        Some(count) => format!(", as {count} cepstral coefficients (MFCC) each"),
    };
    vec![format!(
        "* Sound: 16-bit samples, {rate} per second, {hop} at a time; each makes a row of {bands} levels \
         ({low} to {high} Hz, steps of an eighth of an octave of power, {loudness}) of the last {frame} samples. \
         The last {} rows{seen} are the network's input: {:.2} s",
        front.rows,
        (front.rows * hop) as f64 / f64::from(rate)
    )]
}

/// How a program uses it.
pub(super) fn usage(names: &Names) -> Vec<String> {
    let (module, listener) = (&names.module, listener(names));
    let lines = format!(
        "```rust\n\
         static mut EAR: {module}::{listener} = {module}::{listener}::new(); // in main of cortex-m-rt: safe\n\
         EAR.push_samples(&samples); // every HOP samples\n\
         let output = EAR.infer(); // when it is due\n\
         ```"
    );
    lines.lines().map(str::to_owned).collect()
}
