//! Steps between parameters: operators that only move or pick elements give those of their inputs. Where a file
//! says otherwise, the inputs of an operator with several are requantised before it, that of one with a single
//! input behind it.

use ember_ir::{Element, Function, Node, Op, Shape, Tensor, TensorId, Unary};

use super::lowering::Lowering;

/// Adds the nodes that requantise.
pub(super) fn between(from: &mut Lowering) {
    let nodes = std::mem::take(&mut from.graph.nodes);
    let params = std::mem::take(&mut from.params);
    let scales = std::mem::take(&mut from.scales);
    for ((mut node, params), scales) in nodes.into_iter().zip(params).zip(scales) {
        let quant = from.quants.get(&node.output).copied();
        let differs = |from: &Lowering, input: TensorId| {
            let other = from.quants.get(&input).copied();
            quant.is_some() && other.is_some() && other != quant
        };
        let shares = node.op.shares_quant();
        let mut behind = None;
        match node.inputs.as_slice() {
            &[input] if shares && differs(from, input) => {
                let shape = from.graph.tensor(node.output).shape.clone();
                let name = from.graph.tensor(node.output).name.clone();
                let inner = tensor(from, &format!("{name}_before"), shape, input);
                behind = Some((inner, node.output));
                node.output = inner;
            }
            _ if shares => {
                for slot in 0..node.inputs.len() {
                    let input = node.inputs[slot];
                    if differs(from, input) {
                        let shape = from.graph.tensor(input).shape.clone();
                        let name = format!("{}_input_{slot}", from.graph.tensor(node.output).name);
                        let scaled = tensor(from, &name, shape, node.output);
                        push(from, input, scaled);
                        node.inputs[slot] = scaled;
                    }
                }
            }
            _ => {}
        }
        from.graph.nodes.push(node);
        from.params.push(params);
        from.scales.push(scales);
        if let Some((inner, output)) = behind {
            push(from, inner, output);
        }
    }
}

/// A tensor with the parameters of another.
fn tensor(from: &mut Lowering, name: &str, shape: Shape, like: TensorId) -> TensorId {
    let name = from.names.unique(name, "requantized");
    from.graph.tensors.push(Tensor {
        name,
        shape,
        element: Element::Int8,
    });
    let id = TensorId(from.graph.tensors.len() - 1);
    if let Some(&quant) = from.quants.get(&like) {
        from.quants.insert(id, quant);
    }
    id
}

fn push(from: &mut Lowering, input: TensorId, output: TensorId) {
    from.graph.nodes.push(Node {
        op: Op::Unary(Unary {
            function: Function::Quantize,
        }),
        inputs: vec![input],
        output,
    });
    from.params.push(None);
    from.scales.push(None);
}
