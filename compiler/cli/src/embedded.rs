//! Files that emberc carries inside itself; the lists are made by `build.rs`.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
