//! What a policy answers with beside a decision: what it may give, what is wrong with parameters, its own no.

/// What a policy with certain parameters may give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The unit.
    pub unit: String,
    /// The most at once.
    pub quantity: u64,
    /// Its chance where it is drawn, in millionths.
    pub chance: Option<u32>,
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A JSON pointer (RFC 6901) into the document, such as `/tasks/0/reward`; empty for the whole.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// Collects what is wrong with parameters, for [`Policy::check`](crate::Policy::check).
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Nothing is wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem at a place.
    pub fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::new(pointer, message));
    }

    /// Adds a problem at a place unless all is well there.
    pub fn unless(&mut self, well: bool, pointer: impl Into<String>, message: impl Into<String>) {
        if !well {
            self.add(pointer, message);
        }
    }

    /// Adds a problem for every entry of a list whose `field` an earlier entry has as well.
    pub fn unique<T: PartialEq>(&mut self, list: &str, field: &str, values: impl IntoIterator<Item = T>) {
        let mut seen = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            if seen.contains(&value) {
                self.add(format!("{list}/{index}/{field}"), "is used twice");
            }
            seen.push(value);
        }
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the answer of `check`.
    ///
    /// # Errors
    /// When there is a problem.
    pub fn done(self) -> Result<(), Vec<Problem>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

/// Turns a list of problems into the answer of [`Policy::check`](crate::Policy::check).
///
/// # Errors
/// When there is a problem.
pub fn no_problems(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    Problems(problems).done()
}

/// The policy's own no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Kebab case, stable, at most 64 bytes: others match on it.
    pub code: String,
    /// For people, at most 1 KiB.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
