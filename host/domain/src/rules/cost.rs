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
use crate::rows::gate::{GatePeriod, GateRule};
use crate::rules::formulas;
use crate::words::dimension::Dimension;
use crate::words::problem::Problem;
use crate::words::ratio::{Calculated, Ratio, Undefined};
use crate::words::time::{LocalTime, Window};
use crate::words::unit::{Quantity, UnitPattern};

/// The first and the last local time for which a campaign gives.
pub type Span = (LocalTime, LocalTime);

/// Returns what keeps a campaign with a gate from starting: limits that do not bound the cost of a customer, or a cost that no rule allows.
/// `span` is known when the campaign closes.
#[must_use]
pub fn problems(settings: &Settings, catalogue: &Catalogue, span: Option<Span>) -> Vec<Problem> {
    let Some(gate) = &settings.gate else { return Vec::new() };
    let unbounded: Vec<Problem> = settings
        .limits
        .iter()
        .enumerate()
        .filter_map(|(index, limit)| no_cost(index, limit, settings, catalogue))
        .collect();
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

/// Returns why a limit does not say what a customer costs, if it does not.
fn no_cost(index: usize, limit: &Limit, settings: &Settings, catalogue: &Catalogue) -> Option<Problem> {
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

/// Returns the figures of a rule that does not let the campaign through.
fn refused(
    rule: GateRule,
    settings: &Settings,
    catalogue: &Catalogue,
    span: Option<Span>,
) -> Calculated<Option<String>> {
    let allowed = allowed(rule)?;
    let windows = |window| {
        let (of_period, of_span) = (period(rule).map(|period| windows_in(period, window)), touched(window, span));
        of_period.into_iter().chain(of_span).min()
    };
    let within = period(rule).map_or_else(|| "in all".to_owned(), |period| format!("a {}", period.as_str()));
    let name = rule.as_str();
    Ok(match cost(settings, catalogue, windows)? {
        None => Some(format!("{name} allows {allowed} {within}, and without an end there is no bound to the cost")),
        Some(cost) if cost > allowed => Some(format!("{name} allows {allowed} {within}, and the cost is {cost}")),
        Some(_) => None,
    })
}

/// Returns the most that a rule allows a customer to cost.
fn allowed(rule: GateRule) -> Calculated<i128> {
    let money = |quantity: Quantity| Ratio::whole(quantity.get());
    match rule {
        GateRule::Profit { holding, rate_basis_points, per } => {
            let rate = Ratio::new(i128::from(rate_basis_points), i128::from(BASIS_POINTS_MAX))?;
            formulas::period_profit(money(holding), rate, Ratio::whole(periods_in_a_year(per)))?.rounded(0)
        }
        GateRule::Acquisition { most } => Ok(i128::from(most.get())),
        // More than the sum: what is left has to be at least one minor unit.
        GateRule::Ltv { ltv, cac, coc } => {
            formulas::lifetime_profit(money(ltv), money(cac), money(coc))?.minus(Ratio::ONE).map(Ratio::floor)
        }
    }
}

fn period(rule: GateRule) -> Option<GatePeriod> {
    match rule {
        GateRule::Profit { per, .. } => Some(per),
        GateRule::Acquisition { .. } | GateRule::Ltv { .. } => None,
    }
}

fn periods_in_a_year(period: GatePeriod) -> u64 {
    match period {
        GatePeriod::Month => 12,
        GatePeriod::Year => 1,
    }
}

/// Returns how many windows touch a period at most.
fn windows_in(period: GatePeriod, window: Window) -> u64 {
    match (period, window) {
        (_, Window::Campaign) | (GatePeriod::Month, Window::Month) => 1,
        (GatePeriod::Month, Window::Day) => 31,
        (GatePeriod::Month, Window::Week) => 6,
        (GatePeriod::Year, Window::Day) => 366,
        (GatePeriod::Year, Window::Week) => 54,
        (GatePeriod::Year, Window::Month) => 12,
    }
}

/// Returns what one customer costs at most, where so many windows of each kind count; `None` when there is no bound.
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

/// Returns how many windows touch the time in which a campaign gives; `None` when that has no end.
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
