//! What an operator sets.

use largesse_sdk::param::COUNTED_UNIT;
use largesse_sdk::{
    BenefitParam, Dimension, Problem, Problems, Rounding, Tag, UnitClass, benefit_problems, events, ladder,
    money::WHOLE_BASIS_POINTS,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most benefits in one list.
const BENEFITS_MAX: usize = 8;

/// The parameters of a campaign of invitations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The step of an invitee that counts as a success.
    pub success: Step,
    /// Only a loan or an investment of at least so much is a success, in minor units.
    #[serde(default)]
    pub min_amount: u64,
    /// What the inviter gets for each success. While the campaign runs, add new benefits to this list and the others at the
    /// end only: the place in the list is part of the grant key.
    #[serde(default)]
    #[schemars(length(max = BENEFITS_MAX))]
    pub inviter: Vec<BenefitParam>,
    /// What the invitee gets for the success.
    #[serde(default)]
    #[schemars(length(max = BENEFITS_MAX))]
    pub invitee: Vec<BenefitParam>,
    /// What everyone gets for taking the step, invited or not.
    #[serde(default)]
    #[schemars(length(max = BENEFITS_MAX))]
    pub joiner: Vec<BenefitParam>,
    /// What the inviter's inviter gets for each success. Empty for direct invitations only.
    #[serde(default)]
    #[schemars(length(max = BENEFITS_MAX))]
    pub indirect: Vec<BenefitParam>,
    /// What the inviter gets besides for a number of successes.
    #[serde(default)]
    pub ladder: Vec<Rung>,
    /// By which per cent the inviter's benefit grows from a number of successes on.
    #[serde(default)]
    pub grades: Vec<Grade>,
    /// Which way parts of a unit go, of what a grade makes of a benefit and of a commission.
    #[serde(default = "Rounding::half_up")]
    pub rounding: Rounding,
    /// What an inviter must have for a success to count.
    #[serde(default)]
    pub inviter_needs: Vec<Need>,
    /// Tags that an inviter must all have for a success to count.
    #[serde(default)]
    pub inviter_tags: Vec<Tag>,
    /// An inviter with an instalment overdue gets nothing; the success counts and the invitee gets the reward.
    #[serde(default)]
    pub withhold_when_overdue: bool,
    /// Only invitees who registered while the campaign was open.
    #[serde(default)]
    pub invitee_registered_in_campaign: bool,
    /// A success counts once for each of these, however many accounts: identity, device, card, address.
    #[serde(default)]
    pub once_per: Vec<Dimension>,
    /// What sharing gives, without anyone succeeding.
    #[serde(default)]
    pub share: Option<Share>,
    /// A share of the service fee of invitees' loans.
    #[serde(default)]
    pub commission: Option<Commission>,
}

events! {
    /// A step of an invitee.
    pub enum Step {
        UserRegistered,
        UserRealnameVerified,
        CreditApproved,
        LoanDrawn,
        InvestPurchased,
    }
}

/// A rung of the inviter's ladder.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// The number of successes; part of the grant key.
    pub at: u64,
    /// What is given, once.
    #[schemars(length(max = BENEFITS_MAX))]
    pub gifts: Vec<BenefitParam>,
    /// What is given instead of the first of these when that is out of stock, or over a budget or limit.
    #[serde(default)]
    pub instead: Option<BenefitParam>,
}

/// A grade of inviters.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// From this success on, itself included.
    pub from: u64,
    /// Per cent of the inviter's benefit; 120 is a fifth more.
    pub percent: u32,
}

/// What an inviter must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A credit limit that is known and more than nothing.
    CreditLimit,
    /// A membership.
    Member,
}

/// What sharing gives. How often a day is a limit of the campaign.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// What is given for each share.
    #[schemars(length(max = BENEFITS_MAX))]
    pub gifts: Vec<BenefitParam>,
    /// Only shares that brought a visit.
    #[serde(default)]
    pub needs_visits: bool,
}

/// A share of the service fee of invitees' loans, for the inviter. It goes back as the fee does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commission {
    /// What is given, such as cash:CNY.
    #[schemars(regex(pattern = COUNTED_UNIT))]
    pub unit: String,
    /// Hundredths of a per cent of the fee.
    #[schemars(range(min = 1, max = WHOLE_BASIS_POINTS))]
    pub basis_points: u32,
    /// Never more than this for one loan.
    #[serde(default)]
    pub at_most: Option<u64>,
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        let has_amount = matches!(self.success, Step::LoanDrawn | Step::InvestPurchased);
        let message = "only loans and investments have an amount";
        problems.unless(self.min_amount == 0 || has_amount, "/min_amount", message);
        for (pointer, list) in [
            ("/inviter", &self.inviter),
            ("/invitee", &self.invitee),
            ("/joiner", &self.joiner),
            ("/indirect", &self.indirect),
        ] {
            check_list(list, pointer, &mut problems);
        }
        for (index, rung) in self.ladder.iter().enumerate() {
            check_list(&rung.gifts, &format!("/ladder/{index}/gifts"), &mut problems);
            if let Some(instead) = &rung.instead {
                let pointer = format!("/ladder/{index}/instead");
                let message = "there is no gift that it could stand for";
                problems.unless(!rung.gifts.is_empty(), pointer.as_str(), message);
                check_benefit(instead, &pointer, &mut problems);
                problems.extend(instead.problems(&pointer));
            }
        }
        problems.extend(ladder::problems(&self.ladder, |rung| rung.at, "/ladder", "at"));
        problems.extend(ladder::problems(&self.grades, |grade| grade.from, "/grades", "from"));
        if let Some(share) = &self.share {
            check_list(&share.gifts, "/share/gifts", &mut problems);
        }
        problems.done()
    }
}

fn check_list(list: &[BenefitParam], pointer: &str, problems: &mut Problems) {
    for (index, benefit) in list.iter().enumerate() {
        check_benefit(benefit, &format!("{pointer}/{index}"), problems);
    }
    problems.extend(benefit_problems(list, pointer));
}

fn check_benefit(benefit: &BenefitParam, pointer: &str, problems: &mut Problems) {
    let boosts = benefit.class() == Some(UnitClass::RateBoost);
    problems.unless(!boosts, format!("{pointer}/unit"), "this policy gives no rate boosts");
}
