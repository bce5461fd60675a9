//! Programs and tests over the whole of Largesse.

pub mod bench;
pub mod dataset;
pub mod demo_day;
pub mod receiver;
pub mod siege;
pub mod variants;
