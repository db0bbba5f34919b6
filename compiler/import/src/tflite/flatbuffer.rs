//! A reader of flatbuffer tables that checks every offset against the file's end before it follows it.
//!
//! A table starts with a signed distance back to its vtable; the vtable lists, per field, the distance
//! from the table's start (0: absent, the schema's default holds). Tables, strings and vectors are
//! reached by unsigned distances forward. There is no recursion and nothing is copied: each call costs
//! constant time, whatever the file claims. Source: the FlatBuffers internals document.

use std::fmt;

/// The file breaks the format's own rules.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("byte {at}: {what}")]
pub struct Malformed {
    /// Offset into the file.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
}

impl Malformed {
    pub(super) fn new(at: usize, what: impl fmt::Display) -> Self {
        Self {
            at,
            what: what.to_string(),
        }
    }
}

/// Number of a field in a table of the schema.
pub(super) type Field = u16;

/// A table whose vtable has been found inside the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    file: &'a [u8],
    at: usize,
    /// The field distances of the vtable, two bytes each.
    fields: &'a [u8],
    /// Bytes of the table itself; no inline field may end after it.
    len: usize,
}

/// A vector of tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tables<'a> {
    file: &'a [u8],
    at: usize,
    len: usize,
}

/// A vector of scalars of one width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scalars<'a, const WIDTH: usize> {
    /// Offset of the first element.
    pub at: usize,
    elements: &'a [[u8; WIDTH]],
}

impl<'a> Table<'a> {
    /// The root table of a file.
    pub fn root(file: &'a [u8]) -> Result<Self, Malformed> {
        Self::at(file, follow(file, 0, "the root table")?)
    }

    fn at(file: &'a [u8], at: usize) -> Result<Self, Malformed> {
        let back = i64::from(i32::from_le_bytes(read(file, at, "a table")?));
        let vtable = i64::try_from(at)
            .ok()
            .and_then(|at| usize::try_from(at - back).ok())
            .filter(|&vtable| vtable < file.len())
            .ok_or_else(|| Malformed::new(at, "a table's field list lies outside the file"))?;
        let vtable_len = usize::from(u16::from_le_bytes(read(file, vtable, "a field list")?));
        let len = usize::from(u16::from_le_bytes(read(file, vtable + 2, "a field list")?));
        let fields = file
            .get(vtable + 4..vtable + vtable_len.max(4))
            .filter(|_| vtable_len >= 4)
            .ok_or_else(|| {
                Malformed::new(
                    vtable,
                    format!("a field list of {vtable_len} bytes does not fit"),
                )
            })?;
        if len < 4 || file.len() - at < len {
            return Err(Malformed::new(
                at,
                format!("a table of {len} bytes does not fit"),
            ));
        }
        Ok(Self {
            file,
            at,
            fields,
            len,
        })
    }

    /// Offset of this table in the file.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn field<const N: usize>(&self, field: Field) -> Result<Option<usize>, Malformed> {
        let entry = usize::from(field) * 2;
        let Some(distance) = self.fields.get(entry..entry + 2) else {
            return Ok(None);
        };
        let distance = usize::from(u16::from_le_bytes([distance[0], distance[1]]));
        if distance == 0 {
            return Ok(None);
        }
        if distance < 4 || distance + N > self.len {
            return Err(Malformed::new(
                self.at,
                format!("field {field} lies outside its table of {} bytes", self.len),
            ));
        }
        Ok(Some(self.at + distance))
    }

    fn scalar<const N: usize>(&self, field: Field) -> Result<Option<[u8; N]>, Malformed> {
        self.field::<N>(field)?
            .map(|at| read(self.file, at, "a field"))
            .transpose()
    }

    /// A byte, or `None` where the default holds.
    pub fn u8(&self, field: Field) -> Result<Option<u8>, Malformed> {
        Ok(self.scalar(field)?.map(u8::from_le_bytes))
    }

    /// A signed byte, or `None` where the default holds.
    pub fn i8(&self, field: Field) -> Result<Option<i8>, Malformed> {
        Ok(self.scalar(field)?.map(i8::from_le_bytes))
    }

    /// A word, or `None` where the default holds.
    pub fn i32(&self, field: Field) -> Result<Option<i32>, Malformed> {
        Ok(self.scalar(field)?.map(i32::from_le_bytes))
    }

    /// An unsigned word, or `None` where the default holds.
    pub fn u32(&self, field: Field) -> Result<Option<u32>, Malformed> {
        Ok(self.scalar(field)?.map(u32::from_le_bytes))
    }

    /// A long word, or `None` where the default holds.
    pub fn u64(&self, field: Field) -> Result<Option<u64>, Malformed> {
        Ok(self.scalar(field)?.map(u64::from_le_bytes))
    }

    /// A float, or `None` where the default holds.
    pub fn f32(&self, field: Field) -> Result<Option<f32>, Malformed> {
        Ok(self.scalar(field)?.map(f32::from_le_bytes))
    }

    /// A table inside this one.
    pub fn table(&self, field: Field) -> Result<Option<Table<'a>>, Malformed> {
        let Some(at) = self.field::<4>(field)? else {
            return Ok(None);
        };
        Self::at(self.file, follow(self.file, at, "a table")?).map(Some)
    }

    /// A vector of tables; empty when absent.
    pub fn tables(&self, field: Field) -> Result<Tables<'a>, Malformed> {
        let vector = self.scalars::<4>(field)?;
        Ok(Tables {
            file: self.file,
            at: vector.at,
            len: vector.len(),
        })
    }

    /// A vector of scalars (or the bytes of a string); empty when absent.
    pub fn scalars<const WIDTH: usize>(
        &self,
        field: Field,
    ) -> Result<Scalars<'a, WIDTH>, Malformed> {
        let Some(at) = self.field::<4>(field)? else {
            return Ok(Scalars {
                at: self.at,
                elements: &[],
            });
        };
        let start = follow(self.file, at, "a vector")?;
        let len = u32::from_le_bytes(read(self.file, start, "a vector's length")?) as usize;
        let first = start + 4;
        let elements = len
            .checked_mul(WIDTH)
            .and_then(|bytes| self.file.get(first..)?.get(..bytes))
            .ok_or_else(|| {
                let end = self.file.len();
                Malformed::new(
                    start,
                    format!("a vector of {len} × {WIDTH} bytes runs past the end of the file ({end} bytes)"),
                )
            })?;
        Ok(Scalars {
            at: first,
            elements: elements.as_chunks().0,
        })
    }
}

impl<'a> Tables<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        self.len
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<Table<'a>, Malformed>> + use<'a> {
        let Self { file, at, len } = *self;
        (0..len).map(move |index| Table::at(file, follow(file, at + index * 4, "a table")?))
    }
}

impl<'a, const WIDTH: usize> Scalars<'a, WIDTH> {
    /// How many.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// All of them, in order, as little-endian bytes.
    pub fn iter(&self) -> impl Iterator<Item = [u8; WIDTH]> + use<'a, WIDTH> {
        self.elements.iter().copied()
    }

    /// The element at `index`.
    pub fn get(&self, index: usize) -> Option<[u8; WIDTH]> {
        self.elements.get(index).copied()
    }

    /// The raw bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.elements.as_flattened()
    }
}

/// `N` bytes at `at`.
fn read<const N: usize>(file: &[u8], at: usize, what: &str) -> Result<[u8; N], Malformed> {
    file.get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or_else(|| Malformed::new(at, format!("{what} is cut off by the end of the file")))
}

/// The place that the forward distance at `at` points to.
fn follow(file: &[u8], at: usize, what: &str) -> Result<usize, Malformed> {
    let distance = u32::from_le_bytes(read(file, at, what)?) as usize;
    at.checked_add(distance)
        .filter(|&target| target < file.len())
        .ok_or_else(|| Malformed::new(at, format!("the offset of {what} leads out of the file")))
}

#[cfg(test)]
mod tests;
