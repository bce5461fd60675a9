//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{Problem, Problems, Slug, Tag, events};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most loans that are remembered, and that a mark may ask for.
pub(crate) const LOANS_MAX: u32 = 100;

/// Most counts and most marks.
const LIST_MAX: usize = 32;

/// The parameters of a tally.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What is counted.
    #[serde(default)]
    #[schemars(length(max = LIST_MAX))]
    pub counts: Vec<Count>,
    /// What customers are marked with when a month is closed.
    #[serde(default)]
    #[schemars(length(max = LIST_MAX))]
    pub marks: Vec<Mark>,
}

/// A count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The name by which a count with first is remembered; that of the measure when absent.
    #[serde(default)]
    pub id: Option<Slug>,
    /// The measure that it adds to.
    pub measure: Slug,
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
    pub with_tag: Option<Tag>,
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

events! {
    /// What happens.
    pub enum Kind {
        AppInstalled,
        UserRegistered,
        PageViewed,
        ProductViewed,
        CallCompleted,
        SharePerformed,
        AdShown,
        AdClicked,
        LoanDrawn,
        OrderPaid,
        InvestPurchased,
        MembershipPurchased,
        BenefitUsed,
        RightClaimed,
    }
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
    pub tag: Tag,
    /// The range that each of these attributes is in. One that is not known is in none.
    #[serde(default)]
    pub facts: BTreeMap<Attribute, Range>,
    /// So many loans within a time.
    #[serde(default)]
    pub loans: Option<Loans>,
    /// Never together with this mark, which stands earlier in the list.
    #[serde(default)]
    pub unless: Option<Tag>,
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
    /// So many or more.
    #[schemars(range(min = 1, max = LOANS_MAX))]
    pub at_least: u32,
    /// Within so many times 24 hours before the month is closed.
    #[schemars(range(min = 1))]
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

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        let something = !self.counts.is_empty() || !self.marks.is_empty();
        problems.unless(something, "", "counts nothing: add to counts or marks");
        let mut firsts = Vec::new();
        for (index, count) in self.counts.iter().enumerate() {
            let pointer = format!("/counts/{index}");
            let message = "is either said here or by the event: leave out one of by and label";
            problems.unless(count.by.is_none() || count.label.is_none(), format!("{pointer}/label"), message);
            let fits = !count.amount || count.on.kind().amount.is_some();
            problems.unless(fits, format!("{pointer}/amount"), "the event has no amount");
            if count.first {
                let message = "is used twice: give each count with first its own id";
                problems.unless(!firsts.contains(&count.id()), format!("{pointer}/id"), message);
                firsts.push(count.id());
            }
        }
        self.check_marks(&mut problems);
        problems.done()
    }

    fn check_marks(&self, problems: &mut Problems) {
        problems.unique("/marks", "tag", self.marks.iter().map(|mark| &mark.tag));
        for (index, mark) in self.marks.iter().enumerate() {
            let pointer = format!("/marks/{index}");
            let something = !mark.facts.is_empty() || mark.loans.is_some();
            problems.unless(something, format!("{pointer}/facts"), "would mark everyone: add facts or loans");
            let empty = |range: &Range| match (range.at_least, range.at_most) {
                (Some(least), Some(most)) => least > most,
                (least, most) => least.is_none() && most.is_none(),
            };
            let message = "a range needs at_least or at_most, the first no more than the second";
            problems.unless(!mark.facts.values().any(empty), format!("{pointer}/facts"), message);
            let before = &self.marks[..index];
            let earlier = mark.unless.as_ref().is_none_or(|unless| before.iter().any(|other| other.tag == *unless));
            problems.unless(earlier, format!("{pointer}/unless"), "is no mark that stands earlier");
        }
    }
}
