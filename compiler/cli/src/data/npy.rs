//! NumPy's `.npy`: a magic, a version, a header that is a Python dictionary, then the raw elements.
//! Read without NumPy and without its pickles: arrays of objects are refused.

use super::array::{Array, Element, decode};
use super::error::Reason;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array.
pub(crate) fn parse(bytes: &[u8]) -> Result<Array, Reason> {
    let bad = |what: &str| Reason::format("npy", what);
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| bad("it does not begin with \\x93NUMPY"))?;
    let (&[major, _minor], rest) = rest
        .split_first_chunk()
        .ok_or_else(|| bad("it is cut short"))?;
    let (length, rest) = if major == 1 {
        let (length, rest) = rest
            .split_first_chunk()
            .ok_or_else(|| bad("it is cut short"))?;
        (u32::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest
            .split_first_chunk()
            .ok_or_else(|| bad("it is cut short"))?;
        (u32::from_le_bytes(*length), rest)
    };
    let (header, data) = rest
        .split_at_checked(length as usize)
        .ok_or_else(|| bad("its header is cut short"))?;
    let header = std::str::from_utf8(header).map_err(|_| bad("its header is not text"))?;
    let descr = quoted(field(header, "descr").ok_or_else(|| bad("its header has no `descr`"))?)
        .ok_or_else(|| bad("it holds records; store one plain array"))?;
    if field(header, "fortran_order").is_some_and(|order| order.starts_with("True")) {
        return Err(bad("it is in Fortran order; store np.ascontiguousarray(x)"));
    }
    let shape = field(header, "shape")
        .and_then(tuple)
        .ok_or_else(|| bad("its header has no shape"))?;
    let (element, big_endian) = element(descr).ok_or_else(|| {
        bad(&format!(
            "elements of type `{descr}` are not numbers; store ints or floats"
        ))
    })?;
    decode("npy", shape, element, big_endian, data)
}

fn element(descr: &str) -> Option<(Element, bool)> {
    let big_endian = descr.starts_with('>');
    let element = match descr.trim_start_matches(['<', '>', '|', '=']) {
        "u1" | "b1" | "?" => Element::U8,
        "i1" => Element::I8,
        "u2" => Element::U16,
        "i2" => Element::I16,
        "u4" => Element::U32,
        "i4" => Element::I32,
        "u8" => Element::U64,
        "i8" => Element::I64,
        "f4" => Element::F32,
        "f8" => Element::F64,
        _ => return None,
    };
    Some((element, big_endian))
}

/// The text after `'name':` in the header's dictionary.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let at = header.find(&format!("'{name}'"))?;
    let rest = &header[at + name.len() + 2..];
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('\'')?;
    rest.split_once('\'').map(|(inner, _)| inner)
}

fn tuple(text: &str) -> Option<Vec<usize>> {
    let (inner, _) = text.strip_prefix('(')?.split_once(')')?;
    inner
        .split(',')
        .map(str::trim)
        .filter(|dim| !dim.is_empty())
        .map(|dim| dim.parse().ok())
        .collect()
}
