//! Padding of an image by zero before a convolution becomes the convolution's own: its padded taps read zero
//! as well, in int8 the zero point. Two paddings by one value become one.

use ember_ir::{Graph, Move, Node, Op, Pad, TensorId, Window2d};

use super::rewrite::{Network, is_read_once, settle, writer};

/// Runs the pass. A convolution pads less than its window: wider padding stays.
pub(super) fn run<N: Network>(network: N) -> N {
    settle(network, once)
}

fn once<N: Network>(mut network: N) -> N {
    for index in 0..network.graph().nodes.len() {
        let Some((op, source)) = padding_before(&network, index) else {
            continue;
        };
        let graph = network.graph();
        let node = &graph.nodes[index];
        let folded = folded(graph, node, &op);
        // Otherwise it would pad more than its window.
        let shape = &graph.tensor(source).shape;
        let fits = |op: &Op| op.output_shape(&[shape]).as_ref() == Ok(graph.output_shape(node));
        if let Some(folded) = folded.filter(fits) {
            let is_convolution = !matches!(folded, Op::Move(_));
            if is_convolution && !network.is_zero(source, op.fill) {
                continue;
            }
            let node = &mut network.graph_mut().nodes[index];
            (node.op, node.inputs[0]) = (folded, source);
        }
    }
    network
}

/// A node that pads as well as the padding before it.
fn folded(graph: &Graph, node: &Node, op: &Pad) -> Option<Op> {
    let mut folded = node.op.clone();
    match &mut folded {
        Op::Conv2d(conv) => widen(&mut conv.window, op)?,
        Op::DepthwiseConv2d(conv) => widen(&mut conv.window, op)?,
        Op::Move(Move::Pad(outer)) => join(graph, node.inputs[0], outer, op)?,
        Op::Dense(_)
        | Op::Add(_)
        | Op::Binary(_)
        | Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Svdf(_)
        | Op::Unary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Constant(_) => return None,
    }
    Some(folded)
}

/// The padding that a node reads, and what that reads.
fn padding_before<N: Network>(network: &N, index: usize) -> Option<(Pad, TensorId)> {
    let graph = network.graph();
    let before = &graph.nodes[writer(graph, *graph.nodes[index].inputs.first()?)?];
    let Op::Move(Move::Pad(op)) = &before.op else {
        return None;
    };
    Some((op.clone(), before.inputs[0]))
}

/// Adds padding of rows and columns, and of nothing else, to a window.
fn widen(window: &mut Window2d, op: &Pad) -> Option<()> {
    let (&[top, left, 0], &[bottom, right, 0]) = (op.before.as_slice(), op.after.as_slice()) else {
        return None;
    };
    window.padding.top += top;
    window.padding.bottom += bottom;
    window.padding.left += left;
    window.padding.right += right;
    Some(())
}

/// Makes the outer of two paddings both, if nothing else reads the inner one.
fn join(graph: &Graph, between: TensorId, outer: &mut Pad, inner: &Pad) -> Option<()> {
    if outer.fill != inner.fill || !is_read_once(graph, between) {
        return None;
    }
    let sides = [
        (&mut outer.before, &inner.before),
        (&mut outer.after, &inner.after),
    ];
    for (outer, inner) in sides {
        for (outer, inner) in outer.iter_mut().zip(inner) {
            *outer += inner;
        }
    }
    Some(())
}
