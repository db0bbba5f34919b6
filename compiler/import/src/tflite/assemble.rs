//! The finished graph: names, tensors and nodes in the file's order. Vectors of the IR that keep axes
//! of 1 in the file get a reshape, which costs nothing on the device.

use ember_ir::{
    Constant, Element, FloatGraph, FloatParams, Function, GraphBuilder, Move, Op, Quant,
    QuantGraph, QuantParams, Reshape, Rounding, Shape, TensorId, Unary, verify_float,
};

use super::lower::{Lowered, LoweredModel, Params, real};
use super::schema::Model;
use crate::identifier::{Identifiers, identifier};
use crate::{ImportError, Network, Problem};

/// Builds the graph of a model without problems.
pub(super) fn assemble(
    name: &str,
    model: &Model<'_>,
    lowered: LoweredModel,
) -> Result<Network, ImportError> {
    let mut assembly = Assembly::new(name, model, &lowered);
    for &input in &model.inputs {
        assembly.input(input)?;
    }
    for operator in &lowered.operators {
        assembly.operator(operator)?;
    }
    let outputs = model
        .outputs
        .iter()
        .map(|&output| assembly.id(output))
        .collect::<Result<Vec<_>, _>>()?;
    let graph = assembly.builder.finish(&outputs);
    let (mut ints, mut reals) = (Vec::new(), Vec::new());
    for params in assembly.params {
        // A model's constants are of one kind.
        let (int, real) = match params {
            Some(Params::Int8(params)) => (Some(params), None),
            Some(Params::Real(params)) => (None, Some(params)),
            None => (None, None),
        };
        ints.push(int);
        reals.push(real);
    }
    if lowered.activations.is_real() {
        let params = reals;
        let network = FloatGraph { graph, params };
        // Its numbers come from the file as they are.
        let violations = verify_float(&network);
        return match violations.as_slice() {
            [] => Ok(Network::Float(network)),
            [violation, ..] => Err(broken("the model", violation)),
        };
    }
    Ok(Network::Int8(QuantGraph {
        graph,
        roundings: assembly.roundings,
        quants: assembly.quants,
        params: ints,
    }))
}

/// How the values of a tensor stand for real numbers.
#[derive(Clone, Copy)]
struct Kind {
    quant: Quant,
    element: Element,
}

struct Assembly<'m, 'a> {
    model: &'m Model<'a>,
    lowered: &'m LoweredModel,
    builder: GraphBuilder,
    names: Identifiers,
    quants: Vec<Quant>,
    params: Vec<Option<Params>>,
    roundings: Vec<Rounding>,
    /// By tensor of the file.
    ids: Vec<Option<TensorId>>,
}

impl<'m, 'a> Assembly<'m, 'a> {
    fn new(name: &str, model: &'m Model<'a>, lowered: &'m LoweredModel) -> Self {
        let name = identifier(name);
        let name = if name.is_empty() {
            "model".into()
        } else {
            name
        };
        Self {
            model,
            lowered,
            builder: GraphBuilder::new(name),
            names: Identifiers::default(),
            quants: Vec::new(),
            params: Vec::new(),
            roundings: Vec::new(),
            ids: vec![None; model.tensors.len()],
        }
    }

    fn input(&mut self, tensor: usize) -> Result<(), ImportError> {
        let (shape, kind) = self.activation(tensor)?;
        let name = self.name(tensor);
        let id = self.builder.input_as(name, shape, kind.element);
        self.ids[tensor] = Some(id);
        self.quants.push(kind.quant);
        Ok(())
    }

    fn operator(&mut self, lowered: &Lowered) -> Result<(), ImportError> {
        let inputs = lowered
            .inputs
            .iter()
            .map(|&input| self.operand(input))
            .collect::<Result<Vec<_>, _>>()?;
        let (shape, kind) = self.activation(lowered.output)?;
        let name = self.name(lowered.output);
        let inputs = match lowered.op {
            Op::Move(Move::Concat(_)) => self.requantized(&name, inputs, kind)?,
            _ => inputs,
        };
        let shapes: Vec<&Shape> = inputs
            .iter()
            .map(|&input| self.builder.shape(input))
            .collect();
        let inferred = lowered
            .op
            .output_shape(&shapes)
            .map_err(|error| broken(&name, error))?;
        let node = match inferred == shape {
            true => name.clone(),
            false => self.names.unique(&format!("{name}_flat"), &name),
        };
        let result = self.node(
            node,
            lowered.op.clone(),
            &inputs,
            kind,
            lowered.params.clone(),
        )?;
        if let Some(rounding) = self.roundings.last_mut() {
            *rounding = lowered.rounding;
        }
        let result = self.reshape(&name, result, shape, kind)?;
        self.ids[lowered.output] = Some(result);
        Ok(())
    }

    /// The tensors with these parameters; those that have others by a node that requantises.
    fn requantized(
        &mut self,
        name: &str,
        mut inputs: Vec<TensorId>,
        kind: Kind,
    ) -> Result<Vec<TensorId>, ImportError> {
        let read = inputs.clone();
        for slot in 0..inputs.len() {
            let input = read[slot];
            if self.quants[input.0] == kind.quant {
                continue;
            }
            // One node, however often it is read.
            if let Some(before) = read[..slot].iter().position(|&other| other == input) {
                inputs[slot] = inputs[before];
                continue;
            }
            let op = Op::Unary(Unary {
                function: Function::Quantize,
            });
            let node = self.names.unique(&format!("{name}_input_{slot}"), name);
            inputs[slot] = self.node(node, op, &[input], kind, None)?;
        }
        Ok(inputs)
    }

    /// The tensor under another shape; itself, if it has that shape already.
    fn reshape(
        &mut self,
        name: &str,
        input: TensorId,
        shape: Shape,
        kind: Kind,
    ) -> Result<TensorId, ImportError> {
        if *self.builder.shape(input) == shape {
            return Ok(input);
        }
        self.node(
            name.to_owned(),
            Op::Reshape(Reshape { shape }),
            &[input],
            kind,
            None,
        )
    }

    fn node(
        &mut self,
        name: String,
        op: Op,
        inputs: &[TensorId],
        kind: Kind,
        params: Option<Params>,
    ) -> Result<TensorId, ImportError> {
        let place = name.clone();
        let output = self
            .builder
            .node_as(name, op, inputs, kind.element)
            .map_err(|error| broken(&place, error))?;
        self.quants.push(kind.quant);
        self.params.push(params);
        self.roundings.push(Rounding::TfLite);
        Ok(output)
    }

    fn name(&mut self, tensor: usize) -> String {
        let raw = self.model.tensors[tensor].name();
        self.names.unique(&raw, &format!("tensor_{tensor}"))
    }

    fn activation(&self, tensor: usize) -> Result<(Shape, Kind), ImportError> {
        self.lowered
            .activations
            .get(tensor)
            .map(|activation| {
                let kind = Kind {
                    quant: activation.quant,
                    element: activation.element,
                };
                (activation.shape.clone(), kind)
            })
            .ok_or_else(|| broken("the model", format!("tensor {tensor} is not an activation")))
    }

    /// A tensor that is read: computed before, or a constant, which gets a node when it is first read.
    fn operand(&mut self, tensor: usize) -> Result<TensorId, ImportError> {
        let Some(data) = self.model.tensors[tensor]
            .data
            .filter(|_| self.ids[tensor].is_none())
        else {
            return self.id(tensor);
        };
        let (shape, kind) = self.activation(tensor)?;
        let name = self.name(tensor);
        let values = match self.lowered.activations.is_real() {
            true => Params::Real(FloatParams {
                weights: real(&self.model.tensors[tensor]).unwrap_or_default(),
                bias: Vec::new(),
            }),
            false => Params::Int8(QuantParams {
                weights: data.iter().map(|&byte| byte.cast_signed()).collect(),
                scales: Vec::new(),
                bias: Vec::new(),
            }),
        };
        let op = Op::Constant(Constant { shape });
        let id = self.node(name, op, &[], kind, Some(values))?;
        self.ids[tensor] = Some(id);
        Ok(id)
    }

    fn id(&self, tensor: usize) -> Result<TensorId, ImportError> {
        self.ids[tensor].ok_or_else(|| {
            broken(
                "the model",
                format!("tensor {tensor} is read before it is written"),
            )
        })
    }
}

/// What the checks before should have caught; an error all the same, since files are hostile.
fn broken(place: &str, what: impl ToString) -> ImportError {
    ImportError::Unsupported(vec![Problem {
        place: place.to_owned(),
        what: what.to_string(),
        help: "the file is inconsistent, export the model again".into(),
    }])
}
