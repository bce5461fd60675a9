//! Decisions that are wrong, each in one field.

use super::*;

fn grant() -> wit::Grant {
    wit::Grant {
        key: "day/1".to_owned(),
        to: "u1".to_owned(),
        choices: vec![wit::Benefit::Units(wit::Units { unit: "points".to_owned(), quantity: 5 })],
        on_shortfall: wit::Shortfall::Reduce,
        hold: Some(wit::Hold { until: wit::When::AfterSeconds(60), then: wit::AfterHold::Void }),
        expires: Some(wit::When::AtLocal(wit::LocalMoment { day: 20_000, second_of_day: 86_399 })),
        reason: "because".to_owned(),
    }
}

fn decision(effect: wit::Effect) -> wit::Decision {
    wit::Decision { claims: Vec::new(), effects: vec![effect], state: wit::StateChange::Keep, note: String::new() }
}

fn wrong(decision: wit::Decision) -> String {
    proposal(decision).unwrap_err().to_string()
}

/// What is said of a grant after a change.
fn wrong_grant(change: impl FnOnce(&mut wit::Grant)) -> String {
    let mut grant = grant();
    change(&mut grant);
    wrong(decision(wit::Effect::Grant(grant)))
}

/// What is said of a benefit.
fn wrong_benefit(benefit: wit::Benefit) -> String {
    wrong_grant(|grant| grant.choices.push(benefit))
}

#[track_caller]
fn starts(found: &str, expected: &str) {
    assert!(found.starts_with(expected), "{found}");
}

#[test]
fn a_good_grant_is_read_whole() {
    let read = proposal(decision(wit::Effect::Grant(grant()))).unwrap();
    let [Effect::Grant(grant)] = &read.effects[..] else { panic!() };
    assert_eq!(grant.hold, Some(HoldProposal { until: When::AfterSeconds(60), then: AfterHold::Void }));
    assert_eq!(grant.expires, Some(When::AtLocal { day: Day(20_000), second_of_day: 86_399 }));
    assert_eq!(grant.on_shortfall, Shortfall::Reduce);
}

#[test]
fn a_wrong_field_of_a_grant_is_named() {
    starts(&wrong_grant(|grant| grant.key = "a b".to_owned()), "effects[0].grant.key: not a grant key: expected");
    starts(&wrong_grant(|grant| grant.to = String::new()), "effects[0].grant.to: not a customer id");
    starts(&wrong_grant(|grant| grant.choices.clear()), "effects[0].grant.choices: none");
    let many = |grant: &mut wit::Grant| grant.choices = vec![grant.choices[0].clone(); 9];
    starts(&wrong_grant(many), "effects[0].grant.choices: 9 of them, at most 8");
    starts(&wrong_grant(|grant| grant.reason = "x".repeat(257)), "effects[0].grant.reason: 257 bytes, at most 256");
    starts(
        &wrong_grant(|grant| grant.reason = "\0".to_owned()),
        "effects[0].grant.reason: holds the control character",
    );
    let far = |grant: &mut wit::Grant| grant.expires = Some(wit::When::At(i64::MAX));
    starts(&wrong_grant(far), "effects[0].grant.expires: outside");
    let never = wit::Hold { until: wit::When::AfterSeconds(u64::MAX), then: wit::AfterHold::Post };
    starts(&wrong_grant(|grant| grant.hold = Some(never)), "effects[0].grant.hold.until: outside");
    let moment = wit::When::AtLocal(wit::LocalMoment { day: i32::MAX, second_of_day: 0 });
    starts(&wrong_grant(|grant| grant.expires = Some(moment)), "effects[0].grant.expires: outside");
    let moment = wit::When::AtLocal(wit::LocalMoment { day: 0, second_of_day: 86_400 });
    starts(&wrong_grant(|grant| grant.expires = Some(moment)), "effects[0].grant.expires: second 86400");
}

#[test]
fn a_wrong_benefit_is_named() {
    let units = |unit: &str, quantity| wit::Benefit::Units(wit::Units { unit: unit.to_owned(), quantity });
    starts(&wrong_benefit(units("gold", 1)), "effects[0].grant.choices[1].units.unit: not a unit");
    starts(&wrong_benefit(units("points", 0)), "effects[0].grant.choices[1].units.quantity: 0, expected 1 to");
    starts(&wrong_benefit(units("points", 1_000_000_000_000_001)), "effects[0].grant.choices[1].units.quantity");
    let raise = |by, up_to| wit::Benefit::CreditLimit(wit::LimitRaise { by, up_to, until: None });
    starts(&wrong_benefit(raise(0, 1)), "effects[0].grant.choices[1].credit-limit.by");
    starts(&wrong_benefit(raise(1, u64::MAX)), "effects[0].grant.choices[1].credit-limit.up-to");
    let boost = |holding: &str, basis_points, principal_cap| {
        let holding = holding.to_owned();
        wit::Benefit::RateBoost(wit::RateBoost { holding, basis_points, principal_cap, until: None })
    };
    starts(&wrong_benefit(boost("a b", 1, None)), "effects[0].grant.choices[1].rate-boost.holding");
    starts(&wrong_benefit(boost("a", 0, None)), "effects[0].grant.choices[1].rate-boost.basis-points");
    starts(&wrong_benefit(boost("a", 1, Some(0))), "effects[0].grant.choices[1].rate-boost.principal-cap");
}

#[test]
fn other_effects_are_checked_too() {
    let revocation = |of, quantity, free_key| {
        decision(wit::Effect::Revoke(wit::Revocation { of, quantity, free_key, reason: String::new() }))
    };
    assert!(proposal(revocation(wit::Target::About, Some(3), false)).is_ok());
    starts(&wrong(revocation(wit::Target::About, Some(3), true)), "effects[0].revoke.free-key: a key is freed only");
    starts(&wrong(revocation(wit::Target::About, Some(0), false)), "effects[0].revoke.quantity: 0");
    let target = wit::Target::Key(wit::GrantRef { to: "u1".to_owned(), key: String::new() });
    starts(&wrong(revocation(target, None, false)), "effects[0].revoke.of.key.key: not a grant key");

    let message = |vars: &str, channels: &[&str]| {
        decision(wit::Effect::Message(wit::Message {
            key: "hello".to_owned(),
            to: "u1".to_owned(),
            template: "hello".to_owned(),
            vars: vars.to_owned(),
            class: wit::MessageClass::Service,
            channels: channels.iter().map(|name| (*name).to_owned()).collect(),
        }))
    };
    assert!(proposal(message("{}", &["sms"])).is_ok());
    starts(&wrong(message("1", &[])), "effects[0].message.vars: not a JSON object");
    starts(&wrong(message("{}", &["sms", ""])), "effects[0].message.channels[1]: not a channel");
    starts(&wrong(message("{}", &["sms"; 9])), "effects[0].message.channels: 9 of them");

    let tag = wit::TagChange { to: "u1".to_owned(), tag: "a b".to_owned(), present: true, until: None };
    starts(&wrong(decision(wit::Effect::Tag(tag))), "effects[0].tag.tag: not a tag");
}

#[test]
fn the_whole_is_bounded() {
    let base = || decision(wit::Effect::Grant(grant()));
    starts(&wrong(wit::Decision { note: "x".repeat(1_025), ..base() }), "note: 1025 bytes");
    starts(&wrong(wit::Decision { effects: vec![wit::Effect::Grant(grant()); 65], ..base() }), "effects: 65 of them");
    let claim = wit::Claim { scope: "gift".to_owned(), by: wit::Dimension::Card, party: "u 1".to_owned() };
    starts(&wrong(wit::Decision { claims: vec![claim.clone()], ..base() }), "claims[0].party: not a customer id");
    starts(&wrong(wit::Decision { claims: vec![claim; 17], ..base() }), "claims: 17 of them");
    let put = |text: String| wrong(wit::Decision { state: wit::StateChange::Put(text), ..base() });
    starts(&put("{".to_owned()), "state: not JSON");
    starts(&put(format!("\"{}\"", "x".repeat(16 * 1024))), "state: 16386 bytes of JSON, at most 16384");
    let refused = refusal(wit::Refusal { code: "Too Late".to_owned(), message: String::new() }).unwrap_err();
    starts(&refused.to_string(), "refusal.code: not a refusal code");
    assert!(problems(Vec::new()).is_err());
}

#[test]
fn a_wrong_field_of_a_timer_is_named() {
    let timer = |name: &str, due, data: String| {
        let schedule = wit::Schedule { name: name.to_owned(), due, data };
        proposal(decision(wit::Effect::Schedule(schedule))).map_err(|wrong| wrong.to_string())
    };
    let soon = || wit::When::AfterSeconds(60);
    let read = timer("remind/1", soon(), "{\"n\":1}".to_owned()).unwrap();
    let [Effect::Schedule(schedule)] = &read.effects[..] else { panic!() };
    assert_eq!((schedule.due, schedule.data.as_str()), (When::AfterSeconds(60), "{\"n\":1}"));
    starts(&timer("a b", soon(), "{}".to_owned()).unwrap_err(), "effects[0].schedule.name: not a timer name");
    starts(&timer("a", wit::When::At(i64::MIN), "{}".to_owned()).unwrap_err(), "effects[0].schedule.due: outside");
    starts(&timer("a", soon(), "[]".to_owned()).unwrap_err(), "effects[0].schedule.data: ");
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(4 * 1024));
    starts(&timer("a", soon(), large).unwrap_err(), "effects[0].schedule.data: ");
    starts(&wrong(decision(wit::Effect::CancelTimer(String::new()))), "effects[0].cancel-timer: not a timer name");
}

#[test]
fn a_wrong_field_of_a_reservation_is_named() {
    let good = || wit::Reservation {
        key: "order/7".to_owned(),
        party: "u1".to_owned(),
        unit: "points".to_owned(),
        quantity: 5,
        until: wit::When::AfterSeconds(60),
        on_shortfall: wit::Shortfall::Skip,
        reason: "an order".to_owned(),
    };
    let read = proposal(decision(wit::Effect::Reserve(good()))).unwrap();
    let [Effect::Reserve(reserve)] = &read.effects[..] else { panic!() };
    assert_eq!(
        (reserve.key.as_str(), reserve.until, reserve.on_shortfall),
        ("order/7", When::AfterSeconds(60), Shortfall::Skip)
    );
    let wrong = |change: fn(&mut wit::Reservation)| {
        let mut reservation = good();
        change(&mut reservation);
        wrong(decision(wit::Effect::Reserve(reservation)))
    };
    starts(&wrong(|it| it.key = "a@b".to_owned()), "effects[0].reserve.key: not a reservation key");
    starts(&wrong(|it| it.party = String::new()), "effects[0].reserve.party: not a customer id");
    starts(&wrong(|it| it.unit = "gold".to_owned()), "effects[0].reserve.unit: not a unit");
    starts(&wrong(|it| it.quantity = 0), "effects[0].reserve.quantity: 0, expected 1 to");
    starts(&wrong(|it| it.until = wit::When::At(i64::MAX)), "effects[0].reserve.until: outside");
    starts(&wrong(|it| it.reason = "x".repeat(257)), "effects[0].reserve.reason: 257 bytes");
}

#[test]
fn a_wrong_field_of_a_settlement_is_named() {
    let settle = |of, reason: &str| {
        let settlement = wit::Settlement { of, how: wit::Settle::Release, required: true, reason: reason.to_owned() };
        decision(wit::Effect::Settle(settlement))
    };
    let grant = |to: &str, key: &str| wit::Held::Grant(wit::GrantRef { to: to.to_owned(), key: key.to_owned() });
    let reservation = |party: &str, key: &str| {
        wit::Held::Reservation(wit::ReservationRef { party: party.to_owned(), key: key.to_owned() })
    };
    let read = proposal(settle(reservation("u1", "order/7"), "paid")).unwrap();
    let of = Held::Reservation { party: "u1".parse().unwrap(), key: "order/7".parse().unwrap() };
    let expected = SettleProposal { of, how: HoldAction::Release, required: true, reason: "paid".to_owned() };
    assert_eq!(read.effects, [Effect::Settle(expected)]);
    assert!(proposal(settle(grant("u1", "day/1"), "")).is_ok());
    starts(&wrong(settle(grant("", "k"), "")), "effects[0].settle.of.grant.to: not a customer id");
    starts(&wrong(settle(grant("u1", ""), "")), "effects[0].settle.of.grant.key: not a grant key");
    starts(&wrong(settle(reservation("", "k"), "")), "effects[0].settle.of.reservation.party: not a customer id");
    starts(&wrong(settle(reservation("u1", ""), "")), "effects[0].settle.of.reservation.key: not a reservation key");
    starts(&wrong(settle(grant("u1", "k"), &"x".repeat(257))), "effects[0].settle.reason: 257 bytes");
}
