//! What campaigns are planned and judged with: values of customers, costs of benefits, shares, splits.
//!
//! Every result is exact; whoever shows it rounds it. Money is in any one unit, minor or major, and the result is in the same
//! unit. Rates and shares are fractions: 2% is 1/50. A year has 365 days, and twelve months. Every function answers
//! [`Undefined::OutOfRange`] when a number is too large to be kept exactly; other errors are said. `docs/formulas.md` has
//! a worked example of each.

use crate::words::ratio::{Calculated, Ratio, Undefined};

/// Days in a year.
const YEAR_DAYS: u64 = 365;

/// By how much winning a customer is dearer than keeping one, by rule of thumb.
const WINNING_PER_KEEPING: u64 = 5;

/// The value of a customer for each unit spent on them that is thought best: less is inefficient, more is too careful.
const BEST_VALUE_RATIO: u64 = 3;

fn product(factors: &[Ratio]) -> Calculated {
    factors.iter().try_fold(Ratio::ONE, |product, factor| product.times(*factor))
}

/// Returns the sum: of sources of income, of kinds of cost, of the rewards on all levels of an invitation, of what an activity gained.
///
/// # Errors
/// Out of range.
pub fn sum(parts: &[Ratio]) -> Calculated {
    parts.iter().try_fold(Ratio::ZERO, |sum, part| sum.plus(*part))
}

/// Returns a share of a whole: churn, conversion, the overlap of users and a service, the rate of repeated loans.
///
/// # Errors
/// When the whole is nothing, or the part is less than nothing or more than the whole.
pub fn share(part: Ratio, whole: Ratio) -> Calculated {
    if part < Ratio::ZERO || part > whole {
        return Err(if whole == Ratio::ZERO { Undefined::DividedByNothing } else { Undefined::Meaningless });
    }
    part.over(whole)
}

/// Returns how much of a total each of so many gets.
///
/// # Errors
/// When there is none.
pub fn mean(total: Ratio, count: Ratio) -> Calculated {
    total.over(count)
}

/// Returns the expected life in periods, for a share of customers that is lost in each.
///
/// # Errors
/// When nobody is ever lost.
pub fn expected_life(churn: Ratio) -> Calculated {
    Ratio::ONE.over(churn)
}

/// Returns what a customer brings over their life: purchases in a period, at a ticket and a margin, for as long as they are expected to stay.
///
/// # Errors
/// When nobody is ever lost.
pub fn lifetime_value(frequency: Ratio, ticket: Ratio, margin: Ratio, churn: Ratio) -> Calculated {
    purchases_value(frequency.times(expected_life(churn)?)?, ticket, margin)
}

/// Returns what so many purchases bring, at a ticket and a margin.
///
/// # Errors
/// Out of range.
pub fn purchases_value(purchases: Ratio, ticket: Ratio, margin: Ratio) -> Calculated {
    product(&[purchases, ticket, margin])
}

/// Returns what is left of a customer's value after the cost of winning (`cac`) and of keeping (`coc`) them.
///
/// # Errors
/// Out of range.
pub fn lifetime_profit(value: Ratio, cac: Ratio, coc: Ratio) -> Calculated {
    value.minus(cac.plus(coc)?)
}

/// Reports whether a customer is worth more than they cost, with a benefit on top.
///
/// # Errors
/// Out of range.
pub fn is_worth_it(value: Ratio, cac: Ratio, coc: Ratio, benefit: Ratio) -> Calculated<bool> {
    Ok(value > sum(&[cac, coc, benefit])?)
}

/// Returns the value of a customer for each unit that they cost.
///
/// # Errors
/// When they cost nothing.
pub fn value_ratio(value: Ratio, cac: Ratio, coc: Ratio) -> Calculated {
    value.over(cac.plus(coc)?)
}

/// How money is spent on customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spending {
    /// They bring less than three times what they cost.
    Inefficient,
    /// They bring three times what they cost.
    Best,
    /// They bring more than three times what they cost: more could be won.
    TooCareful,
}

impl Spending {
    /// Grades spending by the [`value_ratio`].
    #[must_use]
    pub fn of(value_ratio: Ratio) -> Self {
        match value_ratio.cmp(&Ratio::whole(BEST_VALUE_RATIO)) {
            std::cmp::Ordering::Less => Self::Inefficient,
            std::cmp::Ordering::Equal => Self::Best,
            std::cmp::Ordering::Greater => Self::TooCareful,
        }
    }

    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inefficient => "inefficient",
            Self::Best => "best",
            Self::TooCareful => "too-careful",
        }
    }
}

/// Returns the sales for each unit spent: a share of visitors buys for so much, and each visitor costs `cac` and `coc`.
///
/// # Errors
/// When visitors cost nothing.
pub fn return_on_spend(conversion: Ratio, revenue_per_buyer: Ratio, cac: Ratio, coc: Ratio) -> Calculated {
    conversion.times(revenue_per_buyer)?.over(cac.plus(coc)?)
}

/// Returns the share that goes through all steps of a funnel.
///
/// # Errors
/// When a step is no share.
pub fn funnel(steps: &[Ratio]) -> Calculated {
    if steps.iter().any(|step| !(Ratio::ZERO..=Ratio::ONE).contains(step)) {
        return Err(Undefined::Meaningless);
    }
    product(steps)
}

/// Returns what a customer costs over so many months: winning them once, keeping them each month.
///
/// # Errors
/// Out of range.
pub fn lifetime_cost(cac: Ratio, coc_a_month: Ratio, months: Ratio) -> Calculated {
    cac.plus(coc_a_month.times(months)?)
}

/// Returns what winning a customer costs, by rule of thumb, where keeping one costs so much: five times that.
///
/// # Errors
/// Out of range.
pub fn winning_cost(keeping: Ratio) -> Calculated {
    keeping.times(Ratio::whole(WINNING_PER_KEEPING))
}

/// Returns what borrowers and buyers bring: so many borrow an amount for so many periods at a rate a period, and so many buy services at a
/// price. Of new and of old ones each by itself.
///
/// # Errors
/// Out of range.
pub fn revenue(loans: [Ratio; 4], buyers: Ratio, price: Ratio) -> Calculated {
    product(&loans)?.plus(buyers.times(price)?)
}

/// Returns what one customer costs when fixed costs are spread over so many.
///
/// # Errors
/// When there is no customer.
pub fn unit_cost(fixed: Ratio, customers: Ratio, variable: Ratio) -> Calculated {
    fixed.over(customers)?.plus(variable)
}

/// Returns what a principal earns at a rate a year for so many days.
///
/// # Errors
/// Out of range.
pub fn income(principal: Ratio, rate: Ratio, days: Ratio) -> Calculated {
    product(&[principal, rate, days])?.over(Ratio::whole(YEAR_DAYS))
}

/// A raise of a rate.
#[derive(Clone, Copy, Debug)]
pub struct Boost {
    /// What it is given on.
    pub principal: Ratio,
    /// The most of the principal that counts.
    pub cap: Ratio,
    /// By how much a year.
    pub raise: Ratio,
    /// The most that it may be.
    pub ceiling: Ratio,
    /// For how many days.
    pub days: Ratio,
}

/// Returns what a raise of a rate costs: on a principal up to a cap, for a raise up to a ceiling.
///
/// # Errors
/// Out of range.
pub fn boost_cost(boost: Boost) -> Calculated {
    income(boost.principal.min(boost.cap), boost.raise.min(boost.ceiling), boost.days)
}

/// Returns what a holding earns in one of so many periods of a year, at a rate a year: the profit on the customers of a tier.
///
/// # Errors
/// When a year has no period.
pub fn period_profit(holding: Ratio, rate: Ratio, periods: Ratio) -> Calculated {
    holding.times(rate)?.over(periods)
}

/// Returns what a coupon for interest-free periods costs at most.
///
/// # Errors
/// Out of range.
pub fn coupon_worst_cost(periods: Ratio, most_a_period: Ratio) -> Calculated {
    periods.times(most_a_period)
}

/// Returns how many whole pieces at a cost fit into a budget.
///
/// # Errors
/// When they cost nothing, or the budget is less than nothing.
pub fn pieces_within(budget: Ratio, cost: Ratio) -> Calculated {
    if budget < Ratio::ZERO || cost < Ratio::ZERO {
        return Err(Undefined::Meaningless);
    }
    Ratio::new(budget.over(cost)?.floor(), 1)
}

/// Returns what a benefit seems worth for each unit that it costs.
///
/// # Errors
/// When it costs nothing.
pub fn leverage(list_value: Ratio, cost: Ratio) -> Calculated {
    list_value.over(cost)
}

/// Returns how much has to be paid through for its fees to bring in a pool.
///
/// # Errors
/// When there is no fee.
pub fn break_even(pool: Ratio, fee: Ratio) -> Calculated {
    pool.over(fee)
}

/// Returns the new customers that each customer brings: above one, a campaign spreads by itself.
///
/// # Errors
/// Out of range.
pub fn spread(invitations: Ratio, conversion: Ratio) -> Calculated {
    invitations.times(conversion)
}

/// Returns what a member brings: the fee and what they buy beyond it, less their benefits.
///
/// # Errors
/// Out of range.
pub fn member_margin(fee: Ratio, extra: Ratio, benefits: Ratio) -> Calculated {
    fee.plus(extra)?.minus(benefits)
}

/// Divides a whole number by weights into whole parts that add up to it: each its share rounded down, and what is left, one by one, to
/// those with the greatest remainder, the first first. The heads of tiers, the parts of a budget.
///
/// # Errors
/// When a weight or the total is less than nothing, or all weights are nothing.
pub fn split(total: u64, weights: &[Ratio]) -> Calculated<Vec<Ratio>> {
    if weights.iter().any(|weight| *weight < Ratio::ZERO) {
        return Err(Undefined::Meaningless);
    }
    let whole = sum(weights)?;
    if whole == Ratio::ZERO {
        return Err(Undefined::DividedByNothing);
    }
    let exact = weights.iter().map(|weight| Ratio::whole(total).times(*weight)?.over(whole));
    let exact = exact.collect::<Calculated<Vec<_>>>()?;
    let mut parts: Vec<i128> = exact.iter().map(|part| part.floor()).collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    let remainder = |place: &usize| exact[*place].minus(Ratio::new(parts[*place], 1)?);
    let remainders = by_remainder.iter().map(remainder).collect::<Calculated<Vec<_>>>()?;
    by_remainder.sort_by_key(|place| std::cmp::Reverse(remainders[*place]));
    let left = i128::from(total) - parts.iter().sum::<i128>();
    for place in by_remainder.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[place] += 1;
    }
    parts.into_iter().map(|part| Ratio::new(part, 1)).collect()
}

/// Returns how many of the customers who bring most bring at least a share of all, in falling order: the core, when few bring most.
///
/// # Errors
/// When somebody brings less than nothing, all bring nothing, or the share is none.
pub fn core_count(revenues: &[Ratio], share_of_all: Ratio) -> Calculated<usize> {
    if revenues.iter().any(|revenue| *revenue < Ratio::ZERO) || !(Ratio::ZERO..=Ratio::ONE).contains(&share_of_all) {
        return Err(Undefined::Meaningless);
    }
    let all = sum(revenues)?;
    if all == Ratio::ZERO {
        return Err(Undefined::DividedByNothing);
    }
    let (enough, mut brought) = (all.times(share_of_all)?, Ratio::ZERO);
    let mut falling = revenues.to_vec();
    falling.sort_by_key(|revenue| std::cmp::Reverse(*revenue));
    for (count, revenue) in falling.into_iter().enumerate() {
        if brought >= enough {
            return Ok(count);
        }
        brought = brought.plus(revenue)?;
    }
    Ok(revenues.len())
}

/// A channel's quadrant, by how many it brings and how good they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quadrant {
    /// Many, and good ones.
    ManyGood,
    /// Many, and few good ones.
    ManyPoor,
    /// Few, and good ones.
    FewGood,
    /// Few, and few good ones.
    FewPoor,
}

impl Quadrant {
    /// Grades a channel that brought so many, of whom so many converted. A cut belongs to the upper side.
    ///
    /// # Errors
    /// When it brought nobody, or fewer than converted.
    pub fn of(brought: Ratio, many: Ratio, converted: Ratio, good: Ratio) -> Calculated<Self> {
        let is_good = share(converted, brought)? >= good;
        Ok(match (brought >= many, is_good) {
            (true, true) => Self::ManyGood,
            (true, false) => Self::ManyPoor,
            (false, true) => Self::FewGood,
            (false, false) => Self::FewPoor,
        })
    }

    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ManyGood => "many-good",
            Self::ManyPoor => "many-poor",
            Self::FewGood => "few-good",
            Self::FewPoor => "few-poor",
        }
    }
}
