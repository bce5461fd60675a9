//! Whatever is granted, taken back, held, reserved and settled, in whatever order: the books balance and no cap is exceeded. The checks are the
//! store's own, after each decision.

use largesse_domain::budget::{Budget, Limit};
use largesse_domain::customer::{AttributeValue, CREDIT_LIMIT, Fact};
use largesse_domain::dimension::Dimension;
use largesse_domain::effect::{
    Benefit, Effect, GrantProposal, Held, HoldProposal, Proposal, ReserveProposal, Revocation, RevocationTarget,
    SettleProposal, Shortfall, StateChange,
};
use largesse_domain::hold::{AfterHold, HoldAction};
use largesse_domain::id::{AboutId, AttributeName, CustomerId, GrantKey};
use largesse_domain::outcome::Verdict;
use largesse_domain::time::{Instant, When, Window};
use largesse_domain::unit::UnitPattern;
use proptest::prelude::*;

use crate::calendar::noon_after;
use crate::script::Run;
use crate::store::quantity;

fn customer() -> impl Strategy<Value = CustomerId> {
    prop::sample::select(vec!["ann", "bob", "cyd"]).prop_map(|name| CustomerId::new(name).unwrap())
}

fn key() -> impl Strategy<Value = GrantKey> {
    (0..6).prop_map(|n| GrantKey::new(format!("k{n}")).unwrap())
}

fn benefit() -> impl Strategy<Value = Benefit> {
    let unit = prop::sample::select(vec!["points", "coupon:a", "coupon:b", "cash:CNY"]);
    let units =
        (unit, 1..40_u64).prop_map(|(unit, n)| Benefit::Units { unit: unit.parse().unwrap(), quantity: quantity(n) });
    let raise = (1..300_u64, 900..1_500_u64).prop_map(|(by, up_to)| Benefit::CreditLimit {
        by: quantity(by),
        up_to: quantity(up_to),
        until: None,
    });
    prop_oneof![4 => units, 1 => raise]
}

fn effect() -> impl Strategy<Value = Effect> {
    let shortfall = prop::sample::select(vec![Shortfall::Refuse, Shortfall::Reduce, Shortfall::Skip]);
    let hold = prop::option::weighted(0.3, (until(), prop::sample::select(&AfterHold::ALL[..])));
    let grant = (key(), customer(), prop::collection::vec(benefit(), 1..3), shortfall.clone(), hold);
    let grant = grant.prop_map(|(key, to, choices, on_shortfall, hold)| {
        let (hold, reason) = (hold.map(|(until, then)| HoldProposal { until, then }), String::new());
        Effect::Grant(GrantProposal { key, to, choices, on_shortfall, hold, expires: None, reason })
    });
    let unit = prop::sample::select(vec!["points", "coupon:a", "cash:CNY"]);
    let reserve = (key(), customer(), unit, 1..40_u64, until(), shortfall);
    let reserve = reserve.prop_map(|(key, party, unit, n, until, on_shortfall)| {
        let (key, unit) = (key.as_str().parse().unwrap(), unit.parse().unwrap());
        let (quantity, reason) = (quantity(n), String::new());
        Effect::Reserve(ReserveProposal { key, party, unit, quantity, until, on_shortfall, reason })
    });
    let how = prop::sample::select(&HoldAction::ALL[..]);
    let settle = (any::<bool>(), customer(), key(), how, prop::bool::weighted(0.1));
    let settle = settle.prop_map(|(of_grant, party, key, how, required)| {
        let of = if of_grant {
            Held::Grant { to: party, key }
        } else {
            Held::Reservation { party, key: key.as_str().parse().unwrap() }
        };
        Effect::Settle(SettleProposal { of, how, required, reason: String::new() })
    });
    let by_key = (customer(), key()).prop_map(|(to, key)| RevocationTarget::Key { to, key });
    let target = prop_oneof![3 => by_key, 1 => Just(RevocationTarget::About)];
    let revoke = (target, prop::option::of(0..30_u64), any::<bool>()).prop_map(|(of, most, free_key)| {
        Effect::Revoke(Revocation { of, quantity: most.map(quantity), free_key, reason: String::new() })
    });
    prop_oneof![3 => grant, 2 => revoke, 2 => reserve, 2 => settle]
}

/// At once, the next day or much later.
fn until() -> impl Strategy<Value = When> {
    prop::sample::select(vec![0, 86_400, 20 * 86_400]).prop_map(When::AfterSeconds)
}

fn pattern() -> impl Strategy<Value = UnitPattern> {
    let patterns = vec!["points", "coupon", "coupon:a", "cash", "cash:CNY", "credit-limit"];
    prop::sample::select(patterns).prop_map(|text| text.parse().unwrap())
}

fn budget() -> impl Strategy<Value = Budget> {
    (pattern(), 0..200_u64, prop::option::of(0..80_u64)).prop_map(|(of, total, per_day)| Budget {
        of,
        total: quantity(total),
        per_day: per_day.map(quantity),
    })
}

fn limit() -> impl Strategy<Value = Limit> {
    let window = prop::sample::select(vec![Window::Campaign, Window::Day, Window::Week, Window::Month]);
    (pattern(), window, prop::option::of(0..100_u64), prop::option::of(0..5_u64)).prop_map(
        |(of, window, amount, count)| Limit {
            of,
            per: Dimension::Customer,
            window,
            amount: amount.map(quantity),
            count,
        },
    )
}

/// One decision: days after the start, what it is about, its effects.
fn decision() -> impl Strategy<Value = (i64, Option<u8>, Vec<Effect>)> {
    (0..40_i64, prop::option::of(0..3_u8), prop::collection::vec(effect(), 1..6))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_and_caps_hold(
        budgets in prop::collection::vec(budget(), 1..7),
        limits in prop::collection::vec(limit(), 1..7),
        decisions in prop::collection::vec(decision(), 1..30),
    ) {
        let mut run = Run::default();
        let everyone = ["ann", "bob", "cyd"].map(|name| CustomerId::new(name).unwrap());
        for id in &everyone {
            let fact = Fact::Attribute(AttributeName::new(CREDIT_LIMIT).unwrap(), AttributeValue::Int(1_000));
            run.store.customer(id).learn(fact, Instant::MIN).unwrap();
        }
        run.setting.campaign.settings.budgets = budgets;
        run.setting.campaign.settings.limits = limits;
        run.setting.parties = everyone.to_vec();
        for (days, about, effects) in decisions {
            run.setting.occurred = noon_after(days);
            run.setting.about = Some(AboutId::new(format!("L{}", about.unwrap_or(9))).unwrap());
            let asked = effects.len();
            let proposal = Proposal { claims: vec![], effects, state: StateChange::Keep, note: String::new() };
            match run.store.decide(&run.setting, &proposal) {
                Ok(Verdict::Accepted(outcomes)) => prop_assert_eq!(outcomes.len(), asked),
                Ok(Verdict::Denied(..)) => {}
                other => prop_assert!(false, "{:?}", other),
            }
            for id in &everyone {
                let customer = run.store.customer(id);
                prop_assert!(customer.raises_under_way.get() <= 500, "a ceiling of 1499 is exceeded");
            }
        }
    }
}
