//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{BenefitParam, Dimension, Problem, Problems, Slug, Tag, Value, benefit_problems};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::milestone::Milestone;

/// Most effects and claims of one decision.
const EFFECTS_MAX: usize = 64;
const CLAIMS_MAX: usize = 16;

/// The parameters of a campaign of gifts for newcomers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Who is a newcomer. Everyone, unless it says otherwise.
    #[serde(default)]
    pub newcomer: Newcomer,
    /// What is given at which milestone.
    #[serde(default)]
    pub milestones: Vec<Gift>,
    /// Levels from low to high; a customer carries the tag of the highest whose needs are met.
    #[serde(default)]
    pub levels: Vec<Level>,
    /// Whether unbinding a card can take a level away again.
    #[serde(default)]
    pub levels_fall: bool,
}

/// Who is a newcomer.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// When the customer must have registered.
    #[serde(default)]
    pub registered: Registered,
    /// Things that a newcomer has not done before the event, such as first_invested_at.
    #[serde(default)]
    pub not_before: Vec<Attribute>,
    /// A customer with one of these tags is no newcomer.
    #[serde(default)]
    pub without_tags: Vec<Tag>,
}

/// When a newcomer has registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Registered {
    /// Whenever; it need not even be known.
    #[default]
    AnyTime,
    /// While the campaign was open.
    InCampaign,
}

/// What is given at a milestone, and under which conditions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gift {
    /// The name in grant keys; that of the milestone when absent. It must not change while the campaign runs.
    #[serde(default)]
    pub id: Option<Slug>,
    /// The milestone.
    pub on: Milestone,
    /// What is given, once to each customer. While the campaign runs, add new ones at the end only: the place in the list is
    /// part of the grant key.
    #[serde(default)]
    pub gifts: Vec<BenefitParam>,
    /// What is given instead of the first of these when that is out of stock, or over a budget or limit.
    #[serde(default)]
    pub instead: Option<BenefitParam>,
    /// Given once to each of these, however many accounts: identity, device, card, address.
    #[serde(default)]
    pub once_per: Vec<Dimension>,
    /// Only so many times 24 hours from registration.
    #[serde(default)]
    pub within_days: Option<u32>,
    /// Attributes that must be known and more than nothing, such as credit_limit.
    #[serde(default)]
    pub needs: Vec<Attribute>,
    /// Only events whose data have these texts, such as plan = "year".
    #[serde(default)]
    pub only: BTreeMap<String, String>,
    /// Only the customer's first credit application.
    #[serde(default)]
    pub first_application_only: bool,
    /// Tags that are set on the customer.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Tags the customer with this text followed by the event's channel.
    #[serde(default)]
    pub channel_tag: Option<Tag>,
}

/// A level of relationship.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// The tag that a customer of this level carries.
    pub tag: Tag,
    /// How often each milestone must have been reached.
    pub needs: BTreeMap<Milestone, u32>,
    /// What is given, once to each customer, for reaching it.
    #[serde(default)]
    pub gifts: Vec<BenefitParam>,
}

/// An attribute of a customer that conditions go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the attribute of that name")]
pub enum Attribute {
    VerifiedAt,
    FirstCardBoundAt,
    FirstAppliedAt,
    FirstApprovedAt,
    FirstLoanAt,
    FirstInvestedAt,
    FirstOrderedAt,
    MemberSince,
    CreditLimit,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 9] = [
        Self::VerifiedAt,
        Self::FirstCardBoundAt,
        Self::FirstAppliedAt,
        Self::FirstApprovedAt,
        Self::FirstLoanAt,
        Self::FirstInvestedAt,
        Self::FirstOrderedAt,
        Self::MemberSince,
        Self::CreditLimit,
    ];

    /// The attribute's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifiedAt => "verified_at",
            Self::FirstCardBoundAt => "first_card_bound_at",
            Self::FirstAppliedAt => "first_applied_at",
            Self::FirstApprovedAt => "first_approved_at",
            Self::FirstLoanAt => "first_loan_at",
            Self::FirstInvestedAt => "first_invested_at",
            Self::FirstOrderedAt => "first_ordered_at",
            Self::MemberSince => "member_since",
            Self::CreditLimit => "credit_limit",
        }
    }
}

impl Gift {
    /// The name in grant keys and claims.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(self.on.as_str())
    }

    /// Whether the event's data have the texts that `only` asks for.
    pub(crate) fn wants(&self, data: &Value) -> bool {
        self.only.iter().all(|(field, text)| data[field.as_str()].as_str() == Some(text))
    }

    /// The tag that tells by which channel the customer came, when there is a channel and it can be written in a tag.
    pub(crate) fn tag_of_channel(&self, data: &Value) -> Option<String> {
        let tag = format!("{}{}", self.channel_tag.as_deref()?, data["channel"].as_str()?);
        is_tag(&tag).then_some(tag)
    }
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        let something = !self.milestones.is_empty() || !self.levels.is_empty();
        problems.unless(something, "", "gives nothing: add to milestones or levels");
        let times = !self.newcomer.not_before.contains(&Attribute::CreditLimit);
        problems.unless(times, "/newcomer/not_before", "credit_limit is not a time");
        for (index, gift) in self.milestones.iter().enumerate() {
            let pointer = format!("/milestones/{index}");
            gift.check(&pointer, &mut problems);
            let once = self.milestones[..index].iter().all(|other| other.id() != gift.id());
            let message = format!("{} is used twice: give each gift of a milestone its own id", gift.id());
            problems.unless(once, format!("{pointer}/id"), message);
        }
        problems.unique("/levels", "tag", self.levels.iter().map(|level| &level.tag));
        for (index, level) in self.levels.iter().enumerate() {
            problems.extend(benefit_problems(&level.gifts, &format!("/levels/{index}/gifts")));
        }
        problems.extend(Milestone::ALL.iter().filter_map(|milestone| self.too_much_on(*milestone)));
        problems.done()
    }

    /// Whether a gift depends on fields of the event's data that are named here.
    pub(crate) fn names_fields(&self) -> bool {
        self.milestones.iter().any(|gift| !gift.only.is_empty() || gift.channel_tag.is_some())
    }

    /// What one event may ask for is bounded by the contract.
    fn too_much_on(&self, milestone: Milestone) -> Option<Problem> {
        let of_levels = self.levels.iter().map(|level| 1 + level.gifts.len()).sum::<usize>();
        let gifts = || self.milestones.iter().filter(|gift| gift.on == milestone);
        let effects = of_levels + gifts().map(|gift| gift.gifts.len() + gift.tags.len() + 1).sum::<usize>();
        let claims: usize = gifts().map(|gift| gift.once_per.len()).sum();
        (effects > EFFECTS_MAX || claims > CLAIMS_MAX).then(|| {
            let message = format!(
                "{} could ask for {effects} effects and {claims} claims at once; {EFFECTS_MAX} and {CLAIMS_MAX} are allowed",
                milestone.as_str()
            );
            Problem::new("/milestones", message)
        })
    }
}

impl Gift {
    fn check(&self, pointer: &str, problems: &mut Problems) {
        let something = !self.gifts.is_empty() || !self.tags.is_empty() || self.channel_tag.is_some();
        problems.unless(something, format!("{pointer}/gifts"), "gives nothing: add a gift or a tag");
        let about_application =
            matches!(self.on, Milestone::CreditApplied | Milestone::CreditApproved | Milestone::CreditRejected);
        let message = "only for the milestones credit-applied, credit-approved and credit-rejected";
        let fits = about_application || !self.first_application_only;
        problems.unless(fits, format!("{pointer}/first_application_only"), message);
        let stands = self.instead.is_none() || !self.gifts.is_empty();
        problems.unless(stands, format!("{pointer}/instead"), "there is no gift that it could stand for");
        problems.extend(benefit_problems(&self.gifts, &format!("{pointer}/gifts")));
        problems.extend(self.instead.iter().flat_map(|instead| instead.problems(&format!("{pointer}/instead"))));
    }
}
