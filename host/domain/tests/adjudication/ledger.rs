//! Using, holding, expiring and taking back what was granted. After every line the books are audited.

use crate::script::check;

const CAPS: &str = "budget points total 1000
                    limit points campaign amount 500\n";

#[test]
fn of_the_same_end_what_was_given_first_is_used_first() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 50 => granted 50 points
         2026-11-10 ann => accepted
           grant b ann points 30 => granted 30 points
         redeem r1 ann 60 points on 2026-11-10 => redeemed: a 50, b 10
         redeem r1 ann 60 points on 2026-11-11 => again redeemed: a 50, b 10
         redeem r1 ann 61 points on 2026-11-11 => error: the id was used for another request
         redeem r2 ann 21 points on 2026-11-10 => error: the customer can use 20
         redeem r2 ann 20 points on 2026-11-10 => redeemed: b 20
         held ann a => 50 of 50 points, redeemed
         wallet ann points on 2026-11-10 => 0
         account budget points => -80
         account expense points => 80
         reverse r1 on 2026-11-12 => reversed
         reverse r1 on 2026-11-12 => reversed
         wallet ann points on 2026-11-12 => 60
         commit r1 on 2026-11-12 => error: the redemption is reversed"
    ));
}

#[test]
fn a_reservation_is_committed_released_or_times_out() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 50 => granted 50 points
         redeem r1 ann 20 points until 2026-11-12 => reserved: a 20
         redeem r2 ann 20 points until 2026-11-12 => reserved: a 20
         redeem r3 ann 20 points until 2026-11-12 => error: the customer can use 10
         redeem r3 ann 10 points until 2026-11-09 => error: the time until which to reserve is over
         redeem r3 ann 10 points until 2026-11-12 => reserved: a 10
         account reserved points => 50
         held ann a => 50 of 50 points, posted
         commit r1 by bob on 2026-11-10 => error: the redemption is another customer's
         commit r1 by ann on 2026-11-10 => redeemed
         release r1 on 2026-11-10 => error: the redemption is redeemed
         release r2 on 2026-11-10 => released
         commit r2 on 2026-11-10 => error: the redemption is released
         clock 2026-11-11 r3 => reserved
         commit r3 on 2026-11-12 => error: the redemption is timed-out
         clock 2026-11-12 r3 => timed-out
         clock 2026-11-13 r1 => redeemed
         commit r9 => error: there is no such redemption
         wallet ann points on 2026-11-13 => 30
         account expense points => 20"
    ));
}

#[test]
fn what_was_used_is_owed_after_a_claw_back_and_paid_by_what_comes_next() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 100 => granted 100 points
         redeem r1 ann 70 points => redeemed: a 70
         2026-11-10 ann => accepted
           revoke a ann => took ann a 100
         held ann a => 0 of 100 points, reversed
         owes ann points => 70
         account budget points => 0
         account debt points => -70
         account expense points => 70
         2026-11-11 ann => accepted
           grant b ann points 50 => granted 50 points
         owes ann points => 20
         wallet ann points on 2026-11-11 => 0
         2026-11-12 ann => accepted
           grant c ann points 50 => granted 50 points
         owes ann points => 0
         wallet ann points on 2026-11-12 => 30
         reverse r1 on 2026-11-12 => reversed
         wallet ann points on 2026-11-12 => 100"
    ));
}

#[test]
fn part_of_a_reserved_grant_is_taken_back() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 100 => granted 100 points
         redeem r1 ann 30 points until 2026-11-12 => reserved: a 30
         redeem r2 ann 20 points => redeemed: a 20
         2026-11-10 ann => accepted
           revoke a ann 60 => took ann a 60
         owes ann points => 10
         release r1 on 2026-11-10 => released
         owes ann points => 0
         wallet ann points on 2026-11-10 => 20
         2026-11-10 ann => accepted
           revoke a ann => took ann a 40
         owes ann points => 20"
    ));
}

#[test]
fn a_key_is_not_freed_while_some_of_it_is_reserved() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 10 => granted 10 points
         redeem r1 ann 10 points until 2026-11-12 => reserved: a 10
         2026-11-10 ann => accepted
           revoke a ann free => took ann a 10
           grant a ann points 10 => skipped: already-granted
         release r1 on 2026-11-10 => released
         owes ann points => 0
         wallet ann points on 2026-11-10 => 0"
    ));
}

#[test]
fn a_redemption_of_a_grant_that_was_given_anew_stays() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 10 => granted 10 points
         redeem r1 ann 10 points => redeemed: a 10
         2026-11-10 ann => accepted
           revoke a ann free => took ann a 10
           grant a ann points 15 => granted 15 points
         owes ann points => 0
         wallet ann points on 2026-11-10 => 5
         reverse r1 on 2026-11-10 => error: a grant that was used has been taken back and given anew"
    ));
}

#[test]
fn what_expires_soonest_is_used_first_unless_the_unit_says_otherwise() {
    let given = "2026-11-09 ann => accepted
           grant never ann points 10 => granted 10 points
           grant late ann points 10 expires 864000 => granted 10 points
           grant soon ann points 10 expires 86400 => granted 10 points
         2026-11-09 ann => accepted
           grant soon-too ann points 10 expires 86400 => granted 10 points
           grant over ann points 10 expires 3600 => granted 10 points\n";
    check(&format!(
        "{CAPS} {given} redeem r1 ann 5 points => redeemed: over 5
         clock 2026-11-10 ann over => redeemed
         redeem r2 ann 32 points => redeemed: soon 10, soon-too 10, late 10, never 2"
    ));
    check(&format!(
        "{CAPS} unit points given-first
         {given} redeem r1 ann 25 points => redeemed: late 10, never 10, soon 5
         redeem r2 ann 3 points of late => error: the customer can use 0
         redeem r3 ann 3 points of soon => redeemed: soon 3"
    ));
}

#[test]
fn all_ids_of_a_customer_use_what_expires_soonest_first() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 10 => granted 10 points
         2026-11-09 bob => accepted
           grant b bob points 10 expires 86400 => granted 10 points
         merge ann bob => bob into ann
         redeem r1 ann 15 points => redeemed: b 10, a 5
         redeem r2 ann 5 points until 2026-11-12 => reserved: a 5"
    ));
}

#[test]
fn a_redemption_comes_back_in_pieces() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 60 expires 86400 => granted 60 points
           grant b ann points 60 => granted 60 points
         redeem r1 ann 100 points => redeemed: a 60, b 40
         reverse r1 30 as back/1 => redeemed, 30 returned
         reverse r1 30 as back/1 => redeemed, 30 returned
         reverse r1 31 as back/1 => error: the return's id was used for another quantity
         reverse r1 as back/1 => error: the return's id was used for another quantity
         reverse r1 71 as back/2 => error: 70 of the redemption can still be returned
         held ann b => 60 of 60 points, posted
         wallet ann points => 50
         account expense points => 70
         reverse r1 30 as back/2 by bob => error: the redemption is another customer's
         reverse r1 30 as back/2 by ann => redeemed, 60 returned
         wallet ann points => 80
         reverse r1 5 => redeemed, 65 returned
         reverse r1 5 => redeemed, 65 returned
         reverse r1 6 => error: the return's id was used for another quantity
         commit r1 => redeemed, 65 returned
         release r1 => error: the redemption is redeemed
         reverse r1 => reversed
         reverse r1 => reversed
         reverse r1 as back/9 => reversed
         reverse r1 1 as back/9 => error: the redemption is reversed
         reverse r1 30 as back/1 => reversed
         account expense points => 0
         wallet ann points => 120
         redeem r2 ann 10 points until 2026-11-12 => reserved: a 10
         reverse r2 5 as back/1 => error: the redemption is reserved
         reverse r3 5 => error: there is no such redemption"
    ));
}

#[test]
fn a_redemption_comes_back_in_so_many_pieces_at_most() {
    let pieces: String = (1..=64).map(|n| format!("reverse r1 1 as back/{n} => redeemed, {n} returned\n")).collect();
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 100 => granted 100 points
         redeem r1 ann 100 points => redeemed: a 100
         {pieces} reverse r1 1 as back/65 => error: the redemption was returned in 64 pieces: return the rest, without a quantity
         reverse r1 1 as back/64 => redeemed, 64 returned
         reverse r1 as back/65 => reversed"
    ));
}

#[test]
fn what_comes_back_in_part_pays_debts_first() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 100 => granted 100 points
         redeem r1 ann 100 points => redeemed: a 100
         2026-11-10 ann => accepted
           revoke a ann 40 => took ann a 40
         owes ann points => 40
         reverse r1 30 as back/1 => redeemed, 30 returned
         owes ann points => 10
         wallet ann points => 0
         reverse r1 30 as back/2 => redeemed, 60 returned
         owes ann points => 0
         wallet ann points => 20
         account expense points => 40
         held ann a => 60 of 100 points, posted"
    ));
}

#[test]
fn what_comes_back_after_its_end_has_a_grace() {
    check(&format!(
        "{CAPS} unit points grace 5
         2026-11-09 ann => accepted
           grant a ann points 50 expires 86400 => granted 50 points
         redeem r1 ann 20 points => redeemed: a 20
         redeem r2 ann 10 points until 2026-11-20 => reserved: a 10
         redeem r3 ann 5 points until 2026-11-11 => reserved: a 5
         reverse r1 5 as back/1 on 2026-11-12 => redeemed, 5 returned
         account breakage points => 15
         wallet ann points on 2026-11-12 => 5
         redeem r4 ann 2 points on 2026-11-16 => redeemed: a 2
         wallet ann points on 2026-11-17 => 0
         clock 2026-11-17 ann a => posted
         account breakage points => 18
         clock 2026-11-18 r3 => timed-out
         release r2 on 2026-11-18 => released
         wallet ann points on 2026-11-18 => 15
         reverse r1 5 as back/2 on 2026-11-18 => redeemed, 10 returned
         wallet ann points on 2026-11-22 => 20
         clock 2026-11-23 ann a => redeemed
         account breakage points => 38
         unit points grace 0
         reverse r1 on 2026-11-24 => reversed
         wallet ann points on 2026-11-24 => 0
         account breakage points => 48
         account expense points => 2"
    ));
}

#[test]
fn a_month_is_the_usual_grace() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 50 expires 86400 => granted 50 points
         redeem r1 ann 50 points => redeemed: a 50
         reverse r1 on 2026-11-20 => reversed
         wallet ann points on 2026-12-19 => 50
         wallet ann points on 2026-12-20 => 0"
    ));
}

#[test]
fn what_expires_is_breakage_and_cannot_be_used() {
    check(&format!(
        "{CAPS} unit points grace 0
         2026-11-09 ann => accepted
           grant a ann points 50 expires 86400 => granted 50 points
           grant b ann points 5 => granted 5 points
         redeem r1 ann 10 points until 2026-11-12 => reserved: a 10
         redeem r2 ann 20 points => redeemed: a 20
         redeem r3 ann 6 points on 2026-11-10 => error: the customer can use 5
         redeem r3 ann 5 points of a on 2026-11-10 => error: the grant has expired
         clock 2026-11-09 ann a => posted
         clock 2026-11-10 ann a => posted
         account breakage points => 20
         release r1 on 2026-11-10 => released
         account breakage points => 30
         held ann a 2026-11-10 => 50 of 50 points, redeemed
         reverse r2 on 2026-11-10 => reversed
         account breakage points => 50
         held ann a 2026-11-10 => 50 of 50 points, expired
         redeem r4 ann 5 points of a on 2026-11-10 => error: the grant has expired
         2026-11-10 ann => accepted
           revoke a ann => took ann a 50
         account breakage points => 0
         account budget points => -5
         owes ann points => 0"
    ));
}

#[test]
fn a_held_grant_is_posted_by_the_clock_and_cannot_be_used_before() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 50 hold 86400 => granted 50 points
           grant b ann points 50 hold 86400 => granted 50 points
         account pending points => 100
         redeem r1 ann 1 points => error: the customer can use 0
         clock 2026-11-09 ann a => pending
         2026-11-10 ann => accepted
           revoke b ann => took ann b 50
         clock 2026-11-10 ann a => posted
         clock 2026-11-10 ann b => reversed
         account pending points => 0
         account wallet points => 50
         used ann points campaign => 50 in 1"
    ));
}

#[test]
fn a_shelf_holds_so_much_and_what_does_not_fit_goes_back_to_its_supplier() {
    check(
        "budget item total 1000
         limit item campaign count 100
         unit item:phone stocked
         stock item:phone 1000000000000000 => 1000000000000000
         stock item:phone 1 => 1000000000000000 are on hand, and 1000000000000000 may be
         2026-11-09 ann => accepted
           grant a ann item:phone 1 => granted 1 item:phone
           grant b ann item:phone 1 => granted 1 item:phone
         stock item:phone 1 => 999999999999999
         2026-11-09 ann => accepted
           revoke a ann => took ann a 1
           revoke b ann => took ann b 1
         stock item:phone 1 => 1000000000000000 are on hand, and 1000000000000000 may be
         account supply item:phone => 1",
    );
}

#[test]
fn stock_is_given_while_there_is_some_and_returns_unused() {
    check(
        "budget item total 1000
         limit item campaign count 100
         unit item:phone stocked
         stock item:phone 2 => 2
         stock item:phone less 3 => 2 are on hand
         2026-11-09 ann => accepted
           grant a ann item:phone 1 => granted 1 item:phone
           grant b ann item:phone 1 or item:mug 1 => granted 1 item:phone
           grant c ann item:phone 1 or item:mug 1 => granted 1 item:mug by choice 1
           grant d ann item:phone 1 skip => skipped: stock-exhausted
         redeem r1 ann 1 item:phone => redeemed: a 1
         2026-11-10 ann => accepted
           revoke a ann => took ann a 1
           revoke b ann => took ann b 1
         owes ann item:phone => 1
         2026-11-10 ann => denied effect 0: stock-exhausted
           grant e ann item:phone 2
         2026-11-10 ann => accepted
           grant e ann item:phone 2 reduce => reduced to 1 item:phone: stock-exhausted
         stock item:phone 0 => 0
         owes ann item:phone => 0",
    );
}

#[test]
fn terms_of_a_unit_say_its_validity_and_the_least_that_is_redeemed() {
    check(
        "budget coupon total 10
         limit coupon campaign count 10
         budget cash:CNY total 10000
         limit cash:CNY campaign count 10
         budget growth total 10
         limit growth campaign count 10
         unit coupon:a valid 2
         unit cash:CNY minimum 1000
         2026-11-09 ann => accepted
           grant a ann coupon:a 1 => granted 1 coupon:a
           grant b ann coupon:a 1 expires 864000 => granted 1 coupon:a
           grant c ann cash:CNY 1500 => granted 1500 cash:CNY
           grant d ann growth 5 => granted 5 growth
         clock 2026-11-11 ann a => expired
         clock 2026-11-11 ann b => posted
         redeem r1 ann 999 cash:CNY => error: at least 1000 is redeemed at once
         redeem r1 ann 1000 cash:CNY => redeemed: c 1000
         redeem r2 ann 1 coupon:a of c => error: the grant is of cash:CNY
         redeem r2 ann 1 coupon:a of x => error: the customer has no such grant
         redeem r2 bob 1 coupon:a of b => error: the customer has no such grant
         redeem r2 ann 1 growth => error: growth is not used up",
    );
}

#[test]
fn limits_count_by_device_whoever_uses_it() {
    check(
        "budget points total 1000
         limit points campaign amount 500
         limit points per device day amount 60
         customer ann device=d1
         customer bob device=d1
         2026-11-09 ann bob => accepted
           grant a ann points 50 => granted 50 points
           grant a bob points 50 reduce => reduced to 10 points: limit-reached
         customer ann device=d2
         2026-11-09 ann => accepted
           grant b ann points 60 => granted 60 points
           revoke a ann => took ann a 50
         used device d1 points day => 10 in 1
         used device d2 points day => 60 in 1
         2026-11-09 eve => denied effect 0: identifier-unknown
           grant a eve points 5
         unknown-claim allow
         2026-11-09 eve => accepted
           grant a eve points 5 => granted 5 points",
    );
}

#[test]
fn a_pocket_is_a_budget_of_several_campaigns() {
    check(
        "budget points total 1000
         limit points campaign amount 500
         pocket shared points total 70
         2026-11-09 ann => accepted
           grant a ann points 50 => granted 50 points
           grant b ann points 50 reduce => reduced to 20 points: budget-exhausted
           revoke a ann 5 => took ann a 5
         used pocket shared points campaign => 65 in 2
         used budget points campaign => 65 in 2",
    );
}
