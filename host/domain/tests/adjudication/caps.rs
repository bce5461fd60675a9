//! Limits and budgets: what counts where.

use crate::script::check;

#[test]
fn limits_by_amount_in_each_window() {
    check(
        "budget points total 10000
         limit points day amount 10
         limit points week amount 25
         limit points month amount 40
         limit points campaign amount 55
         2026-11-09 ann => accepted
           grant a ann points 20 reduce => reduced to 10 points: limit-reached
         2026-11-10 ann bob => accepted
           grant b ann points 20 reduce => reduced to 10 points: limit-reached
           grant b bob points 20 reduce => reduced to 10 points: limit-reached
         2026-11-15 ann => accepted
           grant c ann points 20 reduce => reduced to 5 points: limit-reached
         2026-11-16 ann => accepted
           grant d ann points 20 reduce => reduced to 10 points: limit-reached
         2026-11-30 ann => accepted
           grant e ann points 20 reduce => reduced to 5 points: limit-reached
         2026-12-01 ann => accepted
           grant f ann points 20 reduce => reduced to 10 points: limit-reached
         2026-12-08 ann => accepted
           grant g ann points 20 reduce => reduced to 5 points: limit-reached
         2027-12-08 ann => accepted
           grant h ann points 20 reduce => skipped: limit-reached
         used ann points week 2026-11-12 => 25 in 3
         used ann points month 2026-11-12 => 40 in 5
         used ann points week 2026-12-01 => 15 in 2
         used ann points campaign => 55 in 7
         used bob points campaign => 10 in 1",
    );
}

#[test]
fn an_iso_week_goes_across_the_year_and_a_month_does_not() {
    check(
        "budget points total 10000
         limit points week count 1
         2026-12-31 ann => accepted
           grant a ann points 1 => granted 1 points
         2027-01-03 ann => denied effect 0: limit-reached
           grant b ann points 1
         2027-01-04 ann => accepted
           grant c ann points 1 => granted 1 points
         2026-01-02 bob => accepted
           grant a bob points 1 => granted 1 points
         2026-12-31 bob => accepted
           grant b bob points 1 => granted 1 points
         limit growth month count 1
         budget growth total 10
         2026-12-31 ann => accepted
           grant d ann growth 1 => granted 1 growth
         2027-01-01 ann => accepted
           grant e ann growth 1 => granted 1 growth
         2027-12-01 ann => accepted
           grant f ann growth 1 => granted 1 growth",
    );
}

#[test]
fn limits_by_count() {
    check(
        "budget coupon total 10000
         limit coupon day count 2
         2026-11-09 ann => accepted
           grant a ann coupon:x 1 => granted 1 coupon:x
           grant b ann coupon:y 7 => granted 7 coupon:y
           grant c ann coupon:x 1 skip => skipped: limit-reached
           grant d ann coupon:x 1 reduce => skipped: limit-reached
         2026-11-10 ann => accepted
           grant c ann coupon:x 1 => granted 1 coupon:x
         used ann coupon day 2026-11-09 => 8 in 2",
    );
}

#[test]
fn a_limit_by_amount_and_one_by_count_of_the_same_window_count_once() {
    check(
        "budget points total 10000
         limit points day amount 10
         limit points day count 3
         2026-11-09 ann => accepted
           grant a ann points 4 => granted 4 points
           grant b ann points 4 => granted 4 points
           grant c ann points 4 reduce => reduced to 2 points: limit-reached
         used ann points day => 10 in 3
         2026-11-09 ann => accepted
           revoke a ann => took ann a 4
         used ann points day => 6 in 2",
    );
}

#[test]
fn a_late_event_counts_in_its_own_day() {
    check(
        "budget points total 10000 day 30
         limit points day amount 10
         2026-11-10 ann => accepted
           grant a ann points 10 => granted 10 points
         2026-11-09 ann => accepted
           grant b ann points 10 => granted 10 points
         2026-11-09 ann => denied effect 0: limit-reached
           grant c ann points 1
         used budget points day 2026-11-09 => 10 in 1
         used budget points day 2026-11-10 => 10 in 1
         used budget points campaign => 20 in 2",
    );
}

#[test]
fn budgets_in_total_and_by_day() {
    check(
        "budget points total 50 day 30
         limit points campaign amount 1000
         2026-11-09 ann bob => accepted
           grant a ann points 20 => granted 20 points
           grant a bob points 20 reduce => reduced to 10 points: budget-exhausted
           grant b bob points 20 skip => skipped: budget-exhausted
         2026-11-10 cyd => accepted
           grant a cyd points 30 reduce => reduced to 20 points: budget-exhausted
         2026-11-11 cyd => denied effect 0: budget-exhausted
           grant b cyd points 1",
    );
}

#[test]
fn a_class_adds_up_its_units_and_a_unit_counts_beside_it() {
    check(
        "budget coupon total 10
         budget coupon:gold total 2
         limit coupon campaign amount 100
         limit coupon:gold campaign count 1
         2026-11-09 ann bob => accepted
           grant a ann coupon:gold 1 => granted 1 coupon:gold
           grant b ann coupon:gold 1 skip => skipped: limit-reached
           grant c ann coupon:tin 7 => granted 7 coupon:tin
           grant a bob coupon:gold 2 reduce => reduced to 1 coupon:gold: budget-exhausted
           grant b bob coupon:tin 5 reduce => reduced to 1 coupon:tin: budget-exhausted
         used budget coupon campaign => 10 in 4
         used budget coupon:gold campaign => 2 in 2
         used ann coupon campaign => 8 in 2
         used ann coupon:gold campaign => 1 in 1",
    );
}

#[test]
fn nothing_is_granted_without_a_limit_and_a_budget() {
    check(
        "2026-11-09 ann => accepted
           grant a ann points 1 skip => skipped: no-limit
         budget points total 10
         2026-11-09 ann => accepted
           grant a ann points 1 reduce => skipped: no-limit
         limit growth campaign amount 10
         2026-11-09 ann => accepted
           grant b ann growth 1 skip => skipped: no-budget
         budget cash:CNY total 10
         limit cash campaign amount 10
         2026-11-09 ann => accepted
           grant c ann cash:USD 1 skip => skipped: no-budget
           grant c ann cash:CNY 1 => granted 1 cash:CNY",
    );
}

#[test]
fn the_largest_amounts_do_not_overflow() {
    check(
        "budget points total 1000000000000000
         limit points campaign count 3
         2026-11-09 ann => accepted
           grant a ann points 999999999999999 => granted 999999999999999 points
           grant b ann points 1000000000000000 reduce => reduced to 1 points: limit-reached
           grant c ann points 1 skip => skipped: limit-reached",
    );
}
