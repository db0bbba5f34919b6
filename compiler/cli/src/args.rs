//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// From labelled data and a board's limits to verified int8 firmware in Rust.
#[derive(Parser, Debug)]
#[command(name = "emberc", version, about, arg_required_else_help = true, after_help = AFTER)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Show no progress; results still go to stdout.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

const AFTER: &str = "\
First steps:
  emberc doctor                               what is missing on this machine, and how to get it
  emberc new samples.csv --board microbit     writes ember.toml
  emberc run                                  searches, trains, builds, and verifies in QEMU

Exit codes: 0 fine, 1 limits not met or verification failed, 2 wrong usage or configuration,
3 a tool failed. Interrupted work goes on where it stopped: run the same command again.";

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Write a commented ember.toml for a data file and a board
    #[command(
        after_help = "Examples:\n  emberc new digits.csv.gz --board stm32vldiscovery\n  emberc new --keys                           every key of ember.toml with its default"
    )]
    New(New),
    /// Guess a configuration from the data alone, write it, and run it
    #[command(
        after_help = "Examples:\n  emberc fit pictures/ --board nucleo-f446re --minutes 5\n  emberc fit samples.csv --board stm32vldiscovery --dry-run    writes ember.toml and stops"
    )]
    Fit(Fit),
    /// Search a network and show the Pareto front
    #[command(after_help = "Example:\n  emberc search examples/digits/ember.toml")]
    Search(Job),
    /// Show a running search of a job: candidates, progress, Pareto front; or how it ended
    #[command(
        after_help = "Examples:\n  emberc watch                                follows the search of ./ember.toml\n  emberc watch examples/digits/ember.toml --once"
    )]
    Watch(Watch),
    /// Search, train, quantise, emit, build and verify; goes on where an earlier run stopped
    #[command(
        after_help = "Examples:\n  emberc run                                  with ./ember.toml\n  emberc run examples/motion/ember.toml --json > result.json"
    )]
    Run(JsonJob),
    /// Train the chosen network with each step of compression switched on and off; goes on where it stopped
    #[command(
        after_help = "Example:\n  emberc ablate examples/digits/ember.toml      after `emberc run`: with the network that it chose"
    )]
    Ablate(JsonJob),
    /// Turn a trained model (.tflite, .onnx, .ember) into verified firmware
    #[command(
        after_help = "Examples:\n  emberc compile person_detect.tflite --board mps2-an386\n  emberc compile model.onnx --board nucleo-f446re --calibrate samples.npy --compare test.npy"
    )]
    Compile(Compile),
    /// Run samples through a model or an emitted crate, on this machine or in QEMU
    #[command(
        after_help = "Examples:\n  emberc infer model.tflite --input samples.npy\n  emberc infer ember-out/digits --input samples.npy --board mps2-an386 --output outputs.npy"
    )]
    Infer(Infer),
    /// Build the firmware of an emitted crate and check its sizes
    #[command(after_help = "Example:\n  emberc build examples/digits/ember-out/digits")]
    Build(Dir),
    /// Run the whole test set on the device (or QEMU) and compare every output with the host
    #[command(after_help = "Example:\n  emberc verify examples/digits/ember-out/digits --json")]
    Verify(JsonDir),
    /// Measure a network layer by layer in QEMU: instructions, memory, code, bit-exactness
    #[command(
        after_help = "Examples:\n  emberc bench examples/digits/ember-out/digits\n  emberc bench tests/nets/kws.ember --board mps2-an386 --json\n  emberc bench --all"
    )]
    Bench(Bench),
    /// Compare the search strategies on tables of known networks, without training
    #[command(
        after_help = "Examples:\n  emberc bench-search                          NAS-Bench-201 and NAS-Bench-Macro from ../shared/data if they are\n                                               there, and made-up tables\n  emberc bench-search nasbench201_cifar.csv --seeds 50 --json"
    )]
    BenchSearch(BenchSearch),
    /// Show a network (.ember, .tflite, .onnx): layers, sizes, memory map, boards that fit; or a job (.toml)
    #[command(
        after_help = "Example:\n  emberc inspect examples/digits/ember-out/digits/digits.ember"
    )]
    Inspect(File),
    /// List the boards
    Boards(Json),
    /// Check the tools that building and emulating need
    Doctor(Json),
}

/// Arguments of `new`.
#[derive(Args, Debug)]
pub struct New {
    /// The samples: csv, npy, npz or idx, packed or not
    #[arg(required_unless_present = "keys")]
    pub data: Option<PathBuf>,
    /// The labels, if they are in a file of their own
    #[arg(long)]
    pub labels: Option<PathBuf>,
    /// A board that `emberc boards` lists
    #[arg(long, default_value = "stm32vldiscovery")]
    pub board: String,
    /// Name of the model; by default from the data file
    #[arg(long)]
    pub name: Option<String>,
    /// Where to write
    #[arg(long, short, default_value = "ember.toml")]
    pub output: PathBuf,
    /// Print all keys of ember.toml with their defaults and meanings
    #[arg(long)]
    pub keys: bool,
}

/// Arguments of `fit`.
#[derive(Args, Debug)]
pub struct Fit {
    /// The samples: a csv, npy, npz or idx file, packed or not, or a folder of pictures or of
    /// recordings (a folder per class, or names such as LABEL_WHO_1.wav)
    pub data: PathBuf,
    /// The labels, if they are in a file of their own
    #[arg(long)]
    pub labels: Option<PathBuf>,
    /// A board that `emberc boards` lists
    #[arg(long)]
    pub board: String,
    /// Name of the model; by default from the data
    #[arg(long)]
    pub name: Option<String>,
    /// Where ember.toml and the results go
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
    /// Time for the search; training, building and verifying come on top
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    pub minutes: f64,
    /// Write ember.toml and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Write over an ember.toml that is there
    #[arg(long)]
    pub force: bool,
    /// Print the result as one JSON object
    #[arg(long, conflicts_with = "dry_run")]
    pub json: bool,
}

/// A job.
#[derive(Args, Debug)]
pub struct Job {
    /// The configuration
    #[arg(default_value = "ember.toml")]
    pub config: PathBuf,
}

/// Arguments of `watch`.
#[derive(Args, Debug)]
pub struct Watch {
    /// The configuration
    #[arg(default_value = "ember.toml")]
    pub config: PathBuf,
    /// Show how things stand and end; without a terminal always
    #[arg(long)]
    pub once: bool,
    /// The same as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A job with a result.
#[derive(Args, Debug)]
pub struct JsonJob {
    /// The configuration
    #[arg(default_value = "ember.toml")]
    pub config: PathBuf,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `compile`.
#[derive(Args, Debug)]
pub struct Compile {
    /// The model: a .tflite, .onnx or .ember file; one in f32 needs `--calibrate`
    pub model: PathBuf,
    /// A board that `emberc boards` lists
    #[arg(long)]
    pub board: String,
    /// What the firmware is made for
    #[arg(long, default_value = "speed")]
    pub prefer: PreferChoice,
    /// Samples of the input (npy, npz, idx; first axis = sample): they give the ranges of a model in
    /// f32, and the firmware is checked with them
    #[arg(long, value_name = "DATA")]
    pub calibrate: Option<PathBuf>,
    /// The crate's folder; by default ember-out/ and the model's name
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Samples on which the int8 outputs are compared with those in f32
    #[arg(long, value_name = "DATA")]
    pub compare: Option<PathBuf>,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `infer`.
#[derive(Args, Debug)]
pub struct Infer {
    /// A model (.tflite, .onnx, .ember) or an emitted crate
    pub network: PathBuf,
    /// The samples (npy, npz, idx; first axis = sample): int8 or int16 as the network takes it, or real numbers
    #[arg(long, value_name = "DATA")]
    pub input: PathBuf,
    /// Run it in QEMU on this board; without, on this machine
    #[arg(long)]
    pub board: Option<String>,
    /// Samples that give the ranges of a model in f32; without, it runs in f32
    #[arg(long, value_name = "DATA")]
    pub calibrate: Option<PathBuf>,
    /// Where to write the outputs (npy); without, they are printed, a line per sample
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Outputs as real numbers instead of integers
    #[arg(long)]
    pub float: bool,
}

/// An emitted crate.
#[derive(Args, Debug)]
pub struct Dir {
    /// The emitted crate
    pub dir: PathBuf,
}

/// An emitted crate with a result.
#[derive(Args, Debug)]
pub struct JsonDir {
    /// The emitted crate
    pub dir: PathBuf,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `bench`.
#[derive(Args, Debug)]
pub struct Bench {
    /// An emitted crate, or a network as `emberc compile` takes it
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub network: Option<PathBuf>,
    /// The four networks of MLPerf Tiny on four cores, beside TensorFlow Lite Micro with CMSIS-NN
    #[arg(long)]
    pub all: bool,
    /// An emulated board; by default the one that the crate was made for
    #[arg(long)]
    pub board: Option<String>,
    /// How it uses the RAM
    #[arg(long, default_value = "whole")]
    pub memory: MemoryChoice,
    /// What the firmware is made for; by default what the crate was made for
    #[arg(long)]
    pub prefer: Option<PreferChoice>,
    /// Where the measured crates are built
    #[arg(long, default_value = "ember-out/bench")]
    pub out: PathBuf,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `bench-search`.
#[derive(Args, Debug)]
pub struct BenchSearch {
    /// Tables: NAS-Bench-201 as .csv, NAS-Bench-Macro as .json
    pub tables: Vec<PathBuf>,
    /// Networks that a search evaluates
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub evaluations: u32,
    /// Searches per strategy and table
    #[arg(long, default_value = "200", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub seeds: u32,
    /// Standard deviations of scores to try, in points of accuracy
    #[arg(long, value_delimiter = ',', default_values_t = [0.0, 0.5])]
    pub noise: Vec<f64>,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What firmware is made for.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum PreferChoice {
    /// The fewest instructions
    Speed,
    /// The least code
    Size,
}

/// How a network uses the RAM.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemoryChoice {
    /// Layer by layer: the fewest instructions
    Whole,
    /// The first layers row by row: the smallest arena for at most 10 % more instructions
    Rows,
    /// The same, and the input comes row by row, as from a camera: it never lies in the arena
    Fed,
}

/// A file.
#[derive(Args, Debug)]
pub struct File {
    /// An .ember, .tflite, .onnx or .toml file
    pub file: PathBuf,
}

/// A command that takes nothing.
#[derive(Args, Debug)]
pub struct Json {
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}
