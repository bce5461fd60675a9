//! Days: each counted once, its reward, and the bonuses for streaks, totals and plans that it completes.

use largesse_sdk::ladder::crossed;
use largesse_sdk::{Date, Decision, Input, Refusal};

use crate::params::{Daily, MakeUp, Params, Plan, Streak, Total, Within};
use crate::state::State;
use crate::trigger::Trigger;
use crate::turn::Turn;

/// By how much clocks change.
const CLOCK_CHANGE_MS: i64 = 3_600_000;

/// Counts the event's day, or the day that it makes up for.
pub(crate) fn count(turn: &mut Turn) -> Result<(), Refusal> {
    let Some(daily) = &turn.params().daily else { return Ok(()) };
    if !daily.on.contains(&turn.trigger) {
        return Ok(());
    }
    if turn.trigger.has_amount() && daily.least_amount > 0 && turn.amount()? < daily.least_amount {
        turn.no("amount-too-small", "the payment is too small to count the day");
        return Ok(());
    }
    let made_up = if turn.trigger == Trigger::CheckedIn { turn.said.makeup_for } else { None };
    let date = made_up.unwrap_or(turn.today);
    if turn.state.days.contains(date) {
        turn.no("already-checked-in", "the day is counted already");
        return Ok(());
    }
    if turn.state.is_forgotten(date) {
        turn.no("too-late", "the day is too long ago to be counted");
        return Ok(());
    }
    if made_up.is_some()
        && let Err(no) = make_up(turn, daily.make_up.as_ref(), date)
    {
        turn.no(&no.code, &no.message);
        return Ok(());
    }
    let before = turn.change().rewarded();
    turn.change().count_day(date);
    if made_up.is_none() || daily.make_up.as_ref().is_some_and(|make_up| make_up.pays_daily_reward) {
        turn.grant_all(&daily.rewards, &format!("day/{}", date.0), "for the day");
    }
    bonuses(turn, daily, &before, date);
    Ok(())
}

/// Pays what two customers who turn out to be one have earned together, and neither alone.
pub(crate) fn unite(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let mut turn = Turn::new(input, Trigger::CheckedIn)?;
    let Some(daily) = input.params.daily.as_ref().filter(|_| turn.state.united) else { return Ok(Decision::new()) };
    let before = turn.change().rewarded();
    let parts = std::mem::take(&mut turn.change().parts);
    for (first, last) in turn.state.runs() {
        let within = |part: &&(i32, i32)| first.0 <= part.0 && part.1 <= last.0;
        let of_it: Vec<i64> =
            parts.iter().filter(within).map(|part| i64::from(part.1) - i64::from(part.0) + 1).collect();
        if of_it.is_empty() {
            continue;
        }
        for rule in &daily.streaks {
            let alone = of_it.iter().map(|days| rule.earned(*days)).sum();
            pay_streak(&mut turn, rule, (first, last), alone);
        }
    }
    for rule in &daily.totals {
        let Some(last) = turn.state.days.last() else { continue };
        total(&mut turn, rule, &before, last);
    }
    for rule in &daily.plans {
        plan(&mut turn, rule, &before);
    }
    turn.finish()
}

/// Uses one make-up day.
fn make_up(turn: &mut Turn, rule: Option<&MakeUp>, date: Date) -> Result<(), Refusal> {
    let rule = rule.ok_or_else(|| Refusal::new("make-up-not-allowed", "missed days cannot be made up for"))?;
    let occurred = &turn.input.event.occurred;
    let days_back = i64::from(turn.today.0) - i64::from(date.0);
    if days_back <= 0 {
        return Err(Refusal::new("make-up-not-past", "only a day that is over can be made up for"));
    }
    // By the event's offset: a campaign that opened at midnight by another clock may seem to have opened an hour before.
    let opened = occurred.date_of(turn.input.campaign.opens.saturating_add(CLOCK_CHANGE_MS));
    if days_back > i64::from(rule.within_days) || date < opened {
        return Err(Refusal::new("make-up-too-old", "the day is too long ago to be made up for"));
    }
    let month = occurred.local.year * 12 + i32::from(occurred.local.month);
    if turn.state.make_ups_in(month) >= rule.per_month {
        return Err(Refusal::new("no-make-ups-left", "all make-up days of the month are used"));
    }
    turn.change().use_make_up(month);
    Ok(())
}

fn bonuses(turn: &mut Turn, daily: &Daily, before: &State, date: Date) {
    for rule in &daily.streaks {
        streak(turn, rule, date);
    }
    for rule in &daily.totals {
        total(turn, rule, before, date);
    }
    for rule in &daily.plans {
        plan(turn, rule, before);
    }
}

impl Streak {
    /// How often so many days in a row earn it.
    fn earned(&self, days: i64) -> i64 {
        let times = days.max(0) / i64::from(self.days.max(1));
        if self.every { times } else { times.min(1) }
    }
}

/// Pays what a streak has earned and the streaks that it was joined from had not. So it does not matter in which order
/// the days came.
fn streak(turn: &mut Turn, rule: &Streak, date: Date) {
    let Some((first, last)) = turn.state.days.run_around(date) else { return };
    let (left, right) = (i64::from(date.0) - i64::from(first.0), i64::from(last.0) - i64::from(date.0));
    pay_streak(turn, rule, (first, last), rule.earned(left) + rule.earned(right));
}

/// Pays for a run of days when it has earned more than its parts had.
fn pay_streak(turn: &mut Turn, rule: &Streak, (first, last): (Date, Date), alone: i64) {
    let now_earned = rule.earned(i64::from(last.0) - i64::from(first.0) + 1);
    if now_earned <= alone {
        return;
    }
    let key = match now_earned {
        1 => format!("streak/{}/{}", first.0, rule.days),
        times => format!("streak/{}/{}x{times}", first.0, rule.days),
    };
    let days = i64::from(rule.days) * now_earned;
    turn.grant_all(&rule.rewards, &key, &format!("{days} days in a row"));
}

/// Pays when the day makes the number full.
fn total(turn: &mut Turn, rule: &Total, before: &State, date: Date) {
    let (key, range) = match rule.within {
        Within::Week => (format!("total/{}/{}", rule.id, date.week_key()), Some(date.week_range())),
        Within::Month => (format!("total/{}/{}", rule.id, date.month_key()), Some(date.month_range())),
        Within::Campaign => (format!("total/{}", rule.id), None),
    };
    let count =
        |state: &State| u64::from(range.map_or_else(|| state.days_ever(), |(from, to)| state.days.count(from, to)));
    if crossed(u64::from(rule.days), count(before), count(&turn.state)) {
        turn.grant_all(&rule.rewards, &key, &format!("{} days", rule.days));
    }
}

/// Pays when enough days of the plan are done. A day that comes late may move its beginning.
fn plan(turn: &mut Turn, rule: &Plan, before: &State) {
    let needed = rule.days.saturating_sub(rule.allowed_misses);
    let done = |state: &State| {
        let Some(first) = state.first_day else { return false };
        let last = first.saturating_add_unsigned(rule.days.saturating_sub(1));
        state.days.count(Date(first), Date(last)) >= needed
    };
    if done(&turn.state) && !done(before) {
        let reason = format!("{needed} of the {} days of the plan", rule.days);
        turn.grant_all(&rule.rewards, &format!("plan/{}", rule.id), &reason);
    }
}
