//! A node of the file with its surroundings: how a lowering reads operands and attributes, and reports
//! problems. A lowering returns `None` when it has reported why.

use std::rc::Rc;

use ember_ir::{FloatParams, Op, Shape, TensorId};

use super::constant::Constant;
use super::file::{Attribute, Node};
use super::lowering::{Data, Lowering, Value};
use super::view::View;
use crate::Problem;

/// What helps against a file that contradicts itself.
pub(super) const EXPORT_AGAIN: &str = "the file is inconsistent, export the model again";

/// A node that is being lowered.
pub(super) struct Site<'a> {
    pub to: &'a mut Lowering,
    pub node: &'a Node,
}

impl Site<'_> {
    /// Reports a problem with this node.
    pub fn problem(&mut self, what: impl Into<String>, help: &str) {
        self.to.problems.push(Problem {
            place: self.node.place(),
            what: what.into(),
            help: help.into(),
        });
    }

    /// What a step gave, or its problem reported.
    pub fn check<T>(&mut self, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(what) => {
                self.problem(what, "change the model around this node");
                None
            }
        }
    }

    /// Reports unless a condition holds.
    pub fn require(&mut self, condition: bool, what: &str, help: &str) -> Option<()> {
        if !condition {
            self.problem(what, help);
        }
        condition.then_some(())
    }

    /// Reports work beyond what a file may cause.
    pub fn spend(&mut self, elements: usize) -> Option<()> {
        let may = self.to.spend(elements);
        self.require(may, "the model is too large", "reduce the model")
    }

    /// The node's name, or that of what it writes.
    pub fn name(&self) -> String {
        match self.node.name.as_str() {
            "" => self.output(0).unwrap_or_default().to_owned(),
            name => name.to_owned(),
        }
    }

    /// The name of an output.
    pub fn output(&self, slot: usize) -> Option<&str> {
        self.node.outputs.get(slot).map(String::as_str)
    }

    /// Whether anything reads an output.
    pub fn is_read(&self, slot: usize) -> bool {
        self.output(slot)
            .is_some_and(|name| !name.is_empty() && self.to.readers(name) > 0)
    }

    /// The name of an operand; `None` if it is left out.
    pub fn operand(&self, slot: usize) -> Option<&str> {
        let name = self.node.inputs.get(slot)?;
        (!name.is_empty()).then_some(name)
    }

    /// An operand that may be left out.
    pub fn value(&self, slot: usize) -> Option<Value> {
        self.to.values.get(self.operand(slot)?).cloned()
    }

    /// An operand that must be a constant.
    pub fn constant(&mut self, slot: usize, what: &str) -> Option<Rc<Constant>> {
        match self.value(slot) {
            Some(Value::Constant(constant)) => Some(constant),
            Some(Value::Unknown) => None,
            _ => {
                self.problem(
                    format!("its {what} must be constant"),
                    "export it as a constant",
                );
                None
            }
        }
    }

    /// An operand that is a constant if it is there. Outer `None`: a problem was reported.
    pub fn optional(&mut self, slot: usize, what: &str) -> Option<Option<Rc<Constant>>> {
        match self.operand(slot) {
            None => Some(None),
            Some(_) => self.constant(slot, what).map(Some),
        }
    }

    /// An operand that changes from sample to sample, with padding that is still to be done.
    pub fn padded(&mut self, slot: usize) -> Option<Data> {
        match self.value(slot) {
            Some(Value::Activation(data)) => Some(data),
            Some(Value::Unknown) => None,
            Some(Value::Constant(_)) => {
                self.problem(
                    format!("its input {slot} is a constant"),
                    "fold it into the model before exporting",
                );
                None
            }
            None => {
                self.problem(format!("its input {slot} is missing"), EXPORT_AGAIN);
                None
            }
        }
    }

    /// An operand that changes from sample to sample.
    pub fn activation(&mut self, slot: usize) -> Option<Data> {
        let data = self.padded(slot)?;
        // Nobody else may read what something is fused to.
        let alone = self
            .operand(slot)
            .is_some_and(|name| self.to.readers(name) == 1);
        let exclusive = data.exclusive && alone;
        let view = self.surrounded(&data)?;
        Some(Data::new(view, exclusive))
    }

    /// A value with what surrounds it written.
    pub fn surrounded(&mut self, data: &Data) -> Option<View> {
        let name = self.name();
        let view = self.to.surrounded(&name, data);
        self.check(view)
    }

    /// A value with its dimensions stored in their own order.
    pub fn plain(&mut self, view: &View) -> Option<View> {
        let order: Vec<usize> = (0..view.sizes().len()).collect();
        let name = self.name();
        let view = self.to.ordered(&name, view, &order);
        self.check(view)
    }

    /// The tensor of a value with its dimensions stored in this order, those of 1 left out but for one.
    pub fn dense(&mut self, view: &View, order: &[usize], kept: Option<usize>) -> Option<TensorId> {
        let sizes = view.sizes();
        let axes = order
            .iter()
            .filter(|&&axis| sizes[axis] != 1 || Some(axis) == kept);
        let mut shape: Vec<usize> = axes.map(|&axis| sizes[axis]).collect();
        if shape.is_empty() {
            shape.push(1);
        }
        let name = self.name();
        let tensor = self.to.stored(&name, view, order, Shape::new(shape));
        self.check(tensor)
    }

    /// An attribute that may be missing.
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        let found = self.node.attributes.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value)
    }

    /// Whether an attribute is there.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// An integer attribute.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        match self.attribute(name) {
            Some(Attribute::Int(value)) => *value,
            _ => default,
        }
    }

    /// A real attribute.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        match self.attribute(name) {
            Some(Attribute::Float(value)) => *value,
            _ => default,
        }
    }

    /// A list of integers.
    pub fn ints(&self, name: &str) -> Option<Vec<i64>> {
        match self.attribute(name) {
            Some(Attribute::Ints(values)) => Some(values.clone()),
            _ => None,
        }
    }

    /// A list of real numbers.
    pub fn floats(&self, name: &str) -> Option<Vec<f32>> {
        match self.attribute(name) {
            Some(Attribute::Floats(values)) => Some(values.clone()),
            _ => None,
        }
    }

    /// A word.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.attribute(name) {
            Some(Attribute::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A list of words.
    pub fn texts(&self, name: &str) -> Option<&[String]> {
        match self.attribute(name) {
            Some(Attribute::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// A constant among the attributes.
    pub fn tensor(&self, name: &str) -> Result<Option<&Constant>, String> {
        match self.attribute(name) {
            Some(Attribute::Tensor(constant)) => Ok(Some(constant)),
            Some(Attribute::Other(what)) => Err(format!("its attribute {name}: {what}")),
            _ => Ok(None),
        }
    }

    /// An axis, counted from the end if negative.
    pub fn axis(&mut self, axis: i64, rank: usize) -> Option<usize> {
        let from_end = if axis < 0 { rank as i64 } else { 0 };
        let found = usize::try_from(axis.saturating_add(from_end)).ok();
        let found = found.filter(|&found| found < rank);
        if found.is_none() {
            self.problem(format!("its axis {axis} is none of {rank}"), EXPORT_AGAIN);
        }
        found
    }

    /// Several axes, each once, in order.
    pub fn axes(&mut self, axes: &[i64], rank: usize) -> Option<Vec<usize>> {
        let mut found = Vec::with_capacity(axes.len());
        for &axis in axes.iter().take(rank + 1) {
            found.push(self.axis(axis, rank)?);
        }
        found.sort_unstable();
        let count = found.len();
        found.dedup();
        self.require(
            count == found.len() && count == axes.len(),
            "it names an axis twice",
            EXPORT_AGAIN,
        )?;
        Some(found)
    }

    /// Adds a node to the graph, named as this one.
    pub fn add(
        &mut self,
        op: Op,
        inputs: &[TensorId],
        params: Option<FloatParams>,
    ) -> Option<TensorId> {
        let name = self.name();
        let result = self.to.node(&name, op, inputs, params);
        self.check(result)
    }

    /// What output 0 is: a new tensor.
    pub fn write(&mut self, view: View) -> Option<()> {
        self.set(0, Value::Activation(Data::new(view, true)))
    }

    /// What output 0 is: the tensor of an operand, differently seen.
    pub fn pass(&mut self, from: &Data, view: View) -> Option<()> {
        self.set(0, Value::Activation(Data::new(view, from.exclusive)))
    }

    /// What an output is.
    pub fn set(&mut self, slot: usize, value: Value) -> Option<()> {
        let Some(name) = self.node.outputs.get(slot) else {
            self.problem(format!("it has no output {slot}"), EXPORT_AGAIN);
            return None;
        };
        self.to.values.insert(name.clone(), value);
        Some(())
    }
}
