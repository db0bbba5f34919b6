//! Small networks behind front ends for sound.

use ember_codegen::front::{Front, Spec};
use ember_codegen::plan::{Isa, Planned};
use ember_codegen::target::Board;
use ember_ir::{Activation, Dense, GraphBuilder, Op, Rounding};

use crate::models::{plan, quantized};

/// A front end by its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Samples of a frame.
    pub frame: usize,
    /// Samples from frame to frame.
    pub hop: usize,
    /// Levels of a row.
    pub bands: usize,
    /// Rows of a window.
    pub rows: usize,
    /// Upper end of the bands, in Hz of 8000 samples per second.
    pub high: f64,
    /// Levels that the window keeps below its loudest.
    pub range: Option<u8>,
    /// Cepstral coefficients of a row; `None`: the network gets the levels.
    pub coefficients: Option<usize>,
}

/// Front ends that costs are fitted to: all frames, overlapping by half, more, or not at all.
pub const FITTED: [Case; 14] = [
    case([64, 32, 6, 40], 3900.0, None),
    case([64, 64, 4, 25], 3000.0, Some(160)),
    case([128, 128, 8, 30], 2000.0, None),
    case([128, 50, 12, 20], 3900.0, Some(200)),
    case([256, 128, 32, 48], 3900.0, Some(160)),
    case([256, 100, 16, 24], 2000.0, None),
    case([256, 256, 24, 12], 3900.0, None),
    case([512, 256, 16, 30], 3000.0, Some(160)),
    case([512, 200, 40, 20], 3900.0, None),
    case([512, 160, 24, 40], 2000.0, Some(200)),
    case([1024, 512, 40, 16], 3900.0, None),
    case([1024, 320, 64, 12], 3000.0, Some(160)),
    case([2048, 1024, 64, 8], 3900.0, None),
    case([2048, 2048, 20, 5], 2000.0, Some(160)),
];

/// Those with coefficients, beside which the others are known.
pub const CEPSTRA: [Case; 5] = [
    cepstra(case([64, 64, 4, 40], 3000.0, None), 4),
    cepstra(case([128, 128, 10, 60], 3900.0, Some(160)), 10),
    cepstra(case([256, 128, 32, 48], 3900.0, None), 13),
    cepstra(case([256, 256, 40, 24], 3900.0, Some(200)), 21),
    cepstra(case([512, 512, 24, 30], 3900.0, None), 6),
];

/// Front ends that costs are not fitted to.
pub const UNSEEN: [Case; 8] = [
    cepstra(case([128, 64, 8, 40], 3900.0, Some(160)), 6),
    cepstra(case([256, 160, 24, 36], 3900.0, None), 12),
    case([64, 40, 5, 16], 3900.0, None),
    case([128, 64, 10, 24], 3000.0, Some(160)),
    case([256, 128, 24, 30], 3900.0, None),
    case([256, 80, 40, 50], 3900.0, Some(200)),
    case([512, 400, 32, 10], 2500.0, Some(160)),
    case([1024, 600, 32, 12], 3900.0, None),
];

const fn case([frame, hop, bands, rows]: [usize; 4], high: f64, range: Option<u8>) -> Case {
    Case {
        frame,
        hop,
        bands,
        rows,
        high,
        range,
        coefficients: None,
    }
}

const fn cepstra(case: Case, coefficients: usize) -> Case {
    Case {
        coefficients: Some(coefficients),
        ..case
    }
}

/// Whether a board has the RAM for it, with a quarter for the network and the stack.
pub fn fits(case: &Case, board: &Board) -> bool {
    let takes = 6 * case.frame + 2 * case.hop + 2 * case.rows * case.bands;
    4 * takes <= 3 * board.ram.bytes as usize
}

/// A dense layer behind a front end.
pub fn planned(case: &Case, isa: Isa) -> Planned {
    let width = case.coefficients.unwrap_or(case.bands);
    let name = format!("sound_{}_{}_{width}", case.frame, case.hop);
    let mut builder = GraphBuilder::new(&name);
    let input = builder.input("levels", [case.rows * width]);
    let dense = Op::Dense(Dense {
        over_rows: false,
        out_features: 4,
        activation: Activation::None,
    });
    let output = builder
        .node("logits", dense, &[input])
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let network = quantized(builder.finish(&[output]), Rounding::Single, 1);
    let spec = Spec {
        rate: 8000,
        frame: case.frame,
        hop: case.hop,
        bands: case.bands,
        low: 150.0,
        high: case.high,
        range: case.range,
        coefficients: case.coefficients,
    };
    spec.check()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let front = Front::new(spec, &network, |level| level / 128.0 - 1.0);
    plan(network, isa).with_front(Some(front))
}
