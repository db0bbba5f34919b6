//! `emberc bench-search`: how far from the best network each strategy ends, on tables of known networks,
//! without training.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ember_search::StrategyKind;
use ember_search::tabular::{
    Benchmark, Measurement, TableError, measure, nas_bench_201, nas_bench_macro, synthetic,
};
use rayon::prelude::{IntoParallelIterator as _, ParallelIterator as _};
use serde::Serialize;

use crate::args;
use crate::interrupt::CANCEL;
use crate::progress::{Progress, Stage};
use crate::{Error, output};

/// Tables that are taken where they are found, in the folder `data` of the shared files.
const TABLES: [&str; 2] = ["nasbench201_cifar.csv", "nas_bench_macro_cifar10.json"];

/// A strategy on a benchmark.
#[derive(Debug, Serialize)]
struct Row {
    benchmark: &'static str,
    strategy: &'static str,
    /// Whether it is the one that a search uses if none is named.
    default: bool,
    /// Standard deviation of scores, in points of accuracy.
    noise_sd: f64,
    evaluations: usize,
    seeds: usize,
    /// Points of accuracy between the best network within the limits and the one chosen.
    mean_regret: f64,
    /// Standard error of that mean.
    standard_error: f64,
}

/// Measures and prints.
pub fn bench_search(args: &args::BenchSearch, progress: Progress) -> Result<(), Error> {
    if let Some(noise) = args
        .noise
        .iter()
        .find(|noise| !(0.0..=100.0).contains(*noise))
    {
        return Err(Error::usage(format!(
            "--noise {noise}: a standard deviation of 0 to 100 points of accuracy is expected"
        )));
    }
    let benchmarks = benchmarks(&args.tables, progress)?;
    let runs = benchmarks.len() * StrategyKind::ALL.len() * args.noise.len();
    let stage = progress.stage("searches", runs as u64 * u64::from(args.seeds));
    let done = AtomicU64::new(0);
    let mut rows = Vec::new();
    for benchmark in &benchmarks {
        for &noise_sd in &args.noise {
            for strategy in StrategyKind::ALL {
                let regrets = regrets(benchmark, strategy, noise_sd, args, &stage, &done)?;
                rows.push(row(benchmark, strategy, noise_sd, args, &regrets));
            }
        }
    }
    stage.done(format!(
        "{} searches of {}",
        done.into_inner(),
        args.evaluations
    ));
    if args.json {
        output::json(&serde_json::json!({ "results": rows }))
    } else {
        output::text(&table(&rows, &benchmarks))
    }
}

/// The regret of each seed, in their order whatever thread was first.
fn regrets(
    benchmark: &Benchmark,
    strategy: StrategyKind,
    noise_sd: f64,
    args: &args::BenchSearch,
    stage: &Stage,
    done: &AtomicU64,
) -> Result<Vec<f64>, Error> {
    let search = |seed| {
        let how = Measurement {
            strategy,
            noise_sd,
            evaluations: args.evaluations as usize,
            seed,
        };
        let regret = measure(benchmark, how, &CANCEL).map_err(Error::tool)?;
        let finished = done.fetch_add(1, Ordering::Relaxed) + 1;
        stage.at(
            finished,
            format!("{strategy} on {}", benchmark.table.name()),
        );
        regret.ok_or(Error::Abandoned)
    };
    (1..=u64::from(args.seeds))
        .into_par_iter()
        .map(search)
        .collect()
}

fn row(
    benchmark: &Benchmark,
    strategy: StrategyKind,
    noise_sd: f64,
    args: &args::BenchSearch,
    regrets: &[f64],
) -> Row {
    let count = regrets.len() as f64;
    let mean = regrets.iter().sum::<f64>() / count;
    let squares = regrets.iter().map(|regret| (regret - mean).powi(2));
    let variance = squares.sum::<f64>() / (count - 1.0).max(1.0);
    Row {
        benchmark: benchmark.table.name(),
        strategy: strategy.name(),
        default: strategy == StrategyKind::default(),
        noise_sd,
        evaluations: args.evaluations as usize,
        seeds: regrets.len(),
        mean_regret: mean,
        standard_error: (variance / count).sqrt(),
    }
}

/// The tables that were named, or those that are there; and the ones that need no file.
fn benchmarks(named: &[PathBuf], progress: Progress) -> Result<Vec<Benchmark>, Error> {
    let mut benchmarks = Vec::new();
    if named.is_empty() {
        let shared =
            std::env::var_os("EMBER_SHARED").unwrap_or_else(|| OsString::from("../shared"));
        for table in TABLES {
            let path = Path::new(&shared).join("data").join(table);
            if path.is_file() {
                benchmarks.push(read(&path)?);
            } else {
                progress.say(format!(
                    "{:>9} {} is not there: left out (name tables, or set EMBER_SHARED)",
                    "tables",
                    path.display()
                ));
            }
        }
    }
    for path in named {
        benchmarks.push(read(path)?);
    }
    benchmarks.extend(synthetic::all());
    Ok(benchmarks)
}

fn read(path: &Path) -> Result<Benchmark, Error> {
    let parse: fn(&[u8]) -> Result<Benchmark, TableError> =
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => nas_bench_201::parse,
            Some("json") => nas_bench_macro::parse,
            _ => {
                return Err(Error::usage(format!(
                    "{}: not a table; NAS-Bench-201 is a .csv file, NAS-Bench-Macro a .json file",
                    path.display()
                )));
            }
        };
    let in_file =
        |error: &dyn std::fmt::Display| Error::usage(format!("{}: {error}", path.display()));
    let bytes = fs::read(path).map_err(|error| in_file(&error))?;
    parse(&bytes).map_err(|error| in_file(&error))
}

/// A line per benchmark and noise, a column per strategy.
fn table(rows: &[Row], benchmarks: &[Benchmark]) -> String {
    let mut text = format!("  {:<24} {:>5}", "benchmark", "noise");
    for strategy in StrategyKind::ALL {
        let mark = if strategy == StrategyKind::default() {
            "*"
        } else {
            ""
        };
        text.push_str(&format!(" {:>17}", format!("{strategy}{mark}")));
    }
    text.push('\n');
    for line in rows.chunks(StrategyKind::ALL.len()) {
        text.push_str(&format!(
            "  {:<24} {:>5}",
            line[0].benchmark, line[0].noise_sd
        ));
        for row in line {
            let regret = format!("{:.3} ± {:.3}", row.mean_regret, row.standard_error);
            text.push_str(&format!(" {regret:>17}"));
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "\n  mean regret ± its standard error: points of accuracy between the best network within the limits and\n  the chosen one, after {} evaluations, over {} seeds; noise: standard deviation of scores; *: the default\n",
        rows.first().map_or(0, |row| row.evaluations),
        rows.first().map_or(0, |row| row.seeds),
    ));
    for benchmark in benchmarks {
        text.push_str(&format!(
            "  {}: best within the limits {:.2} %\n",
            benchmark.table.name(),
            100.0 * benchmark.best()
        ));
    }
    text
}
