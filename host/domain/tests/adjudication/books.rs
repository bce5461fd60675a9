//! The lines of a script that are about the ledger.
//!
//! ```text
//! unit coupon:a valid 30 given-first grace 0 minimum 10
//! stock item:phone 5 => 5
//! pocket shared points total 100
//! redeem r1 ann 60 points => redeemed: a 50, b 10
//! redeem r2 ann 5 points of a until 2026-11-12 on 2026-11-10 => reserved: a 5
//! commit r2 [by bob] on 2026-11-11 => redeemed
//! reverse r2 [20] [as back/1] on 2026-11-11 => redeemed, 20 returned
//! clock 2026-11-20 ann a => posted
//! clock 2026-11-20 r2 => timed-out
//! wallet ann points on 2026-11-20 => 10
//! owes ann points => 0
//! account expense points => 60
//! merge ann bob => bob into ann
//! crossed => 80% of points: 80 of 100
//! ```
//!
//! Without `on`, a line is of noon on 2026-11-09.

use largesse_domain::budget::Budget;
use largesse_domain::catalogue::{GRACE_DAYS_USUAL, Pocket, UnitTerms};
use largesse_domain::entry::Entry;
use largesse_domain::facts::{Facts, Wanted};
use largesse_domain::grant::Grant;
use largesse_domain::id::{AttributeName, CustomerId, RequestId};
use largesse_domain::identity::{self, MergeTerms, Pair};
use largesse_domain::json::Json;
use largesse_domain::key::{GrantSlot, PositionKey};
use largesse_domain::ledger::{Account, Cause};
use largesse_domain::lot;
use largesse_domain::redeem::{self, RedemptionAction, SettleRequest};
use largesse_domain::redemption::{self, Redemption, RedemptionId, RedemptionRequest, RedemptionState, ReturnRequest};
use largesse_domain::restock::{self, StockChange};
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, SpendOrder, Unit};

use crate::calendar::noon;
use crate::parse::Words;
use crate::script::Run;
use crate::store::quantity;

/// Whether the line is about the ledger.
pub(crate) fn is_one(verb: &str) -> bool {
    const VERBS: [&str; 12] = [
        "unit", "stock", "pocket", "redeem", "commit", "release", "reverse", "clock", "wallet", "owes", "account",
        "merge",
    ];
    VERBS.contains(&verb)
}

/// Does what the line says.
pub(crate) fn line(run: &mut Run, verb: &str, words: &mut Words<'_>) -> Option<String> {
    match verb {
        "unit" => {
            let terms = terms(words);
            run.setting.catalogue.units.insert(terms.unit.clone(), terms);
            None
        }
        "pocket" => {
            let (id, of) = (words.parse::<largesse_domain::id::PocketId>(), words.parse());
            assert!(words.take("total"), "pocket shared points total 100");
            let budgets = vec![Budget { of, total: words.quantity(), per_day: None }];
            run.setting.campaign.settings.pockets.push(id.clone());
            let opens = words.take("opens").then(|| noon(words.next()).at);
            let closes = words.take("closes").then(|| noon(words.next()).at);
            let (title, warn_at, allocates) = (String::new(), vec![80], false);
            let pocket = Pocket { id: id.clone(), title, budgets, warn_at, opens, closes, allocates };
            run.setting.catalogue.pockets.insert(id, pocket);
            None
        }
        "stock" => Some(stock(run, words)),
        "merge" => Some(merge(run, words)),
        "redeem" => Some(redeem(run, words)),
        "commit" => {
            let id = words.parse();
            Some(settle(run, words, &id, RedemptionAction::Commit))
        }
        "release" => {
            let id = words.parse();
            Some(settle(run, words, &id, RedemptionAction::Release))
        }
        "reverse" => {
            let id = words.parse();
            let quantity = words.number_if_any().map(quantity);
            let name = words.take("as").then(|| words.parse());
            let asked = ReturnRequest { id: name, quantity };
            Some(settle(run, words, &id, RedemptionAction::Reverse(asked)))
        }
        "clock" => Some(clock(run, words)),
        "wallet" => {
            let (id, unit) = (words.parse::<CustomerId>(), words.parse::<Unit>());
            let at = on(words);
            let also = run.store.customers.get(&id).map_or(&[][..], |known| &known.also);
            let theirs = |grant: &&Grant| grant.slot.to == id || also.contains(&grant.slot.to);
            let grants = run.store.grants.values().filter(theirs).filter(|grant| grant.unit == unit);
            Some(grants.map(|grant| grant.available_at(at).get()).sum::<u64>().to_string())
        }
        "owes" => {
            let (id, unit) = (words.parse::<CustomerId>(), words.parse::<Unit>());
            let debt = run.store.customers.get(&id).and_then(|known| known.debts.get(&unit)).copied();
            Some(debt.unwrap_or_default().to_string())
        }
        _ => {
            let word = words.next();
            let account = Account::ALL.into_iter().find(|account| account.as_str() == word).unwrap();
            let key = PositionKey { campaign: run.setting.campaign.id.clone(), unit: words.parse() };
            Some(run.store.positions.get(&key).map_or(0, |position| position.balance(account)).to_string())
        }
    }
}

fn on(words: &mut Words<'_>) -> Instant {
    noon(if words.take("on") { words.next() } else { "2026-11-09" }).at
}

fn terms(words: &mut Words<'_>) -> UnitTerms {
    let unit = words.parse();
    let valid_days = words.take("valid").then(|| words.parse());
    let spend = if words.take("given-first") { SpendOrder::GivenFirst } else { SpendOrder::ExpiresFirst };
    let grace_days = if words.take("grace") { words.parse() } else { GRACE_DAYS_USUAL };
    let redeem_minimum = words.take("minimum").then(|| words.quantity());
    let stocked = words.take("stocked");
    let (title, terms) = (String::new(), Json::empty_object());
    UnitTerms { unit, title, cost: None, value: None, stocked, valid_days, spend, grace_days, redeem_minimum, terms }
}

fn stock(run: &mut Run, words: &mut Words<'_>) -> String {
    let unit: Unit = words.parse();
    let arrives = !words.take("less");
    let quantity = words.quantity();
    let wanted = |_: &Facts| Wanted { stocks: [unit.clone()].into(), ..Wanted::default() };
    let cause = Cause::Request(RequestId::new("delivery").unwrap());
    let entry = Entry { at: noon("2026-11-09").at, cause: &cause };
    let stock = if arrives { StockChange::Arrives(quantity) } else { StockChange::WrittenOff(quantity) };
    let change = |facts: &mut Facts| restock::restock(facts, entry, &unit, stock);
    match run.store.change(&run.setting, wanted, change) {
        Ok(on_hand) => on_hand.to_string(),
        Err(error) => error.to_string(),
    }
}

fn parts(redemption: &Redemption) -> String {
    let part = |part: &redemption::Part| format!("{} {}", part.slot.key, part.quantity);
    redemption.parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn redeem(run: &mut Run, words: &mut Words<'_>) -> String {
    let (id, customer) = (words.parse(), words.parse());
    let (quantity, unit): (Quantity, Unit) = (words.quantity(), words.parse());
    let grant = words.take("of").then(|| (run.setting.campaign.id.clone(), words.parse()));
    let reserve_until = words.take("until").then(|| noon(words.next()).at);
    let now = on(words);
    let request = RedemptionRequest { id, customer, unit, quantity, grant, reserve_until, reference: String::new() };
    let catalogue = run.setting.catalogue.clone();
    let wanted = |facts: &Facts| {
        if !facts.customers.has(&request.customer) {
            return Wanted { customers: [request.customer.clone()].into(), ..Wanted::default() };
        }
        let mut wanted = redeem::wanted(&request, facts);
        if wanted.grants.iter().all(|slot| facts.grants.has(slot))
            && wanted.wallets.iter().all(|id| facts.has_wallet(id))
        {
            wanted.extend(redeem::wanted_of_grants(&request, facts));
        }
        wanted
    };
    let change = |facts: &mut Facts| redeem::redeem(facts, &request, &catalogue, now);
    match run.store.change(&run.setting, wanted, change) {
        Ok((redemption, new)) => {
            let again = if new { "" } else { "again " };
            format!("{again}{}: {}", redemption.state.as_str(), parts(&redemption))
        }
        Err(error) => format!("error: {error}"),
    }
}

fn merge(run: &mut Run, words: &mut Words<'_>) -> String {
    let (stays, other): (CustomerId, CustomerId) = (words.parse(), words.parse());
    let both = || Wanted { customers: [stays.clone(), other.clone()].into(), ..Wanted::default() };
    let pair = Pair { stays: &stays, other: &other };
    let wanted = |facts: &Facts| {
        let mut missing = both();
        facts.missing(&mut missing);
        if missing.is_empty() { identity::wanted(facts, pair) } else { missing }
    };
    let is_first = |name: &AttributeName| name.as_str() == "registered_at";
    let catalogue = run.setting.catalogue.clone();
    let terms = MergeTerms { is_first: &is_first, catalogue: &catalogue, at: noon("2026-11-09").at };
    match run.store.change(&run.setting, wanted, |facts| identity::merge(facts, pair, terms)) {
        Ok(Some((stays, other))) => format!("{other} into {stays}"),
        Ok(None) => "one already".into(),
        Err(error) => format!("error: {error}"),
    }
}

fn wanted_to_settle(id: &RedemptionId, facts: &Facts) -> Wanted {
    let mut wanted = Wanted { redemptions: [id.clone()].into(), ..Wanted::default() };
    if facts.redemptions.has(id) {
        wanted.extend(facts.redemptions.get(id).as_ref().map(redeem::wanted_to_settle).unwrap_or_default());
    }
    wanted
}

fn settle(run: &mut Run, words: &mut Words<'_>, id: &RedemptionId, how: RedemptionAction) -> String {
    let customer: Option<CustomerId> = words.take("by").then(|| words.parse());
    let now = on(words);
    let cause = how.cause(id);
    let entry = Entry { at: now, cause: &cause };
    let wanted = |facts: &Facts| {
        let mut wanted = wanted_to_settle(id, facts);
        wanted.customers.extend(customer.clone());
        wanted
    };
    let catalogue = run.setting.catalogue.clone();
    let request = SettleRequest { id, customer: customer.as_ref(), how: &how, catalogue: &catalogue };
    let change = |facts: &mut Facts| redeem::settle(facts, request, entry);
    match run.store.change(&run.setting, wanted, change) {
        Ok(redemption) => match (redemption.state, redemption.returned()) {
            (RedemptionState::Redeemed, Quantity::ZERO) => "redeemed".to_owned(),
            (RedemptionState::Redeemed, returned) => format!("redeemed, {returned} returned"),
            (state, _) => state.as_str().to_owned(),
        },
        Err(error) => format!("error: {error}"),
    }
}

fn clock(run: &mut Run, words: &mut Words<'_>) -> String {
    let at = noon(words.next()).at;
    let name: String = words.parse();
    let Some(key) = words.maybe() else {
        let id: RedemptionId = name.parse().unwrap();
        let wanted = |facts: &Facts| wanted_to_settle(&id, facts);
        let catalogue = run.setting.catalogue.clone();
        run.store.change(&run.setting, wanted, |facts| redeem::look_at_clock(facts, &id, &catalogue, at));
        return run.store.redemptions[&id].state.as_str().to_owned();
    };
    let (campaign, to) = (run.setting.campaign.id.clone(), CustomerId::new(&name).unwrap());
    let slot = GrantSlot { campaign, to, key: key.parse().unwrap() };
    let setting = run.setting.clone();
    let entry = Entry { at, cause: &Cause::Clock };
    let wanted = |facts: &Facts| {
        let mut wanted = Wanted { grants: [slot.clone()].into(), ..Wanted::default() };
        if facts.grants.has(&slot) {
            let grant = facts.grants.get(&slot).as_ref();
            wanted.extend(
                grant.map(|grant| lot::wanted(&setting.campaign, &setting.catalogue, grant)).unwrap_or_default(),
            );
        }
        wanted
    };
    let due = lot::Change { entry, campaign: &setting.campaign, catalogue: &setting.catalogue };
    let change = |facts: &mut Facts| lot::look_at_clock(facts, due, &slot);
    run.store.change(&run.setting, wanted, change);
    run.store.grants[&slot].state_at(at).as_str().to_owned()
}
