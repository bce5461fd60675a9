//! Messages and tags.

use crate::script::check;

#[test]
fn a_message_goes_out_once_to_each_party() {
    check(
        "2026-11-09 ann bob => accepted
           message hello ann => sent
           message hello ann => skipped: already-sent
           message hello bob => sent
         2026-11-10 ann => accepted
           message hello ann => skipped: already-sent
           message bye ann => sent",
    );
}

#[test]
fn a_denied_decision_sends_nothing() {
    check(
        "2026-11-09 ann => denied effect 1: no-limit
           message hello ann
           grant k1 ann points 1
         2026-11-09 ann => accepted
           message hello ann => sent",
    );
}

#[test]
fn tags_are_set_for_a_time_and_unset() {
    check(
        "2026-11-09 ann bob => accepted
           tag ann vip => set
           tag ann new until 86400 => set
           tag bob vip => set
           untag bob vip => unset
           untag bob never-had => unset
         tags ann 2026-11-09 => new vip
         tags ann 2026-11-10 => vip
         tags bob 2026-11-09 => none",
    );
}

#[test]
fn one_tag_too_many_is_left_out() {
    check(
        "customer ann tags=127
         2026-11-09 ann => accepted
           tag ann t0 => set
           tag ann vip => set
           tag ann one-more => skipped: too-many-tags
           tag ann vip => set",
    );
}

#[test]
fn marketing_takes_consent_and_service_does_not() {
    check(
        "rules required
         2026-11-09 ann => accepted
           message hello ann marketing => skipped: no-consent
           message bill ann sms => sent
         customer ann marketing_consent=1
         2026-11-09 ann => accepted
           message hello ann marketing sms => sent
         customer ann marketing_consent_sms=0
         2026-11-10 ann => accepted
           message again ann marketing sms => skipped: no-consent
           message again ann marketing sms push => sent without sms",
    );
}

#[test]
fn marketing_waits_while_it_is_quiet() {
    check(
        "rules unless-refused quiet 11 13
         2026-11-09 ann => accepted
           message hello ann marketing => sent at 3600
           message hello ann marketing => skipped: already-sent
           message bill ann => sent
         2026-11-10 ann => accepted
           message bye ann marketing => sent at 90000",
    );
}

#[test]
fn marketing_is_capped_for_each_customer() {
    check(
        "rules unless-refused cap 2 48
         2026-11-09 ann bob => accepted
           message a ann marketing => sent
           message b ann marketing => sent
           message c ann marketing => skipped: too-many-messages
           message c ann => sent
           message c bob marketing => sent
         2026-11-10 ann => accepted
           message d ann marketing => skipped: too-many-messages
         2026-11-11 ann => accepted
           message d ann marketing => sent
           message e ann marketing => sent
           message f ann marketing => skipped: too-many-messages
         2026-11-09 ann bob => denied effect 1: no-limit
           message g bob marketing
           grant k1 ann points 1
         2026-11-09 bob => accepted
           message g bob marketing => sent",
    );
}
