//! What an operator sets.

use std::collections::{BTreeMap, BTreeSet};

use largesse_sdk::{Problem, no_problems};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::count::Kind;
use crate::state::LOANS_MAX;

/// Most counts and most marks.
const LIST_MAX: usize = 32;

/// The parameters of a tally.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What is counted.
    #[serde(default)]
    pub counts: Vec<Count>,
    /// What customers are marked with when a month is closed.
    #[serde(default)]
    pub marks: Vec<Mark>,
}

/// A count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The name by which a count with first is remembered; that of the measure when absent.
    #[serde(default)]
    pub id: Option<String>,
    /// The measure that it adds to: 1 to 64 of a-z, 0-9 and -.
    pub measure: String,
    /// What happens.
    pub on: Kind,
    /// Only events whose data have one of these texts, such as page = ["phone-bill", "metro"].
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
    /// Whose events.
    #[serde(default)]
    pub who: Who,
    /// Only of customers with this tag.
    #[serde(default)]
    pub with_tag: Option<String>,
    /// Only the first of each customer.
    #[serde(default)]
    pub first: bool,
    /// Adds the amount, in minor units, instead of 1.
    #[serde(default)]
    pub amount: bool,
    /// Counted by what the event says in this field, such as booth or page; by channel also where only the customer has one.
    #[serde(default)]
    pub by: Option<String>,
    /// Counted under this label.
    #[serde(default)]
    pub label: Option<String>,
}

/// Whose events are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Everyone's.
    #[default]
    Everyone,
    /// Those of members.
    Members,
    /// Those of customers who are no members.
    Others,
}

/// A mark: a tag that a customer has while all of this is so.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The tag.
    pub tag: String,
    /// The range that each of these attributes is in. One that is not known is in none.
    #[serde(default)]
    pub facts: BTreeMap<Attribute, Range>,
    /// So many loans within a time.
    #[serde(default)]
    pub loans: Option<Loans>,
    /// Never together with this mark, which stands earlier in the list.
    #[serde(default)]
    pub unless: Option<String>,
}

/// A fact that a scoring system sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// What the customer brought in, in minor units.
    Revenue,
    /// Hundredths of a per cent of the income that goes into debts.
    DebtRatio,
    /// What is owed, in minor units.
    Outstanding,
    /// Hundredths of a per cent of the customer's loans that were repeats.
    RepeatRatio,
}

/// From the least to the most, both included.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    #[serde(default)]
    pub at_least: Option<i64>,
    /// The most.
    #[serde(default)]
    pub at_most: Option<i64>,
}

/// Many loans in a short time.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loans {
    /// So many or more, at most 100.
    pub at_least: u32,
    /// Within so many times 24 hours before the month is closed.
    pub within_days: u32,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 4] = [Self::Revenue, Self::DebtRatio, Self::Outstanding, Self::RepeatRatio];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::DebtRatio => "debt_ratio",
            Self::Outstanding => "outstanding",
            Self::RepeatRatio => "repeat_ratio",
        }
    }
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_measure(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if self.counts.is_empty() && self.marks.is_empty() {
            problems.push(Problem::new("", "counts nothing: add to counts or marks"));
        }
        for (pointer, many) in [("/counts", self.counts.len()), ("/marks", self.marks.len())] {
            if many > LIST_MAX {
                problems.push(Problem::new(pointer, format!("at most {LIST_MAX}")));
            }
        }
        let mut firsts = BTreeSet::new();
        for (index, count) in self.counts.iter().enumerate() {
            let pointer = format!("/counts/{index}");
            let mut problem = |field: &str, message| problems.push(Problem::new(format!("{pointer}/{field}"), message));
            if !is_measure(&count.measure) {
                problem("measure", "expected 1 to 64 of a-z, 0-9 and -");
            }
            if count.id.as_deref().is_some_and(|id| !is_measure(id)) {
                problem("id", "expected 1 to 64 of a-z, 0-9 and -");
            }
            if count.by.is_some() && count.label.is_some() {
                problem("label", "is either said here or by the event: leave out one of by and label");
            }
            let has_amount = matches!(
                count.on,
                Kind::LoanDrawn | Kind::OrderPaid | Kind::Invested | Kind::MemberJoined | Kind::BenefitUsed
            );
            if count.amount && !has_amount {
                problem("amount", "the event has no amount");
            }
            if count.first && !firsts.insert(count.id()) {
                problem("id", "is used twice: give each count with first its own id");
            }
        }
        self.check_marks(&mut problems);
        no_problems(problems)
    }

    fn check_marks(&self, problems: &mut Vec<Problem>) {
        let mut tags = BTreeSet::new();
        for (index, mark) in self.marks.iter().enumerate() {
            let pointer = format!("/marks/{index}");
            let mut problem = |field: &str, message| problems.push(Problem::new(format!("{pointer}/{field}"), message));
            if mark.facts.is_empty() && mark.loans.is_none() {
                problem("facts", "would mark everyone: add facts or loans");
            }
            let empty = |range: &Range| match (range.at_least, range.at_most) {
                (Some(least), Some(most)) => least > most,
                (least, most) => least.is_none() && most.is_none(),
            };
            if mark.facts.values().any(empty) {
                problem("facts", "a range needs at_least or at_most, the first no more than the second");
            }
            if mark.loans.is_some_and(|loans| {
                !(1..=LOANS_MAX).contains(&usize::try_from(loans.at_least).unwrap_or(usize::MAX))
                    || loans.within_days == 0
            }) {
                problem("loans", "expected 1 to 100 loans within a day or more");
            }
            if mark.unless.as_ref().is_some_and(|unless| !tags.contains(unless)) {
                problem("unless", "is no mark that stands earlier");
            }
            if !is_tag(&mark.tag) || !tags.insert(mark.tag.clone()) {
                problem("tag", "expected 1 to 64 of A-Z a-z 0-9 . _ : / -, other than the marks before");
            }
        }
    }
}
