//! x
mod profile;
mod bindings;
