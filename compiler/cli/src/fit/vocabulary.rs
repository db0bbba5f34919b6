//! The words that people name columns and arrays with.

const LABEL: &[&str] = &[
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "targets",
    "y",
    "category",
    "species",
    "activity",
    "gesture",
    "digit",
    "outcome",
    "diagnosis",
];
const GROUP: &[&str] = &[
    "subject",
    "subjects",
    "person",
    "user",
    "patient",
    "participant",
    "speaker",
    "writer",
    "device",
    "group",
    "groups",
    "site",
];
const SERIES: &[&str] = &["series", "recording", "session", "run", "sequence", "trial"];
const SAMPLES: &[&str] = &["x", "data", "images", "samples", "features", "inputs"];
const CLASS_NAMES: &[&str] = &[
    "classes",
    "class_names",
    "names",
    "labels",
    "label_names",
    "target_names",
    "categories",
];
/// What numbers the rows or says when they were taken: a network would learn it by heart.
const INDEX: &[&str] = &[
    "id",
    "index",
    "row",
    "number",
    "no",
    "time",
    "timestamp",
    "date",
    "datetime",
    "unnamed",
];

/// What a name is a word for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    Label,
    Group,
    Series,
    Samples,
    Index,
}

/// What a name means, if it is one of the words; `subject_id` is as good as `subject`.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let lower = name.trim().to_lowercase();
    let base = lower.split([':', ' ', '(']).next().unwrap_or_default();
    let base = base.strip_suffix("_id").unwrap_or(base);
    let all = [
        (LABEL, Meaning::Label),
        (GROUP, Meaning::Group),
        (SERIES, Meaning::Series),
        (SAMPLES, Meaning::Samples),
        (INDEX, Meaning::Index),
    ];
    all.into_iter()
        .find(|(words, _)| words.contains(&base) || base.is_empty() && words[0] == "id")
        .map(|(_, meaning)| meaning)
}

/// Whether an array of this name may hold the names of the classes.
pub(super) fn names_classes(name: &str) -> bool {
    CLASS_NAMES.contains(&name.to_lowercase().as_str())
}
