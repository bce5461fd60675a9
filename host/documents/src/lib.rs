//! The JSON forms of domain values.
