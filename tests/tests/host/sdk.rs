//! What the SDK and the domain have each a list of: neither knows the other, and a policy means what the host does.

use largesse_domain::limits::{self, TIMERS_PER_OWNER_MAX};
use largesse_domain::redeem::is_redeemable;
use largesse_domain::timer;
use largesse_domain::unit::Unit;
use largesse_sdk::{TIMER_FIRED, money};
use serde_json::json;

mod domain {
    pub(super) use largesse_domain::dimension::Dimension;
    pub(super) use largesse_domain::effect::{EffectKind, MessageClass, Shortfall};
    pub(super) use largesse_domain::hold::{AfterHold, HoldAction};
    pub(super) use largesse_domain::lifecycle::Phase;
    pub(super) use largesse_domain::owner::OwnerKind;
    pub(super) use largesse_domain::unit::UnitClass;
}

/// The cases of an enum that both have, side by side. The matches make a case that one of them lacks, or has alone, an error of the
/// compiler.
macro_rules! both {
    ($name:ident: $($case:ident),*) => {{
        let _all_of_sdk = |value: largesse_sdk::$name| match value { $(largesse_sdk::$name::$case => (),)* };
        let _all_of_domain = |value: domain::$name| match value { $(domain::$name::$case => (),)* };
        [$((largesse_sdk::$name::$case, domain::$name::$case)),*]
    }};
}

#[test]
fn classes_of_unit_are_the_same() {
    let classes =
        both!(UnitClass: Cash, Points, Growth, Coupon, Item, DrawChances, Entitlement, CreditLimit, RateBoost);
    for (ours, theirs) in classes {
        assert_eq!(ours.as_str(), theirs.as_str());
        assert_eq!(ours.is_used_up(), is_redeemable(theirs), "{theirs}");
    }
    assert_eq!(largesse_sdk::UnitClass::ALL, classes.map(|(ours, _)| ours));
    assert_eq!(domain::UnitClass::ALL, classes.map(|(_, theirs)| theirs));
}

#[test]
fn units_are_read_the_same() {
    let names = ["", ":", ":x", ":CNY", ":cny", ":CNYX", ":a/b", ":a b", ":é", ":a:b", ":a@b", ":A.b_c-1"];
    let long = [format!(":{}", "x".repeat(64)), format!(":{}", "x".repeat(200))];
    for class in domain::UnitClass::ALL.map(domain::UnitClass::as_str).into_iter().chain(["gold", "Cash", ""]) {
        for name in names.into_iter().chain(long.iter().map(String::as_str)) {
            let unit = format!("{class}{name}");
            let ours = largesse_sdk::UnitClass::of(&unit).map(largesse_sdk::UnitClass::as_str);
            let theirs = Unit::new(&unit).ok().map(|unit| unit.class().as_str());
            assert_eq!(ours, theirs, "{unit:?}");
        }
    }
}

#[test]
fn kinds_of_effect_are_the_same() {
    let kinds = both!(EffectKind: Grant, Revoke, Message, Tag, Schedule, Reserve, Settle, Place, Share, Enrol, Measure);
    assert!(kinds.iter().all(|(ours, theirs)| ours.as_str() == theirs.as_str()), "{kinds:?}");
    assert_eq!(largesse_sdk::EffectKind::ALL, kinds.map(|(ours, _)| ours));
    assert_eq!(domain::EffectKind::ALL, kinds.map(|(_, theirs)| theirs));
}

#[test]
fn dimensions_are_the_same() {
    let dimensions = both!(Dimension: Customer, Identity, Device, Card, Address);
    for (ours, theirs) in dimensions {
        assert_eq!(json!(ours), theirs.as_str());
    }
    assert_eq!(domain::Dimension::ALL, dimensions.map(|(_, theirs)| theirs));
}

#[test]
fn what_has_no_word_has_the_same_cases() {
    both!(Shortfall: Refuse, Reduce, Skip);
    both!(MessageClass: Service, Marketing);
    both!(AfterHold: Post, Void);
    both!(HoldAction: Commit, Release);
    both!(OwnerKind: Party, Entity);
    both!(Phase: Open, Closing, Between);
}

#[test]
fn bounds_are_the_same() {
    assert_eq!(money::AMOUNT_MAX, limits::AMOUNT_MAX.unsigned_abs());
    assert_eq!(TIMER_FIRED, timer::EVENT_KIND);
    assert_eq!(TIMERS_PER_OWNER_MAX, 16, "the harness and the contract say 16");
}
