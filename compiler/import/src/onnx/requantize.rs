//! Steps between parameters: operators that only move or pick elements give those of their inputs. Where a file
//! says otherwise, the inputs of an operator with several are requantised before it, that of one with a single
//! input behind it. Where it gives an operator of a fixed range (softmax) another one, that is requantised too.

use ember_ir::{Element, Function, Node, Op, Shape, Tensor, TensorId, Unary, WeightType};

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
        // A function of one number becomes a table for the file's parameters.
        let is_table = matches!(node.op, Op::Unary(_));
        let fixed = node.op.fixed_output().filter(|_| !is_table);
        match node.inputs.as_slice() {
            _ if fixed.is_some_and(|fixed| quant.is_some_and(|quant| quant != fixed)) => {
                let inner = before(from, node.output);
                from.quants.extend(fixed.map(|fixed| (inner, fixed)));
                behind = Some((inner, node.output));
                node.output = inner;
            }
            &[input] if shares && differs(from, input) => {
                let inner = before(from, node.output);
                let other = from.quants.get(&input).copied();
                from.quants.extend(other.map(|quant| (inner, quant)));
                behind = Some((inner, node.output));
                node.output = inner;
            }
            _ if shares => {
                for slot in 0..node.inputs.len() {
                    let input = node.inputs[slot];
                    if differs(from, input) {
                        let shape = from.graph.tensor(input).shape.clone();
                        let name = format!("{}_input_{slot}", from.graph.tensor(node.output).name);
                        let scaled = tensor(from, &name, shape);
                        from.quants.extend(quant.map(|quant| (scaled, quant)));
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

/// A tensor of the same shape, to be requantised to this one.
fn before(from: &mut Lowering, tensor: TensorId) -> TensorId {
    let Tensor { name, shape, .. } = from.graph.tensor(tensor).clone();
    self::tensor(from, &format!("{name}_before"), shape)
}

fn tensor(from: &mut Lowering, name: &str, shape: Shape) -> TensorId {
    let name = from.names.unique(name, "requantized");
    from.graph.tensors.push(Tensor {
        name,
        shape,
        element: Element::Int8,
    });
    TensorId(from.graph.tensors.len() - 1)
}

fn push(from: &mut Lowering, input: TensorId, output: TensorId) {
    from.graph.nodes.push(Node {
        op: Op::Unary(Unary {
            function: Function::Quantize,
        }),
        inputs: vec![input],
        output,
        weights: WeightType::Int8,
    });
    from.params.push(None);
    from.scales.push(None);
}
