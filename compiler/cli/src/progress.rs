//! What the user sees of long work, on stderr: a bar with the time left on a terminal, plain lines
//! elsewhere, nothing when quiet. Results never come from here; they go to stdout.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Least time between two plain lines about the same work.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Where progress goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Nowhere.
    Quiet,
    /// To a log, line by line.
    Lines,
    /// To a terminal.
    Bars,
}

impl Progress {
    /// What suits stderr.
    pub fn detect(is_quiet: bool) -> Self {
        match (is_quiet, std::io::stderr().is_terminal()) {
            (true, _) => Progress::Quiet,
            (false, true) => Progress::Bars,
            (false, false) => Progress::Lines,
        }
    }

    /// A line of its own.
    pub fn say(self, text: impl AsRef<str>) {
        if self != Progress::Quiet {
            eprintln!("{}", text.as_ref());
        }
    }

    /// Begins work of `length` steps (0: unknown).
    pub fn stage(self, name: &str, length: u64) -> Stage {
        let bar = match self {
            Progress::Bars => {
                let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
                let template = if length > 0 {
                    "{prefix:>9} {bar:24} {pos}/{len} {msg}  {elapsed} gone, {eta} left"
                } else {
                    "{prefix:>9} {spinner} {msg}  {elapsed}"
                };
                bar.set_style(
                    ProgressStyle::with_template(template)
                        .unwrap_or_else(|error| panic!("BUG: progress template: {error}")),
                );
                bar.set_prefix(name.to_string());
                bar.enable_steady_tick(Duration::from_millis(250));
                bar
            }
            Progress::Quiet | Progress::Lines => ProgressBar::hidden(),
        };
        let now = Instant::now();
        if self == Progress::Lines {
            eprintln!("{name:>9} …");
        }
        Stage {
            progress: self,
            name: name.to_string(),
            length,
            began: now,
            bar,
            line: std::sync::Mutex::new(now),
        }
    }
}

/// Work under way.
#[derive(Debug)]
pub struct Stage {
    progress: Progress,
    name: String,
    length: u64,
    began: Instant,
    bar: ProgressBar,
    line: std::sync::Mutex<Instant>,
}

impl Stage {
    /// So many steps are done.
    pub fn at(&self, position: u64, message: impl Into<String>) {
        let message = message.into();
        match self.progress {
            Progress::Quiet => {}
            Progress::Bars => {
                self.bar.set_position(position);
                self.bar.set_message(message);
            }
            Progress::Lines => {
                let Ok(mut last) = self.line.lock() else {
                    return;
                };
                if last.elapsed() < LINE_EVERY {
                    return;
                }
                *last = Instant::now();
                let name = &self.name;
                match self.length {
                    0 => eprintln!("{name:>9} {message}"),
                    length => {
                        let said = match (message.as_str(), self.left(position)) {
                            (_, None) => message,
                            ("", Some(left)) => left,
                            (_, Some(left)) => format!("{message}, {left}"),
                        };
                        eprintln!("{name:>9} {position}/{length} {said}");
                    }
                }
            }
        }
    }

    /// A line beside the bar.
    pub fn say(&self, text: impl AsRef<str>) {
        match self.progress {
            Progress::Quiet => {}
            Progress::Bars => self.bar.println(text),
            Progress::Lines => eprintln!("{}", text.as_ref()),
        }
    }

    /// The work is done.
    pub fn done(self, message: impl AsRef<str>) {
        self.bar.finish_and_clear();
        if self.progress != Progress::Quiet {
            let took = show(self.began.elapsed());
            eprintln!("{:>9} {} ({took})", self.name, message.as_ref());
        }
    }

    fn left(&self, position: u64) -> Option<String> {
        let rest = self.length.checked_sub(position)?;
        let all = self.began.elapsed().mul_f64(rest as f64);
        (position > 0).then(|| format!("{} left", show(all.div_f64(position as f64))))
    }
}

/// `4 s`, `2 min 10 s`, `1 h 5 min`.
pub fn show(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0..60 if time.as_secs_f64() < 9.95 => format!("{:.1} s", time.as_secs_f64()),
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
