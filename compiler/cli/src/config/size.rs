//! Sizes in bytes as people write them: `128K`, `8 KiB`, `1M`, `4096`. K is 1024 with and without an
//! i: flash and RAM are only ever meant that way.

/// Bytes of `text`, or `None` if it is not a size or does not fit 32 bits.
pub fn parse(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1024,
        "m" | "mb" | "mib" => 1024 * 1024,
        _ => return None,
    };
    let bytes = number.checked_mul(unit)?;
    u32::try_from(bytes).ok().map(|bytes| bytes as usize)
}

/// Bytes as people read them: `8 KiB`, `1.5 KiB`, `300 B`.
pub fn show(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        _ if bytes.is_multiple_of(1024 * 1024) => format!("{} MiB", bytes / (1024 * 1024)),
        _ if bytes.is_multiple_of(1024) => format!("{} KiB", bytes / 1024),
        _ => format!("{:.1} KiB", bytes as f64 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary() {
        assert_eq!(parse("128K"), Some(131_072));
        assert_eq!(parse("8 KiB"), Some(8192));
        assert_eq!(parse("1m"), Some(1 << 20));
        assert_eq!(parse("4096"), Some(4096));
        for bad in [
            "",
            "K",
            "12Q",
            "-1",
            "9999999999",
            "99999999999999999999K",
            "1.5K",
            "8K8",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(show(8192), "8 KiB");
        assert_eq!(show(1536), "1.5 KiB");
        assert_eq!(show(12), "12 B");
    }
}
