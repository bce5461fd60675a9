//! What is a fault: asking for what was not declared, for strangers, or for what cannot be.

use crate::script::check;

#[test]
fn strangers() {
    check(
        "budget points total 100
         limit points campaign amount 100
         2026-11-09 ann => fault stranger: claims[0].party: bob is no party
           claim welcome customer bob
         2026-11-09 ann => fault stranger: effects[1]: bob is no party
           grant k1 ann points 1
           grant k1 bob points 1
         2026-11-09 ann => fault stranger: effects[0]: bob is no party
           revoke k1 bob
         2026-11-09 ann => fault stranger: effects[0]: bob is no party
           message hello bob
         2026-11-09 ann => fault stranger: effects[0]: bob is no party
           untag bob vip
         2026-11-09 ann bob => accepted
           grant k1 bob points 1 => granted 1 points
         held ann k1 => nothing",
    );
}

#[test]
fn what_the_manifest_does_not_declare() {
    check(
        "budget points total 100
         limit points campaign amount 100
         declare points
         effects grant tag
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare cash
           grant k1 ann points 1 or cash:CNY 1
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare credit-limit
           grant k1 ann credit 1 to 2
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare rate-boost
           grant k1 ann boost deposit 5
         2026-11-09 ann => fault undeclared: effects[1]: the manifest does not declare message
           tag ann vip
           message hello ann
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare revoke
           revoke k1 ann",
    );
}

#[test]
fn an_undeclared_kind_is_named_before_a_stranger() {
    check(
        "effects grant
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare message
           message hello bob",
    );
}

#[test]
fn revoking_about_nothing() {
    check(
        "2026-11-09 ann => fault invalid-output: effects[0]: revokes what is about nothing: the subscription names no thing
           revoke about
         2026-11-09 ann about L1 => accepted
           revoke about => nothing yet, none later",
    );
}

#[test]
fn times_that_there_are_not() {
    check(
        "budget points total 100
         limit points campaign amount 100
         2026-11-09 ann => fault invalid-output: effects[0].grant.hold.until: no such time
           grant k1 ann points 1 hold never
         2026-11-09 ann => fault invalid-output: effects[0].grant.expires: no such time
           grant k1 ann points 1 expires never
         2026-11-09 ann => fault invalid-output: effects[0].grant.choices.until: no such time
           grant k1 ann points 1 or boost deposit 5 until never
         2026-11-09 ann => fault invalid-output: effects[0].tag.until: no such time
           tag ann vip until never",
    );
}
