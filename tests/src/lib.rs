//! Programs and tests over the whole of Largesse.

pub mod dataset;
