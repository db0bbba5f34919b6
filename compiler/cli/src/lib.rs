//! `emberc`: from `ember.toml` to verified firmware. The only crate that prints, reads configurations,
//! writes files and starts tools.
//!
//! Reading order: [`args`] and [`commands`] (what the user types), [`config`] (`ember.toml` → job), [`fit`]
//! (data → `ember.toml`),
//! [`data`] (files → parts), [`pipeline`] (job → verified firmware), [`device`] (cargo, QEMU,
//! probe-rs).
#![forbid(unsafe_code)]

pub mod args;
pub mod boards;
pub mod commands;
pub mod config;
pub mod data;
pub mod device;
mod embedded;
pub mod error;
mod files;
pub mod fit;
mod hash;
pub mod html;
mod interrupt;
pub mod model;
mod output;
pub mod pipeline;
pub mod progress;
pub mod vendor;

use std::process::ExitCode;

use clap::Parser as _;

pub use error::Error;

/// The whole program.
pub fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are not errors; clap uses 2 for those that are, as we do.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    match commands::execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = error.exit_code();
            show(error);
            ExitCode::from(code)
        }
    }
}

fn show(error: Error) {
    match error {
        Error::Config(problems) => eprintln!("{:?}", miette::Report::new(*problems)),
        error => eprintln!("error: {error}"),
    }
}
