//! Byte counts as people write them: `128K`, `1M`, `2048`.

use serde::Deserialize;

/// A number of bytes: in TOML an integer or a text like `"128K"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(try_from = "Text")]
pub struct ByteSize(pub u64);

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a size: an integer number of bytes, or a text like \"128K\" or \"1M\""
)]
enum Text {
    Integer(u64),
    Text(String),
}

impl TryFrom<Text> for ByteSize {
    type Error = String;

    fn try_from(text: Text) -> Result<Self, String> {
        match text {
            Text::Integer(bytes) => Ok(ByteSize(bytes)),
            Text::Text(text) => parse_bytes(&text).map(ByteSize),
        }
    }
}

/// Reads `2048`, `128K`, `128KiB`, `128 kB`, `1M`; K is 1024 bytes, as memories are made.
///
/// # Errors
/// What is wrong with the text, as a sentence.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim();
    let split = digits
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(digits.len());
    let (number, unit) = digits.split_at(split);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1024,
        "m" | "mb" | "mib" => 1024 * 1024,
        _ => {
            return Err(format!(
                "`{text}` is not a size: write `128K`, `1M` or a number of bytes"
            ));
        }
    };
    let number: u64 = number
        .replace('_', "")
        .parse()
        .map_err(|_| format!("`{text}` is not a size: write `128K`, `1M` or a number of bytes"))?;
    number
        .checked_mul(factor)
        .ok_or_else(|| format!("`{text}` is too large for a size"))
}

/// The shortest exact form: `128K`, `1M`, `2048000` stays `2000K`, `100` stays `100`.
pub fn format_bytes(bytes: u64) -> String {
    const K: u64 = 1024;
    if bytes == 0 || !bytes.is_multiple_of(K) {
        bytes.to_string()
    } else if bytes.is_multiple_of(K * K) {
        format!("{}M", bytes / (K * K))
    } else {
        format!("{}K", bytes / K)
    }
}

#[cfg(test)]
mod tests {
    use super::{format_bytes, parse_bytes};

    #[test]
    fn sizes_are_read_in_the_usual_spellings() {
        for (text, bytes) in [
            ("0", 0),
            ("2048", 2048),
            ("2_048", 2048),
            ("8K", 8192),
            ("8k", 8192),
            ("8 KiB", 8192),
            ("8kB", 8192),
            ("1M", 1 << 20),
            (" 2MiB ", 2 << 20),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_the_text_in_the_message() {
        for text in [
            "",
            "K",
            "8G",
            "-8K",
            "8.5K",
            "eight",
            "99999999999999999999",
            "99999999999999M",
        ] {
            let message = parse_bytes(text).expect_err(text);
            assert!(message.contains(&format!("`{text}`")), "{message}");
        }
    }

    #[test]
    fn formatting_is_exact() {
        for bytes in [
            0,
            1,
            1000,
            1024,
            1536,
            131_072,
            1 << 20,
            3 << 19,
            (1 << 20) + 1,
        ] {
            assert_eq!(parse_bytes(&format_bytes(bytes)), Ok(bytes));
        }
        assert_eq!(format_bytes(131_072), "128K");
        assert_eq!(format_bytes(2_096_896), "2096896");
    }
}
