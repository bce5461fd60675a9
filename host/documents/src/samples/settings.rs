//! Arbitrary settings of campaigns.

use largesse_domain::budget::{Budget, Limit};
use largesse_domain::campaign::{OnFault, Settings, UnknownClaim};
use largesse_domain::gate::{Gate, GatePeriod, GateRule};
use largesse_domain::pool::Pool;
use largesse_domain::protection::FaultThreshold;
use largesse_domain::recurring::{CalendarDate, Hours, RecurringWindow};
use largesse_domain::referral::{Attribution, TouchRule};
use largesse_domain::segment::{Audience, Condition};
use largesse_domain::stacking::{Stacking, StackingMode};
use largesse_domain::time::Window;
use largesse_domain::unit::Unit;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};

use super::{class, dimension, instant, name, pattern, quantity, text};

fn stacking() -> impl Strategy<Value = Stacking> {
    (name("g"), any::<i32>(), select(StackingMode::ALL.to_vec())).prop_map(|(group, priority, mode)| Stacking {
        group,
        priority,
        mode,
    })
}

fn gate() -> impl Strategy<Value = Gate> {
    let rule = prop_oneof![
        (quantity(), 0..=10_000_u32, select(GatePeriod::ALL.to_vec()))
            .prop_map(|(holding, rate_basis_points, per)| { GateRule::Profit { holding, rate_basis_points, per } }),
        quantity().prop_map(|most| GateRule::Acquisition { most }),
        (quantity(), quantity(), quantity()).prop_map(|(ltv, cac, coc)| GateRule::Ltv { ltv, cac, coc }),
    ];
    vec(rule, 1..4).prop_map(|any_of| Gate { any_of })
}

/// Any settings, as far as each of their parts can be read.
pub fn settings() -> impl Strategy<Value = Settings> {
    let audience = prop_oneof![
        Just(Audience::Everyone),
        name("s").prop_map(Audience::Segment),
        condition().prop_map(Audience::Where)
    ];
    let touch = select(vec![TouchRule::First, TouchRule::Last]);
    let attribution = (touch, any::<u32>(), vec(name("kind"), 0..3), of(1..=3_u8))
        .prop_map(|(touch, window_days, bind_on, distance)| Attribution { touch, window_days, bind_on, distance });
    let budget = (pattern(), quantity(), of(quantity())).prop_map(|(of, total, per_day)| Budget { of, total, per_day });
    let window = select(vec![Window::Campaign, Window::Day, Window::Week, Window::Month]);
    let limit = (pattern(), dimension(), window, of(quantity()), of(any::<u64>()))
        .prop_map(|(of, per, window, amount, count)| Limit { of, per, window, amount, count });
    let words = (select(vec![UnknownClaim::Deny, UnknownClaim::Allow]), select(vec![OnFault::Skip, OnFault::Defer]));
    (
        (text(), instant(), of(instant()), any::<u32>(), (any::<bool>(), 1..=100_u8, 10..=10_000_u32)),
        (audience, of(vec(name("sub"), 0..3)), of(vec(class(), 0..3)), attribution, words),
        (vec(budget, 0..3), vec(limit, 0..3), vec(name("p"), 0..2), vec(1..=100_u8, 0..3), vec(pool(), 0..2)),
        (vec(window_of_days(), 0..3), of(stacking()), of(gate())),
    )
        .prop_map(|(times, whom, (budgets, limits, pockets, warn_at, pools), (windows, stacking, gate))| {
            let (title, opens, closes, closing_days, (follow, percent, window)) = times;
            let fault_threshold = FaultThreshold { percent, window };
            let (audience, subscriptions, unit_classes, attribution, (unknown_claim, on_fault)) = whom;
            Settings {
                title,
                currency: largesse_domain::unit::Currency::new("CNY").expect("three capitals"),
                time_zone: "Asia/Shanghai".into(),
                opens,
                closes,
                closing_days,
                audience,
                subscriptions,
                unit_classes,
                attribution,
                unknown_claim,
                on_fault,
                fault_threshold,
                follow,
                budgets,
                limits,
                pockets,
                warn_at,
                pools,
                windows,
                stacking,
                gate,
            }
        })
}

fn pool() -> impl Strategy<Value = Pool> {
    let unit = select(vec!["cash:CNY", "points"]).prop_map(|text| Unit::new(text).expect("written as units are"));
    (name("p"), unit, quantity(), instant()).prop_map(|(id, unit, total, settles)| Pool { id, unit, total, settles })
}

fn condition() -> impl Strategy<Value = Condition> {
    text().prop_map(|text| format!("{text}.").parse().expect("a short text that is not empty"))
}

fn window_of_days() -> impl Strategy<Value = RecurringWindow> {
    let some_of = |most: u8| subsequence((1..=most).collect::<Vec<_>>(), 0..3);
    let date = (of(1..=9_999_u16), 1..=12_u8, 1..=28_u8);
    let date = date.prop_map(|(year, month, day)| CalendarDate::new(year, month, day).expect("every month has it"));
    let hours = (0..1_440_u16, 1..=1_440_u16);
    let hours = hours.prop_map(|(from, to)| Hours::new(from.min(to - 1), to).expect("it ends after it begins"));
    (some_of(12), some_of(31), some_of(7), vec(date, 0..3), hours).prop_map(
        |(months, month_days, weekdays, dates, hours)| RecurringWindow { months, month_days, weekdays, dates, hours },
    )
}
