//! Training: data in, a trained network with its ranges and accuracies out.
//!
//! Owns: datasets in memory, augmentation, graph → burn, the training loop, batch-norm folding,
//! quantisation-aware training, and the evaluator that a search asks. The only crate that names burn.
//! Must not know: files, boards, the terminal.
//!
//! Reading order: [`dataset`], [`recipe`], [`augment`], [`weights`], [`net`], [`trainer`],
//! [`predict`].
#![forbid(unsafe_code)]

pub mod augment;
pub mod dataset;
pub mod net;
pub mod optimizer;
pub mod predict;
pub mod random;
pub mod recipe;
pub mod trainer;
pub mod weights;

pub use augment::{Augmentation, ImageAugmentation, SeriesAugmentation};
pub use dataset::{Dataset, DatasetError, Normalization};
pub use net::NetError;
pub use recipe::Recipe;
pub use trainer::{Epoch, Session, TrainError, train};
pub use weights::{Weights, export};
