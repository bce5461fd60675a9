//! Claims: one person, device, card once.

use crate::script::check;

#[test]
fn another_customer_with_the_same_device_is_denied() {
    check(
        "budget points total 100
         limit points campaign amount 100
         customer ann device=d1
         customer bob device=d1
         customer cyd device=d2
         2026-11-09 ann => accepted
           claim welcome device ann
           grant k1 ann points 5 => granted 5 points
         2026-11-09 bob => denied claim welcome device: claim-taken
           claim welcome device bob
           grant k1 bob points 5
         2026-11-09 cyd => accepted
           claim welcome device cyd
           grant k1 cyd points 5 => granted 5 points
         2026-11-10 bob => accepted
           claim other device bob
           grant k2 bob points 5 => granted 5 points",
    );
}

#[test]
fn the_holder_may_claim_again() {
    check(
        "customer ann card=c1
         2026-11-09 ann => accepted
           claim welcome card ann
         2026-11-10 ann => accepted
           claim welcome card ann
           claim welcome customer ann",
    );
}

#[test]
fn dimensions_and_scopes_are_apart() {
    check(
        "customer ann device=x card=y
         customer bob device=y card=x
         2026-11-09 ann => accepted
           claim welcome device ann
           claim welcome card ann
         2026-11-09 bob => accepted
           claim welcome device bob
           claim welcome card bob
         customer cyd device=x card=x
         2026-11-09 cyd => denied claim welcome card: claim-taken
           claim welcome card cyd
           claim welcome device cyd",
    );
}

#[test]
fn what_is_unknown_denies_or_is_passed_over() {
    check(
        "budget points total 100
         limit points campaign amount 100
         2026-11-09 ann => denied claim welcome identity: claim-unknown
           claim welcome identity ann
           grant k1 ann points 5
         unknown-claim allow
         2026-11-09 ann => accepted
           claim welcome identity ann
           grant k1 ann points 5 => granted 5 points
         customer ann identity=i1
         customer bob identity=i1
         2026-11-09 bob => accepted
           claim welcome identity bob
         2026-11-10 ann => denied claim welcome identity: claim-taken
           claim welcome identity ann",
    );
}

#[test]
fn a_denied_decision_takes_no_claim() {
    check(
        "customer ann device=d1 card=c1
         customer bob device=d1 card=c2
         2026-11-09 ann => denied claim welcome address: claim-unknown
           claim welcome device ann
           claim welcome address ann
         2026-11-09 bob => accepted
           claim welcome device bob
         2026-11-09 ann => denied effect 0: no-limit
           claim welcome card ann
           grant k1 ann points 1
         customer cyd card=c1
         2026-11-09 cyd => accepted
           claim welcome card cyd",
    );
}

#[test]
fn claims_come_before_effects() {
    check(
        "customer ann device=d1
         customer bob device=d1
         2026-11-09 ann => accepted
           claim welcome device ann
         2026-11-09 bob => denied claim welcome device: claim-taken
           claim welcome device bob
           grant k1 bob points 1",
    );
}
