//! Networks before and after each pass.
