//! Each table of the configuration as its part of a [`super::Job`], with all that is wrong with it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use ember_codegen::target::{Board, Limits, Prefer};
use ember_search::space::Narrowing;

use super::job::{
    BoardChoice, CompressJob, DataJob, Normalize, SearchJob, Template, TrainJob, Vary,
};
use super::problem::{Problem, nearest};
use super::values::Values;
use super::{Split, size};
use crate::boards;
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
fn existing(
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
            Split::Groups(_) | Split::Names(_) | Split::Fraction(_) | Split::Tail(_) => split,
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

pub(super) fn board_choice(
    values: &Values,
    dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<BoardChoice> {
    let (mut board, own_text) = find_board(values, dir, problems)?;
    if values.text("board", "prefer") == Some("size") {
        board.prefer = Prefer::Size;
    }
    let limit = |key: &'static str, most: u32, problems: &mut Vec<Problem>| {
        let span = values.span("board", key);
        let bytes = values.size("board", key).unwrap_or(most as usize);
        // Less than this holds no vector table, no stack and no network.
        let least = if key == "flash" { 4096 } else { 512 };
        if bytes < least {
            problems.push(
                Problem::new(format!(
                    "`{key}` of {} cannot hold any firmware",
                    size::show(bytes)
                ))
                .at(span)
                .help(format!(
                    "the least that makes sense is {}",
                    size::show(least)
                )),
            );
        } else if bytes > most as usize {
            problems.push(
                Problem::new(format!(
                    "`{key}` of {} is more than {} has: {}",
                    size::show(bytes),
                    board.name,
                    size::show(most as usize)
                ))
                .at(span)
                .help("leave the key out to use all of it"),
            );
        }
        bytes
    };
    let limits = Limits {
        flash_bytes: limit("flash", board.flash.bytes, problems),
        ram_bytes: limit("ram", board.ram.bytes, problems),
    };
    Some(BoardChoice {
        board,
        limits,
        fed: values.text("board", "input") == Some("rows"),
        hop: hop(values),
        own_text,
    })
}

/// Stands in for a board that has a problem, while the rest of the file is looked at.
pub(super) fn any_board() -> Option<BoardChoice> {
    let board = boards::all().into_iter().next()?;
    Some(BoardChoice {
        limits: Limits::of(&board),
        board,
        fed: false,
        hop: None,
        own_text: None,
    })
}

fn find_board(
    values: &Values,
    dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<(Board, Option<String>)> {
    let given =
        ["name", "file", "core"].map(|key| values.span("board", key).map(|span| (key, span)));
    let given: Vec<_> = given.into_iter().flatten().collect();
    let [(key, span)] = given.as_slice() else {
        let problem = match given.get(1) {
            None => Problem::new("[board] names no board"),
            Some((key, span)) => {
                Problem::new(format!("`{key}`: the board is given twice")).at(Some(span.clone()))
            }
        };
        problems.push(problem.help(
            "give one of `name = \"microbit\"` (`emberc boards` lists them), `core = \"cortex-m4\"` with \
             flash and ram, or `file = \"board.toml\"`",
        ));
        return None;
    };
    let span = Some(span.clone());
    match *key {
        "name" => {
            let name = values.text("board", "name")?;
            let board = boards::find(name);
            if board.is_none() {
                let all = boards::all();
                let problem = Problem::new(format!("there is no board \"{name}\"")).at(span);
                problems.push(
                    match nearest(name, all.iter().map(|board| board.name.as_str())) {
                        Some(near) => problem.help(format!("did you mean \"{near}\"?")),
                        None => problem.help("`emberc boards` lists them all"),
                    },
                );
            }
            Some((board?, None))
        }
        "file" => {
            let path = existing(values, "board", "file", dir, problems)?;
            let text = std::fs::read_to_string(&path).ok()?;
            match Board::parse(&text) {
                Ok(board) => Some((board, Some(text))),
                Err(error) => {
                    problems.push(Problem::new(format!("{}: {error}", path.display())).at(span));
                    None
                }
            }
        }
        _ => {
            for key in ["flash", "ram"] {
                if values.span("board", key).is_none() {
                    problems.push(
                        Problem::new(format!("a core without a board needs `{key}`"))
                            .at(span.clone())
                            .help(format!("add `{key} = \"64K\"` under [board]")),
                    );
                }
            }
            Some((boards::stand_in(values.text("board", "core")?)?, None))
        }
    }
}

/// Steps that come at a time, if they come so.
fn hop(values: &Values) -> Option<usize> {
    let is_fed = values.text("board", "input") == Some("steps");
    is_fed.then(|| values.integer("board", "hop") as usize)
}

fn narrowing(values: &Values) -> Narrowing {
    let range = |key| values.range("space", key);
    Narrowing {
        depth: range("depth"),
        width: range("width"),
        bottleneck: range("bottleneck"),
        kernel: range("kernel"),
        stride: range("stride"),
        dilation: range("dilation"),
        pool: range("pool"),
        blocks: named(values.texts("space", "blocks")),
        heads: named(values.texts("space", "heads")),
        activations: named(values.texts("space", "activations")),
        hop: hop(values),
    }
}

/// Values by the names that the journal has for them; the table of keys lists no other.
fn named<T: serde::de::DeserializeOwned>(names: &[String]) -> Vec<T> {
    let value = |name: &String| serde_json::from_value(name.as_str().into());
    names
        .iter()
        .map(|name| {
            value(name).unwrap_or_else(|error| panic!("BUG: the key lists {name}: {error}"))
        })
        .collect()
}

/// The networks in the files of `template`.
fn templates(values: &Values, dir: &Path, problems: &mut Vec<Problem>) -> Vec<Template> {
    let files = values.texts("space", "template").iter();
    files
        .filter_map(|file| {
            let path = dir.join(file);
            let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
            let graph = text.and_then(|text| {
                ember_ir::text::parse_graph(&text).map_err(|error| error.to_string())
            });
            match graph {
                Ok(graph) => Some(Template {
                    file: file.clone(),
                    graph,
                }),
                Err(error) => {
                    problems.push(
                        Problem::new(format!("{}: {error}", path.display()))
                            .at(values.span("space", "template"))
                            .help(
                                "a template is a network in Ember's text form, such as \
                                 ember-out/NAME/NAME.ember of an earlier run; its path is relative to the \
                                 configuration",
                            ),
                    );
                    None
                }
            }
        })
        .collect()
}

pub(super) fn search_job(values: &Values, dir: &Path, problems: &mut Vec<Problem>) -> SearchJob {
    let text = |key| values.text("search", key).unwrap_or_default().to_string();
    let limit = |key| Some(values.integer("search", key) as u64).filter(|&limit| limit > 0);
    SearchJob {
        space: text("space"),
        narrowing: narrowing(values),
        templates: templates(values, dir, problems),
        strategy: text("strategy"),
        trials: values.integer("search", "trials") as usize,
        minutes: values.number("search", "minutes"),
        target_accuracy: values.number("search", "target_accuracy") as f32,
        patience: values.integer("search", "patience") as usize,
        instructions: limit("instructions"),
        macs: limit("macs"),
        seed: values.integer("search", "seed") as u64,
        second_order: values.boolean("search", "second_order"),
        proxies: values.boolean("search", "proxies"),
        halving: values.boolean("search", "halving"),
        proxy_network: values.boolean("search", "proxy_network"),
        workers: values.integer("search", "workers") as usize,
    }
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
