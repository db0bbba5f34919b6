//! Every key of `ember.toml`: its type, its default and what it means. This table is the only place
//! that knows them: the reader checks a file against it, takes the defaults from it, and
//! `emberc new --keys` prints it.

/// What a key may hold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    /// Any string.
    Text,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// The path of a file that must exist (a folder, where the documentation says so), relative to the
    /// configuration.
    File,
    /// A path as [`Kind::File`], or an array of them.
    Files,
    /// A path that need not exist.
    Path,
    /// An integer in this range.
    Integer(i64, i64),
    /// A number in this range.
    Number(f64, f64),
    /// `true` or `false`.
    Boolean,
    /// Bytes: an integer, or a string such as `"128K"` or `"1M"` (K = 1024).
    Size,
    /// Positive integers.
    Shape,
    /// Triples of channel numbers.
    Triplets,
    /// A string or strings.
    TextOrTexts,
    /// Strings.
    Texts,
    /// Some of these strings.
    Choices(&'static [&'static str]),
    /// A least and a most integer in this range, as an array; one number is both.
    Range(i64, i64),
    /// A column by name, by number from 0, or `"last"`.
    Column,
    /// Which samples belong to a part: see [`crate::config::Split`].
    Split,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Table it stands in.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Its default, written as TOML; `None` if it has none.
    pub default: Option<&'static str>,
    /// What it means, in a line or two.
    pub doc: &'static str,
}

/// The tables and what each is for.
pub const SECTIONS: &[(&str, &str)] = &[
    ("model", "what is built"),
    ("data", "the samples and how they are divided"),
    (
        "audio",
        "recordings: the front end that makes rows of features of them, on the host and on the device alike",
    ),
    (
        "board",
        "the device and its limits; a name, or a core with limits given by hand",
    ),
    ("search", "how the network is found"),
    (
        "space",
        "what of the space of networks is allowed; what is not given is not narrowed",
    ),
    ("train", "how networks are trained"),
    (
        "compress",
        "how the chosen network is made smaller; `emberc ablate` says what each step brings",
    ),
    ("output", "where results go"),
];

const fn key(
    section: &'static str,
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    doc: &'static str,
) -> Key {
    Key {
        section,
        name,
        kind,
        default,
        doc,
    }
}

/// All keys, in the order in which they are documented.
pub const KEYS: &[Key] = &[
    key(
        "model",
        "name",
        Kind::Text,
        None,
        "Name of the model and of the emitted crate: a Rust identifier in snake case. Required.",
    ),
    key(
        "model",
        "task",
        Kind::Choice(&["classification", "anomaly"]),
        Some("\"classification\""),
        "What the network does: tells classes apart, or (anomaly) rebuilds normal samples, so that others are told from them by how badly they are rebuilt.",
    ),
    key(
        "model",
        "false_alarms",
        Kind::Number(0.0, 0.5),
        Some("0.05"),
        "task = \"anomaly\": share of the normal validation samples that the threshold of the firmware lets above it, at most.",
    ),
    key(
        "data",
        "file",
        Kind::File,
        None,
        "The samples: .csv, .npy, .npz or idx (also idx1-ubyte, idx3-ubyte), each also as .gz; or a folder of pictures (.png, .jpg, .bmp) or recordings (.wav). Required.",
    ),
    key(
        "data",
        "labels",
        Kind::File,
        None,
        "The labels, where they have a file of their own (npy, idx).",
    ),
    key(
        "data",
        "names",
        Kind::Text,
        None,
        "Folder: what the path of each file below it says, without its extension; fields are {label}, {group} and {series}, * is anything, as in \"{label}_{group}_*\". Default: \"{label}/*\", a folder per class.",
    ),
    key(
        "data",
        "input",
        Kind::Text,
        Some("\"x\""),
        "npz: name of the array that holds the samples.",
    ),
    key(
        "data",
        "label",
        Kind::Column,
        None,
        "csv: column of the label, by name, number or \"last\" (the default); npz: name of its array (default \"y\").",
    ),
    key(
        "data",
        "ignore",
        Kind::Texts,
        None,
        "csv: columns that are no feature of a sample, by name or number, such as [\"id\"].",
    ),
    key(
        "data",
        "text",
        Kind::Column,
        None,
        "csv: column of texts, by name or number; a sample is then the first `window` bytes of its text, and the firmware takes bytes (`read_text`). Capital letters count as small ones.",
    ),
    key(
        "data",
        "shape",
        Kind::Shape,
        None,
        "Shape of a sample: [height, width, channels] of an image, [1, time, channels] of a series, [n] of a vector. Default: as the file has it. Pictures of a folder are resized to it, and made grey for one channel.",
    ),
    key(
        "data",
        "classes",
        Kind::Texts,
        None,
        "Names of the classes, in the order of their labels. Default: the labels.",
    ),
    key(
        "data",
        "normal",
        Kind::TextOrTexts,
        None,
        "task = \"anomaly\": the class of normal samples, or several; required. Their samples alone train the network; those of all other classes are anomalies and judge it. Where validation or test is a fraction, it takes the anomalies that would be left for training.",
    ),
    key(
        "data",
        "group",
        Kind::Column,
        None,
        "Column or array that says whom a sample comes from (a subject, a device), for splits by group.",
    ),
    key(
        "data",
        "series",
        Kind::Column,
        None,
        "Column or array that numbers the recordings; windows never span two of them.",
    ),
    key(
        "data",
        "window",
        Kind::Integer(0, 1 << 20),
        Some("0"),
        "Rows of a recording that make one sample of shape [1, window, channels]; 0: every row is a sample. Of sound, rows of the front end; required. Of a text, its bytes; required.",
    ),
    key(
        "data",
        "hop",
        Kind::Integer(0, 1 << 20),
        Some("0"),
        "Rows between the starts of two windows; 0: half a window. Of sound, 0: one window per file, its middle, with silence around what is shorter.",
    ),
    key(
        "data",
        "margin",
        Kind::Integer(0, 1 << 20),
        Some("0"),
        "Rows by which windows of the training set are longer, for augmentation to choose from.",
    ),
    key(
        "data",
        "axes",
        Kind::Triplets,
        None,
        "Channels that are the x, y and z of one sensor, such as [[0, 1, 2], [3, 4, 5]]: scaled alike, turned together by augmentation.",
    ),
    key(
        "data",
        "normalize",
        Kind::Choice(&["auto", "range", "standard", "magnitude", "none"]),
        Some("\"auto\""),
        "Learned on the training set: its range to 0..1 (images), mean 0 and deviation 1 per channel, or magnitude 1 per sensor (series). auto: by the shape; standard for task = \"anomaly\", where a vector is normalised value by value.",
    ),
    key(
        "data",
        "validation",
        Kind::Split,
        Some("0.2"),
        "Samples that judge candidates in the search: a fraction (stratified, seeded), \"tail 300\" (the last of the rest), { groups = [6, 7] }, { names = [\"*_[0-4].png\"] } (files of a folder), { file = \"v.npz\" }, or { folds = 3 }: parts of whole groups (without `group`, of whole recordings of each class) that judge in turn. Every candidate is trained once per fold then, and the runs of a finalist take the folds in turn: slower, and worth it where few people or devices have been recorded.",
    ),
    key(
        "data",
        "test",
        Kind::Split,
        Some("0.2"),
        "Samples that nothing sees before the end; given as for validation, but for folds. Taken first.",
    ),
    key(
        "audio",
        "rate",
        Kind::Integer(0, 192_000),
        Some("0"),
        "Samples per second, of the device as well; recordings of other rates are resampled. 0: as all recordings have it.",
    ),
    key(
        "audio",
        "frame",
        Kind::Integer(0, 2048),
        Some("0"),
        "Samples of a frame, a power of two from 64; 0: the one nearest to 32 ms.",
    ),
    key(
        "audio",
        "hop",
        Kind::Integer(0, 2048),
        Some("0"),
        "Samples from frame to frame, each of which makes a row; 0: half a frame.",
    ),
    key(
        "audio",
        "bands",
        Kind::Integer(1, 128),
        Some("32"),
        "Levels of a row: bands of the mel scale.",
    ),
    key(
        "audio",
        "low",
        Kind::Number(0.0, 96_000.0),
        Some("80"),
        "Lower end of the lowest band, in Hz.",
    ),
    key(
        "audio",
        "high",
        Kind::Number(0.0, 96_000.0),
        Some("0"),
        "Upper end of the highest band, in Hz; 0: 95 % of half the rate.",
    ),
    key(
        "audio",
        "loudness",
        Kind::Choice(&["absolute", "relative"]),
        Some("\"absolute\""),
        "Whether levels count from silence, or below the loudest of the window, so that neither a quiet voice nor a far microphone matters.",
    ),
    key(
        "audio",
        "range",
        Kind::Number(10.0, 95.0),
        Some("60"),
        "loudness = \"relative\": decibels below the loudest that are still told from silence.",
    ),
    key(
        "audio",
        "features",
        Kind::Choice(&["log-mel", "mfcc"]),
        Some("\"log-mel\""),
        "What the network gets of a row: its levels, or cepstral coefficients of them (fewer values, and a cosine transform of each row on the device).",
    ),
    key(
        "audio",
        "coefficients",
        Kind::Integer(1, 21),
        Some("13"),
        "features = \"mfcc\": so many of a row, no more than bands.",
    ),
    key(
        "board",
        "name",
        Kind::Text,
        None,
        "A board that `emberc boards` lists.",
    ),
    key(
        "board",
        "file",
        Kind::File,
        None,
        "A board.toml of your own, instead of a name.",
    ),
    key(
        "board",
        "core",
        Kind::Choice(&[
            "cortex-m0",
            "cortex-m0plus",
            "cortex-m3",
            "cortex-m4",
            "cortex-m7",
            "cortex-m33",
            "cortex-m55",
        ]),
        None,
        "Instead of a board: the core; flash and ram are then given by hand and QEMU stands in for the board.",
    ),
    key(
        "board",
        "flash",
        Kind::Size,
        None,
        "Limit of the whole firmware in flash, such as \"128K\". Default: the board's.",
    ),
    key(
        "board",
        "input",
        Kind::Choice(&["whole", "rows", "steps"]),
        Some("\"whole\""),
        "How the firmware gets a sample: whole; row by row as a camera delivers it (`push_row`), so that it never lies in RAM; or a step of a series at a time, each answered: recurrent networks that keep their state until `reset`, whose RAM, instructions and multiply-accumulates are those of a call.",
    ),
    key(
        "board",
        "hop",
        Kind::Integer(1, 65536),
        Some("1"),
        "input = \"steps\": steps that come in a call, of which a sample has a whole number.",
    ),
    key(
        "board",
        "prefer",
        Kind::Choice(&["speed", "size"]),
        Some("\"speed\""),
        "What the firmware is made for: the fewest instructions, or the least code (up to a third less, for up to a fifth more instructions on a Cortex-M4). Results, weights and RAM are the same.",
    ),
    key(
        "board",
        "ram",
        Kind::Size,
        None,
        "Limit of arena, statics and stack together, such as \"8K\". Default: the board's.",
    ),
    key(
        "search",
        "space",
        Kind::Choice(&[
            "auto",
            "cnn2d",
            "cnn1d",
            "mlp",
            "recurrent",
            "text",
            "autoencoder",
        ]),
        Some("\"auto\""),
        "Kind of network; auto: by the shape of a sample. recurrent: GRU, LSTM or small cells of DARTS over a series, behind convolutions. text: an embedding of bytes, then convolutions, GRU or LSTM. autoencoder: fully connected through a bottleneck; what task = \"anomaly\" takes.",
    ),
    key(
        "search",
        "strategy",
        Kind::Choice(&[
            "aging-evolution",
            "nsga2",
            "reinforce",
            "darts",
            "pc-darts",
            "gdas",
            "dnas",
            "random",
        ]),
        Some("\"aging-evolution\""),
        "How candidates are proposed. darts, pc-darts, gdas and dnas first train one network of all networks, for `train.epochs` passes, and follow its gradient; dnas knows the limits.",
    ),
    key(
        "search",
        "proxies",
        Kind::Boolean,
        Some("false"),
        "Look at untrained networks (NASWOT, SynFlow, ZiCo, parameters, multiply-accumulates): says how each ranks the trained ones, and lets aging evolution's proposals be filtered by those that rank well.",
    ),
    key(
        "search",
        "second_order",
        Kind::Boolean,
        Some("false"),
        "darts and pc-darts: the gradient foresees how the weights follow; several times the work.",
    ),
    key(
        "search",
        "trials",
        Kind::Integer(1, 1_000_000),
        Some("100"),
        "Stop after this many trained candidates.",
    ),
    key(
        "search",
        "minutes",
        Kind::Number(0.0, 1e6),
        Some("0"),
        "Stop after this many minutes; 0: no limit. A search that stops by the clock is not repeatable.",
    ),
    key(
        "search",
        "target_accuracy",
        Kind::Number(0.0, 1.0),
        Some("1.0"),
        "Stop when a candidate reaches this int8 validation accuracy (for task = \"anomaly\": AUC).",
    ),
    key(
        "search",
        "patience",
        Kind::Integer(0, 1_000_000),
        Some("0"),
        "Stop after this many candidates without a gain; 0: never.",
    ),
    key(
        "search",
        "instructions",
        Kind::Integer(0, i64::MAX),
        Some("0"),
        "Instructions of an inference at most, as the cost model predicts them; 0: no limit.",
    ),
    key(
        "search",
        "macs",
        Kind::Integer(0, i64::MAX),
        Some("0"),
        "Multiply-accumulates of an inference at most; 0: no limit.",
    ),
    key(
        "search",
        "seed",
        Kind::Integer(0, i64::MAX),
        Some("1"),
        "Everything random follows from it.",
    ),
    key(
        "search",
        "inherit",
        Kind::Boolean,
        Some("true"),
        "A changed network begins with the weights of the one that it was made of, where they fit; not with `proxy_network`.",
    ),
    key(
        "search",
        "halving",
        Kind::Boolean,
        Some("true"),
        "Train every candidate for a third of the epochs first and only the best third of them fully; strategies that follow a gradient train theirs fully.",
    ),
    key(
        "search",
        "proxy_network",
        Kind::Boolean,
        Some("false"),
        "As halving, and what is trained first is a copy of half the width.",
    ),
    key(
        "search",
        "workers",
        Kind::Integer(0, 1024),
        Some("0"),
        "Candidates trained at a time, one thread each; 0: as many as there are cores. The result does not depend on it.",
    ),
    key(
        "space",
        "template",
        Kind::Files,
        None,
        "A network of your own that the search begins with, or an array of several: a file in Ember's text form, of which the topology counts, such as the .ember of an earlier run.",
    ),
    key(
        "space",
        "depth",
        Kind::Range(0, 64),
        None,
        "Number of blocks, [least, most] or one number.",
    ),
    key(
        "space",
        "width",
        Kind::Range(1, 4096),
        None,
        "Channels of blocks and units of a layer before the logits.",
    ),
    key(
        "space",
        "bottleneck",
        Kind::Range(1, 4096),
        None,
        "autoencoder: units of its narrowest layer, which `width` leaves alone.",
    ),
    key(
        "space",
        "kernel",
        Kind::Range(1, 64),
        None,
        "Taps of a window per axis.",
    ),
    key(
        "space",
        "stride",
        Kind::Range(1, 64),
        None,
        "Steps of a window per axis.",
    ),
    key(
        "space",
        "dilation",
        Kind::Range(1, 64),
        None,
        "Distance between the taps of a window.",
    ),
    key(
        "space",
        "pool",
        Kind::Range(1, 64),
        None,
        "Edge of the average pooling that lowers the resolution of the input first; 1 is none.",
    ),
    key(
        "space",
        "blocks",
        Kind::Choices(&[
            "conv",
            "separable",
            "residual",
            "inverted-residual",
            "max-pool",
            "average-pool",
            "dense",
            "gru",
            "lstm",
            "darts-cell",
        ]),
        None,
        "Kinds of blocks; residual and inverted-residual are those with a skip. Default: all of the space.",
    ),
    key(
        "space",
        "heads",
        Kind::Choices(&["mean", "global-depthwise", "flatten", "last"]),
        None,
        "How the last map becomes a vector. Default: all of the space.",
    ),
    key(
        "space",
        "activations",
        Kind::Choices(&["relu", "relu6"]),
        None,
        "Activations of a network's layers. Default: all of the space.",
    ),
    key(
        "train",
        "epochs",
        Kind::Integer(1, 100_000),
        Some("20"),
        "Passes over the training set for a candidate.",
    ),
    key(
        "train",
        "final_epochs",
        Kind::Integer(1, 100_000),
        Some("100"),
        "Passes for the chosen network, before quantisation-aware training.",
    ),
    key(
        "train",
        "batch",
        Kind::Integer(1, 65_536),
        Some("64"),
        "Samples per step.",
    ),
    key(
        "train",
        "learning_rate",
        Kind::Number(1e-7, 10.0),
        Some("0.006"),
        "Peak of the cosine schedule.",
    ),
    key(
        "train",
        "label_smoothing",
        Kind::Number(0.0, 0.9),
        Some("0.05"),
        "Probability given away to all classes alike.",
    ),
    key(
        "train",
        "augment",
        Kind::Choice(&["auto", "none"]),
        Some("\"auto\""),
        "Vary the training samples, by their shape: shift, scale and blur of an image; rotation, strength, speed and noise of a series.",
    ),
    key(
        "train",
        "rotation",
        Kind::Number(0.0, 180.0),
        None,
        "Augmentation: largest rotation in degrees, of an image or of the sensors' housing. Default: 8 and 20.",
    ),
    key(
        "train",
        "scale",
        Kind::Number(0.0, 1.0),
        None,
        "Augmentation: largest relative change of an image's size or a series' strength, or of the loudness of sound. Default: 0.1, 0.15 and 0.5.",
    ),
    key(
        "train",
        "shift",
        Kind::Number(0.0, 1024.0),
        None,
        "Augmentation: largest shift of an image in pixels. Default: a tenth of its width.",
    ),
    key(
        "train",
        "elastic",
        Kind::Number(0.0, 1024.0),
        None,
        "Augmentation: deviation of an image's smooth bending in pixels. Default: 0.3.",
    ),
    key(
        "train",
        "warp",
        Kind::Number(0.0, 1.0),
        None,
        "Augmentation: largest stretch of the bands of sound, as a logarithm: another voice. Default: 0.1.",
    ),
    key(
        "train",
        "speed",
        Kind::Number(0.0, 1.0),
        None,
        "Augmentation: largest change of a series' speed, as a logarithm. Default: 0.15; 0.1 for sound.",
    ),
    key(
        "train",
        "noise",
        Kind::Number(0.0, 10.0),
        None,
        "Augmentation: deviation of white noise, in deviations of the channel. Default: 0.02 for images, 0.05 for series; for sound in levels, 0.05 is one of its 20 steps of 0.38 dB. task = \"anomaly\": on the input alone, not on what is to be rebuilt, in units of the normalised input; 0.1, 0.02 for sound.",
    ),
    key(
        "train",
        "mixup",
        Kind::Number(0.0, 1.0),
        Some("0"),
        "Augmentation: mixes pairs of samples; alpha of the Beta distribution, 0 is off.",
    ),
    key(
        "train",
        "teachers",
        Kind::Integer(0, 64),
        Some("3"),
        "Runs of the chosen network whose mean opinion its last run learns from.",
    ),
    key(
        "train",
        "finalists",
        Kind::Integer(1, 100),
        Some("2"),
        "Networks of the search, its choice first, then those of the least loss, that are trained again before one of them is chosen for good.",
    ),
    key(
        "train",
        "seeds",
        Kind::Integer(0, 100),
        Some("3"),
        "Runs of each finalist, with a seed each; the best by mean - deviation of the int8 validation accuracy (or AUC) is chosen. 0 trusts the search's one run.",
    ),
    key(
        "compress",
        "qat",
        Kind::Boolean,
        Some("true"),
        "Fine-tune the trained network on its int8 grid; the better of this and plain quantisation is kept.",
    ),
    key(
        "compress",
        "teacher",
        Kind::Choice(&["itself", "larger"]),
        Some("\"itself\""),
        "Whom the last run learns from: `train.teachers` runs of the network itself, or as many of a larger network that no board limits, trained once.",
    ),
    key(
        "compress",
        "pruning",
        Kind::Number(0.0, 0.9),
        Some("0"),
        "Share of the channels to cut out of the trained network, coupled ones together, the least important first; 0: none.",
    ),
    key(
        "compress",
        "criterion",
        Kind::Choice(&["magnitude", "masks"]),
        Some("\"magnitude\""),
        "What says how important a channel is: the magnitude of its weights, or masks that half as many epochs again learn.",
    ),
    key(
        "compress",
        "low_rank",
        Kind::Number(0.0, 1.0),
        Some("0"),
        "Cut layers in two thin ones that keep this share of their energy, where flash falls and the arena does not grow; 0: none.",
    ),
    key(
        "compress",
        "int4",
        Kind::Boolean,
        Some("false"),
        "Keep weights of fully connected layers and of 1x1 convolutions in half a byte, where flash falls and the limits hold.",
    ),
    key(
        "compress",
        "tolerance",
        Kind::Number(0.0, 1.0),
        Some("0.002"),
        "What pruning, factorisation and int4 weights may cost: the most by which mean - deviation of the int8 validation accuracy (or AUC) may fall.",
    ),
    key(
        "output",
        "dir",
        Kind::Path,
        Some("\"ember-out\""),
        "Folder for the state of the search and the emitted crate, relative to the configuration.",
    ),
];

/// The key of this name in this table.
pub fn find(section: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter()
        .find(|key| key.section == section && key.name == name)
}

/// The whole table as text: what `emberc new --keys` prints.
pub fn reference() -> String {
    let mut text = String::new();
    for (section, doc) in SECTIONS {
        text.push_str(&format!("[{section}]  {doc}\n"));
        for key in KEYS.iter().filter(|key| key.section == *section) {
            let default = key.default.map_or_else(|| "-".to_string(), str::to_string);
            text.push_str(&format!("  {:<16} {:<18} {}\n", key.name, default, key.doc));
            let choices = match key.kind {
                Kind::Choice(choices) => Some(("one of", choices)),
                Kind::Choices(choices) => Some(("some of", choices)),
                _ => None,
            };
            if let Some((words, choices)) = choices {
                text.push_str(&format!("  {:<35} {words}: {}\n", "", choices.join(", ")));
            }
        }
        text.push('\n');
    }
    text
}
