//! What firmware says at its end: one line `ember key=value …`, written by `ember-board`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::DeviceError;

/// The measurements of a run. Ticks are those of SysTick: executed instructions under QEMU (see
/// `Board::instructions`), cycles on hardware.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Transcript {
    /// Inferences.
    pub samples: u64,
    /// Ticks of all inferences.
    pub ticks_total: u64,
    /// Ticks of the shortest inference.
    pub ticks_min: u64,
    /// Ticks of the longest inference.
    pub ticks_max: u64,
    /// Most stack in use at any time, in bytes, everything included.
    pub stack_bytes: u64,
    /// Stack that an inference uses below its caller, in bytes.
    pub stack_infer_bytes: u64,
    /// Samples whose output was as expected; on hardware only, where the firmware compares.
    pub equal: Option<u64>,
}

impl Transcript {
    /// Finds the line in what the firmware, and the tool around it, said.
    ///
    /// # Errors
    /// `Transcript` if the firmware reports an error, or the line or a key of it is missing.
    pub fn parse(output: &str) -> Result<Self, DeviceError> {
        read(output).map_err(|reason| DeviceError::Transcript {
            reason,
            output: output.to_owned(),
        })
    }
}

/// The ticks of each layer, in order, from the lines `ember layer=… ticks=…` of a profile.
///
/// # Errors
/// `Transcript` if the firmware reports an error or a line is not as it should be.
pub(super) fn layers(output: &str) -> Result<Vec<u64>, DeviceError> {
    let mut ticks = Vec::new();
    for line in output
        .lines()
        .filter_map(|line| line.strip_prefix("ember "))
    {
        let number = |key: &str| -> Option<u64> {
            let mut words = line.split_whitespace();
            words.find_map(|word| word.strip_prefix(key)?.parse().ok())
        };
        match (number("layer="), number("ticks=")) {
            (Some(layer), Some(count)) if layer == ticks.len() as u64 => ticks.push(count),
            _ => {
                return Err(DeviceError::Transcript {
                    reason: format!("`{line}` is not layer {} with its ticks", ticks.len()),
                    output: output.to_owned(),
                });
            }
        }
    }
    Ok(ticks)
}

fn read(output: &str) -> Result<Transcript, String> {
    // A debug probe's tool may print the time before each line.
    let mut lines = output
        .lines()
        .filter_map(|line| line.find("ember ").map(|at| &line[at + 6..]));
    if let Some(error) = lines.clone().find_map(|line| line.strip_prefix("error: ")) {
        return Err(format!("it reports an error: {error}"));
    }
    let line = lines
        .find(|line| line.starts_with("samples="))
        .ok_or("the line `ember samples=…` is missing")?;
    let pairs: BTreeMap<&str, &str> = line
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let optional = |key: &str| {
        let text = pairs.get(key);
        text.map(|text| {
            text.parse()
                .map_err(|_| format!("`{key}={text}` is no number"))
        })
        .transpose()
    };
    let number = |key: &str| -> Result<u64, String> {
        optional(key)?.ok_or(format!("`{key}` is missing in `ember {line}`"))
    };
    Ok(Transcript {
        samples: number("samples")?,
        ticks_total: number("ticks_total")?,
        ticks_min: number("ticks_min")?,
        ticks_max: number("ticks_max")?,
        stack_bytes: number("stack_bytes")?,
        stack_infer_bytes: number("stack_infer_bytes")?,
        equal: optional("equal")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Transcript, layers};

    const LINE: &str = "ember samples=500 ticks_total=1426400 ticks_min=2852 ticks_max=2853 \
                        stack_bytes=180 stack_infer_bytes=100";

    #[test]
    fn the_line_is_found_between_others() {
        let text = format!("warning: something\n{LINE}\nbye\n");
        let transcript = Transcript::parse(&text).expect("a transcript");
        assert_eq!(
            (transcript.samples, transcript.ticks_total),
            (500, 1_426_400)
        );
        assert_eq!((transcript.ticks_min, transcript.ticks_max), (2852, 2853));
        assert_eq!(
            (transcript.stack_bytes, transcript.stack_infer_bytes),
            (180, 100)
        );
        assert_eq!(transcript.equal, None);
    }

    #[test]
    fn a_time_before_the_line_is_skipped() {
        let text = format!("12:00:01.234: {LINE} equal=499\r\nember FAIL\n");
        assert_eq!(
            Transcript::parse(&text).expect("a transcript").equal,
            Some(499)
        );
    }

    #[test]
    fn errors_of_the_firmware_and_gaps_are_told() {
        for (text, part) in [
            ("ember error: hard fault\n", "reports an error: hard fault"),
            ("", "`ember samples=…` is missing"),
            ("ember samples=5 ticks_total=1", "`ticks_min` is missing"),
            ("ember samples=many", "`samples=many` is no number"),
        ] {
            let error = Transcript::parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn layers_come_in_order() {
        let text = "ember layer=0 ticks=12\nember layer=1 ticks=7\n";
        assert_eq!(layers(text).expect("two layers"), [12, 7]);
        for text in ["ember layer=1 ticks=7", "ember layer=0", "ember error: no"] {
            assert!(layers(text).is_err(), "{text}");
        }
    }
}
