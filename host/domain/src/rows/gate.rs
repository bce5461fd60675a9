//! Cost gates: what one customer may cost a campaign at most, checked before it starts.
//!
//! What a customer may cost follows from the limits for each customer and from what their units cost, at the worst: every limit
//! used up in every window. Several limits of a unit hold at once, so the tightest counts; units add up. A period is taken where
//! most windows touch it (a month touches six weeks), but no more than touch the time in which the campaign gives.

use std::collections::BTreeMap;

use crate::limits::BASIS_POINTS_MAX;
use crate::rows::budget::Limit;
use crate::rows::campaign::Settings;
use crate::rows::catalogue::{Catalogue, Valuation};
use crate::rows::effect::Dimension;
use crate::rows::policy::Problem;
use crate::rules::formulas;
use crate::words::ratio::{Calculated, Ratio, Undefined};
use crate::words::time::{LocalTime, Window};
use crate::words::unit::{Quantity, UnitPattern};

/// A period that a profit is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatePeriod {
    /// A calendar month: a twelfth of a year's profit.
    Month,
    /// A calendar year.
    Year,
}

impl GatePeriod {
    /// Every period.
    pub const ALL: [Self; 2] = [Self::Month, Self::Year];

    /// The word in documents and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn in_a_year(self) -> u64 {
        match self {
            Self::Month => 12,
            Self::Year => 1,
        }
    }

    /// How many windows touch it at most.
    fn windows(self, window: Window) -> u64 {
        match (self, window) {
            (_, Window::Campaign) | (Self::Month, Window::Month) => 1,
            (Self::Month, Window::Day) => 31,
            (Self::Month, Window::Week) => 6,
            (Self::Year, Window::Day) => 366,
            (Self::Year, Window::Week) => 54,
            (Self::Year, Window::Month) => 12,
        }
    }
}

/// What one customer may cost. Money is in minor units of the campaign's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateRule {
    /// In a period no more than the profit on what they hold, rounded to the nearest minor unit.
    Profit {
        /// What they hold.
        holding: Quantity,
        /// What it earns in a year, in basis points, 0 to 10,000.
        rate_basis_points: u32,
        /// In which period.
        per: GatePeriod,
    },
    /// In all no more than this, as winning a customer may cost.
    Acquisition {
        /// So much.
        most: Quantity,
    },
    /// In all less than what is left of their value.
    Ltv {
        /// What they bring over their life.
        ltv: Quantity,
        /// What winning them costs.
        cac: Quantity,
        /// What keeping them costs.
        coc: Quantity,
    },
}

impl GateRule {
    /// The word in documents and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profit { .. } => "profit",
            Self::Acquisition { .. } => "acquisition",
            Self::Ltv { .. } => "ltv",
        }
    }

    fn period(self) -> Option<GatePeriod> {
        match self {
            Self::Profit { per, .. } => Some(per),
            Self::Acquisition { .. } | Self::Ltv { .. } => None,
        }
    }

    /// The most that a customer may cost.
    fn allowed(self) -> Calculated<i128> {
        let money = |quantity: Quantity| Ratio::whole(quantity.get());
        match self {
            Self::Profit { holding, rate_basis_points, per } => {
                let rate = Ratio::new(i128::from(rate_basis_points), i128::from(BASIS_POINTS_MAX))?;
                formulas::period_profit(money(holding), rate, Ratio::whole(per.in_a_year()))?.rounded(0)
            }
            Self::Acquisition { most } => Ok(i128::from(most.get())),
            // More than the sum: what is left has to be at least one minor unit.
            Self::Ltv { ltv, cac, coc } => {
                formulas::lifetime_profit(money(ltv), money(cac), money(coc))?.minus(Ratio::ONE).map(Ratio::floor)
            }
        }
    }
}

/// A gate. It lets a campaign through when one of its rules does; there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The rules.
    pub any_of: Vec<GateRule>,
}

/// The first and the last local time for which a campaign gives.
pub type Span = (LocalTime, LocalTime);

/// What keeps a campaign with a gate from starting: limits that do not bound the cost of a customer, or a cost that no rule allows.
/// `span` is known when the campaign closes.
#[must_use]
pub fn problems(settings: &Settings, catalogue: &Catalogue, span: Option<Span>) -> Vec<Problem> {
    let Some(gate) = &settings.gate else { return Vec::new() };
    let unbounded: Vec<Problem> =
        settings.limits.iter().enumerate().filter_map(|it| no_cost(it, settings, catalogue)).collect();
    if !unbounded.is_empty() {
        return unbounded;
    }
    let mut why = Vec::with_capacity(gate.any_of.len());
    for rule in &gate.any_of {
        match refused(*rule, settings, catalogue, span) {
            Ok(None) => return Vec::new(),
            Ok(Some(figures)) => why.push(figures),
            Err(undefined) => why.push(format!("{}: {undefined}", rule.as_str())),
        }
    }
    let message =
        format!("one customer may cost too much, in minor units of {}: {}", settings.currency, why.join("; "));
    vec![Problem { pointer: "/gate".into(), message }]
}

/// Why a limit does not say what a customer costs, if it does not.
fn no_cost((index, limit): (usize, &Limit), settings: &Settings, catalogue: &Catalogue) -> Option<Problem> {
    let of = &limit.of;
    let is_bound = settings.limits.iter().any(|other| other.of == *of && amount_for_customer(other).is_some());
    let message = match valuation(of, settings, catalogue) {
        _ if matches!(of, UnitPattern::Class(_)) => format!("a gate takes limits of single units, and {of} is a class"),
        None => format!("a gate has to know what {of} costs in {}", settings.currency),
        Some(_) if !is_bound => {
            format!("a gate has to know how much of {of} one customer may receive: limit the amount")
        }
        Some(_) => return None,
    };
    Some(Problem { pointer: format!("/limits/{index}"), message })
}

fn amount_for_customer(limit: &Limit) -> Option<Quantity> {
    limit.amount.filter(|_| limit.per == Dimension::Customer)
}

fn valuation(of: &UnitPattern, settings: &Settings, catalogue: &Catalogue) -> Option<Valuation> {
    let UnitPattern::Unit(unit) = of else { return None };
    catalogue.cost(unit).filter(|cost| cost.currency == settings.currency)
}

/// The figures of a rule that does not let the campaign through.
fn refused(
    rule: GateRule,
    settings: &Settings,
    catalogue: &Catalogue,
    span: Option<Span>,
) -> Calculated<Option<String>> {
    let allowed = rule.allowed()?;
    let windows = |window| {
        let (of_period, of_span) = (rule.period().map(|period| period.windows(window)), touched(window, span));
        of_period.into_iter().chain(of_span).min()
    };
    let within = rule.period().map_or_else(|| "in all".to_owned(), |period| format!("a {}", period.as_str()));
    let name = rule.as_str();
    Ok(match cost(settings, catalogue, windows)? {
        None => Some(format!("{name} allows {allowed} {within}, and without an end there is no bound to the cost")),
        Some(cost) if cost > allowed => Some(format!("{name} allows {allowed} {within}, and the cost is {cost}")),
        Some(_) => None,
    })
}

/// What one customer costs at most, where so many windows of each kind count; `None` when there is no bound.
fn cost(
    settings: &Settings,
    catalogue: &Catalogue,
    windows: impl Fn(Window) -> Option<u64>,
) -> Calculated<Option<i128>> {
    let mut least: BTreeMap<&UnitPattern, Option<u128>> = BTreeMap::new();
    for limit in &settings.limits {
        let Some((amount, valuation)) = amount_for_customer(limit).zip(valuation(&limit.of, settings, catalogue))
        else {
            continue;
        };
        let cost = |windows: u64| valuation.rounded_up(u128::from(amount.get()) * u128::from(windows));
        let cost = windows(limit.window).map(cost);
        let tightest = least.entry(&limit.of).or_default();
        *tightest = tightest.iter().copied().chain(cost).min();
    }
    let Some(costs) = least.into_values().collect::<Option<Vec<u128>>>() else { return Ok(None) };
    let sum = costs.into_iter().try_fold(0_u128, u128::checked_add);
    sum.and_then(|sum| i128::try_from(sum).ok()).map(Some).ok_or(Undefined::OutOfRange)
}

/// How many windows touch the time in which a campaign gives; `None` when that has no end.
fn touched(window: Window, span: Option<Span>) -> Option<u64> {
    let number = |local: &LocalTime| match window {
        Window::Campaign => 0,
        Window::Day => i64::from(local.day.0),
        Window::Week => (i64::from(local.day.0) + 1 - i64::from(local.weekday)).div_euclid(7),
        Window::Month => i64::from(local.year) * 12 + i64::from(local.month),
    };
    if window == Window::Campaign {
        return Some(1);
    }
    let (first, last) = span?;
    u64::try_from(number(&last) - number(&first) + 1).ok()
}
