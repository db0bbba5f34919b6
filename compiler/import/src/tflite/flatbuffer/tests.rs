//! Tables as bytes written by hand.

use super::*;

/// Root at 12: a table of 12 bytes with field 0 = an i32 (7), field 1 absent, field 2 = a vector.
fn file() -> Vec<u8> {
    let mut bytes = vec![14, 0, 0, 0]; // root offset
    bytes.extend([10, 0, 12, 0, 4, 0, 0, 0, 8, 0]); // vtable at 4
    bytes.extend(10i32.to_le_bytes()); // table at 14
    bytes.extend(7i32.to_le_bytes());
    bytes.extend(4u32.to_le_bytes()); // vector 4 bytes on, at 26
    bytes.extend(3u32.to_le_bytes());
    bytes.extend([1, 2, 3]);
    bytes
}

#[test]
fn fields_defaults_and_vectors_are_read() {
    let file = file();
    let table = Table::root(&file).expect("well-formed");
    assert_eq!(table.i32(0), Ok(Some(7)));
    assert_eq!(table.i32(1), Ok(None));
    assert_eq!(table.i32(9), Ok(None));
    let vector = table.scalars::<1>(2).expect("well-formed");
    assert_eq!(vector.bytes(), [1, 2, 3]);
    assert_eq!(vector.get(3), None);
}

#[test]
fn every_cut_is_an_error_not_a_panic() {
    let file = file();
    for end in 0..file.len() {
        let cut = &file[..end];
        let vector = Table::root(cut).and_then(|table| table.scalars::<1>(2));
        assert!(vector.is_err(), "cut at {end}");
    }
}

#[test]
fn hostile_distances_are_refused() {
    for (at, value) in [
        (0, u32::MAX),
        (14, 0x8000_0000),
        (14, u32::MAX),
        (22, u32::MAX),
        (26, u32::MAX),
    ] {
        let mut file = file();
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let vector = Table::root(&file).and_then(|table| table.scalars::<4>(2));
        assert!(vector.is_err(), "{value:#x} at {at}");
    }
}
