//! The last stage before emission: nothing in it changes any more.

use ember_ir::{Graph, QuantGraph};
use ember_runtime::scratch::Isa;

use super::{Plan, plan};
use crate::front::Front;
use crate::lower::{Layer, LowerError, lower};

/// An int8 network with the integer constants of its layers and its memory plan.
#[derive(Clone, Debug)]
pub struct Planned {
    network: QuantGraph,
    layers: Vec<Layer>,
    plan: Plan,
    isa: Isa,
    front: Option<Front>,
    calls: usize,
}

impl Planned {
    /// Lowers a network and plans it for kernels that use `isa`.
    ///
    /// # Errors
    /// As [`lower`]: a network that the verifier refuses, or whose accumulators may overflow.
    pub fn new(network: QuantGraph, isa: Isa) -> Result<Self, LowerError> {
        let plan = plan(&network.graph, isa);
        Self::with_plan(network, plan, isa)
    }

    /// Lowers a network that has a plan for kernels that use `isa`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_plan(network: QuantGraph, plan: Plan, isa: Isa) -> Result<Self, LowerError> {
        let layers = lower(&network)?;
        // Cheap beside everything else, and a wrong plan is a wrong result on the device.
        let violations = super::check(&network.graph, &plan, isa);
        assert_eq!(violations, [], "BUG: the planner made a wrong plan");
        Ok(Self {
            network,
            layers,
            plan,
            isa,
            front: None,
            calls: 1,
        })
    }

    /// The same with a front end, whose window is the network's input.
    ///
    /// # Panics
    /// If it is not, if the input comes row by row, or if there are several outputs.
    #[must_use]
    pub fn with_front(self, front: Option<Front>) -> Self {
        if let Some(front) = &front {
            let graph = self.graph();
            let input = graph.tensor(graph.inputs[0]);
            let is_window = input.bytes() == front.inputs() && !self.plan.is_fed();
            assert!(
                is_window && graph.outputs.len() == 1,
                "BUG: the network does not take the front end's window"
            );
        }
        Self { front, ..self }
    }

    /// The same of a network that keeps what it has seen, with test samples of so many calls, each a stream of
    /// its own.
    #[must_use]
    pub fn with_calls(self, calls: usize) -> Self {
        Self { calls, ..self }
    }

    /// Calls that a test sample takes; with more than one, a stream begins with every sample.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// What makes the network's input out of sound.
    pub fn front(&self) -> Option<&Front> {
        self.front.as_ref()
    }

    /// The network.
    pub fn network(&self) -> &QuantGraph {
        &self.network
    }

    /// The network's topology.
    pub fn graph(&self) -> &Graph {
        &self.network.graph
    }

    /// One layer per node, in the graph's order (not the plan's).
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The instructions that the plan has scratch for.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// When each node runs and where each tensor lies.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
