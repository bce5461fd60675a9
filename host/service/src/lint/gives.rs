//! What a campaign gives, held against what it may spend.

use std::collections::BTreeSet;

use largesse_domain::budget::{Budget, Limit};
use largesse_domain::catalogue::Catalogue;
use largesse_domain::unit::{Quantity, Unit, UnitClass, UnitPattern};

use super::said::{Gift, Said};
use super::{Code, Finding, Subject};

/// Something that is given, and whether the policy itself says so.
struct Given<'a> {
    pointer: &'a str,
    unit: &'a Unit,
    quantity: Option<Quantity>,
    reduces: bool,
    certain: bool,
}

impl Given<'_> {
    fn finding(&self, code: Code, message: String) -> Finding {
        match self.certain {
            true => Finding::error(code, self.pointer, message),
            false => Finding::warning(code, self.pointer, message),
        }
    }
}

pub(super) fn findings(subject: &Subject<'_>, said: &Said, catalogue: &Catalogue) -> Vec<Finding> {
    let offered = subject.offers.iter().filter(|offer| offer.chance != Some(0)).map(|offer| Given {
        pointer: "/params",
        unit: &offer.unit,
        quantity: Some(offer.quantity),
        reduces: false,
        certain: true,
    });
    let is_told = |gift: &&Gift| !subject.offers.iter().any(|offer| offer.unit == gift.unit);
    let told = said.gifts.iter().filter(is_told).map(|gift| Given {
        pointer: &gift.pointer,
        unit: &gift.unit,
        quantity: gift.quantity,
        reduces: gift.reduces,
        certain: false,
    });
    let mut findings = Vec::new();
    for given in offered.chain(told) {
        match kept_out(subject, &given) {
            Some(finding) => findings.push(finding),
            None => findings.extend(beyond(subject, &given, catalogue)),
        }
    }
    findings.extend(said.gifts.iter().filter_map(above_ceiling));
    findings.extend(empty(subject));
    findings.extend(unused(subject, said, catalogue));
    findings
}

/// Why a unit cannot be given at all in this campaign.
fn kept_out(subject: &Subject<'_>, given: &Given<'_>) -> Option<Finding> {
    let (settings, manifest, unit) = (subject.settings, subject.manifest, given.unit);
    let class = unit.class();
    if let Some(currency) = unit.currency().filter(|currency| *currency != settings.currency) {
        let message = format!(
            "gives {unit}, and the campaign's money is {}: give it in {}, or change /currency from {} to {currency}",
            settings.currency, settings.currency, settings.currency
        );
        return Some(given.finding(Code::OtherCurrency, message));
    }
    if !manifest.unit_classes.contains(&class) {
        let known: Vec<&str> = manifest.unit_classes.iter().map(|class| class.as_str()).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        let message = format!("gives {unit}, and {} grants {known}: give something of these", manifest.name);
        return Some(given.finding(Code::ClassNotGranted, message));
    }
    if settings.unit_classes.as_ref().is_some_and(|used| !used.contains(&class)) {
        let message =
            format!("gives {unit}, and /unit_classes leaves {class} out: add it there, or leave the field out");
        return Some(given.finding(Code::ClassLeftOut, message));
    }
    None
}

/// What counts a unit does not hold as much, or is not there.
fn beyond(subject: &Subject<'_>, given: &Given<'_>, catalogue: &Catalogue) -> Vec<Finding> {
    let (settings, unit) = (subject.settings, given.unit);
    let pockets = settings.pockets.iter().filter_map(|pocket| catalogue.pockets.get(pocket));
    let budgets = || settings.budgets.iter().enumerate().filter(|(_, budget)| budget.of.matches(unit));
    let shared: Vec<&Budget> = pockets.flat_map(|pocket| &pocket.budgets).filter(|of| of.of.matches(unit)).collect();
    if budgets().next().is_none() && shared.is_empty() {
        // A pocket that is not known here may have one.
        let unknown = settings.pockets.iter().any(|pocket| !catalogue.pockets.contains_key(pocket));
        let message =
            format!("gives {unit}, and no budget counts it: add one for {unit} or {} to /budgets", unit.class());
        return if unknown { Vec::new() } else { vec![given.finding(Code::NoBudget, message)] };
    }
    let Some(quantity) = given.quantity.filter(|_| !given.reduces) else { return Vec::new() };
    let above = |(index, budget): (usize, &Budget)| {
        let (field, most) = least(budget);
        (quantity > most && !most.is_zero()).then(|| {
            let message = format!(
                "gives {quantity} of {unit} at a time, and /budgets/{index}/{field} is {most}: it is never given; raise the budget or give less"
            );
            given.finding(Code::AboveBudget, message)
        })
    };
    let over = |(index, limit): (usize, &Limit)| {
        let most = limit.amount.filter(|most| limit.of.matches(unit) && quantity > *most && !most.is_zero())?;
        let (per, window) = (limit.per.as_str(), limit.window.as_str());
        let message = format!(
            "gives {quantity} of {unit} at a time, and /limits/{index}/amount allows {most} for each {per} and {window}: it is never given; raise the limit or give less"
        );
        Some(given.finding(Code::AboveLimit, message))
    };
    let mut findings: Vec<Finding> = budgets().filter_map(above).collect();
    findings.extend(settings.limits.iter().enumerate().filter_map(over));
    findings
}

/// The tightest bound of a budget, with its field.
fn least(budget: &Budget) -> (&'static str, Quantity) {
    match budget.per_day {
        Some(per_day) if per_day < budget.total => ("per_day", per_day),
        _ => ("total", budget.total),
    }
}

fn above_ceiling(gift: &Gift) -> Option<Finding> {
    let (by, ceiling) = (gift.quantity?, gift.ceiling?);
    (by > ceiling).then(|| {
        let message =
            format!("raises by {by}, and up to {ceiling}: no raise by as much fits; raise by less, or up to more");
        Finding::warning(Code::AboveCeiling, &gift.pointer, message)
    })
}

/// Budgets and limits of nothing.
fn empty(subject: &Subject<'_>) -> Vec<Finding> {
    let settings = subject.settings;
    let nothing = |pointer: String, of: &UnitPattern| {
        let message = format!("is 0: no {of} is ever given; set a number above 0, or give no {of}");
        Finding::warning(Code::Nothing, pointer, message)
    };
    let budget = |(index, budget): (usize, &Budget)| {
        let (field, most) = least(budget);
        most.is_zero().then(|| nothing(format!("/budgets/{index}/{field}"), &budget.of))
    };
    let limit = |(index, limit): (usize, &Limit)| {
        let amount = limit.amount.filter(|amount| amount.is_zero()).map(|_| "amount");
        let field = amount.or(limit.count.filter(|count| *count == 0).map(|_| "count"))?;
        Some(nothing(format!("/limits/{index}/{field}"), &limit.of))
    };
    let budgets = settings.budgets.iter().enumerate().filter_map(budget);
    budgets.chain(settings.limits.iter().enumerate().filter_map(limit)).collect()
}

/// Budgets and pockets that nothing is given from.
fn unused(subject: &Subject<'_>, said: &Said, catalogue: &Catalogue) -> Vec<Finding> {
    let settings = subject.settings;
    let mut units: BTreeSet<&Unit> = said.units.iter().collect();
    units.extend(subject.offers.iter().map(|offer| &offer.unit));
    units.extend(settings.pools.iter().map(|pool| &pool.unit));
    // Points and growth have no names: a policy may give them without a word in its parameters.
    let used = |of: &UnitPattern| {
        let may = subject.manifest.unit_classes.contains(&of.class())
            && settings.unit_classes.as_ref().is_none_or(|classes| classes.contains(&of.class()));
        let nameless = matches!(of.class(), UnitClass::Points | UnitClass::Growth);
        may && (nameless || units.is_empty() || units.iter().any(|unit| of.matches(unit)))
    };
    let mut findings = Vec::new();
    for (index, budget) in settings.budgets.iter().enumerate().filter(|(_, budget)| !used(&budget.of)) {
        let of = &budget.of;
        let message = format!("nothing gives {of}: take the budget out, or name {of} in /params");
        findings.push(Finding::warning(Code::Unused, format!("/budgets/{index}"), message));
    }
    for (index, pocket) in settings.pockets.iter().enumerate() {
        let Some(pocket) = catalogue.pockets.get(pocket) else { continue };
        if !pocket.budgets.iter().any(|budget| used(&budget.of)) {
            let of: Vec<String> = pocket.budgets.iter().map(|budget| budget.of.to_string()).collect();
            let message = format!("nothing gives what it holds, {}: take it out", of.join(", "));
            findings.push(Finding::warning(Code::Unused, format!("/pockets/{index}"), message));
        }
    }
    findings
}
