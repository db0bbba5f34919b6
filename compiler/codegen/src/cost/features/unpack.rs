//! Unpacking int4 weights: records, the words that are copied, those that become two.

use ember_runtime::packing;
use ember_runtime::scratch::Isa;

pub(super) fn counts(isa: Isa, group: usize, rows: usize, taps: usize) -> [usize; 3] {
    let words = taps.div_ceil(4);
    let (mut records, mut copied, mut unpacked) = (0, 0, 0);
    let whole = rows / group;
    // Only cores with Helium have a last record of less than a group.
    let rest = match rows % group {
        0 => 0,
        rest if isa == Isa::Mve => rest,
        _ => group,
    };
    for (times, rows) in [(whole, group), (usize::from(rest > 0), rest)] {
        records += times;
        copied += times * (rows + packing::factor_words(isa, rows));
        unpacked += times * (rows * words).div_ceil(2);
    }
    [records, copied, unpacked]
}
