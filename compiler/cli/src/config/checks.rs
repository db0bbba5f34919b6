//! Tables of the configuration as their parts of a [`super::Job`], with all that is wrong with them; `[board]` and
//! `[search]` have files of their own.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Split;
use super::job::{CompressJob, DataJob, Normalize, TrainJob, Vary};
use super::problem::Problem;
use super::values::Values;
use crate::data::Names;
use crate::data::sound::Wish;

/// Names that would collide with what the emitted crate or Rust itself already calls so.
const RESERVED: &[&str] = &[
    "alloc",
    "core",
    "cortex_m",
    "cortex_m_rt",
    "ember_board",
    "ember_runtime",
    "firmware",
    "golden",
    "params",
    "proc_macro",
    "std",
    "test",
];

pub(super) fn model_name(values: &Values, problems: &mut Vec<Problem>) -> Option<String> {
    let Some(name) = values.text("model", "name") else {
        if values.span("model", "name").is_none() {
            problems.push(
                Problem::new("`name` in [model] is missing")
                    .help("add `name = \"my_model\"` under [model]"),
            );
        }
        return None;
    };
    let snake = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let keyword = syn::parse_str::<syn::Ident>(name).is_err();
    if snake && !keyword && name.len() <= 40 && !RESERVED.contains(&name) {
        return Some(name.to_string());
    }
    problems.push(
        Problem::new(format!("\"{name}\" cannot name a crate and its type"))
            .at(values.span("model", "name"))
            .help(
                "a name is a Rust identifier in snake case (a–z, 0–9, _; at most 40 characters), \
                 no keyword and no name of a crate that the firmware uses",
            ),
    );
    None
}

/// A file that must be there.
pub(super) fn existing(
    values: &Values,
    section: &'static str,
    key: &'static str,
    dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<PathBuf> {
    let path = dir.join(values.text(section, key)?);
    must_exist(&path, path.is_file(), values.span(section, key), problems);
    Some(path)
}

fn must_exist(path: &Path, exists: bool, span: Option<Range<usize>>, problems: &mut Vec<Problem>) {
    if !exists {
        problems.push(
            Problem::new(format!("there is no file {}", path.display()))
                .at(span)
                .label("not found")
                .help("paths are relative to the folder of the configuration"),
        );
    }
}

/// `[audio]`.
fn wish(values: &Values) -> Wish {
    let given = |key| match values.integer("audio", key) {
        0 => None,
        value => Some(value as usize),
    };
    let high = values.number("audio", "high");
    Wish {
        rate: given("rate").map(|rate| rate as u32),
        frame: given("frame"),
        hop: given("hop"),
        bands: values.integer("audio", "bands") as usize,
        low: values.number("audio", "low"),
        high: (high > 0.0).then_some(high),
        range: (values.text("audio", "loudness") == Some("relative"))
            .then(|| values.number("audio", "range")),
        coefficients: (values.text("audio", "features") == Some("mfcc"))
            .then(|| values.integer("audio", "coefficients") as usize),
        ..Wish::default()
    }
}

/// The pattern of names, if it is one.
fn names(values: &Values, problems: &mut Vec<Problem>) -> Option<Names> {
    let text = values.text("data", "names")?;
    Names::parse(text)
        .map_err(|what| {
            problems
                .push(Problem::new(format!("`names`: {what}")).at(values.span("data", "names")));
        })
        .ok()
}

pub(super) fn data_job(
    values: &Values,
    dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<DataJob> {
    let file = values.text("data", "file").map(|file| dir.join(file));
    if let Some(file) = &file {
        must_exist(file, file.exists(), values.span("data", "file"), problems);
    } else if values.span("data", "file").is_none() {
        problems.push(
            Problem::new("`file` in [data] is missing")
                .help("add `file = \"samples.csv\"` under [data]"),
        );
    }
    let labels = existing(values, "data", "labels", dir, problems);
    let length = values.integer("data", "window") as usize;
    let text = values.column("data", "text").cloned();
    if text.is_some() && length == 0 {
        problems.push(
            Problem::new("`text` needs `window`, the number of bytes of a text that count")
                .at(values.span("data", "text"))
                .help("add `window = 64`; what is longer is cut, what is shorter is filled up"),
        );
    }
    // A text is one sample, whatever its length.
    let window = if text.is_some() { 0 } else { length };
    let hop = match values.integer("data", "hop") as usize {
        0 => window.div_ceil(2),
        hop => hop,
    };
    let names = names(values, problems);
    let has_groups =
        values.column("data", "group").is_some() || names.as_ref().is_some_and(Names::has_group);
    let mut split = |key: &'static str| -> Split {
        let split = values.split("data", key).clone();
        let span = values.span("data", key);
        match split {
            Split::File { file, labels } => {
                let (file, labels) = (dir.join(file), labels.map(|labels| dir.join(labels)));
                must_exist(&file, file.exists(), span.clone(), problems);
                if let Some(labels) = &labels {
                    must_exist(labels, labels.is_file(), span, problems);
                }
                Split::File { file, labels }
            }
            Split::Groups(_) if !has_groups => {
                problems.push(
                    Problem::new(format!("`{key}` asks for groups, but the data has none"))
                        .at(span)
                        .help("name the column with `group = \"subject\"`; for a folder, `names` with {group}"),
                );
                split
            }
            Split::Folds(_) if key == "test" => {
                problems.push(
                    Problem::new(
                        "`test` cannot be folds: each would train networks that another judges",
                    )
                    .at(span)
                    .help("take a fraction, or groups of its own; `validation` may be folds"),
                );
                split
            }
            Split::Groups(_)
            | Split::Names(_)
            | Split::Folds(_)
            | Split::Fraction(_)
            | Split::Tail(_) => split,
        }
    };
    let (validation, test) = (split("validation"), split("test"));
    Some(DataJob {
        file: file?,
        labels,
        names: values.text("data", "names").map(str::to_string),
        input: values.text("data", "input").unwrap_or("x").to_string(),
        label: values.column("data", "label").cloned(),
        ignore: values.texts("data", "ignore").to_vec(),
        text: text.map(|column| (column, length.max(1))),
        shape: values.shape("data", "shape").map(<[usize]>::to_vec),
        classes: values.texts("data", "classes").to_vec(),
        group: values.column("data", "group").cloned(),
        series: values.column("data", "series").cloned(),
        window,
        hop,
        single: values.integer("data", "hop") == 0,
        audio: wish(values),
        margin: values.integer("data", "margin") as usize,
        axes: values.triplets("data", "axes").to_vec(),
        normalize: match values.text("data", "normalize") {
            Some("range") => Normalize::Range,
            Some("standard") => Normalize::Standard,
            Some("magnitude") => Normalize::Magnitude,
            Some("none") => Normalize::None,
            _ => Normalize::Auto,
        },
        validation,
        test,
    })
}

pub(super) fn train_job(values: &Values) -> TrainJob {
    let vary = |key| {
        values
            .optional_number("train", key)
            .map(|value| value as f32)
    };
    TrainJob {
        epochs: values.integer("train", "epochs") as usize,
        final_epochs: values.integer("train", "final_epochs") as usize,
        batch: values.integer("train", "batch") as usize,
        learning_rate: values.number("train", "learning_rate"),
        label_smoothing: values.number("train", "label_smoothing"),
        augment: values.text("train", "augment") != Some("none"),
        vary: Vary {
            rotation: vary("rotation"),
            scale: vary("scale"),
            shift: vary("shift"),
            elastic: vary("elastic"),
            warp: vary("warp"),
            speed: vary("speed"),
            noise: vary("noise"),
        },
        mixup: values.number("train", "mixup"),
        teachers: values.integer("train", "teachers") as usize,
        finalists: values.integer("train", "finalists") as usize,
        seeds: values.integer("train", "seeds") as usize,
    }
}

pub(super) fn compress_job(values: &Values) -> CompressJob {
    let number = |key| values.number("compress", key) as f32;
    CompressJob {
        qat: values.boolean("compress", "qat"),
        larger_teacher: values.text("compress", "teacher") == Some("larger"),
        pruning: number("pruning"),
        masks: values.text("compress", "criterion") == Some("masks"),
        low_rank: number("low_rank"),
        int4: values.boolean("compress", "int4"),
        tolerance: number("tolerance"),
    }
}
