//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::money::AMOUNT_MAX;
use largesse_sdk::param::COUNTED_UNIT;
use largesse_sdk::{BenefitParam, Date, Problem, Problems, Slug, UnitClass, events, ladder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::ClockTime;

/// Most that a prize weighs, so that even the luckiest weights add up.
const WEIGHT_MAX: u64 = 1_000_000_000;
/// Most that a lucky value comes to.
const LUCKY_MAX: u64 = 1_000;

/// What an operator sets: `prizes`, which are given at once, or `lotteries`, which are drawn at their end.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Only for requests that name this draw, or none.
    pub draw: Option<String>,
    /// When it is open on each day; all day when empty.
    pub open: Vec<Hours>,
    /// The unit that a draw uses up one of, such as draw-chances:wheel; nothing when absent.
    #[schemars(regex(pattern = "^draw-chances:[A-Za-z0-9._/-]{1,64}$"))]
    pub chances: Option<String>,
    /// How amounts earn chances; at most so many in all is a limit of the campaign.
    pub earn: Vec<Earn>,
    /// How many draws a customer has on one local day; what is not used is lost. As many as there are chances when absent.
    pub per_day: Option<PerDay>,
    /// How many draws a customer has in all; any number when absent.
    #[schemars(range(min = 1))]
    pub in_all: Option<u64>,
    /// What makes customers luckier.
    pub lucky: Option<Lucky>,
    /// What can be drawn at once.
    #[schemars(length(max = 20))]
    pub prizes: Vec<Prize>,
    /// Given instead of a prize of which no piece is left.
    pub consolation: Option<Pieces>,
    /// What is drawn at its end, among all who entered.
    // A campaign has no more pools.
    #[schemars(length(max = 8))]
    pub lotteries: Vec<Lottery>,
}

/// Some hours of a day.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The first second, such as 20:00.
    pub from: ClockTime,
    /// The first second that is not among them, such as 20:10; 24:00 for the end of the day.
    pub to: ClockTime,
}

events! {
    /// Something bought, of some amount.
    pub enum Purchase {
        /// The actor drew a loan; it goes back with `loan.cancelled`.
        LoanDrawn,
        /// The actor paid an order; it goes back with `order.refunded`.
        OrderPaid,
        /// The actor invested; it goes back when redeemed early (`invest.redeemed`).
        InvestPurchased,
    }
}

/// How amounts earn chances.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earn {
    /// What earns them.
    pub on: Purchase,
    /// The highest rung that an amount reaches counts; `from` rises from rung to rung.
    #[schemars(length(min = 1))]
    pub steps: Vec<Rung>,
}

/// So many chances from an amount on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// From this amount on, in minor units.
    pub from: u64,
    /// How many.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub chances: u64,
}

/// How many draws a customer has on one local day.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PerDay {
    /// For everybody who stands in none of the tiers.
    pub draws: u32,
    /// The programme that the tiers are of.
    pub programme: Option<Slug>,
    /// By tier. A better tier counts from the moment on which it is reached.
    pub tiers: BTreeMap<String, u32>,
}

/// What makes customers luckier: a prize that is `lucky` weighs so many times more, and a lottery has so many more lots.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lucky {
    /// What counts, order-paid and invest-purchased: less what is refunded, or redeemed early.
    #[schemars(length(min = 1))]
    pub on: Vec<Purchase>,
    /// One more for each so many minor units, of all amounts together.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub minor_per_point: u64,
    /// At most.
    #[schemars(range(min = 1, max = LUCKY_MAX))]
    pub at_most: u64,
}

/// What can be drawn.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prize {
    /// A stable name, by which it is counted.
    pub id: Slug<32>,
    /// Its share of all weights is its chance; a prize that nobody could win is none.
    #[schemars(range(min = 1, max = WEIGHT_MAX))]
    pub weight: u64,
    /// Whether its weight counts once more for each point of a customer's lucky value.
    #[serde(default)]
    pub lucky: bool,
    /// What is given; nothing when absent.
    #[serde(default)]
    pub reward: Option<BenefitParam>,
    /// By chance up to this quantity, from that of the reward on, each equally likely. Where the budget does not hold what was drawn
    /// it gives the least.
    #[serde(default)]
    #[schemars(range(max = AMOUNT_MAX))]
    pub most: Option<u64>,
}

/// So much of a unit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pieces {
    /// The unit.
    #[schemars(regex(pattern = COUNTED_UNIT))]
    pub unit: String,
    /// How much of it; money in minor units.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub quantity: u64,
}

/// A pool of the campaign whose pieces go, one to a customer, to some of those who entered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lottery {
    /// The id of the pool; its total is how many win.
    pub pool: Slug,
    /// The local day on which it can be entered; any when absent.
    #[serde(default)]
    pub on: Option<Date>,
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        for (index, hours) in self.open.iter().enumerate() {
            let message = format!("must be after {}", hours.from);
            found.unless(hours.from < hours.to, format!("/open/{index}/to"), message);
        }
        self.check_chances(&mut found);
        let one = self.prizes.is_empty() != self.lotteries.is_empty();
        found.unless(one, "", "must have either prizes or lotteries");
        self.check_prizes(&mut found);
        self.check_lotteries(&mut found);
        if let Some(lucky) = &self.lucky {
            self.check_lucky(lucky, &mut found);
        }
        found.done()
    }

    fn check_chances(&self, found: &mut Problems) {
        let known = self.earn.is_empty() || self.chances.is_some();
        found.unless(known, "/earn", "needs chances: the unit that is earned");
        found.unique("/earn", "on", self.earn.iter().map(|earn| earn.on));
        for (index, earn) in self.earn.iter().enumerate() {
            let pointer = format!("/earn/{index}/steps");
            found.extend(ladder::problems(&earn.steps, |rung| rung.from, &pointer, "from"));
        }
        if let Some(per_day) = &self.per_day {
            let both = per_day.programme.is_some() != per_day.tiers.is_empty();
            found.unless(both, "/per_day/tiers", "go with a programme, and a programme with tiers");
            let some = per_day.draws > 0 || per_day.tiers.values().any(|draws| *draws > 0);
            found.unless(some, "/per_day", "must let somebody draw");
        }
    }

    fn check_prizes(&self, found: &mut Problems) {
        found.unique("/prizes", "id", self.prizes.iter().map(|prize| &prize.id));
        for (index, prize) in self.prizes.iter().enumerate() {
            let pointer = format!("/prizes/{index}");
            prize.check(&pointer, found);
            let luck = !prize.lucky || self.lucky.is_some();
            found.unless(luck, format!("{pointer}/lucky"), "needs lucky: what makes customers luckier");
        }
        let can_run_out = self.consolation.is_none() || self.prizes.iter().any(|prize| prize.reward.is_some());
        found.unless(can_run_out, "/consolation", "goes with a prize of which pieces can run out");
    }

    fn check_lotteries(&self, found: &mut Problems) {
        found.unique("/lotteries", "pool", self.lotteries.iter().map(|lottery| &lottery.pool));
        for (index, lottery) in self.lotteries.iter().enumerate() {
            let before = &self.lotteries[..index];
            let same = |other: &Lottery| other.on.is_none() || lottery.on.is_none() || other.on == lottery.on;
            found.unless(!before.iter().any(same), format!("/lotteries/{index}/on"), "must be a day of its own");
        }
        let once = self.lotteries.is_empty() || (self.per_day.is_none() && self.in_all.is_none());
        found.unless(once, "/lotteries", "are entered once each: per_day and in_all go with prizes");
    }

    fn check_lucky(&self, lucky: &Lucky, found: &mut Problems) {
        for (index, on) in lucky.on.iter().enumerate() {
            let message = "cannot make luckier: a loan that is cancelled does not say its amount";
            found.unless(*on != Purchase::LoanDrawn, format!("/lucky/on/{index}"), message);
        }
        let used = !self.lotteries.is_empty() || self.prizes.iter().any(|prize| prize.lucky);
        found.unless(used, "/lucky", "goes with a prize that is lucky, or a lottery");
    }

    /// Whether it is open at a second of the day.
    pub(crate) fn is_open(&self, second: u32) -> bool {
        let within = |hours: &Hours| (hours.from.0..hours.to.0).contains(&second);
        self.open.is_empty() || self.open.iter().any(within)
    }
}

impl Prize {
    fn check(&self, pointer: &str, found: &mut Problems) {
        if let Some(reward) = &self.reward {
            found.extend(reward.problems(&format!("{pointer}/reward")));
        }
        let least = self.reward.as_ref().filter(|reward| counted(&reward.unit)).and_then(|reward| reward.quantity);
        let more = self.most.is_none_or(|most| least.is_some_and(|least| least < most));
        found.unless(more, format!("{pointer}/most"), "must be more than the quantity of a reward");
    }
}

/// Whether quantities of a unit can be given.
fn counted(unit: &str) -> bool {
    UnitClass::of(unit).is_some_and(|class| !matches!(class, UnitClass::CreditLimit | UnitClass::RateBoost))
}
