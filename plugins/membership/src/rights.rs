//! Rights: who can claim them, what a claim gives, and what the use of one comes to.

use largesse_sdk::{
    Claim, Date, Decision, Held, Input, Measurement, Money, Party, Placement, Refusal, Reservation, Settlement,
    UnitClass, Value, When, events, grants, json, key_part,
};

use crate::params::{Params, Right, Whose};
use crate::record::Record;
use crate::{CUSTOMER, HOUR_MS, OfPrice};

pub(crate) fn find<'a>(params: &'a Params, name: &str) -> Result<&'a Right, Refusal> {
    params.right(name).ok_or_else(|| Refusal::new("unknown-right", format!("there is no right {name}")))
}

/// The rights that a customer can be shown, by name.
pub(crate) fn of<'a>(params: &'a Params, party: &Party) -> Vec<&'a str> {
    let shown = params.rights.iter().filter(|right| entitled(params, right, party).is_ok());
    shown.map(|right| right.right.as_str()).collect()
}

/// Whether a right is for a customer.
fn entitled(params: &Params, right: &Right, party: &Party) -> Result<(), Refusal> {
    let tier = party.tier(&params.programme);
    let no = |code: &str, message: &str| Err(Refusal::new(code, message));
    match (right.whose, tier) {
        (Whose::Members, None) => return no("not-a-member", "this right is for members"),
        (Whose::Others, Some(_)) => return no("already-a-member", "this right is for those who are not members"),
        _ => {}
    }
    if !right.tiers.is_empty() && !right.tiers.iter().any(|one| Some(&**one) == tier) {
        return no("not-your-tier", "this right is for other tiers");
    }
    let region = party.text("region");
    if !right.cities.is_empty() && !region.is_some_and(|region| right.cities.contains(&region)) {
        return no("not-here", "this right is for customers of other places");
    }
    Ok(())
}

/// What a claim or use is known by.
fn name_of(claim: Option<&str>, input: &Input<Params, Record>) -> String {
    let own = || format!("{}:{}", input.event.source, input.event.id);
    key_part(&claim.map_or_else(own, str::to_owned)).into_owned()
}

pub(crate) fn claim(input: &Input<Params, Record>) -> Result<Decision<Record>, Refusal> {
    let claimed: events::RightClaimed = input.event.data()?;
    let (params, party) = (&input.params, input.require(CUSTOMER)?);
    let right = find(params, &claimed.right)?;
    let today = input.event.occurred.local.date();
    entitled(params, right, party)?;
    if !right.is_on(today) {
        return Err(Refusal::new("not-today", format!("{} is on another day of the month", right.right)));
    }
    let claim = name_of(claimed.claim.as_deref(), input);
    let mut decision = Decision::new();
    if let Some(at_most) = right.at_most {
        let period = at_most.per.of(today);
        for by in &right.once_per {
            decision.claim(Claim::new(format!("right/{}/{period}", right.right), *by, &party.customer));
        }
        let mut record = input.state.clone().unwrap_or_default();
        record.claimed.retain(|right, _| params.right(right).is_some());
        record.claim(&right.right, period, &claim, at_most.times)?;
        decision.put(record);
    }
    if let Some(trial) = &right.trial {
        let end = When::AtLocal(Date(today.0.saturating_add_unsigned(trial.days)), 0);
        decision.place(Placement::into(&party.customer, params.programme.as_str(), trial.tier.as_str()).until(end));
    }
    let key = format!("right/{}/{claim}", right.right);
    grants(&right.gives, &key, &party.customer, &right.right).for_each(|grant| _ = decision.grant(grant));
    Ok(decision)
}

/// Takes one of what the right gave out of the wallet, and counts what it cost.
pub(crate) fn use_one(input: &Input<Params, Record>) -> Result<Decision<Record>, Refusal> {
    let used: events::RightUsed = input.event.data()?;
    let party = input.require(CUSTOMER)?;
    let right = find(&input.params, &used.right)?;
    let first = right.gives.first().filter(|benefit| benefit.class().is_some_and(UnitClass::is_used_up));
    let first = first
        .ok_or_else(|| Refusal::new("nothing-to-use", format!("{} gives nothing that is used up", right.right)))?;
    let minor =
        |money: &Option<Money>| money.as_ref().map_or(Ok(0), |money| money.in_currency(&input.campaign.currency));
    let (cost, list_value) = (minor(&used.cost)?, minor(&used.list_value)?);
    if right.voucher.as_ref().is_some_and(|voucher| list_value < voucher.minimum) {
        return Err(below_minimum(list_value));
    }
    let key = format!("use/{}/{}", right.right, name_of(used.claim.as_deref(), input));
    // However late one hears of it, it is reserved and used at once.
    let until = When::At(input.now.at.max(input.event.occurred.at).saturating_add(HOUR_MS));
    let one = Reservation::new(key.as_str(), &party.customer, (1, first.unit.as_str()), until);
    let mut decision = Decision::new();
    // What was used before is not used, and not counted, again.
    let settled = Settlement::commit(Held::reservation(&party.customer, key)).required();
    decision.reserve(one.reason(right.right.as_str())).settle(settled);
    for (measure, amount) in [("cost", cost), ("list-value", list_value)] {
        if amount > 0 {
            decision.measure(Measurement::one(measure).of(&right.right).by(amount));
        }
    }
    Ok(decision)
}

/// What is left to pay where a right is used on a price.
pub(crate) fn pay(params: &Params, wanted: &OfPrice) -> Result<Value, Refusal> {
    let right = find(params, &wanted.right)?;
    let voucher = right.voucher.as_ref();
    let voucher = voucher.ok_or_else(|| Refusal::new("no-voucher", format!("{} takes nothing off", right.right)))?;
    if wanted.amount < voucher.minimum {
        return Err(below_minimum(wanted.amount));
    }
    Ok(json!({"pay": wanted.amount - voucher.off, "off": voucher.off}))
}

fn below_minimum(amount: u64) -> Refusal {
    Refusal::new("below-minimum", format!("{amount} is less than the voucher is for"))
}
