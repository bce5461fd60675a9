//! What came of a check.

use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};
use serde_json::Value;

use super::list::Rule;

/// Whether a rule is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing was found against it.
    Pass,
    /// It is broken.
    Fail,
    /// It could not be tried.
    Skipped,
}

impl Verdict {
    /// The word in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// What came of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Whether it is kept.
    pub verdict: Verdict,
    /// What was seen, or why it could not be tried.
    pub seen: String,
    /// The smallest input found that breaks it, where an input does.
    pub input: Option<Value>,
}

impl Finding {
    pub(super) fn pass(rule: Rule, seen: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Pass, seen: seen.into(), input: None }
    }

    pub(super) fn fail(rule: Rule, seen: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Fail, seen: seen.into(), input: None }
    }

    pub(super) fn skipped(rule: Rule, why: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Skipped, seen: why.into(), input: None }
    }

    pub(super) fn with(mut self, input: Value) -> Self {
        self.input = Some(input);
        self
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Finding", 6)?;
        fields.serialize_field("rule", self.rule.id())?;
        fields.serialize_field("demand", self.rule.demand())?;
        fields.serialize_field("verdict", &self.verdict)?;
        fields.serialize_field("seen", &self.seen)?;
        fields.serialize_field("input", &self.input)?;
        let remedy = (self.verdict == Verdict::Fail).then(|| self.rule.remedy());
        fields.serialize_field("remedy", &remedy)?;
        fields.end()
    }
}

/// Parameters that the policy was tried with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamsUsed {
    /// Where they are from: a file, the schema's examples or defaults, or made by the schema.
    pub origin: String,
    /// The parameters.
    pub value: Value,
}

/// How another version decides on the same inputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The other version: its name and version.
    pub with: String,
    /// How many inputs both decided on.
    pub inputs: usize,
    /// On how many of them they differ.
    pub differing: usize,
    /// Inputs that only one of them could be shown: another subscription, other roles, parameters that one does not take.
    pub incomparable: usize,
    /// The first few.
    pub first: Vec<Difference>,
}

/// An input that two versions decide differently on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The input.
    pub input: Value,
    /// What the checked version makes of it.
    pub checked: Value,
    /// What the other version makes of it.
    pub other: Value,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name and version, when the component says them.
    pub policy: Option<String>,
    /// What the inputs follow from.
    pub seed: u64,
    /// How many inputs were generated.
    pub cases: usize,
    /// The parameters that the policy was tried with.
    pub params: Vec<ParamsUsed>,
    /// One for each rule, by number.
    pub rules: Vec<Finding>,
    /// How another version decides, when there is one to compare with.
    pub comparison: Option<Comparison>,
}

impl Report {
    /// What came of a rule.
    ///
    /// # Panics
    /// Never: a report has every rule.
    #[must_use]
    pub fn of(&self, rule: Rule) -> &Finding {
        self.rules.iter().find(|finding| finding.rule == rule).expect("a report has every rule")
    }

    /// The rules that are broken.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.rules.iter().filter(|finding| finding.verdict == Verdict::Fail)
    }
}
