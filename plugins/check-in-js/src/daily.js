// Days: each counted once, its reward, and the bonuses for streaks, totals and plans that it completes.

import { chainAround } from './chain.js';
import { dayAt, monthKey, monthRange, offsetOf, weekKey, weekRange, yearKey, yearRange } from './days.js';
import { refusal } from './turn.js';

/** How many bonuses of one total are asked for at once. */
const AT_ONCE = 8;
/** By how much clocks change. */
const CLOCK_CHANGE_MS = 3_600_000n;

/** Counts the event's day, or the day that it makes up for. */
export function countDay(turn) {
  const { daily } = turn.params;
  if (!daily?.on?.includes(turn.trigger.name)) return;
  const least = daily.least_amount ?? 0;
  if (turn.trigger.hasAmount && least > 0 && turn.amount() < least) {
    return turn.no('amount-too-small', 'the payment is too small to count the day');
  }
  const madeUp = turn.trigger.name === 'checked-in' ? turn.data.makeUpFor : undefined;
  const day = madeUp ?? turn.today;
  if (turn.state.days.runAround(day)) return turn.no('already-checked-in', 'the day is counted already');
  if (turn.state.isForgotten(day)) return turn.no('too-late', 'the day is too long ago to be counted');
  if (madeUp !== undefined) {
    const no = makeUp(turn, daily.make_up, day);
    if (no) return turn.no(no.code, no.message);
  }
  const before = turn.change().rewarded();
  if (madeUp === undefined) turn.change().dateLine.note(turn.state.days, day, offsetOf(turn.occurred));
  turn.change().countDay(day, (daily.streaks ?? []).map((rule) => rule.gap_days ?? 0));
  if (madeUp === undefined || daily.make_up?.pays_daily_reward) {
    turn.grantAll(daily.rewards, `day/${day}`, 'for the day');
  }
  for (const rule of daily.streaks ?? []) streak(turn, rule, day);
  for (const rule of daily.totals ?? []) total(turn, rule, before, day);
  for (const rule of daily.plans ?? []) plan(turn, rule, before);
}

/** Uses one make-up day; gives the refusal when there is none to use. */
function makeUp(turn, rule, day) {
  if (!rule) return refusal('make-up-not-allowed', 'missed days cannot be made up for');
  const { occurred } = turn;
  const daysBack = turn.today - day;
  if (daysBack <= 0) return refusal('make-up-not-past', 'only a day that is over can be made up for');
  // By the event's offset: a campaign that opened at midnight by another clock may seem to have opened an hour before.
  const opened = dayAt(turn.input.campaign.opens + CLOCK_CHANGE_MS, occurred);
  if (daysBack > rule.within_days || day < opened) {
    return refusal('make-up-too-old', 'the day is too long ago to be made up for');
  }
  const month = occurred.local.year * 12 + occurred.local.month;
  if (turn.state.makeUpsIn(month) >= rule.per_month) {
    return refusal('no-make-ups-left', 'all make-up days of the month are used');
  }
  turn.change().useMakeUp(month);
  return undefined;
}

/**
 * Pays what a streak has earned and the streaks that it was joined from had not. So it does not matter in which order
 * the days came.
 */
function streak(turn, rule, day) {
  const { days: needed, every = false, each_day: eachDay = false, gap_days: gap = 0 } = rule;
  const { first, before, after } = chainAround(turn.state, day, gap);
  const earned = (days) => {
    if (every) return Math.floor(days / needed);
    return eachDay ? Math.max(0, days + 1 - needed) : Math.min(1, Math.floor(days / needed));
  };
  const name = gap === 0 ? `streak/${first}/${needed}` : `streak/${first}/${needed}-${gap}`;
  const now = earned(before + 1 + after);
  for (let times = earned(before) + earned(after) + 1; times <= now; times += 1) {
    const days = eachDay ? needed + times - 1 : needed * times;
    turn.grantAll(rule.rewards, times === 1 ? name : `${name}x${times}`, `${days} days in a row`);
  }
}

/** Pays when the day makes the number full. */
function total(turn, rule, before, day) {
  const [key, range] = {
    week: () => [`total/${rule.id}/${weekKey(day)}`, weekRange(day)],
    month: () => [`total/${rule.id}/${monthKey(day)}`, monthRange(day)],
    year: () => [`total/${rule.id}/${yearKey(day)}`, yearRange(day)],
    campaign: () => [`total/${rule.id}`, undefined],
  }[rule.within]();
  const count = (state) => (range ? state.days.count(...range) : state.days.size + state.daysForgotten);
  const [earlier, now] = [count(before), count(turn.state)];
  if (!rule.every) {
    if (earlier < rule.days && rule.days <= now) turn.grantAll(rule.rewards, key, `${rule.days} days`);
    return;
  }
  // Where days were united all of them are asked for again; the latest are those that may be new.
  const [last, all] = [Math.floor(now / rule.days), Math.floor(earlier / rule.days)];
  for (let nth = Math.max(all, last - AT_ONCE) + 1; nth <= last; nth += 1) {
    const days = nth * rule.days;
    turn.grantAll(rule.rewards, nth === 1 ? key : `${key}/${days}`, `${days} days`);
  }
}

/** Pays when enough days of the plan are done. A day that comes late may move its beginning. */
function plan(turn, rule, before) {
  const needed = Math.max(0, rule.days - (rule.allowed_misses ?? 0));
  const done = ({ days, firstDay }) =>
    firstDay !== undefined && days.count(firstDay, firstDay + Math.max(0, rule.days - 1)) >= needed;
  if (done(turn.state) && !done(before)) {
    turn.grantAll(rule.rewards, `plan/${rule.id}`, `${needed} of the ${rule.days} days of the plan`);
  }
}
