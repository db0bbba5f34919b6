//! Elements elsewhere: the operator's blocks, element by element.

use ember_ir::{Move, Shape};

pub(super) fn run(op: &Move, inputs: &[(&Shape, &[f32])], to: &Shape) -> Vec<f32> {
    let shapes: Vec<&Shape> = inputs.iter().map(|&(shape, _)| shape).collect();
    let mut output = vec![op.fill().unwrap_or(0.0); to.elements()];
    for block in op.blocks(&shapes) {
        let (_, input) = inputs[block.input];
        let elements: usize = block.axes.iter().map(|axis| axis.sources.len()).product();
        for at in 0..elements {
            let (mut rest, mut write, mut read) = (at, block.write, 0);
            for axis in block.axes.iter().rev() {
                let index = rest % axis.sources.len();
                rest /= axis.sources.len();
                write += index * axis.pitch;
                read += axis.sources[index];
            }
            output[write] = input[read];
        }
    }
    output
}
