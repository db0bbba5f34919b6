//! `emberc fit`: from data and a board to verified firmware, without a configuration.

use std::path::Path;

use super::new::{name_from, write_new};
use crate::args::Fit;
use crate::fit::{Question, guess};
use crate::progress::Progress;
use crate::{Error, boards, data, files, output, pipeline};

/// Guesses, writes the configuration, runs it.
pub fn fit(args: &Fit, progress: Progress) -> Result<(), Error> {
    let board = boards::named(&args.board)?;
    let config = args.out.join("ember.toml");
    if config.exists() && !args.force {
        return Err(Error::usage(format!(
            "{} exists; `emberc run {0}` runs it, --force writes it anew, --out DIR writes another",
            config.display()
        )));
    }
    if !args.data.exists() {
        return Err(Error::usage(format!("there is no {}", args.data.display())));
    }
    let name = args.name.clone().unwrap_or_else(|| name_of(&args.data));
    let question = Question {
        data: &args.data,
        labels: args.labels.as_deref(),
        board: &board,
        name: &name,
        minutes: args.minutes,
        dir: &args.out,
    };
    let guess = guess(&question)?;
    for line in guess.lines() {
        progress.say(line);
    }
    let text = guess.toml();
    match args.force {
        true => files::write(&config, text.as_bytes())?,
        false => {
            files::create_dir(&args.out)?;
            write_new(&config, &text)?;
        }
    }
    if args.dry_run {
        return output::text(&format!(
            "wrote {0}; next: emberc run {0}\n",
            config.display()
        ));
    }
    progress.say(format!("wrote {}", config.display()));
    let (job, parts) = data::read(&config)?;
    let report = pipeline::run(&job, &parts, progress)?;
    super::print(&report, args.json)
}

/// The name of a file, or of a folder, whichever way it is written.
fn name_of(path: &Path) -> String {
    match path.canonicalize() {
        Ok(path) => name_from(&path),
        Err(_) => name_from(path),
    }
}
