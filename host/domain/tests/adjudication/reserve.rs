//! What policies reserve out of wallets and settle, and grants that are taken back unless they are settled. After every line the
//! books are audited.

use crate::script::check;

const GIVEN: &str = "budget points total 1000
                     limit points campaign amount 500
                     2026-11-08 ann => accepted
                       grant a ann points 50 => granted 50 points
                     2026-11-09 ann => accepted
                       grant b ann points 30 => granted 30 points\n";

#[test]
fn what_is_reserved_is_committed_released_or_times_out() {
    check(&format!(
        "{GIVEN} 2026-11-09 ann => accepted
           reserve r1 ann 60 points until 86400 => reserved 60 points
         account reserved points => 60
         wallet ann points => 20
         2026-11-09 ann => accepted
           settle reservation r1 ann commit => commit 60 points
         account expense points => 60
         held ann a => 50 of 50 points, redeemed
         2026-11-09 ann => accepted
           reserve r2 ann 15 points until 86400 => reserved 15 points
           settle reservation r2 ann release => release 15 points
           settle reservation r2 ann release => skipped: nothing-to-settle
           settle reservation r2 ann commit => skipped: nothing-to-settle
           settle reservation r1 ann release => skipped: nothing-to-settle
           reserve r3 ann 20 points until 86400 => reserved 20 points
         wallet ann points => 0
         2026-11-10 ann => accepted
           settle reservation r3 ann commit => skipped: timed-out
         clock 2026-11-10 test@r3@ann => timed-out
         2026-11-10 ann => accepted
           settle reservation r3 ann commit => skipped: timed-out
           settle reservation r3 ann release => skipped: timed-out
         wallet ann points on 2026-11-10 => 20"
    ));
}

#[test]
fn what_a_policy_reserved_is_settled_by_request_too() {
    check(&format!(
        "{GIVEN} 2026-11-09 ann => accepted
           reserve r/1 ann 60 points until 86400 => reserved 60 points
         commit test@r/1@ann by bob => error: the redemption is another customer's
         commit test@r/1@ann by ann => redeemed
         reverse test@r/1@ann => reversed
         commit test@r/2@ann => error: there is no such redemption
         2026-11-09 ann => accepted
           settle reservation r/1 ann release => skipped: nothing-to-settle
           reserve r/1 ann 5 points until 86400 => skipped: already-reserved
         wallet ann points => 80"
    ));
}

#[test]
fn a_shortfall_is_what_the_policy_makes_of_it() {
    check(&format!(
        "{GIVEN} unit points minimum 10
         2026-11-09 ann => denied effect 1: insufficient-balance
           grant c ann points 10
           reserve r1 ann 91 points until 86400
         2026-11-09 ann => accepted
           reserve r1 ann 81 points until 86400 skip => skipped: insufficient-balance
           reserve r1 ann 9 points until 86400 skip => skipped: below-minimum
           reserve r1 ann 9 points until 86400 reduce => skipped: below-minimum
           reserve r1 ann 81 points until 86400 reduce => reduced to 80 points: insufficient-balance
           reserve r1 ann 81 points until 86400 => skipped: already-reserved
           reserve r2 ann 10 points until 86400 reduce => skipped: insufficient-balance
           settle reservation r1 ann release => release 80 points
           reserve r2 ann 75 points until 86400 => reserved 75 points
           reserve r3 ann 10 points until 86400 reduce => skipped: insufficient-balance
         wallet ann points => 5
         2026-11-09 ann => denied effect 0: below-minimum
           reserve r4 ann 1 points until 86400
         narrow coupon
         2026-11-09 ann => denied effect 0: class-not-allowed
           reserve r4 ann 10 points until 86400
         2026-11-09 bob => accepted
           reserve r1 bob 10 points until 86400 reduce => skipped: class-not-allowed"
    ));
}

#[test]
fn nothing_is_reserved_for_a_time_that_is_over_or_after_the_end() {
    check(&format!(
        "{GIVEN} 2026-11-09 ann => accepted
           reserve r1 ann 10 points until 0 => skipped: timed-out
           reserve r1 ann 10 points until 86400 => reserved 10 points
         closes 2026-11-10
         2026-11-10 ann => accepted
           reserve r2 ann 10 points until 86400 => skipped: campaign-ended
         2026-11-09 ann => accepted
           settle reservation r1 ann commit => commit 10 points"
    ));
}

#[test]
fn a_settlement_that_is_required_denies_the_decision() {
    check(&format!(
        "{GIVEN} 2026-11-09 ann => denied effect 1: nothing-to-settle
           grant c ann points 10
           settle reservation r1 ann commit required
         2026-11-09 ann => denied effect 0: nothing-to-settle
           settle grant b ann release required
         2026-11-09 ann => accepted
           reserve r1 ann 10 points until 3600 => reserved 10 points
         2026-11-10 ann => denied effect 1: timed-out
           grant prize ann points 10
           settle reservation r1 ann commit required
         held ann prize => nothing
         clock 2026-11-10 test@r1@ann => timed-out
         2026-11-10 ann => denied effect 0: timed-out
           settle reservation r1 ann release required"
    ));
}

#[test]
fn a_held_grant_is_settled_or_taken_back_by_the_clock() {
    check(&format!(
        "{GIVEN} 2026-11-09 ann => accepted
           grant late ann points 10 void 0 => skipped: timed-out
           grant soon ann points 10 hold 0 => granted 10 points
           grant c ann points 100 void 86400 => granted 100 points
           grant d ann points 100 void 86400 => granted 100 points
           grant e ann points 100 void 86400 => granted 100 points
           grant f ann points 100 hold 86400 => granted 100 points
         account pending points => 400
         used budget points campaign => 490 in 7
         2026-11-09 ann => accepted
           settle grant c ann commit => commit 100 points
           settle grant c ann commit => skipped: nothing-to-settle
           settle grant c ann release => skipped: nothing-to-settle
           settle grant d ann release => release 100 points
           settle grant d ann commit => skipped: nothing-to-settle
           settle grant f ann commit => commit 100 points
           settle grant none ann commit => skipped: nothing-to-settle
         held ann c => 100 of 100 points, posted
         held ann d => 0 of 100 points, reversed
         used budget points campaign => 390 in 6
         2026-11-10 ann => accepted
           settle grant e ann commit => skipped: timed-out
         clock 2026-11-10 ann e => reversed
         2026-11-10 ann => accepted
           settle grant e ann commit => skipped: timed-out
           grant e ann points 1 => skipped: already-granted
         used budget points campaign => 290 in 5
         account pending points => 0
         wallet ann points on 2026-11-10 => 290"
    ));
}

#[test]
fn a_held_grant_that_has_expired_is_not_settled() {
    check(&format!(
        "{GIVEN} 2026-11-09 ann => accepted
           grant c ann points 10 hold 172800 expires 86400 => granted 10 points
         clock 2026-11-10 ann c => expired
         2026-11-10 ann => accepted
           settle grant c ann commit => skipped: nothing-to-settle
         account breakage points => 10"
    ));
}

#[test]
fn what_a_policy_may_not_reserve() {
    check(
        "2026-11-09 ann => fault stranger: effects[0]: bob is no party
           reserve r1 bob 1 points until 60
         2026-11-09 ann => fault stranger: effects[0]: bob is no party
           settle reservation r1 bob commit
         2026-11-09 ann => fault stranger: effects[0]: bob is no party
           settle grant r1 bob commit
         2026-11-09 ann => fault invalid-output: effects[0].reserve.unit: growth is not used up
           reserve r1 ann 1 growth until 60
         2026-11-09 ann => fault invalid-output: effects[0].reserve.until: no such time
           reserve r1 ann 1 points until never
         declare coupon
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare points
           reserve r1 ann 1 points until 60
         effects grant
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare reserve
           reserve r1 ann 1 coupon:a until 60
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare settle
           settle grant r1 ann commit",
    );
}
