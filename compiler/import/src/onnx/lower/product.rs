//! MatMul and Gemm of two values that change from sample to sample, or of one and a constant that differs by
//! batch. An operand that is stored with its last two axes exchanged is read so: the transposition of keys in
//! attention costs nothing.

use std::rc::Rc;

use ember_ir::{Constant as ConstantOp, FloatParams, Matmul, Op, Shape, TensorId};

use super::arithmetic::{self, Operands};
use super::spread;
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

/// The product of the values in two slots.
pub(super) fn product(site: &mut Site<'_>, slots: [usize; 2]) -> Option<()> {
    let view = multiplied(site, slots, [false; 2])?;
    site.write(view)
}

/// Gemm with values where [`super::matmul`] takes constants: the product, times `alpha`, plus `beta` times C.
pub(super) fn gemm(site: &mut Site<'_>) -> Option<()> {
    let flags = ["transA", "transB"].map(|name| site.int(name, 0) != 0);
    let [alpha, beta] = ["alpha", "beta"].map(|name| site.float(name, 1.0));
    let view = multiplied(site, [0, 1], flags)?;
    site.write(view)?;
    if alpha != 1.0 {
        arithmetic::scaled(site, alpha)?;
    }
    let bias = match site.value(2) {
        None => return Some(()),
        Some(Value::Constant(constant)) => {
            let scaled: Vec<f32> = constant
                .to_floats()
                .iter()
                .map(|value| beta * value)
                .collect();
            let constant = Constant::floats(constant.dims.clone(), scaled);
            let data = arithmetic::written(site)?;
            Operands::Right(data, Rc::new(constant))
        }
        Some(_) => {
            site.require(
                beta == 1.0,
                &format!("its beta is {beta} for a bias that changes from sample to sample"),
                "multiply the bias by it before, and leave beta at 1",
            )?;
            Operands::Both(arithmetic::written(site)?, site.activation(2)?)
        }
    };
    arithmetic::added(site, bias)
}

/// The product of two operands, either of which may be `turned`: its last two axes are exchanged.
fn multiplied(site: &mut Site<'_>, slots: [usize; 2], turned: [bool; 2]) -> Option<View> {
    let left = operand(site, slots[0], true, turned[0])?;
    let right = operand(site, slots[1], false, turned[1])?;
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
    Some(View::plain(output, &sizes))
}

fn operand(site: &mut Site<'_>, slot: usize, is_left: bool, turned: bool) -> Option<Operand> {
    if let Some(Value::Constant(values)) = site.value(slot) {
        return constant(site, slot, &values, is_left).map(|operand| Operand { turned, ..operand });
    }
    let mut view = site.activation(slot)?.view;
    let is_vector = view.sizes().len() == 1;
    if is_vector {
        view = view.with_rank(2);
        if !is_left {
            view = view.transposed(&[1, 0]);
        }
    }
    let rank = view.sizes().len();
    site.require(rank >= 2, "its input is a number", EXPORT_AGAIN)?;
    let own: Vec<usize> = (0..rank).collect();
    let mut exchanged = own.clone();
    exchanged.swap(rank - 2, rank - 1);
    if turned {
        view = view.transposed(&exchanged);
    }
    let sizes = view.sizes();
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

fn constant(site: &mut Site<'_>, slot: usize, values: &Constant, is_left: bool) -> Option<Operand> {
    let scale = match &values.scales {
        None => None,
        Some(scales) => {
            site.require(
                scales.values.len() == 1,
                "its constant differs by batch, or is multiplied from the left, and has several scales",
                "quantise it as a whole",
            )?;
            scales.values.first().copied()
        }
    };
    site.spend(values.len())?;
    let dims = match *values.dims.as_slice() {
        [depth] if is_left => vec![1, depth],
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
    let quant = scale.and_then(|scale| spread::exact(&params.weights, scale));
    let name = site.operand(slot).unwrap_or_default().to_owned();
    let tensor = site.to.node(&name, op, &[], Some(params));
    let tensor = site.check(tensor)?;
    if let Some(quant) = quant {
        site.to.quants.insert(tensor, quant);
    }
    Some(Operand {
        tensor,
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
