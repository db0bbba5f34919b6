//! The digits of the example, and small networks.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::Read;
use std::sync::atomic::AtomicBool;

use ember_ir::{
    Activation, Add, AveragePool2d, Conv2d, Dense, DepthwiseConv2d, Graph, GraphBuilder, MaxPool2d,
    Mean, Op, Padding, Reshape, Shape, TensorId, Window2d,
};
use ember_train::{Dataset, Normalization, Recipe, Session};

/// Never set.
pub static GO_ON: AtomicBool = AtomicBool::new(false);

/// A part of the 8×8 digits that ship with the repository.
pub fn digits(range: std::ops::Range<usize>) -> Dataset {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/digits/digits.csv.gz"
    );
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the digits");
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("gzip");
    let (mut samples, mut labels) = (Vec::new(), Vec::new());
    for line in text.lines().skip(range.start).take(range.len()) {
        let row: Vec<f32> = line
            .split(',')
            .map(|field| field.trim().parse().expect("a number"))
            .collect();
        samples.extend_from_slice(&row[..64]);
        labels.push(row[64] as usize);
    }
    let classes = (0..10).map(|class| class.to_string()).collect();
    Dataset::new(Shape::from([8, 8, 1]), samples, labels, classes).expect("digits")
}

/// A session without teachers.
pub fn session<'a>(
    graph: &'a Graph,
    data: &'a Dataset,
    normalization: &'a Normalization,
    recipe: &'a Recipe,
    seed: u64,
) -> Session<'a> {
    Session {
        graph,
        data,
        normalization,
        recipe,
        seed,
        teachers: &[],
        cancel: &GO_ON,
        progress: &|_| {},
    }
}

/// Convolution, strided convolution, dense.
pub fn small() -> Graph {
    let mut net = Builder::new([8, 8, 1]);
    net.conv(3, 1, 8);
    net.conv(3, 2, 16);
    net.dense(10, Activation::None);
    net.finish()
}

/// Every operator but softmax, with asymmetric paddings, a residual and a reshape in the middle.
pub fn everything() -> Graph {
    let mut net = Builder::new([7, 6, 2]);
    net.conv(3, 2, 6);
    let skip = net.at;
    net.depthwise(3, 2);
    net.pointwise(6);
    net.node(
        "join",
        Op::Add(Add {
            activation: Activation::Relu,
        }),
        Some(skip),
    );
    let window = Window2d {
        padding: Padding {
            top: 1,
            bottom: 0,
            left: 0,
            right: 1,
        },
        ..Window2d::valid([2, 2], [1, 1])
    };
    net.node(
        "average",
        Op::AveragePool2d(AveragePool2d {
            window,
            activation: Activation::None,
        }),
        None,
    );
    net.node(
        "max",
        Op::MaxPool2d(MaxPool2d {
            window,
            activation: Activation::None,
        }),
        None,
    );
    let [h, w, c] = net.hwc();
    net.node(
        "turn",
        Op::Reshape(Reshape {
            shape: Shape::from([w, h, c]),
        }),
        None,
    );
    net.conv(2, 1, 5);
    let before = net.at;
    net.dense(9, Activation::Relu6);
    net.at = before;
    net.node("mean", Op::Mean(Mean {}), None);
    net.dense(4, Activation::None);
    net.finish()
}

/// Builds chains.
pub struct Builder {
    graph: GraphBuilder,
    /// The tensor that the next node reads.
    pub at: TensorId,
    count: usize,
}

impl Builder {
    pub fn new(shape: [usize; 3]) -> Self {
        let mut graph = GraphBuilder::new("net");
        let at = graph.input("input", shape);
        Self {
            graph,
            at,
            count: 0,
        }
    }

    pub fn hwc(&self) -> [usize; 3] {
        self.graph.shape(self.at).hwc().expect("spatial")
    }

    pub fn node(&mut self, name: &str, op: Op, second: Option<TensorId>) {
        let inputs: Vec<TensorId> = [Some(self.at), second].into_iter().flatten().collect();
        self.at = self.graph.node(name, op, &inputs).expect("a valid node");
    }

    pub fn conv(&mut self, kernel: usize, stride: usize, out_channels: usize) {
        let [h, w, _] = self.hwc();
        let window = Window2d::same([h, w], [kernel; 2], [stride; 2]);
        self.next(
            "conv",
            Op::Conv2d(Conv2d {
                window,
                out_channels,
                activation: Activation::Relu,
            }),
        );
    }

    pub fn pointwise(&mut self, out_channels: usize) {
        let window = Window2d::valid([1, 1], [1, 1]);
        self.next(
            "pointwise",
            Op::Conv2d(Conv2d {
                window,
                out_channels,
                activation: Activation::None,
            }),
        );
    }

    pub fn depthwise(&mut self, kernel: usize, multiplier: usize) {
        let [h, w, _] = self.hwc();
        let window = Window2d::same([h, w], [kernel; 2], [1; 2]);
        self.next(
            "depthwise",
            Op::DepthwiseConv2d(DepthwiseConv2d {
                window,
                multiplier,
                activation: Activation::Relu6,
            }),
        );
    }

    pub fn dense(&mut self, out_features: usize, activation: Activation) {
        self.next(
            "dense",
            Op::Dense(Dense {
                over_rows: false,
                out_features,
                activation,
            }),
        );
    }

    pub fn finish(self) -> Graph {
        self.graph.finish(&[self.at])
    }

    fn next(&mut self, name: &str, op: Op) {
        self.count += 1;
        self.node(&format!("{name}{}", self.count), op, None);
    }
}
