//! Several ids of one customer: what was given, counted, claimed and sent under any of them. After every line the books are audited.

use crate::script::check;

const FUNDED: &str = "budget points total 1000
                      limit points week amount 100 count 3\n";

#[test]
fn a_key_is_granted_once_to_all_ids() {
    check(&format!(
        "{FUNDED} 2026-11-09 ann => accepted
           grant welcome ann points 10 => granted 10 points
         2026-11-09 bob => accepted
           grant welcome bob points 10 => granted 10 points
         2026-11-09 cid => accepted
           grant gift cid points 10 => granted 10 points
         merge ann bob => bob into ann
         merge ann cid => cid into ann
         2026-11-09 ann => accepted
           grant welcome ann points 10 => skipped: already-granted
           grant gift ann points 10 => skipped: already-granted
         used budget points campaign 2026-11-09 => 30 in 3"
    ));
}

#[test]
fn a_key_that_was_freed_under_another_id_is_free() {
    check(&format!(
        "{FUNDED} 2026-11-09 bob => accepted
           grant gift bob points 10 => granted 10 points
         merge ann bob => bob into ann
         2026-11-09 ann => accepted
           revoke gift ann free => took bob gift 10
         2026-11-09 ann => accepted
           grant gift ann points 10 => granted 10 points
         2026-11-09 ann => accepted
           grant gift ann points 10 => skipped: already-granted"
    ));
}

#[test]
fn limits_add_up() {
    check(&format!(
        "{FUNDED} 2026-11-09 ann => accepted
           grant a ann points 40 => granted 40 points
         2026-11-09 bob => accepted
           grant b bob points 50 => granted 50 points
         merge ann bob => bob into ann
         2026-11-09 ann => accepted
           grant c ann points 20 reduce => reduced to 10 points: limit-reached
           grant d ann points 1 skip => skipped: limit-reached
         used ann points week 2026-11-09 => 50 in 2
         used bob points week 2026-11-09 => 50 in 1"
    ));
}

#[test]
fn the_wallets_are_one() {
    check(&format!(
        "{FUNDED} 2026-11-08 bob => accepted
           grant b bob points 50 => granted 50 points
         2026-11-09 ann => accepted
           grant a ann points 40 => granted 40 points
         redeem r0 bob 5 points => redeemed: b 5
         merge ann bob => bob into ann
         wallet ann points => 85
         redeem r1 ann 60 points until 2026-11-12 => reserved: b 45, a 15
         redeem r2 bob 20 points => redeemed: a 20
         redeem r0 bob 5 points => again redeemed: b 5
         commit r1 by bob => redeemed
         redeem r3 ann 5 points of b => error: the customer can use 0
         redeem r4 ann 5 points of a => redeemed: a 5
         reverse r2 by ann => reversed
         wallet ann points => 20"
    ));
}

#[test]
fn debts_are_owed_by_the_one_who_stays() {
    check(
        "budget points total 1000
         limit points campaign amount 500
         2026-11-08 bob => accepted
           grant b bob points 50 => granted 50 points
         2026-11-08 bob => accepted
           grant e bob points 30 => granted 30 points
         redeem r0 bob 80 points => redeemed: b 50, e 30
         2026-11-08 bob => accepted
           revoke b bob => took bob b 50
         merge ann bob => bob into ann
         owes ann points => 50
         owes bob points => 0
         2026-11-09 ann => accepted
           revoke e ann => took bob e 30
         owes ann points => 80
         2026-11-09 ann => accepted
           grant a ann points 100 => granted 100 points
         owes ann points => 0
         wallet ann points => 20",
    );
}

#[test]
fn a_partial_revocation_of_a_key_takes_so_much_of_all_ids_together() {
    check(&format!(
        "{FUNDED} 2026-11-09 ann => accepted
           grant a ann points 20 => granted 20 points
         2026-11-09 bob => accepted
           grant a bob points 30 => granted 30 points
         merge ann bob => bob into ann
         2026-11-09 ann => accepted
           revoke a ann 25 => took ann a 20, bob a 5
         wallet ann points => 25"
    ));
}

#[test]
fn what_is_claimed_and_sent_is_so_for_all_ids() {
    check(
        "customer bob device=d1
         customer ann device=d1
         customer cid device=d1
         2026-11-09 bob => accepted
           claim welcome device bob
           message m bob => sent
         2026-11-09 ann => denied claim welcome device: claim-taken
           claim welcome device ann
         merge ann bob => bob into ann
         2026-11-09 ann => accepted
           claim welcome device ann
           message m ann => skipped: already-sent
         2026-11-09 cid => denied claim welcome device: claim-taken
           claim welcome device cid",
    );
}

#[test]
fn what_is_held_under_any_id_is_settled() {
    check(&format!(
        "{FUNDED} 2026-11-09 bob => accepted
           grant b bob points 30 => granted 30 points
           grant h bob points 10 void 86400 => granted 10 points
           reserve r bob 5 points until 86400 => reserved 5 points
         merge ann bob => bob into ann
         2026-11-09 ann => accepted
           reserve r ann 5 points until 86400 => skipped: already-reserved
           settle reservation r ann commit => commit 5 points
           settle grant h ann commit => commit 10 points
         wallet ann points => 35"
    ));
}

#[test]
fn timers_of_all_ids_are_one_owners() {
    check(
        "2026-11-09 bob => accepted
           schedule t1 after 60 => due 60
           schedule t2 after 60 => due 60
         merge ann bob => bob into ann
         2026-11-09 ann => accepted
           schedule t1 after 120 => due 120
           cancel t2 => cancelled
           cancel t3 => skipped: no-such-timer
         timers bob => none
         timers ann => t1",
    );
}

#[test]
fn ids_are_merged_once_and_along_chains() {
    check(
        "merge bob cid => cid into bob
         merge ann bob => bob into ann
         merge ann cid => one already
         merge cid ann => one already
         merge dan eve => eve into dan
         merge cid eve => dan into ann
         merge bob ann => one already",
    );
}
