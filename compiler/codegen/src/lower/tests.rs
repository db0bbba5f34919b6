//! Constants of small layers, by hand.
