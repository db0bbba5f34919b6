//! One file per command, plus those that are a few lines.

mod ablate;
mod bench;
mod bench_all;
mod bench_search;
mod boards;
mod compile;
mod doctor;
mod fit;
mod infer;
mod inspect;
mod networks;
mod new;
mod search;
mod watch;

use std::path::Path;

use crate::args::{Cli, Command};
use crate::pipeline::{self, Report, build, verify};
use crate::progress::Progress;
use crate::{Error, data, interrupt, output};

/// Does what the command line says.
pub fn execute(cli: Cli) -> Result<(), Error> {
    let progress = Progress::detect(cli.quiet);
    interrupt::install();
    match cli.command {
        Command::New(args) => new::new(&args),
        Command::Fit(args) => fit::fit(&args, progress),
        Command::Search(args) => search::search(&args.config, progress),
        Command::Watch(args) => watch::watch(&args),
        Command::Run(args) => {
            let (job, parts) = data::read(&args.config)?;
            let report = pipeline::run(&job, &parts, progress)?;
            print(&report, args.json)
        }
        Command::Ablate(args) => ablate::ablate(&args, progress),
        Command::Compile(args) => compile::compile(&args, progress),
        Command::Infer(args) => infer::infer(&args, progress),
        Command::Build(args) => build_only(&args.dir, progress),
        Command::Verify(args) => {
            let report = verify_dir(&args.dir, progress)?;
            print(&report, args.json)?;
            verify::judge(&report)
        }
        Command::Bench(args) => bench::bench(&args, progress),
        Command::BenchSearch(args) => bench_search::bench_search(&args, progress),
        Command::Inspect(args) => inspect::inspect(&args.file),
        Command::Boards(args) => boards::boards(args.json),
        Command::Doctor(args) => doctor::doctor(args.json),
    }
}

fn build_only(dir: &Path, progress: Progress) -> Result<(), Error> {
    let made = verify::made_for(dir)?;
    let built = build::build(dir, &made.name, &made.board, &made.limits, progress)?;
    output::text(&build::table(&built, &made.limits))
}

fn verify_dir(dir: &Path, progress: Progress) -> Result<Report, Error> {
    let made = verify::made_for(dir)?;
    let built = build::build(dir, &made.name, &made.board, &made.limits, progress)?;
    verify::verify(dir, &made.board, &built, progress)
}

fn print(report: &Report, as_json: bool) -> Result<(), Error> {
    if as_json {
        output::json(report)
    } else {
        output::text(&report.table())
    }
}
