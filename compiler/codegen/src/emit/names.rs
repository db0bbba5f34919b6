//! From the user's names to Rust's: the package, the model type, and per layer a type, a prefix of
//! constants and a file stem.
//!
//! A name is cut into words of ASCII letters and digits (at other characters and where lower case
//! turns to upper case) and put together again in the case that Rust wants. Names that clash after
//! that get a number, in the order of the nodes, so that equal graphs give equal names.

use std::collections::BTreeSet;

use ember_ir::{Graph, TensorId};
use proc_macro2::{Ident, Span};

use crate::plan::Planned;

/// Package or module names that Cargo or Rust refuse, or that an emitted crate depends on.
const TAKEN_PACKAGES: [&str; 16] = [
    "alloc",
    "build",
    "core",
    "cortex_m",
    "cortex_m_rt",
    "deps",
    "ember_board",
    "ember_runtime",
    "examples",
    "firmware",
    "golden",
    "incremental",
    "params",
    "proc_macro",
    "std",
    "test",
];

/// Types and traits that an emitted file has in scope beside the layers.
const TAKEN_TYPES: [&str; 40] = [
    "AddParams",
    "ArgMaxParams",
    "BinaryAxis",
    "BinaryFunction",
    "BinaryParams",
    "ConstantParams",
    "CopyParams",
    "None",
    "CellFunction",
    "CellNode",
    "CellNodes",
    "DartsCellParams",
    "RecurrentCell",
    "RecurrentParams",
    "ReduceAxis",
    "ReduceParams",
    "MatmulParams",
    "ResizeBilinearParams",
    "SumParams",
    "Conv2dParams",
    "DenseParams",
    "DepthwiseConv2dParams",
    "EmbeddingParams",
    "L2NormParams",
    "LogSoftmaxParams",
    "LookupParams",
    "LstmParams",
    "MeanParams",
    "Pool2dParams",
    "Region",
    "Rounding",
    "Scale",
    "Schedule",
    "Self",
    "SoftmaxParams",
    "TransposeConv2dParams",
    "SvdfParams",
    "Box",
    "Option",
    "Vec",
];

/// All names of an emitted model.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// Crate and module name in snake case.
    pub module: String,
    /// The model type in upper camel case.
    pub model: Ident,
    /// One entry per node.
    pub layers: Vec<LayerNames>,
    /// One entry per output: the names of fields.
    pub outputs: Vec<LayerNames>,
    /// The rows of the chain's input, if layers run row by row.
    pub rows: Option<LayerNames>,
}

/// Names of one layer.
#[derive(Clone, Debug)]
pub(super) struct LayerNames {
    /// `Conv1`.
    pub type_name: Ident,
    /// `conv1`: stem of weight files.
    pub stem: String,
}

impl LayerNames {
    /// `CONV1_WEIGHTS` for the suffix `WEIGHTS`.
    pub fn constant(&self, suffix: &str) -> Ident {
        ident(&format!("{}_{suffix}", self.stem.to_uppercase()))
    }
}

impl Names {
    /// Names for every part of a network.
    pub fn of(planned: &Planned) -> Self {
        let chain = planned.plan().chain.as_ref();
        Self::new(planned.graph(), chain.map(|chain| chain.input.tensor))
    }

    /// Names for every part of `graph`, and for the rows of a tensor.
    fn new(graph: &Graph, rows: Option<TensorId>) -> Self {
        let mut module = snake(&words(&graph.name), "model");
        if syn::parse_str::<Ident>(&module).is_err() || TAKEN_PACKAGES.contains(&module.as_str()) {
            module.push_str("_model");
        }
        let mut model = camel(&module.split('_').map(str::to_owned).collect::<Vec<_>>());
        if ["Arena", "Model", "Outputs", "Self", "Default"].contains(&model.as_str()) {
            model.push_str("Network");
        }
        let mut taken = BTreeSet::from(TAKEN_TYPES.map(str::to_owned));
        let layers = graph
            .nodes
            .iter()
            .map(|node| layer(graph.node_name(node), &mut taken))
            .collect();
        let mut fields = BTreeSet::new();
        let outputs = graph.outputs.iter();
        let outputs = outputs.map(|&id| {
            let mut names = layer(&graph.tensor(id).name, &mut fields);
            if syn::parse_str::<Ident>(&names.stem).is_err() {
                names.stem.push_str("_output");
            }
            names
        });
        let outputs = outputs.collect();
        let rows = rows.map(|tensor| {
            let name = &graph.tensor(tensor).name;
            layer(&format!("{name} rows"), &mut taken)
        });
        Self {
            module,
            model: ident(&model),
            layers,
            outputs,
            rows,
        }
    }

    /// The package name, with hyphens as is customary.
    pub fn package(&self) -> String {
        self.module.replace('_', "-")
    }
}

/// Names of a layer that are not in `taken` yet; records them there.
fn layer(name: &str, taken: &mut BTreeSet<String>) -> LayerNames {
    let plain = words(name);
    for number in 1.. {
        let mut words = plain.clone();
        if number > 1 {
            words.push(number.to_string());
        }
        let stem = snake(&words, "layer");
        let type_name = camel(&stem.split('_').map(str::to_owned).collect::<Vec<_>>());
        // Types are told apart by case, constants are not: both spellings must be free.
        if taken.contains(&stem) || taken.contains(&type_name) {
            continue;
        }
        taken.insert(stem.clone());
        taken.insert(type_name.clone());
        return LayerNames {
            type_name: ident(&type_name),
            stem,
        };
    }
    unreachable!("BUG: ran out of numbers for layer `{name}`")
}

/// The words of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower_case = false;
    for character in name.chars() {
        let starts_word = after_lower_case && character.is_ascii_uppercase();
        if starts_word || !character.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if character.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(character.to_ascii_lowercase());
        }
        after_lower_case = character.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `words_with_underscores`, led by `fallback` if there is no word or the first starts with a digit.
fn snake(words: &[String], fallback: &str) -> String {
    let joined = words.join("_");
    match joined.chars().next() {
        None => fallback.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{fallback}_{joined}"),
        Some(_) => joined,
    }
}

/// `WordsInCamelCase`.
fn camel(words: &[String]) -> String {
    words
        .iter()
        .flat_map(|word| {
            let mut characters = word.chars();
            let first = characters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(characters)
        })
        .collect()
}

pub(super) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

#[cfg(test)]
mod tests {
    use ember_ir::{GraphBuilder, Op, Softmax};

    use super::*;

    fn names(model: &str, nodes: &[&str]) -> Names {
        let mut builder = GraphBuilder::new(model);
        let mut tensor = builder.input("input", [4]);
        for name in nodes {
            tensor = builder
                .node(*name, Op::Softmax(Softmax {}), &[tensor])
                .expect("softmax of a vector");
        }
        Names::new(&builder.finish(&[tensor]), None)
    }

    fn types(nodes: &[&str]) -> Vec<String> {
        let names = names("m", nodes);
        names
            .layers
            .iter()
            .map(|l| l.type_name.to_string())
            .collect()
    }

    #[test]
    fn names_take_the_case_of_their_kind() {
        assert_eq!(
            types(&[
                "conv1",
                "block1/expandConv",
                "Relu 6",
                "2nd",
                "straße",
                "日本",
                "self"
            ]),
            [
                "Conv1",
                "Block1ExpandConv",
                "Relu6",
                "Layer2nd",
                "StraE",
                "Layer",
                "Self2"
            ]
        );
        let names = names("key-word Spotting", &["block1/expandConv"]);
        assert_eq!(names.module, "key_word_spotting");
        assert_eq!(names.package(), "key-word-spotting");
        assert_eq!(names.model, "KeyWordSpotting");
        assert_eq!(
            names.layers[0].constant("WEIGHTS"),
            "BLOCK1_EXPAND_CONV_WEIGHTS"
        );
    }

    #[test]
    fn clashes_are_numbered_in_order() {
        // `a_b1` and `a_b_1` meet as types, `conv` and `Conv` as constants.
        assert_eq!(
            types(&["a_b1", "a_b_1", "conv", "Conv"]),
            ["AB1", "AB12", "Conv", "Conv2"]
        );
        assert_eq!(types(&["Scale", "option"]), ["Scale2", "Option2"]);
    }

    #[test]
    fn no_model_name_breaks_the_crate() {
        for (name, module) in [
            ("match", "match_model"),
            ("test", "test_model"),
            ("core", "core_model"),
            ("", "model"),
            ("9", "model_9"),
            ("model", "model"),
        ] {
            assert_eq!(names(name, &[]).module, module);
        }
        assert_eq!(names("model", &[]).model, "ModelNetwork");
    }
}
