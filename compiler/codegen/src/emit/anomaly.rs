//! The anomaly score of a network that rebuilds its input: what it is compared by, the threshold, and the
//! function that a program calls.

use ember_runtime::anomaly::{Comparison, Side};
use proc_macro2::TokenStream;
use quote::quote;

use super::literals::{float, int, ints, size};
use super::names::{Names, ident};
use super::provenance::Provenance;
use super::{Golden, front};
use crate::anomaly::Scoring;
use crate::front::Tables;
use crate::plan::Planned;

/// How samples are scored, and the threshold; `None` for a network that is not asked for anomalies, or cannot be.
pub(super) fn scoring(planned: &Planned, provenance: &Provenance) -> Option<(Scoring, u32)> {
    let is_whole = !planned.plan().is_fed() && planned.calls() == 1;
    let scoring = Scoring::of(planned.network()).filter(|_| is_whole)?;
    Some((scoring, provenance.threshold?))
}

/// Constants, and the methods beside those of the model.
pub(super) fn items(
    planned: &Planned,
    names: &Names,
    (scoring, threshold): (Scoring, u32),
) -> Vec<TokenStream> {
    let Comparison {
        input,
        output,
        shift,
    } = scoring.comparison;
    let [input, output] = [input, output].map(|side| {
        let Side {
            zero_point,
            multiplier,
        } = side;
        let (zero_point, multiplier) = (int(zero_point), int(multiplier));
        quote!(Side { zero_point: #zero_point, multiplier: #multiplier })
    });
    let (shift, threshold, unit) = (int(shift), int(threshold), float(scoring.unit as f32));
    let model = &names.model;
    let mut items = vec![
        quote! {
            use ember_runtime::anomaly::{Comparison, Side};
        },
        quote! {
            /// How a sample and what the network makes of it are compared; `ember_runtime::anomaly` says what is
            /// computed.
            pub const COMPARISON: Comparison = Comparison {
                input: #input,
                output: #output,
                shift: #shift,
            };
            /// An anomaly score of 1 as a mean squared error, in real values of the input.
            pub const SCORE_SCALE: f32 = #unit;
            /// Samples whose anomaly score is above it are anomalies.
            pub const THRESHOLD: u32 = #threshold;
        },
        quote! {
            /// Whether a sample with this anomaly score is an anomaly.
            pub const fn is_anomaly(score: u32) -> bool {
                score > THRESHOLD
            }
        },
        quote! {
            impl #model {
                /// Rebuilds a sample and says how far the result is from it; see [`is_anomaly`].
                pub fn anomaly_score(&mut self, sample: &[i8; INPUT_LEN]) -> u32 {
                    *self.input_mut() = *sample;
                    COMPARISON.score(sample, self.infer())
                }
            }
        },
    ];
    if let Some(front) = planned.front() {
        let listener = front::program_model(planned, names);
        let write = front::write(front, &quote!(&mut sample));
        items.push(quote! {
            impl #listener {
                /// Rebuilds the last rows and says how far the result is from them; see [`is_anomaly`].
                pub fn anomaly_score(&mut self) -> u32 {
                    let mut sample = [0; INPUT_LEN];
                    self.front.#write;
                    self.network.anomaly_score(&sample)
                }
            }
        });
    }
    items
}

/// The part of `tests/golden.rs` that checks scores: the same function on host and device.
pub(super) fn golden_test(
    planned: &Planned,
    names: &Names,
    scoring: Scoring,
    golden: &[Golden],
) -> TokenStream {
    let scores = scores(planned, scoring, golden);
    let (scores, count) = (ints(&scores), size(golden.len()));
    let (module, model) = (ident(&names.module), front::program_model(planned, names));
    let run = match planned.front() {
        None => quote! {
            let mut values = [0; INPUT_LEN];
            for (to, &from) in values.iter_mut().zip(input) {
                *to = from.cast_signed();
            }
            let score = model.anomaly_score(&values);
        },
        Some(_) => quote! {
            for part in input.chunks_exact(PART_LEN) {
                for (to, &from) in Model::input_mut(&mut model).iter_mut().zip(part) {
                    *to = from.cast_signed();
                }
                Model::infer(&mut model);
            }
            let score = model.anomaly_score();
        },
    };
    quote! {
        /// The anomaly scores that the compiler computed.
        const SCORES: [u32; #count] = #scores;

        #[test]
        fn anomaly_scores_equal_the_compilers() {
            let samples = include_bytes!("golden.bin").chunks_exact(INPUT_LEN + OUTPUT_LEN);
            let mut model = #model::new();
            for (sample, expected) in samples.zip(SCORES) {
                let (input, _) = sample.split_at(INPUT_LEN);
                #run
                assert_eq!(score, expected);
                assert_eq!(#module::is_anomaly(score), score > #module::THRESHOLD);
            }
        }
    }
}

fn scores(planned: &Planned, scoring: Scoring, golden: &[Golden]) -> Vec<u32> {
    let heard = planned.front().map(|front| match Tables::new(&front.spec) {
        Ok(tables) => (front, tables),
        Err(error) => panic!("BUG: a front end that was not checked: {error}"),
    });
    let score = |golden: &Golden| match &heard {
        None => scoring.comparison.score(&golden.input, &golden.output),
        Some((front, tables)) => {
            let input = front.input(tables, &golden.input);
            scoring.comparison.score(&input, &golden.output)
        }
    };
    golden.iter().map(score).collect()
}

/// How a program uses it.
pub(super) fn usage(planned: &Planned, names: &Names) -> Vec<String> {
    let (module, model) = (&names.module, front::program_model(planned, names));
    let lines = match planned.front() {
        None => format!(
            "static mut MODEL: {module}::{model} = {module}::{model}::new(); // in main of cortex-m-rt: safe\n\
             let score = MODEL.anomaly_score(&sample);"
        ),
        Some(_) => format!(
            "static mut EAR: {module}::{model} = {module}::{model}::new(); // in main of cortex-m-rt: safe\n\
             EAR.push_samples(&samples); // every HOP samples\n\
             let score = EAR.anomaly_score(); // when it is due"
        ),
    };
    let lines = format!(
        "```rust\n{lines}\n\
         if {module}::is_anomaly(score) {{ /* unlike the normal samples */ }}\n```"
    );
    lines.lines().map(str::to_owned).collect()
}

/// What a score is, for the documentation.
pub(super) fn documentation((scoring, threshold): (Scoring, u32)) -> String {
    format!(
        "* Anomaly score: mean squared difference of input and output, in integers; real = score * {:e}. Above \
         {threshold} a sample is an anomaly",
        scoring.unit as f32
    )
}
