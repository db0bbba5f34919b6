//! The test of the emitted crate: golden vectors, on the host.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::cargo::is_bytes;
use super::format::source;
use super::front;
use super::literals::size;
use super::names::{Names, ident};
use crate::plan::Planned;
use crate::text;

/// `tests/golden.rs`.
pub(super) fn test(
    first_line: &str,
    planned: &Planned,
    names: &Names,
    samples: usize,
    scores: Option<TokenStream>,
) -> String {
    let (module, model) = (ident(&names.module), &names.model);
    let samples = size(samples);
    if !is_bytes(planned) {
        return test_of_bytes(first_line, planned, names, &samples, scores);
    }
    let [infer_values, infer] = [quote!(&values), quote!()].map(|sample| {
        if let [_] = planned.graph().outputs[..] {
            return quote!(let output = model.infer(#sample).map(i8::cast_unsigned););
        }
        quote! {
            model.infer(#sample);
            let outputs = (0..#model::OUTPUTS).flat_map(|number| model.output_at(number));
            let output: Vec<u8> = outputs.map(|value| value.cast_unsigned()).collect();
        }
    });
    let run = if planned.plan().is_fed() {
        quote! {
            let mut values = [0; INPUT_LEN];
            for (to, &from) in values.iter_mut().zip(input) {
                *to = from.cast_signed();
            }
            #infer_values
        }
    } else {
        quote! {
            for (to, &from) in model.input_mut().iter_mut().zip(input) {
                *to = from.cast_signed();
            }
            #infer
        }
    };
    let imports: TokenStream = quote!(use #module::{INPUT_LEN, #model, OUTPUT_LEN};);
    let mut items = vec![
        quote! {
            //! The model on this machine against the compiler's interpreter, bit for bit.
            //!
            //! `golden.bin` holds, per sample, the input and the output that it must give.
        },
        quote! {
            use ember_runtime::Model;
            #imports
        },
        quote!(
            const SAMPLES: usize = #samples;
        ),
        quote! {
            #[test]
            fn outputs_equal_the_golden_vectors() {
                let samples = include_bytes!("golden.bin").chunks_exact(INPUT_LEN + OUTPUT_LEN);
                assert_eq!(samples.len(), SAMPLES);
                let mut model = #model::new();
                for (index, sample) in samples.enumerate() {
                    let (input, expected) = sample.split_at(INPUT_LEN);
                    // No result may depend on what an earlier sample left behind.
                    model.poison(-86);
                    #run
                    assert_eq!(output, expected, "sample {index}");
                }
            }
        },
    ];
    items.extend(scores);
    items.push(test_of_texts(planned, model));
    source(first_line, &items)
}

/// Of a model that reads texts: the golden inputs are those of their texts.
fn test_of_texts(planned: &Planned, model: &Ident) -> TokenStream {
    if !text::reads_bytes(planned.graph()) {
        return TokenStream::new();
    }
    quote! {
        #[test]
        fn texts_become_the_golden_inputs() {
            let samples = include_bytes!("golden.bin").chunks_exact(INPUT_LEN + OUTPUT_LEN);
            let mut model = #model::new();
            for (index, sample) in samples.enumerate() {
                let input = &sample[..INPUT_LEN];
                let text: Vec<u8> = input.iter().map(|byte| byte ^ 0x80).collect();
                let end = text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                model.poison(-86);
                model.read_text(&text[..end]);
                let read = model.input_mut().map(i8::cast_unsigned);
                assert_eq!(read, input, "sample {index}");
            }
        }
    }
}

/// `tests/golden.rs` of a model whose input or output is not int8, or whose samples come in parts: bytes go
/// through `ember_runtime::Model`.
fn test_of_bytes(
    first_line: &str,
    planned: &Planned,
    names: &Names,
    samples: &Literal,
    scores: Option<TokenStream>,
) -> String {
    let (module, model) = (ident(&names.module), &front::program_model(planned, names));
    let begin = (planned.calls() > 1).then(|| quote!(Model::begin(&mut model);));
    let mut items = vec![
        quote! {
            //! The model on this machine against the compiler's interpreter, bit for bit.
            //!
            //! `golden.bin` holds, per sample, the bytes of the input and of the output that it must
            //! give, of each int16 the lower one first.
        },
        quote! {
            use ember_runtime::Model;
            use #module::#model;
        },
        quote! {
            const SAMPLES: usize = #samples;
            const PART_LEN: usize = <#model as Model>::INPUT_LEN;
            const INPUT_LEN: usize = PART_LEN * #model::PARTS;
            const OUTPUT_LEN: usize = <#model as Model>::OUTPUT_LEN;
        },
        quote! {
            #[test]
            fn outputs_equal_the_golden_vectors() {
                let samples = include_bytes!("golden.bin").chunks_exact(INPUT_LEN + OUTPUT_LEN);
                assert_eq!(samples.len(), SAMPLES);
                let mut model = #model::new();
                for (index, sample) in samples.enumerate() {
                    let (input, expected) = sample.split_at(INPUT_LEN);
                    // No result may depend on what an earlier sample left behind.
                    #begin
                    model.poison(-86);
                    for part in input.chunks_exact(PART_LEN) {
                        let bytes = Model::input_mut(&mut model).iter_mut();
                        for (to, &from) in bytes.zip(part) {
                            *to = from.cast_signed();
                        }
                        Model::infer(&mut model);
                    }
                    let bytes = (0..#model::OUTPUTS).flat_map(|number| model.output_at(number));
                    let output: Vec<u8> = bytes.map(|byte| byte.cast_unsigned()).collect();
                    assert_eq!(output, expected, "sample {index}");
                }
            }
        },
    ];
    items.extend(scores);
    source(first_line, &items)
}
