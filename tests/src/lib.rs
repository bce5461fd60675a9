//! Programs and tests over the whole of Largesse.
