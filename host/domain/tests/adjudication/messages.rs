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
