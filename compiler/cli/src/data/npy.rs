//! NumPy's `.npy`: a magic, a version, a header that is a Python dictionary, then the raw elements.
//! Read without NumPy and without its pickles: arrays of objects are refused.

use super::array::{Array, Element, decode};
use super::error::Reason;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array.
pub(crate) fn parse(bytes: &[u8]) -> Result<Array, Reason> {
    Ok(parse_typed(bytes)?.0)
}

/// Reads an array; also what its elements are in the file.
pub(crate) fn parse_typed(bytes: &[u8]) -> Result<(Array, Element), Reason> {
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
    let shape = field(header, "shape")
        .and_then(tuple)
        .ok_or_else(|| bad("its header has no shape"))?;
    let (element, big_endian) = element(descr).ok_or_else(|| {
        bad(&format!(
            "elements of type `{descr}` are not numbers; store ints or floats"
        ))
    })?;
    let is_fortran = field(header, "fortran_order").is_some_and(|order| order.starts_with("True"));
    if !is_fortran {
        let array = decode("npy", shape, element, big_endian, data)?;
        return Ok((array, element));
    }
    let reversed = shape.into_iter().rev().collect();
    let array = decode("npy", reversed, element, big_endian, data)?;
    Ok((transposed(&array), element))
}

/// An array as the bytes of a file; `descr` names the elements' type (`|i1`, `<f4`) and `data` holds them.
pub(crate) fn write(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let dims: String = shape.iter().map(|dim| format!("{dim}, ")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}");
    // The data begin at a multiple of 64; a line feed ends the header.
    let used = MAGIC.len() + 4 + header.len() + 1;
    let header = format!("{header}{}\n", " ".repeat(used.next_multiple_of(64) - used));
    let length = u16::try_from(header.len()).unwrap_or_else(|_| panic!("BUG: a shape of {dims}"));
    [
        MAGIC,
        &[1, 0],
        &length.to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

/// The array with its axes in reverse order.
fn transposed(array: &Array) -> Array {
    let shape: Vec<usize> = array.shape.iter().rev().copied().collect();
    let mut index = vec![0; shape.len()];
    let values = (0..array.values.len())
        .map(|_| {
            // The axis that is first here is the innermost one there.
            let at = index
                .iter()
                .zip(&shape)
                .rev()
                .fold(0, |at, (i, dim)| at * dim + i);
            for (i, dim) in index.iter_mut().zip(&shape).rev() {
                *i += 1;
                if *i < *dim {
                    break;
                }
                *i = 0;
            }
            array.values[at]
        })
        .collect();
    Array { shape, values }
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

#[cfg(test)]
mod tests {
    use super::{Array, Element, parse_typed, transposed, write};

    #[test]
    fn what_is_written_is_read() {
        let bytes = write("|i1", &[2, 3], &[0, 1, 2, 3, 254, 255]);
        assert_eq!(bytes.len() % 64, 6);
        let (array, element) = parse_typed(&bytes).expect("an array");
        assert_eq!(element, Element::I8);
        assert_eq!(array.shape, [2, 3]);
        assert_eq!(array.values, [0.0, 1.0, 2.0, 3.0, -2.0, -1.0]);
    }

    #[test]
    fn fortran_order_is_turned() {
        // Columns of [[1, 2, 3], [4, 5, 6]], one after the other.
        let columns = Array {
            shape: vec![3, 2],
            values: vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0],
        };
        let rows = transposed(&columns);
        assert_eq!(rows.shape, [2, 3]);
        assert_eq!(rows.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let cube = Array {
            shape: vec![4, 3, 2],
            values: (0..24u8).map(f32::from).collect(),
        };
        assert_eq!(transposed(&transposed(&cube)), cube);
    }
}
