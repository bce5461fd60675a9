//! The formulas by name, for whoever calculates at a command line.

use crate::rules::formulas::{self, Quadrant, Spending};
use crate::words::ratio::{Calculated, Ratio, Undefined};

/// What a formula comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A number.
    Number(Ratio),
    /// Several, in the order of what was given.
    Numbers(Vec<Ratio>),
    /// Whether it holds.
    Holds(bool),
    /// A grade.
    Grade(&'static str),
}

/// A formula with the names of what it takes.
pub struct Formula {
    /// Its name.
    pub name: &'static str,
    /// What it comes to.
    pub about: &'static str,
    /// What it takes; of a name that ends with `...` any number.
    pub takes: &'static [&'static str],
    of: fn(&Given<'_>) -> Calculated<Answer>,
}

/// Why a formula has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Something that it takes is not given.
    Missing(&'static str),
    /// It takes no such thing.
    Unknown(String),
    /// It takes one number where none or several are given.
    NotOne(&'static str),
    /// It is given and has no result.
    Undefined(Undefined),
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name} is not given"),
            Self::Unknown(name) => write!(f, "it takes no {name}"),
            Self::NotOne(name) => write!(f, "{name} is one number"),
            Self::Undefined(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NoAnswer {}

/// What a formula is given, in the order in which it takes it.
struct Given<'a>(Vec<&'a [Ratio]>);

impl Given<'_> {
    fn one(&self, place: usize) -> Ratio {
        self.0[place][0]
    }

    fn many(&self, place: usize) -> &[Ratio] {
        self.0[place]
    }
}

impl Formula {
    /// Calculates it from what is given by name.
    ///
    /// # Errors
    /// When something is missing, not known or not one number, or there is no result.
    pub fn answer(&self, given: &[(String, Vec<Ratio>)]) -> Result<Answer, NoAnswer> {
        let plain = |takes: &'static str| takes.strip_suffix("...").unwrap_or(takes);
        if let Some((name, _)) = given.iter().find(|(name, _)| !self.takes.iter().any(|takes| plain(takes) == name)) {
            return Err(NoAnswer::Unknown(name.clone()));
        }
        let mut values = Vec::with_capacity(self.takes.len());
        for takes in self.takes {
            let name = plain(takes);
            let (_, numbers) = given.iter().find(|(own, _)| own == name).ok_or(NoAnswer::Missing(name))?;
            if numbers.len() != 1 && !takes.ends_with("...") {
                return Err(NoAnswer::NotOne(name));
            }
            values.push(numbers.as_slice());
        }
        (self.of)(&Given(values)).map_err(NoAnswer::Undefined)
    }
}

macro_rules! formulas {
    ($($name:literal, $about:literal, [$($takes:literal),*], $of:expr;)*) => {
        /// Every formula, in reading order.
        pub const FORMULAS: &[Formula] = &[$(Formula { name: $name, about: $about, takes: &[$($takes),*], of: $of }),*];
    };
}

formulas! {
    "lifetime-value", "what a customer brings over their life", ["frequency", "ticket", "margin", "churn"],
        |of| formulas::lifetime_value(of.one(0), of.one(1), of.one(2), of.one(3)).map(Answer::Number);
    "purchases-value", "what so many purchases bring", ["purchases", "ticket", "margin"],
        |of| formulas::purchases_value(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "expected-life", "how many periods a customer stays", ["churn"],
        |of| formulas::expected_life(of.one(0)).map(Answer::Number);
    "share", "a part of a whole: churn, conversion, overlap, traffic", ["part", "whole"],
        |of| formulas::share(of.one(0), of.one(1)).map(Answer::Number);
    "lifetime-profit", "what is left of a customer's value", ["value", "cac", "coc"],
        |of| formulas::lifetime_profit(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "is-worth-it", "whether a customer is worth more than they cost", ["value", "cac", "coc", "benefit"],
        |of| formulas::is_worth_it(of.one(0), of.one(1), of.one(2), of.one(3)).map(Answer::Holds);
    "value-ratio", "a customer's value for each unit that they cost", ["value", "cac", "coc"],
        |of| formulas::value_ratio(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "spending", "whether too much or too little is spent, by the value ratio", ["value", "cac", "coc"],
        |of| formulas::value_ratio(of.one(0), of.one(1), of.one(2)).map(|ratio| Answer::Grade(Spending::of(ratio).as_str()));
    "return-on-spend", "sales for each unit spent", ["conversion", "revenue", "cac", "coc"],
        |of| formulas::return_on_spend(of.one(0), of.one(1), of.one(2), of.one(3)).map(Answer::Number);
    "funnel", "the share that goes through all steps", ["steps..."],
        |of| formulas::funnel(of.many(0)).map(Answer::Number);
    "lifetime-cost", "what a customer costs over so many months", ["cac", "coc", "months"],
        |of| formulas::lifetime_cost(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "winning-cost", "what winning a customer costs, by rule of thumb", ["keeping"],
        |of| formulas::winning_cost(of.one(0)).map(Answer::Number);
    "revenue", "what borrowers and buyers bring", ["borrowers", "periods", "amount", "rate", "buyers", "price"],
        |of| formulas::revenue([0, 1, 2, 3].map(|place| of.one(place)), of.one(4), of.one(5)).map(Answer::Number);
    "unit-cost", "what one customer costs when fixed costs are spread", ["fixed", "customers", "variable"],
        |of| formulas::unit_cost(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "sum", "income, costs, rewards of all levels, gains of an activity", ["parts..."],
        |of| formulas::sum(of.many(0)).map(Answer::Number);
    "income", "what a principal earns at a rate a year", ["principal", "rate", "days"],
        |of| formulas::income(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "boost-cost", "what a raise of a rate costs", ["principal", "cap", "raise", "ceiling", "days"],
        |of| formulas::boost_cost(boost(of)).map(Answer::Number);
    "period-profit", "what a holding earns in a period of the year", ["holding", "rate", "periods"],
        |of| formulas::period_profit(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "coupon-worst-cost", "what a coupon for interest-free periods costs at most", ["periods", "most"],
        |of| formulas::coupon_worst_cost(of.one(0), of.one(1)).map(Answer::Number);
    "pieces-within", "how many pieces fit into a budget", ["budget", "cost"],
        |of| formulas::pieces_within(of.one(0), of.one(1)).map(Answer::Number);
    "leverage", "what a benefit seems worth for each unit that it costs", ["list", "cost"],
        |of| formulas::leverage(of.one(0), of.one(1)).map(Answer::Number);
    "break-even", "how much has to be paid through for its fees to bring in a pool", ["pool", "fee"],
        |of| formulas::break_even(of.one(0), of.one(1)).map(Answer::Number);
    "mean", "how much of a total each gets", ["total", "count"],
        |of| formulas::mean(of.one(0), of.one(1)).map(Answer::Number);
    "spread", "new customers that each customer brings", ["invitations", "conversion"],
        |of| formulas::spread(of.one(0), of.one(1)).map(Answer::Number);
    "member-margin", "what a member brings", ["fee", "extra", "benefits"],
        |of| formulas::member_margin(of.one(0), of.one(1), of.one(2)).map(Answer::Number);
    "split", "a whole number divided by weights into whole parts", ["total", "weights..."],
        |of| formulas::split(whole(of.one(0))?, of.many(1)).map(Answer::Numbers);
    "core", "how many of those who bring most bring a share of all", ["share", "revenues..."],
        |of| formulas::core_count(of.many(1), of.one(0)).map(|count| Answer::Number(Ratio::whole(count as u64)));
    "quadrant", "a channel's grade by how many it brings and how good they are", ["brought", "many", "converted", "good"],
        |of| Quadrant::of(of.one(0), of.one(1), of.one(2), of.one(3)).map(|grade| Answer::Grade(grade.as_str()));
}

fn boost(of: &Given<'_>) -> formulas::Boost {
    let [principal, cap, raise, ceiling, days] = [0, 1, 2, 3, 4].map(|place| of.one(place));
    formulas::Boost { principal, cap, raise, ceiling, days }
}

fn whole(number: Ratio) -> Calculated<u64> {
    u64::try_from(number.above()).ok().filter(|_| number.below() == 1).ok_or(Undefined::Meaningless)
}
