//! Taking back: whole, in part, by key, about a thing; where it returns to.

use crate::script::check;

const CAPS: &str = "budget points total 1000 day 100
                    limit points day amount 60 count 3
                    limit points campaign amount 500\n";

#[test]
fn what_is_returned_goes_to_the_day_it_was_taken_from() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 50 => granted 50 points
         2026-11-10 ann => accepted
           grant b ann points 50 => granted 50 points
         2026-11-10 ann => accepted
           revoke a ann => took ann a 50
         used ann points day 2026-11-09 => 0 in 0
         used ann points day 2026-11-10 => 50 in 1
         used budget points day 2026-11-09 => 0 in 0
         used budget points day 2026-11-10 => 50 in 1
         used ann points campaign => 50 in 1
         used budget points campaign => 50 in 1
         2026-11-10 ann => denied effect 0: limit-reached
           grant c ann points 11
         2026-11-09 ann => accepted
           grant c ann points 60 => granted 60 points"
    ));
}

#[test]
fn part_by_part_until_nothing_is_left() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 50 => granted 50 points
         2026-11-10 ann => accepted
           revoke a ann 20 => took ann a 20
         held ann a => 30 of 50 points, posted
         used ann points day 2026-11-09 => 30 in 1
         2026-11-10 ann => accepted
           revoke a ann 20 => took ann a 20
           revoke a ann 20 => took ann a 10
           revoke a ann 20 => skipped: nothing-to-revoke
           revoke a ann => skipped: nothing-to-revoke
         held ann a => 0 of 50 points, reversed
         used ann points day 2026-11-09 => 0 in 0"
    ));
}

#[test]
fn a_key_stays_used_unless_it_is_freed() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 5 => granted 5 points
           revoke a ann => took ann a 5
           grant a ann points 5 => skipped: already-granted
           grant b ann points 5 => granted 5 points
           revoke b ann 2 free => took ann b 2
           grant b ann points 5 => skipped: already-granted
           revoke b ann free => took ann b 3
           grant b ann points 7 => granted 7 points
           revoke b ann 7 free => took ann b 7
         2026-11-10 ann => accepted
           grant b ann points 8 => granted 8 points
         used ann points campaign => 8 in 1
         used ann points day 2026-11-09 => 0 in 0
         held ann b => 8 of 8 points, posted"
    ));
}

#[test]
fn everything_about_a_thing() {
    check(&format!(
        "{CAPS} 2026-11-09 ann bob about L1 => accepted
           grant a ann points 5 => granted 5 points
           grant a bob points 6 => granted 6 points
         2026-11-09 ann about L2 => accepted
           grant b ann points 7 => granted 7 points
         2026-11-10 ann about L1 => accepted
           revoke about => took ann a 5, bob a 6
           revoke about => skipped: nothing-to-revoke
           grant c ann points 5 => skipped: cancelled-before
         2026-11-10 ann about L2 => accepted
           grant c ann points 5 => granted 5 points
         held bob a => 0 of 6 points, reversed
         held ann b => 7 of 7 points, posted"
    ));
}

#[test]
fn part_of_everything_about_a_thing_cancels_nothing_later() {
    check(&format!(
        "{CAPS} 2026-11-09 ann bob about L1 => accepted
           grant a ann points 5 => granted 5 points
           grant a bob points 10 => granted 10 points
         2026-11-10 ann about L1 => accepted
           revoke about 6 => took ann a 5, bob a 6
           grant c ann points 5 => granted 5 points
           revoke about 6 => took bob a 4, ann c 5
           revoke about => nothing yet, none later
           grant d ann points 5 => skipped: cancelled-before"
    ));
}

#[test]
fn a_cancellation_that_comes_first_leaves_a_tombstone() {
    check(&format!(
        "{CAPS} 2026-11-09 ann about L1 => accepted
           revoke about => nothing yet, none later
         2026-11-10 ann about L1 => accepted
           grant a ann points 5 => skipped: cancelled-before
           revoke about => skipped: nothing-to-revoke
         2026-11-10 ann about L2 => accepted
           grant a ann points 5 => granted 5 points
         2026-11-10 ann about L3 => accepted
           revoke about 5 => skipped: nothing-to-revoke
           grant b ann points 5 => granted 5 points"
    ));
}

#[test]
fn a_freed_key_belongs_to_the_thing_it_was_granted_about_last() {
    check(&format!(
        "{CAPS} 2026-11-09 ann about L1 => accepted
           grant first-loan ann points 5 => granted 5 points
         2026-11-10 ann about L1 => accepted
           revoke about free => took ann first-loan 5
         2026-11-11 ann about L2 => accepted
           grant first-loan ann points 6 => granted 6 points
         2026-11-12 ann about L1 => accepted
           revoke about => skipped: nothing-to-revoke
         held ann first-loan => 6 of 6 points, posted
         2026-11-12 ann about L2 => accepted
           revoke about free => took ann first-loan 6"
    ));
}

#[test]
fn a_key_granted_twice_about_one_thing_is_taken_from_once() {
    check(&format!(
        "{CAPS} 2026-11-09 ann about L1 => accepted
           grant a ann points 5 => granted 5 points
           revoke a ann free => took ann a 5
           grant a ann points 6 => granted 6 points
           revoke about 2 => took ann a 2
         held ann a => 4 of 6 points, posted"
    ));
}

/// The runner compares wallets with all that was ever written: the reversal must be written beside the new grant.
#[test]
fn a_key_taken_back_and_granted_again_at_once_leaves_both_records() {
    check(&format!(
        "{CAPS} 2026-11-09 ann => accepted
           grant a ann points 5 => granted 5 points
         2026-11-10 ann => accepted
           revoke a ann free => took ann a 5
           grant a ann points 6 => granted 6 points
         2026-11-11 ann => accepted
           grant b ann points 1 => granted 1 points"
    ));
}

#[test]
fn nothing_is_taken_that_was_never_given() {
    check(&format!(
        "{CAPS} 2026-11-09 ann bob => accepted
           grant a ann points 5 => granted 5 points
           revoke a bob => skipped: nothing-to-revoke
           revoke b ann => skipped: nothing-to-revoke
           revoke a ann 0 => skipped: nothing-to-revoke
         used ann points campaign => 5 in 1"
    ));
}

#[test]
fn what_a_decision_gave_it_can_take() {
    check(&format!(
        "{CAPS} 2026-11-09 ann about L1 => accepted
           grant a ann points 60 => granted 60 points
           revoke about 59 => took ann a 59
           grant b ann points 59 => granted 59 points
           grant c ann points 1 skip => skipped: limit-reached
         used ann points day => 60 in 2"
    ));
}
