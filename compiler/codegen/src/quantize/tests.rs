//! Ranges, scales, and the edge cases of both.
