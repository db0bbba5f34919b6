//! `emberc watch`: a running search, or how one ended, from the journal it writes.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use console::Term;

use self::view::View;
use crate::args::Watch;
use crate::config::Job;
use crate::files::io_error;
use crate::{Error, data, interrupt, output};

mod view;

/// Time between two looks at the journal.
const EVERY: Duration = Duration::from_secs(1);

/// Shows the search until it ends.
pub fn watch(args: &Watch) -> Result<(), Error> {
    // Its data need not be read for this.
    let job = data::read_job(&args.config)?;
    let path = newest_journal(&job, &args.config)?;
    let look = || -> Result<View, Error> {
        let journal = fs::read(&path).map_err(io_error(&path))?;
        View::of(&job, &journal)
            .map_err(|error| Error::usage(format!("{}: {error}", path.display())))
    };
    if args.json {
        return output::json(&look()?);
    }
    if args.once || !std::io::stdout().is_terminal() {
        return output::text(&look()?.text());
    }
    let terminal = Term::stdout();
    let failed = |error| Error::tool(format!("cannot draw on the terminal: {error}"));
    let mut drawn = 0;
    loop {
        let view = look()?;
        // What does not fit would scroll and could not be drawn over.
        let (height, width) = terminal.size();
        let text: Vec<String> = view
            .text()
            .lines()
            .take(usize::from(height).saturating_sub(1))
            .map(|line| console::truncate_str(line, usize::from(width), "…").into_owned())
            .collect();
        terminal.clear_last_lines(drawn).map_err(failed)?;
        terminal.write_line(&text.join("\n")).map_err(failed)?;
        drawn = text.len();
        if view.has_ended() || interrupt::requested() {
            return Ok(());
        }
        thread::sleep(EVERY);
    }
}

/// The journal of the job's searches that was written last.
fn newest_journal(job: &Job, config: &Path) -> Result<PathBuf, Error> {
    let dir = job.output.join("state").join(&job.name);
    let folders = fs::read_dir(&dir).into_iter().flatten().flatten();
    let journals = folders.filter_map(|folder| {
        let path = folder.path().join("journal.jsonl");
        let written = fs::metadata(&path).and_then(|meta| meta.modified()).ok()?;
        Some((written, path))
    });
    let newest = journals.max().map(|(_, path)| path);
    newest.ok_or_else(|| {
        Error::usage(format!(
            "{} holds no journal of a search; `emberc run {}` begins one",
            dir.display(),
            config.display()
        ))
    })
}
