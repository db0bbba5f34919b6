#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;

/// The elements of the outputs when the inputs count on from 0; −1 is filled.
fn moved(op: Move, inputs: &[&[usize]]) -> Vec<i32> {
    let shapes: Vec<Shape> = inputs.iter().map(|&dims| Shape::new(dims)).collect();
    let shapes: Vec<&Shape> = shapes.iter().collect();
    let output = crate::Op::Move(op.clone()).output_shape(&shapes).unwrap();
    let mut firsts = vec![0];
    for shape in &shapes {
        firsts.push(firsts[firsts.len() - 1] + shape.elements());
    }
    let mut values = vec![-1; output.elements()];
    for block in op.blocks(&shapes) {
        let mut elements = vec![(block.write, firsts[block.input])];
        for axis in &block.axes {
            let places = |(write, read): (usize, usize)| {
                let sources = axis.sources.iter().enumerate();
                sources.map(move |(i, source)| (write + i * axis.pitch, read + source))
            };
            elements = elements.into_iter().flat_map(places).collect();
        }
        for (write, read) in elements {
            assert_eq!(values[write], -1, "{op:?} writes {write} twice");
            values[write] = read as i32;
        }
    }
    values
}

#[test]
fn each_operator_moves_what_it_should() {
    let pad = Move::Pad(Pad {
        before: vec![1, 0],
        after: vec![0, 2],
        fill: crate::Real::new(0.0),
    });
    assert_eq!(
        moved(pad, &[&[2, 2]]),
        [-1, -1, -1, -1, 0, 1, -1, -1, 2, 3, -1, -1]
    );
    let mirror = |symmetric| {
        Move::MirrorPad(MirrorPad {
            before: vec![2],
            after: vec![1],
            symmetric,
        })
    };
    assert_eq!(moved(mirror(true), &[&[3]]), [1, 0, 0, 1, 2, 2]);
    assert_eq!(moved(mirror(false), &[&[3]]), [2, 1, 0, 1, 2, 1]);
    let transpose = Move::Transpose(Transpose {
        permutation: vec![2, 0, 1],
    });
    assert_eq!(
        moved(transpose, &[&[2, 2, 3]]),
        [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
    );
    let slice = Move::Slice(Slice {
        begin: vec![2, 1],
        size: vec![2, 2],
        step: vec![-2, 1],
    });
    assert_eq!(moved(slice, &[&[3, 4]]), [9, 10, 1, 2]);
    let concat = Move::Concat(Concat { axis: 1 });
    assert_eq!(moved(concat, &[&[2, 1], &[2, 2]]), [0, 2, 3, 1, 4, 5]);
    let gather = Move::Gather(Gather {
        axis: 0,
        indices: vec![2, 2, 0],
    });
    assert_eq!(moved(gather, &[&[3, 2]]), [4, 5, 4, 5, 0, 1]);
    let deep = Move::SpaceToDepth(SpaceToDepth { block: 2 });
    assert_eq!(moved(deep, &[&[2, 4, 1]]), [0, 1, 4, 5, 2, 3, 6, 7]);
    let wide = Move::DepthToSpace(DepthToSpace { block: 2 });
    assert_eq!(moved(wide, &[&[1, 2, 4]]), [0, 1, 4, 5, 2, 3, 6, 7]);
    let resize = |coordinates| {
        let size = [1, 5];
        let op = Move::ResizeNearest(ResizeNearest { size, coordinates });
        moved(op, &[&[1, 3, 1]])
    };
    assert_eq!(resize(Coordinates::Asymmetric), [0, 0, 1, 1, 2]);
    assert_eq!(resize(Coordinates::HalfPixel), [0, 0, 1, 2, 2]);
    assert_eq!(resize(Coordinates::AlignCorners), [0, 1, 1, 2, 2]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |op: Move, inputs: &[&[usize]]| {
        let shapes: Vec<Shape> = inputs.iter().map(|&dims| Shape::new(dims)).collect();
        let shapes: Vec<&Shape> = shapes.iter().collect();
        crate::Op::Move(op)
            .output_shape(&shapes)
            .unwrap_err()
            .to_string()
    };
    let slice = |begin, size, step| {
        Move::Slice(Slice {
            begin: vec![begin],
            size: vec![size],
            step: vec![step],
        })
    };
    for (op, inputs, text) in [
        (slice(4, 1, 1), &[&[4][..]][..], "begin is 4"),
        (slice(1, 3, -1), &[&[4]], "size is 3"),
        (slice(0, 2, 0), &[&[4]], "step is 0"),
        (slice(0, 2, 1), &[&[4, 1]], "one number per axis"),
        (
            Move::Concat(Concat { axis: 0 }),
            &[&[2, 3], &[2, 4]],
            "2x3 and 2x4 differ",
        ),
        (Move::Concat(Concat { axis: 2 }), &[&[2, 3]], "axis is 2"),
        (Move::Concat(Concat { axis: 0 }), &[], "takes 1 input"),
        (
            Move::Transpose(Transpose {
                permutation: vec![0, 0],
            }),
            &[&[2, 3]],
            "perm is 0",
        ),
        (
            Move::Gather(Gather {
                axis: 0,
                indices: vec![3],
            }),
            &[&[3]],
            "indices is 3",
        ),
        (
            Move::SpaceToDepth(SpaceToDepth { block: 2 }),
            &[&[2, 3, 1]],
            "divisor",
        ),
        (
            Move::DepthToSpace(DepthToSpace { block: 2 }),
            &[&[2, 3, 2]],
            "square",
        ),
    ] {
        let message = refused(op, inputs);
        assert!(message.contains(text), "{message}");
    }
}
