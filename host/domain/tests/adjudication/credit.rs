//! Credit-limit raises: never above the ceiling, with the raises under way counted. And rate boosts.

use crate::script::check;

const CAPS: &str = "budget credit-limit total 100000
                    limit credit-limit campaign amount 5000\n";

#[test]
fn a_raise_stops_at_its_ceiling() {
    check(&format!(
        "{CAPS} customer ann credit=1000
         2026-11-09 ann => accepted
           grant a ann credit 300 to 2000 => granted 300 credit-limit:CNY
           grant b ann credit 300 to 1500 => granted 200 credit-limit:CNY
           grant c ann credit 300 to 1500 skip => skipped: credit-ceiling
         under-way ann => 500
         used ann credit-limit campaign => 500 in 2"
    ));
}

#[test]
fn a_limit_that_shows_a_raise_does_not_count_it_twice() {
    check(&format!(
        "{CAPS} customer ann credit=1000
         2026-11-09 ann => accepted
           grant a ann credit 500 to 2000 => granted 500 credit-limit:CNY
         customer ann credit=1500
         under-way ann => 0
         2026-11-10 ann => accepted
           grant b ann credit 800 to 2000 => granted 500 credit-limit:CNY
         under-way ann => 500"
    ));
}

#[test]
fn a_raise_that_is_taken_back_makes_room_again() {
    check(&format!(
        "{CAPS} customer ann credit=1000
         2026-11-09 ann about L1 => accepted
           grant a ann credit 500 to 1500 => granted 500 credit-limit:CNY
         2026-11-10 ann => denied effect 0: credit-ceiling
           grant b ann credit 100 to 1500
         2026-11-10 ann about L1 => accepted
           revoke about 200 => took ann a 200
         under-way ann => 300
         2026-11-10 ann => accepted
           grant b ann credit 300 to 1500 => granted 200 credit-limit:CNY
         under-way ann => 500"
    ));
}

#[test]
fn an_unknown_limit_is_not_raised() {
    check(&format!(
        "{CAPS} budget points total 10
         limit points campaign amount 10
         2026-11-09 ann => denied effect 0: credit-unknown
           grant a ann credit 500 to 2000
         2026-11-09 ann => accepted
           grant a ann credit 500 to 2000 or points 5 => granted 5 points by choice 1
         customer bob credit=3000
         2026-11-09 bob => accepted
           grant a bob credit 500 to 2000 skip => skipped: credit-ceiling"
    ));
}

#[test]
fn raises_and_boosts_are_capped_like_everything() {
    check(
        "budget credit-limit:CNY total 700
         limit credit-limit campaign amount 500
         budget rate-boost total 100
         limit rate-boost:deposit month amount 60
         customer ann credit=1000
         customer bob credit=1000
         2026-11-09 ann => accepted
           grant a ann credit 600 to 9000 reduce => reduced to 500 credit-limit:CNY: limit-reached
           grant b ann boost deposit 50 until 60 => granted 50 rate-boost:deposit
           grant c ann boost deposit 50 reduce => reduced to 10 rate-boost:deposit: limit-reached
         held ann b 2026-11-10 => 50 of 50 rate-boost:deposit, expired
         2026-11-09 bob => accepted
           grant a bob credit 300 to 9000 reduce => reduced to 200 credit-limit:CNY: budget-exhausted
         under-way bob => 200",
    );
}
