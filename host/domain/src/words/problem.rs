//! A finding about a document.

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A JSON pointer into the document; empty for the whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}
