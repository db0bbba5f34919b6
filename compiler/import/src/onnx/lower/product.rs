//! MatMul of two values that change from sample to sample, or of one and a constant that differs by batch. An
//! operand that is stored with its last two axes exchanged is read so: the transposition of keys in attention
//! costs nothing.

use ember_ir::{Constant as ConstantOp, FloatParams, Matmul, Op, Shape, TensorId};

use crate::onnx::constant::Constant;
use crate::onnx::lowering::Value;
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// Matrices in a tensor.
struct Operand {
    tensor: TensorId,
    /// Their last two axes are stored in exchange.
    turned: bool,
    /// A vector, which loses an axis again.
    is_vector: bool,
    rank: usize,
}

pub(super) fn product(site: &mut Site<'_>) -> Option<()> {
    let left = operand(site, 0)?;
    let right = operand(site, 1)?;
    let op = Op::Matmul(Matmul {
        transpose_left: left.turned,
        transpose_right: right.turned,
    });
    let output = site.add(op, &[left.tensor, right.tensor], None)?;
    let dims = site.to.shape(output).dims().to_vec();
    let rank = left.rank.max(right.rank);
    let mut sizes = vec![1; rank.saturating_sub(dims.len())];
    sizes.extend(dims);
    // Columns first, since they are the last.
    if right.is_vector {
        sizes.remove(sizes.len() - 1);
    }
    if left.is_vector {
        sizes.remove(sizes.len() - if right.is_vector { 1 } else { 2 });
    }
    site.write(View::plain(output, &sizes))
}

fn operand(site: &mut Site<'_>, slot: usize) -> Option<Operand> {
    if let Some(Value::Constant(values)) = site.value(slot) {
        return constant(site, slot, &values);
    }
    let mut view = site.activation(slot)?.view;
    let is_vector = view.sizes().len() == 1;
    if is_vector {
        view = view.with_rank(2);
        if slot == 1 {
            view = view.transposed(&[1, 0]);
        }
    }
    let sizes = view.sizes();
    let rank = sizes.len();
    site.require(rank >= 2, "its input is a number", EXPORT_AGAIN)?;
    let own: Vec<usize> = (0..rank).collect();
    let mut exchanged = own.clone();
    exchanged.swap(rank - 2, rank - 1);
    let turned = !view.is_stored_as(&own) && view.is_stored_as(&exchanged);
    let order = if turned { exchanged } else { own };
    let dims: Vec<usize> = order.iter().map(|&axis| sizes[axis]).collect();
    let name = site.name();
    let tensor = site.to.stored(&name, &view, &order, matrices(&dims));
    Some(Operand {
        tensor: site.check(tensor)?,
        turned,
        is_vector,
        rank,
    })
}

fn constant(site: &mut Site<'_>, slot: usize, values: &Constant) -> Option<Operand> {
    site.require(
        values.scales.is_none(),
        "its constant differs by batch and is quantised",
        "only a single quantised matrix is supported",
    )?;
    site.spend(values.len())?;
    let dims = match *values.dims.as_slice() {
        [depth] if slot == 0 => vec![1, depth],
        [depth] => vec![depth, 1],
        ref dims => dims.to_vec(),
    };
    site.require(
        dims.len() >= 2 && !dims.contains(&0),
        &format!("its constant has the shape {:?}", values.dims),
        "matrices are supported",
    )?;
    let op = Op::Constant(ConstantOp {
        shape: matrices(&dims),
    });
    let params = FloatParams {
        weights: values.to_floats(),
        bias: Vec::new(),
    };
    let name = site.operand(slot).unwrap_or_default().to_owned();
    let tensor = site.to.node(&name, op, &[], Some(params));
    Some(Operand {
        tensor: site.check(tensor)?,
        turned: false,
        is_vector: values.dims.len() == 1,
        rank: dims.len(),
    })
}

/// A shape of matrices, without the batches of one before them.
fn matrices(dims: &[usize]) -> Shape {
    let ones = dims.iter().take_while(|&&dim| dim == 1).count();
    Shape::new(&dims[ones.min(dims.len() - 2)..])
}
