//! Training: data in, a trained network with its ranges and accuracies out.
//!
//! Owns: datasets in memory, augmentation, graph → burn, the training loop, batch-norm folding,
//! quantisation-aware training, pruning and factorisation, the evaluator, the supernets and the proxies that a search asks. The only crate that names burn.
//! Must not know: files, boards, the terminal.
//!
//! Reading order: [`dataset`], [`task`], [`normalization`], [`recipe`], [`augment`], [`weights`], [`lanes`], [`net`], [`distill`], [`trainer`],
//! [`predict`], [`fake_quant`], [`quantized`], [`evaluate`], `supernet`, `proxies`, [`compress`], [`finalize`], [`training`], `teach`.
#![forbid(unsafe_code)]

pub mod augment;
mod batches;
pub mod compress;
pub mod dataset;
pub mod distill;
pub mod evaluate;
pub mod fake_quant;
pub mod finalize;
pub mod lanes;
pub mod loss;
pub mod net;
pub mod normalization;
pub mod optimizer;
pub mod predict;
mod proxies;
pub mod quantized;
pub mod random;
pub mod recipe;
mod supernet;
pub mod task;
mod teach;
pub mod trainer;
pub mod training;
pub mod weights;

pub use augment::{
    Augmentation, DenoisingAugmentation, ImageAugmentation, SeriesAugmentation,
    SpectrumAugmentation,
};
pub use compress::{Reduction, Wish, int4_layers};
pub use dataset::{Dataset, DatasetError};
pub use evaluate::{Evaluator, Parts};
pub use finalize::{FinalRecipe, FinalizeError, Method, Step, Trained};
pub use net::NetError;
pub use normalization::Normalization;
pub use quantized::{Quantized, QuantizedError, int8_scores};
pub use recipe::Recipe;
pub use task::{ANOMALY, NORMAL, Task, anomaly_scores};
pub use teach::{Teachers, teach};
pub use trainer::{Epoch, Session, TrainError, train};
pub use training::{Forget, Keep, Supervision, Training};
pub use weights::{Weights, export};
