//! What an operator sets.

use largesse_sdk::{BenefitParam, Dimension, Problem, Subscription, UnitClass, benefit_problems, ladder, no_problems};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ACTOR, INVITER};

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
    pub inviter: Vec<BenefitParam>,
    /// What the invitee gets for the success.
    #[serde(default)]
    pub invitee: Vec<BenefitParam>,
    /// What everyone gets for taking the step, invited or not.
    #[serde(default)]
    pub joiner: Vec<BenefitParam>,
    /// What the inviter's inviter gets for each success. Empty for direct invitations only.
    #[serde(default)]
    pub indirect: Vec<BenefitParam>,
    /// What the inviter gets besides for a number of successes.
    #[serde(default)]
    pub ladder: Vec<Rung>,
    /// By which per cent the inviter's benefit grows from a number of successes on.
    #[serde(default)]
    pub grades: Vec<Grade>,
    /// What an inviter must have for a success to count.
    #[serde(default)]
    pub inviter_needs: Vec<Need>,
    /// Tags that an inviter must all have for a success to count.
    #[serde(default)]
    pub inviter_tags: Vec<String>,
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

/// A step of an invitee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Registered.
    Registered,
    /// The real name was verified.
    Verified,
    /// A credit limit was given.
    Approved,
    /// A loan was drawn.
    Borrowed,
    /// An investment was made.
    Invested,
}

/// A rung of the inviter's ladder.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// The number of successes; part of the grant key.
    pub at: u64,
    /// What is given, once.
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
    pub unit: String,
    /// Hundredths of a per cent of the fee.
    pub basis_points: u32,
    /// Never more than this for one loan.
    #[serde(default)]
    pub at_most: Option<u64>,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 5] = [Self::Registered, Self::Verified, Self::Approved, Self::Borrowed, Self::Invested];

    /// The word in parameters; also the name of the subscription for the inviter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    fn row(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::Registered => ("registered", "user.registered", None),
            Self::Verified => ("verified", "user.realname_verified", None),
            Self::Approved => ("approved", "credit.approved", None),
            Self::Borrowed => ("borrowed", "loan.drawn", Some("/loan")),
            Self::Invested => ("invested", "invest.purchased", Some("/holding")),
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    /// The inviter's decision on an invitee's step.
    pub(crate) fn of_invitee(self) -> Subscription {
        self.subscription(self.as_str().to_owned(), INVITER)
    }

    /// The decision on the step of anyone, invited or not.
    pub(crate) fn of_joiner(self) -> Subscription {
        self.subscription(format!("joined-{}", self.as_str()), ACTOR)
    }

    fn subscription(self, name: String, owner: &str) -> Subscription {
        let (_, kind, about) = self.row();
        let subscription = Subscription::party(name, kind, owner);
        match about {
            Some(pointer) => subscription.about(pointer),
            None => subscription,
        }
    }
}

impl Rung {
    fn check(&self, pointer: &str, problems: &mut Vec<Problem>) {
        let Some(instead) = &self.instead else { return };
        if self.gifts.is_empty() {
            problems.push(Problem::new(pointer, "there is no gift that it could stand for"));
        }
        if instead.class() == Some(UnitClass::RateBoost) {
            problems.push(Problem::new(format!("{pointer}/unit"), "this policy gives no rate boosts"));
        }
        problems.extend(instead.problems(pointer));
    }
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if self.min_amount > 0 && !matches!(self.success, Step::Borrowed | Step::Invested) {
            problems.push(Problem::new("/min_amount", "only loans and investments have an amount"));
        }
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
            rung.check(&format!("/ladder/{index}/instead"), &mut problems);
        }
        problems.extend(ladder::problems(&self.ladder, |rung| rung.at, "/ladder", "at"));
        problems.extend(ladder::problems(&self.grades, |grade| grade.from, "/grades", "from"));
        if let Some(share) = &self.share {
            check_list(&share.gifts, "/share/gifts", &mut problems);
        }
        if let Some(commission) = &self.commission {
            let counted = |class| !matches!(class, UnitClass::CreditLimit | UnitClass::RateBoost);
            if !UnitClass::of(&commission.unit).is_some_and(counted) {
                problems.push(Problem::new("/commission/unit", "expected a unit such as cash:CNY or points"));
            }
            if !(1..=10_000).contains(&commission.basis_points) {
                problems.push(Problem::new("/commission/basis_points", "expected 1 to 10,000"));
            }
        }
        no_problems(problems)
    }
}

fn check_list(list: &[BenefitParam], pointer: &str, problems: &mut Vec<Problem>) {
    if list.len() > BENEFITS_MAX {
        problems.push(Problem::new(pointer, format!("at most {BENEFITS_MAX} benefits")));
    }
    for (index, benefit) in list.iter().enumerate() {
        if benefit.class() == Some(UnitClass::RateBoost) {
            problems.push(Problem::new(format!("{pointer}/{index}/unit"), "this policy gives no rate boosts"));
        }
    }
    problems.extend(benefit_problems(list, pointer));
}
