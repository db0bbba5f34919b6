//! NumPy's `.npy`: a magic, a version, a header that is a Python dictionary, then the raw elements.
//! Read without NumPy and without its pickles: arrays of objects are refused. Texts are words of labels alone.

use super::array::{Array, Element, check_length, decode};
use super::error::Reason;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array.
pub(crate) fn parse(bytes: &[u8]) -> Result<Array, Reason> {
    Ok(parse_typed(bytes)?.0)
}

/// Reads an array; also what its elements are in the file.
pub(crate) fn parse_typed(bytes: &[u8]) -> Result<(Array, Element), Reason> {
    numbers(File::open(bytes)?)
}

fn numbers(file: File<'_>) -> Result<(Array, Element), Reason> {
    let (element, big_endian) = element(file.descr).ok_or_else(|| {
        bad(&format!(
            "elements of type `{}` are not numbers; store ints or floats",
            file.descr
        ))
    })?;
    if !file.is_fortran {
        let array = decode("npy", file.shape, element, big_endian, file.data)?;
        return Ok((array, element));
    }
    let reversed = file.shape.into_iter().rev().collect();
    let array = decode("npy", reversed, element, big_endian, file.data)?;
    Ok((transposed(&array), element))
}

/// Reads an array of words: texts of a fixed width (`<U12`, `|S5`), or numbers.
pub(crate) fn parse_words(bytes: &[u8]) -> Result<Vec<String>, Reason> {
    let file = File::open(bytes)?;
    let Some((text, width)) = Text::of(file.descr) else {
        return Ok(numbers(file)?.0.words());
    };
    if width == 0 {
        return Err(bad("its texts have no letters"));
    }
    check_length("npy", &file.shape, width, file.data)?;
    let words = file.data.chunks_exact(width).map(|bytes| text.read(bytes));
    let words: Option<Vec<String>> = words.collect();
    words.ok_or_else(|| bad("it has a text that is not Unicode"))
}

/// How the texts of an array are written; NULs behind one are no part of it.
#[derive(Clone, Copy)]
enum Text {
    /// A letter is a word, the lower byte first.
    Little,
    /// A letter is a word, the higher byte first.
    Big,
    /// UTF-8, of which ASCII is a part.
    Bytes,
}

impl Text {
    /// The encoding that a type names, and the bytes of a text.
    fn of(descr: &str) -> Option<(Self, usize)> {
        let (kind, letters) = descr.split_at_checked(2)?;
        let letters: usize = letters.parse().ok()?;
        match kind {
            "<U" => Some((Self::Little, letters.checked_mul(4)?)),
            ">U" => Some((Self::Big, letters.checked_mul(4)?)),
            "|S" => Some((Self::Bytes, letters)),
            _ => None,
        }
    }

    fn read(self, bytes: &[u8]) -> Option<String> {
        let letters = |letter: fn([u8; 4]) -> u32| -> Option<String> {
            let words = bytes.as_chunks().0.iter();
            words.map(|&word| char::from_u32(letter(word))).collect()
        };
        let text = match self {
            Self::Little => letters(u32::from_le_bytes)?,
            Self::Big => letters(u32::from_be_bytes)?,
            Self::Bytes => std::str::from_utf8(bytes).ok()?.to_string(),
        };
        Some(text.trim_end_matches('\0').to_string())
    }
}

/// A file's header, and what comes behind it.
struct File<'a> {
    descr: &'a str,
    shape: Vec<usize>,
    is_fortran: bool,
    data: &'a [u8],
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
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
        let descr = field(header, "descr").ok_or_else(|| bad("its header has no `descr`"))?;
        Ok(Self {
            descr: quoted(descr).ok_or_else(|| bad("it holds records; store one plain array"))?,
            shape: field(header, "shape")
                .and_then(tuple)
                .ok_or_else(|| bad("its header has no shape"))?,
            is_fortran: field(header, "fortran_order")
                .is_some_and(|order| order.starts_with("True")),
            data,
        })
    }
}

fn bad(what: &str) -> Reason {
    Reason::format("npy", what)
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
    use super::{Array, Element, parse_typed, parse_words, transposed, write};

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
    fn texts_are_words() {
        let letters = |text: &str, order: fn(u32) -> [u8; 4]| {
            let codes = text.chars().map(u32::from);
            codes.flat_map(order).collect::<Vec<u8>>()
        };
        let names = "sit\0wälk";
        let little = write("<U4", &[2], &letters(names, u32::to_le_bytes));
        let big = write(">U4", &[2], &letters(names, u32::to_be_bytes));
        let bytes = write("|S3", &[2], b"situp\0");
        let numbers = write("|u1", &[2], &[7, 0]);
        assert_eq!(parse_words(&little).expect("words"), ["sit", "wälk"]);
        assert_eq!(parse_words(&big).expect("words"), ["sit", "wälk"]);
        assert_eq!(parse_words(&bytes).expect("words"), ["sit", "up"]);
        assert_eq!(parse_words(&numbers).expect("words"), ["7", "0"]);
        for (descr, shape, data) in [
            ("<U4", 3, &[0; 32][..]),
            ("<U1", 1, &[0xff; 4]),
            ("|S1", 1, &[0xff]),
            ("<U0", 1, &[]),
            ("<U99999999999999999999", 1, &[]),
            ("<U9999999999999999999", 1, &[]),
            ("|O", 1, &[0; 8]),
        ] {
            assert!(
                parse_words(&write(descr, &[shape], data)).is_err(),
                "{descr}"
            );
        }
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
