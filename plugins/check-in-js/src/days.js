// Dates as days since 1970-01-01, and sets of days from which streaks and totals are read.

const DAY_MS = 86_400_000;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

const twoDigits = (number) => String(number).padStart(2, '0');
const fourDigits = (number) => String(number).padStart(4, '0');

/** Days since 1970 of a civil date; months are 1 to 12. */
function dayOf(year, month, dayOfMonth) {
  const date = new Date(0);
  // Years below 100 would be taken for those of the last century by other ways.
  date.setUTCFullYear(year, month - 1, dayOfMonth);
  return date.getTime() / DAY_MS;
}

function civil(day) {
  const date = new Date(day * DAY_MS);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}

/** Reads `2026-03-05`; nothing when there is no such day. */
export function parseDay(text) {
  const [, ...parts] = DATE.exec(text) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, dayOfMonth] = parts.map(Number);
  const day = dayOf(year, month, dayOfMonth);
  const same = civil(day).every((part, index) => part === [year, month, dayOfMonth][index]);
  return same ? day : undefined;
}

const weekday = (day) => ((((day + 3) % 7) + 7) % 7) + 1;

/** The first and the last day of a day's ISO week. */
export function weekRange(day) {
  const monday = day + 1 - weekday(day);
  return [monday, monday + 6];
}

/** The ISO week as a part of a grant key: `2026-w10`. The week belongs to the year of its Thursday. */
export function weekKey(day) {
  const thursday = day + 4 - weekday(day);
  const [year] = civil(thursday);
  const week = Math.floor((thursday - dayOf(year, 1, 1)) / 7) + 1;
  return `${fourDigits(year)}-w${twoDigits(week)}`;
}

/** The first and the last day of a day's month. */
export function monthRange(day) {
  const [year, month, dayOfMonth] = civil(day);
  return [day + 1 - dayOfMonth, dayOf(year, month + 1, 1) - 1];
}

/** The month as a part of a grant key: `2026-03`. */
export function monthKey(day) {
  const [year, month] = civil(day);
  return `${fourDigits(year)}-${twoDigits(month)}`;
}

/** What of its local time the policy reads of an instant, by a clock that is so many minutes ahead of UTC. */
export function localAt(instant, minutes) {
  const seconds = Math.floor(Number(instant) / 1_000) + minutes * 60;
  const day = Math.floor(seconds / 86_400);
  const [year, month] = civil(day);
  return { day, year, month, secondOfDay: seconds - day * 86_400 };
}

/** How many minutes a clock is ahead of UTC. */
export function offsetOf({ at, local }) {
  return Math.floor((local.day * 86_400 + local.secondOfDay - Math.floor(Number(at) / 1_000)) / 60);
}

/** The first and the last day of a day's year. */
export function yearRange(day) {
  const [year] = civil(day);
  return [dayOf(year, 1, 1), dayOf(year, 12, 31)];
}

/** The year as a part of a grant key: `2026`. */
export const yearKey = (day) => fourDigits(civil(day)[0]);

/** The same day so many months later, or the last of a month that has not that day. */
export function plusMonths(day, months) {
  const [year, month, dayOfMonth] = civil(day);
  const first = dayOf(year, month + months, 1);
  return Math.min(first + dayOfMonth - 1, monthRange(first)[1]);
}

/** The last day of a day's day, week, month, quarter or year. */
export function lastDay(unit, day) {
  const [year, month] = civil(day);
  switch (unit) {
    case 'week':
      return weekRange(day)[1];
    case 'month':
      return monthRange(day)[1];
    case 'quarter':
      return dayOf(year, Math.ceil(month / 3) * 3 + 1, 1) - 1;
    case 'year':
      return yearRange(day)[1];
    default:
      return day;
  }
}

/** The local date on which an instant (milliseconds since 1970) falls, by a moment's offset from UTC. */
export function dayAt(instant, { at, local }) {
  const [atMs, instantMs] = [Number(at), Number(instant)];
  const offset = local.day * DAY_MS + local.secondOfDay * 1_000 - Math.floor(atMs / 1_000) * 1_000;
  return Math.floor((instantMs + offset) / DAY_MS);
}

/**
 * Days kept as sorted runs of consecutive ones: a year without a gap is one pair of numbers. A set does not change. What is asked
 * about is mostly recent, so it is looked for from the end: in an interpreter every step counts.
 */
export class DaySet {
  constructor(runs = []) {
    this.runs = runs;
  }

  /** The set with one more day, which is not in it. */
  with(day) {
    const { runs } = this;
    let place = runs.length;
    while (place > 0 && runs[place - 1][0] > day) place -= 1;
    const [left, right] = [runs[place - 1], runs[place]];
    const [joinsLeft, joinsRight] = [left?.[1] === day - 1, right?.[0] === day + 1];
    const run = [joinsLeft ? left[0] : day, joinsRight ? right[1] : day];
    return new DaySet([...runs.slice(0, place - (joinsLeft ? 1 : 0)), run, ...runs.slice(place + (joinsRight ? 1 : 0))]);
  }

  /** The days of this set and of another. */
  and(other) {
    const runs = [];
    for (const [first, last] of [...this.runs, ...other.runs].sort(([one], [two]) => one - two)) {
      const before = runs.at(-1);
      if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
      else runs.push([first, last]);
    }
    return new DaySet(runs);
  }

  /** The first and last day of the run that a day is in, if any. */
  runAround(day) {
    const run = this.runs.findLast(([first]) => first <= day);
    return run && day <= run[1] ? run : undefined;
  }

  /** How many days from one to another, both included, are in the set. */
  count(from, to) {
    let sum = 0;
    for (let place = this.runs.length - 1; place >= 0 && this.runs[place][1] >= from; place -= 1) {
      const [first, last] = this.runs[place];
      sum += Math.max(0, Math.min(to, last) - Math.max(from, first) + 1);
    }
    return sum;
  }

  get size() {
    return this.count(-Infinity, Infinity);
  }

  /** The latest day, if any. */
  get last() {
    return this.runs.at(-1)?.[1];
  }

  /** The set without the runs that ended before a day, and how many days those were. */
  since(day) {
    const kept = this.runs.findIndex(([, last]) => last >= day);
    if (kept === 0) return [this, 0];
    return [new DaySet(this.runs.slice(kept)), new DaySet(this.runs.slice(0, kept)).size];
  }
}
