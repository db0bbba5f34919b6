//! Runs a program to its end or to a time limit, with its words captured.

use std::io::{ErrorKind, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::DeviceError;

/// How a program ended.
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Finished {
    /// Everything it said.
    pub(super) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A program, what to say if it is missing, and how long it may run.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) fix: &'static str,
    pub(super) limit: Duration,
}

/// Between two looks at the program.
const POLL: Duration = Duration::from_millis(10);

impl Tool {
    /// Runs the command; `tick` is called while it runs.
    pub(super) fn run(
        &self,
        command: &mut Command,
        tick: &mut dyn FnMut(),
    ) -> Result<Finished, DeviceError> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| match source.kind() {
            ErrorKind::NotFound => DeviceError::Missing {
                tool: self.name,
                fix: self.fix,
            },
            _ => DeviceError::Io {
                what: format!("cannot start `{}`", self.name),
                source,
            },
        })?;
        let stdout = capture(child.stdout.take());
        let stderr = capture(child.stderr.take());
        let status = self.wait(&mut child, tick);
        let [stdout, stderr] = [stdout, stderr].map(|text| text.join().unwrap_or_default());
        match status? {
            Some(status) => Ok(Finished {
                status,
                stdout,
                stderr,
            }),
            None => Err(DeviceError::TimeLimit {
                tool: self.name,
                limit: self.limit,
                output: stdout + &stderr,
            }),
        }
    }

    /// The exit status, or `None` after the program was stopped at the limit.
    fn wait(
        &self,
        child: &mut Child,
        tick: &mut dyn FnMut(),
    ) -> Result<Option<ExitStatus>, DeviceError> {
        let end = Instant::now() + self.limit;
        loop {
            let waited = child.try_wait();
            if let Ok(Some(status)) = waited {
                return Ok(Some(status));
            }
            if waited.is_err() || Instant::now() >= end {
                // It may have ended this instant; then there is nothing to stop.
                let _ = child.kill();
                let _ = child.wait();
            }
            match waited {
                Err(error) => {
                    return Err(DeviceError::io(format!("waiting for `{}`", self.name))(
                        error,
                    ));
                }
                Ok(_) if Instant::now() >= end => return Ok(None),
                Ok(_) => (),
            }
            tick();
            thread::sleep(POLL);
        }
    }
}

/// Reads a pipe to its end beside the waiting; bytes that are no text are replaced.
fn capture(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A broken pipe ends the text; the exit status tells what happened.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<Finished, DeviceError> {
        let tool = Tool {
            name: "sh",
            fix: "a shell",
            limit,
        };
        tool.run(Command::new("sh").args(["-c", script]), &mut || ())
    }

    #[test]
    fn words_and_status_arrive() {
        let finished =
            shell("echo out; echo err >&2; exit 4", Duration::from_secs(20)).expect("sh runs");
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.as_str()),
            ("out\n", "err\n")
        );
        assert_eq!(finished.status.code(), Some(4));
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let began = Instant::now();
        let error = shell("echo begun; exec sleep 60", Duration::from_millis(300))
            .err()
            .expect("too long");
        assert!(began.elapsed() < Duration::from_secs(30));
        assert!(
            matches!(&error, DeviceError::TimeLimit { output, .. } if output == "begun\n"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_program_is_named_with_its_cure() {
        let tool = Tool {
            name: "nothing",
            fix: "install it",
            limit: Duration::from_secs(1),
        };
        let error = tool
            .run(&mut Command::new("no-such-program-of-ember"), &mut || ())
            .err();
        let text = error.expect("it is missing").to_string();
        assert_eq!(
            text,
            "`nothing` is not installed or not in PATH\nto get it: install it"
        );
    }
}
