//! Names of layers: unique snake-case identifiers that still read as the model's own names.
//!
//! `MobilenetV1/MobilenetV1/Conv2d_0/Relu6;…:0` becomes `mobilenetv1_conv2d_0_relu6`: what follows the
//! first `;` names fused operators, `:0` is TensorFlow's output number, a repeated scope says nothing.

use std::collections::BTreeMap;

/// Longest identifier; the rest of a name is dropped.
const LONGEST: usize = 64;

/// Hands out unique identifiers.
#[derive(Default)]
pub(crate) struct Identifiers {
    taken: BTreeMap<String, usize>,
}

impl Identifiers {
    /// An identifier for `raw` that was not handed out before; `fallback` where nothing is left of it.
    pub fn unique(&mut self, raw: &str, fallback: &str) -> String {
        let base = match identifier(raw) {
            empty if empty.is_empty() => fallback.to_owned(),
            base => base,
        };
        let mut name = base.clone();
        // The counter of a base only grows, so that many equal names stay linear.
        while self.taken.contains_key(&name) {
            let next = self.taken.entry(base.clone()).or_insert(1);
            *next += 1;
            name = format!("{base}_{next}");
        }
        self.taken.insert(name.clone(), 1);
        name
    }
}

/// `raw` in snake case; empty if it has no letter or digit.
pub(crate) fn identifier(raw: &str) -> String {
    let raw = raw.split(';').next().unwrap_or_default();
    let raw = raw.rsplit_once(':').map_or(raw, |(name, _)| name);
    let mut scopes: Vec<String> = Vec::new();
    for scope in raw.split('/').take(LONGEST).map(words) {
        if !scope.is_empty() && scopes.last() != Some(&scope) {
            scopes.push(scope);
        }
    }
    let mut name = scopes.join("_");
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, 't');
    }
    name.truncate(LONGEST);
    name.trim_end_matches('_').to_owned()
}

/// Lower-case runs of letters and digits joined by single underscores; ASCII only.
fn words(scope: &str) -> String {
    let mut text = String::new();
    for c in scope.chars().take(2 * LONGEST) {
        if c.is_ascii_alphanumeric() {
            text.push(c.to_ascii_lowercase());
        } else if !text.is_empty() && !text.ends_with('_') {
            text.push('_');
        }
    }
    text.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_readable() {
        for (raw, expected) in [
            (
                "MobilenetV1/MobilenetV1/Conv2d_0/Relu6",
                "mobilenetv1_conv2d_0_relu6",
            ),
            (
                "sequential/dense/MatMul;sequential/dense/Relu",
                "sequential_dense_matmul",
            ),
            ("StatefulPartitionedCall:0", "statefulpartitionedcall"),
            ("3x3__conv", "t3x3_conv"),
            ("//;", ""),
            ("größe", "gr_e"),
        ] {
            assert_eq!(identifier(raw), expected);
        }
        assert_eq!(identifier(&"ab/".repeat(1000)), "ab");
        assert!(identifier(&"a1".repeat(1000)).len() <= LONGEST);
    }

    #[test]
    fn equal_names_are_numbered() {
        let mut names = Identifiers::default();
        let given: Vec<String> = ["a", "a_2", "a", "A", "", ""]
            .iter()
            .map(|raw| names.unique(raw, "tensor_0"))
            .collect();
        assert_eq!(given, ["a", "a_2", "a_3", "a_4", "tensor_0", "tensor_0_2"]);
    }
}
