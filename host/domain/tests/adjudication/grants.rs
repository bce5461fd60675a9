//! Grants: keys, choices, shortfall, the campaign's end, and which reason comes first.

use crate::script::check;

#[test]
fn a_key_is_granted_once_ever_to_each_party() {
    check(
        "budget points total 100
         limit points campaign amount 100
         2026-11-09 ann bob => accepted
           grant k1 ann points 5 => granted 5 points
           grant k1 bob points 5 => granted 5 points
           grant k1 ann points 5 => skipped: already-granted
         2027-11-09 ann => accepted
           grant k1 ann points 9 => skipped: already-granted
           grant k2 ann points 9 => granted 9 points
         used ann points campaign => 14 in 2
         used budget points campaign => 19 in 3",
    );
}

#[test]
fn the_first_choice_that_fits_is_given() {
    check(
        "budget item:phone total 1
         budget coupon total 10
         budget points total 100
         limit item campaign count 9
         limit coupon campaign count 9
         limit points campaign amount 100
         2026-11-09 ann => accepted
           grant k1 ann item:phone 1 or coupon:a 1 or points 5 => granted 1 item:phone
           grant k2 ann item:phone 1 or coupon:a 1 or points 5 => granted 1 coupon:a by choice 1
           grant k3 ann item:phone 1 or coupon:a 99 or points 5 => granted 5 points by choice 2
           grant k4 ann item:phone 1 or coupon:a 99 or points 500 skip => skipped: budget-exhausted
         used budget item:phone campaign => 1 in 1
         used budget coupon campaign => 1 in 1
         used budget points campaign => 5 in 1",
    );
}

#[test]
fn a_whole_later_choice_is_better_than_part_of_the_first() {
    check(
        "budget points total 100
         budget growth total 100
         limit points campaign amount 30
         limit growth campaign amount 40
         2026-11-09 ann => accepted
           grant k1 ann points 50 or growth 35 reduce => granted 35 growth by choice 1
           grant k2 ann points 50 or growth 35 reduce => reduced to 30 points: limit-reached
           grant k3 ann points 50 or growth 35 reduce => reduced to 5 growth by choice 1: limit-reached
           grant k4 ann points 50 or growth 35 reduce => skipped: limit-reached",
    );
}

#[test]
fn at_the_last_unit_the_grant_says_what_happens() {
    check(
        "budget points total 100
         limit points campaign amount 1000
         2026-11-09 ann => accepted
           grant k1 ann points 99 => granted 99 points
         2026-11-09 ann => denied effect 1: budget-exhausted
           tag ann vip
           grant k2 ann points 2
         tags ann 2026-11-09 => none
         2026-11-09 ann => accepted
           grant k3 ann points 2 skip => skipped: budget-exhausted
           grant k4 ann points 2 reduce => reduced to 1 points: budget-exhausted
           grant k5 ann points 2 reduce => skipped: budget-exhausted
         2026-11-09 ann => denied effect 0: budget-exhausted
           grant k6 ann points 1
         used budget points campaign => 100 in 2
         held ann k2 => nothing
         held ann k3 => nothing
         held ann k4 => 1 of 1 points, posted",
    );
}

#[test]
fn a_denied_decision_takes_back_all_that_it_did() {
    check(
        "budget points total 100 day 100
         limit points week amount 50
         customer ann device=d1 credit=1000
         budget credit-limit total 5000
         limit credit-limit campaign count 5
         2026-11-09 ann about L1 => accepted
           grant k1 ann points 10 => granted 10 points
         2026-11-09 ann about L1 => denied effect 6: limit-reached
           claim welcome device ann
           grant k2 ann points 30
           revoke k1 ann
           message hello ann
           tag ann vip
           grant k3 ann credit 500 to 2000
           revoke about 3
           grant k4 ann points 41
         used ann points week => 10 in 1
         used budget points day => 10 in 1
         held ann k1 => 10 of 10 points, posted
         under-way ann => 0
         2026-11-09 ann about L1 => accepted
           grant k2 ann points 1 => granted 1 points
           message hello ann => sent",
    );
}

#[test]
fn after_the_end_nothing_is_granted_and_all_else_goes_on() {
    check(
        "budget points total 100
         limit points campaign amount 100
         closes 2026-11-20
         2026-11-19 ann => accepted
           grant k1 ann points 5 => granted 5 points
         2026-11-20 ann => accepted
           grant k2 ann points 5 => skipped: campaign-ended
           grant k1 ann points 5 => skipped: already-granted
           tag ann late => set
           message bye ann => sent
           revoke k1 ann 2 => took ann k1 2
         2026-11-18 ann => accepted
           grant k3 ann points 5 => granted 5 points
         used ann points campaign => 8 in 2",
    );
}

#[test]
fn a_share_of_a_pool_is_given_after_the_end() {
    check(
        "budget points total 100
         limit points campaign amount 100
         weekday 1
         closes 2026-11-20
         event pool.settled
         2026-11-17 ann => accepted
           grant k1 ann points 5 => granted 5 points
         2026-11-20 ann => accepted
           grant k2 ann points 5 => granted 5 points",
    );
}

#[test]
fn outside_its_windows_nothing_is_granted_and_all_else_goes_on() {
    check(
        "budget points total 100
         limit points campaign amount 100
         weekday 1
         weekday 5
         closes 2026-11-20
         2026-11-09 ann => accepted
           grant k1 ann points 5 => granted 5 points
         2026-11-10 ann => accepted
           grant k2 ann points 5 => skipped: outside-window
           grant k1 ann points 5 => skipped: already-granted
           reserve r1 ann 1 points until 86400 => skipped: outside-window
           revoke k1 ann 2 => took ann k1 2
         2026-11-13 ann => accepted
           grant k2 ann points 5 => granted 5 points
         2026-11-21 ann => accepted
           grant k3 ann points 5 => skipped: campaign-ended
         used ann points campaign => 8 in 2",
    );
}

#[test]
fn what_a_pocket_pays_for_is_granted_while_it_is_open() {
    check(
        "pocket spring points total 100 opens 2026-11-10 closes 2026-11-12
         limit points campaign amount 100
         2026-11-09 ann => accepted
           grant k1 ann points 5 => skipped: pocket-closed
         2026-11-10 ann => accepted
           grant k1 ann points 5 => granted 5 points
         2026-11-12 ann => accepted
           grant k2 ann points 5 => skipped: pocket-closed
           revoke k1 ann 2 => took ann k1 2
         held ann k1 => 3 of 5 points, posted",
    );
}

#[test]
fn reasons_come_in_their_documented_order() {
    check(
        "customer ann device=d1
         budget points total 10
         limit points campaign amount 10
         closes 2026-11-20
         2026-11-09 ann about L1 => accepted
           grant k1 ann points 10 => granted 10 points
           revoke about 0 => skipped: nothing-to-revoke
         2026-11-09 ann about L2 => accepted
           revoke about => nothing yet, none later
         2026-11-21 ann about L2 => accepted
           grant k1 ann points 10 => skipped: already-granted
           grant k2 ann points 10 => skipped: cancelled-before
         narrow points credit-limit
         2026-11-21 ann => accepted
           grant k3 ann cash:CNY 10 => skipped: campaign-ended
         2026-11-19 ann => denied effect 0: class-not-allowed
           grant k3 ann cash:CNY 10
         2026-11-19 ann => denied effect 0: credit-unknown
           grant k3 ann credit 10 to 100
         customer ann credit=100
         2026-11-19 ann => denied effect 0: credit-ceiling
           grant k3 ann credit 10 to 100
         2026-11-19 ann => denied effect 0: no-limit
           grant k3 ann credit 10 to 200
         limit credit-limit campaign amount 0
         2026-11-19 ann => denied effect 0: no-budget
           grant k3 ann credit 10 to 200
         budget credit-limit total 0
         2026-11-19 ann => denied effect 0: limit-reached
           grant k3 ann credit 10 to 200",
    );
}

#[test]
fn the_cap_with_least_room_is_named() {
    check(
        "budget points total 100
         limit points campaign amount 50
         2026-11-09 ann => accepted
           grant k1 ann points 51 skip => skipped: limit-reached
           grant k2 ann points 50 => granted 50 points
         2026-11-09 bob => accepted
           grant k1 bob points 45 => granted 45 points
         2026-11-09 cyd => accepted
           grant k1 cyd points 60 reduce => reduced to 5 points: budget-exhausted
         2026-11-09 bob => accepted
           grant k2 bob points 6 skip => skipped: budget-exhausted",
    );
}

#[test]
fn grants_are_held_and_expire() {
    check(
        "budget points total 100
         limit points campaign amount 100
         2026-11-09 ann => accepted
           grant k1 ann points 5 hold 86400 expires 172800 => granted 5 points
         held ann k1 2026-11-09 => 5 of 5 points, pending
         clock 2026-11-10 ann k1 => posted
         held ann k1 2026-11-11 => 5 of 5 points, expired
         2026-11-09 ann => accepted
           revoke k1 ann => took ann k1 5
         held ann k1 2026-11-11 => 0 of 5 points, reversed",
    );
}
