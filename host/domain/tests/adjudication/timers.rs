//! Timers that policies set and cancel.

use crate::script::check;

#[test]
fn a_timer_is_set_for_the_owner_and_replaced_by_name() {
    check(
        "2026-11-09 ann bob => accepted
           schedule remind after 60 => due 60
           schedule remind after 90 => due 90
           schedule last after 0 => due 0
         timers ann => last remind
         timers bob => none
         2026-11-10 ann => accepted
           schedule remind after 60 => due 86460
         timers ann => last remind",
    );
}

#[test]
fn only_a_timer_that_is_set_is_cancelled() {
    check(
        "2026-11-09 ann => accepted
           cancel remind => skipped: no-such-timer
           schedule remind after 60 => due 60
           cancel remind => cancelled
           cancel remind => skipped: no-such-timer
         timers ann => none
         2026-11-09 bob => accepted
           schedule remind after 60 => due 60
         2026-11-09 ann => accepted
           cancel remind => skipped: no-such-timer",
    );
}

#[test]
fn one_timer_too_many_is_left_out() {
    let many: String = (0..16).map(|n| format!("schedule t{n} after 60 => due 60\n")).collect();
    check(&format!(
        "2026-11-09 ann => accepted
           {many}
           schedule more after 60 => skipped: too-many-timers
           schedule t3 after 70 => due 70
           cancel t3 => cancelled
           schedule more after 60 => due 60
         2026-11-09 ann => accepted
           schedule t3 after 60 => skipped: too-many-timers
         2026-11-09 bob => accepted
           schedule t3 after 60 => due 60"
    ));
}

#[test]
fn a_timer_set_because_of_a_timer_leaves_a_minute() {
    check(
        "event timer.fired
         2026-11-09 ann => accepted
           schedule again after 0 => due 60
           schedule later after 61 => due 61",
    );
}

#[test]
fn a_denied_decision_sets_nothing() {
    check(
        "2026-11-09 ann => denied effect 1: no-limit
           schedule remind after 60
           grant k1 ann points 1
         timers ann => none",
    );
}

#[test]
fn timers_are_declared_and_due_at_a_time_that_there_is() {
    check(
        "2026-11-09 ann => fault invalid-output: effects[0].schedule.due: no such time
           schedule remind after never
         effects grant
         2026-11-09 ann => fault undeclared: effects[0]: the manifest does not declare schedule
           cancel remind",
    );
}
