//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::money::AMOUNT_MAX;
use largesse_sdk::{BenefitParam, Date, Problem, UnitClass, ladder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::ClockTime;

/// Most prizes of a draw.
const PRIZES_MAX: usize = 20;
/// Most that a prize weighs, so that even the luckiest weights add up.
const WEIGHT_MAX: u64 = 1_000_000_000;
/// Most that a lucky value comes to.
const LUCKY_MAX: u64 = 1_000;
/// Most lotteries: a campaign has no more pools.
const LOTTERIES_MAX: usize = 8;

/// What an operator sets: `prizes`, which are given at once, or `lotteries`, which are drawn at their end.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Only for requests that name this draw, or none.
    pub draw: Option<String>,
    /// When it is open on each day; all day when empty.
    pub open: Vec<Hours>,
    /// The unit that a draw uses up one of, such as draw-chances:wheel; nothing when absent.
    pub chances: Option<String>,
    /// How amounts earn chances; at most so many in all is a limit of the campaign.
    pub earn: Vec<Earn>,
    /// How many draws a customer has on one local day; what is not used is lost. As many as there are chances when absent.
    pub per_day: Option<PerDay>,
    /// How many draws a customer has in all; any number when absent.
    pub in_all: Option<u64>,
    /// What makes customers luckier.
    pub lucky: Option<Lucky>,
    /// What can be drawn at once.
    pub prizes: Vec<Prize>,
    /// Given instead of a prize of which no piece is left.
    pub consolation: Option<Pieces>,
    /// What is drawn at its end, among all who entered.
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

/// Something bought, of some amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purchase {
    /// A loan (`loan.drawn`); it goes back with `loan.cancelled`.
    LoanDrawn,
    /// An order (`order.paid`); it goes back with `order.refunded`.
    OrderPaid,
    /// An investment (`invest.purchased`); it goes back when redeemed early (`invest.redeemed`).
    Invested,
}

/// How amounts earn chances.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earn {
    /// What earns them.
    pub on: Purchase,
    /// The highest rung that an amount reaches counts; `from` rises from rung to rung.
    pub steps: Vec<Rung>,
}

/// So many chances from an amount on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// From this amount on, in minor units.
    pub from: u64,
    /// How many.
    pub chances: u64,
}

/// How many draws a customer has on one local day.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PerDay {
    /// For everybody who stands in none of the tiers.
    pub draws: u32,
    /// The programme that the tiers are of.
    pub programme: Option<String>,
    /// By tier. A better tier counts from the moment on which it is reached.
    pub tiers: BTreeMap<String, u32>,
}

/// What makes customers luckier: a prize that is `lucky` weighs so many times more, and a lottery has so many more lots.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lucky {
    /// What counts, order-paid and invested: less what is refunded, or redeemed early.
    pub on: Vec<Purchase>,
    /// One more for each so many minor units, of all amounts together.
    pub minor_per_point: u64,
    /// At most; up to 1,000.
    pub at_most: u64,
}

/// What can be drawn.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prize {
    /// A stable name, by which it is counted: 1 to 32 of a-z, 0-9 and -.
    pub id: String,
    /// Its share of all weights is its chance; 1 to 10^9.
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
    pub most: Option<u64>,
}

/// So much of a unit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pieces {
    /// The unit.
    pub unit: String,
    /// How much of it; money in minor units.
    pub quantity: u64,
}

/// A pool of the campaign whose pieces go, one to a customer, to some of those who entered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lottery {
    /// The id of the pool; its total is how many win.
    pub pool: String,
    /// The local day on which it can be entered; any when absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub on: Option<Date>,
}

impl Params {
    /// What is wrong beyond the schema.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        for (index, hours) in self.open.iter().enumerate().filter(|(_, hours)| hours.to <= hours.from) {
            found.push(Problem::new(format!("/open/{index}/to"), format!("must be after {}", hours.from)));
        }
        self.chance_problems(&mut found);
        if self.prizes.is_empty() == self.lotteries.is_empty() {
            found.push(Problem::new("", "must have either prizes or lotteries"));
        }
        self.prize_problems(&mut found);
        self.lottery_problems(&mut found);
        if let Some(lucky) = &self.lucky {
            self.lucky_problems(lucky, &mut found);
        }
        found
    }

    fn chance_problems(&self, found: &mut Vec<Problem>) {
        let is_chances = |unit: &String| UnitClass::of(unit) == Some(UnitClass::DrawChances);
        if self.chances.as_ref().is_some_and(|unit| !is_chances(unit)) {
            found.push(Problem::new("/chances", "must be a unit such as draw-chances:wheel"));
        }
        if !self.earn.is_empty() && self.chances.is_none() {
            found.push(Problem::new("/earn", "needs chances: the unit that is earned"));
        }
        for (index, earn) in self.earn.iter().enumerate() {
            let pointer = format!("/earn/{index}");
            if self.earn[..index].iter().any(|other| other.on == earn.on) {
                found.push(Problem::new(format!("{pointer}/on"), "is used twice"));
            }
            if earn.steps.is_empty() {
                found.push(Problem::new(format!("{pointer}/steps"), "must not be empty"));
            }
            found.extend(ladder::problems(&earn.steps, |rung| rung.from, &format!("{pointer}/steps"), "from"));
            for (rung, _) in earn.steps.iter().enumerate().filter(|(_, rung)| !amount(rung.chances)) {
                found.push(Problem::new(format!("{pointer}/steps/{rung}/chances"), "must be within 1 to 10^15"));
            }
        }
        if let Some(per_day) = &self.per_day {
            if per_day.programme.is_some() == per_day.tiers.is_empty() {
                found.push(Problem::new("/per_day/tiers", "go with a programme, and a programme with tiers"));
            }
            if per_day.draws == 0 && per_day.tiers.values().all(|draws| *draws == 0) {
                found.push(Problem::new("/per_day", "must let somebody draw"));
            }
        }
        if self.in_all == Some(0) {
            found.push(Problem::new("/in_all", "must be at least 1"));
        }
    }

    fn prize_problems(&self, found: &mut Vec<Problem>) {
        if self.prizes.len() > PRIZES_MAX {
            found.push(Problem::new("/prizes", format!("must be at most {PRIZES_MAX}")));
        }
        for (index, prize) in self.prizes.iter().enumerate() {
            let pointer = format!("/prizes/{index}");
            prize.problems(&pointer, found);
            if self.prizes[..index].iter().any(|other| other.id == prize.id) {
                found.push(Problem::new(format!("{pointer}/id"), "is used twice"));
            }
            if prize.lucky && self.lucky.is_none() {
                found.push(Problem::new(format!("{pointer}/lucky"), "needs lucky: what makes customers luckier"));
            }
        }
        let Some(consolation) = &self.consolation else { return };
        if !counted(&consolation.unit) {
            found.push(Problem::new("/consolation/unit", NOT_COUNTED));
        }
        if !amount(consolation.quantity) {
            found.push(Problem::new("/consolation/quantity", "must be within 1 to 10^15"));
        }
        if self.prizes.iter().all(|prize| prize.reward.is_none()) {
            found.push(Problem::new("/consolation", "goes with a prize of which pieces can run out"));
        }
    }

    fn lottery_problems(&self, found: &mut Vec<Problem>) {
        if self.lotteries.len() > LOTTERIES_MAX {
            found.push(Problem::new("/lotteries", format!("must be at most {LOTTERIES_MAX}")));
        }
        for (index, lottery) in self.lotteries.iter().enumerate() {
            if !name(&lottery.pool, 64) {
                found.push(Problem::new(format!("/lotteries/{index}/pool"), "must be 1 to 64 of a-z, 0-9 and -"));
            }
            let before = &self.lotteries[..index];
            if before.iter().any(|other| other.pool == lottery.pool) {
                found.push(Problem::new(format!("/lotteries/{index}/pool"), "is used twice"));
            }
            if before.iter().any(|other| other.on.is_none() || lottery.on.is_none() || other.on == lottery.on) {
                found.push(Problem::new(format!("/lotteries/{index}/on"), "must be a day of its own"));
            }
        }
        if !self.lotteries.is_empty() && (self.per_day.is_some() || self.in_all.is_some()) {
            found.push(Problem::new("/lotteries", "are entered once each: per_day and in_all go with prizes"));
        }
    }

    fn lucky_problems(&self, lucky: &Lucky, found: &mut Vec<Problem>) {
        if lucky.on.is_empty() {
            found.push(Problem::new("/lucky/on", "must not be empty"));
        }
        for (index, _) in lucky.on.iter().enumerate().filter(|(_, on)| **on == Purchase::LoanDrawn) {
            let message = "cannot make luckier: a loan that is cancelled does not say its amount";
            found.push(Problem::new(format!("/lucky/on/{index}"), message));
        }
        if !amount(lucky.minor_per_point) {
            found.push(Problem::new("/lucky/minor_per_point", "must be within 1 to 10^15"));
        }
        if !(1..=LUCKY_MAX).contains(&lucky.at_most) {
            found.push(Problem::new("/lucky/at_most", format!("must be within 1 to {LUCKY_MAX}")));
        }
        if self.lotteries.is_empty() && !self.prizes.iter().any(|prize| prize.lucky) {
            found.push(Problem::new("/lucky", "goes with a prize that is lucky, or a lottery"));
        }
    }

    /// Whether it is open at a second of the day.
    pub(crate) fn is_open(&self, second: u32) -> bool {
        let within = |hours: &Hours| (hours.from.0..hours.to.0).contains(&second);
        self.open.is_empty() || self.open.iter().any(within)
    }
}

impl Prize {
    fn problems(&self, pointer: &str, found: &mut Vec<Problem>) {
        if !name(&self.id, 32) {
            found.push(Problem::new(format!("{pointer}/id"), "must be 1 to 32 of a-z, 0-9 and -"));
        }
        if self.weight == 0 {
            found.push(Problem::new(format!("{pointer}/weight"), "must be at least 1: nobody could win this prize"));
        } else if self.weight > WEIGHT_MAX {
            found.push(Problem::new(format!("{pointer}/weight"), format!("must be at most {WEIGHT_MAX}")));
        }
        if let Some(reward) = &self.reward {
            found.extend(reward.problems(&format!("{pointer}/reward")));
        }
        let least = self.reward.as_ref().filter(|reward| counted(&reward.unit)).and_then(|reward| reward.quantity);
        if self.most.is_some_and(|most| most > AMOUNT_MAX || least.is_none_or(|least| most <= least)) {
            found.push(Problem::new(format!("{pointer}/most"), "must be more than the quantity of a reward"));
        }
    }
}

const NOT_COUNTED: &str = "must be a unit of which a quantity can be given, such as points or cash:CNY";

/// Whether quantities of a unit can be given.
fn counted(unit: &str) -> bool {
    UnitClass::of(unit).is_some_and(|class| !matches!(class, UnitClass::CreditLimit | UnitClass::RateBoost))
}

fn amount(value: u64) -> bool {
    (1..=AMOUNT_MAX).contains(&value)
}

fn name(text: &str, longest: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=longest).contains(&text.len()) && text.bytes().all(allowed)
}
