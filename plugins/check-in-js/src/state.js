// What is remembered of a customer. Its JSON is that of the policy in Rust, so that either goes on with the other's.

import { DateLine, tailsOf } from './chain.js';
import { DaySet } from './days.js';

/** How many days back of the latest day a late event still counts a day. */
const DAYS_KEPT = 400;
/** How many days back of the latest task a late event still counts towards a day's cap. */
const TASK_DAYS_KEPT = 14;
/** How many months of make-up days are kept. */
const MONTHS_KEPT = 14;

export class State {
  constructor(stored = {}) {
    this.days = new DaySet(stored.days);
    this.daysForgotten = stored.days_forgotten ?? 0;
    this.firstDay = stored.first_day ?? undefined;
    this.makeUps = stored.make_ups ?? [];
    this.chests = stored.chests ?? [];
    this.tasks = stored.tasks ?? [];
    this.tasksDone = stored.tasks_done ?? [];
    this.purchases = stored.purchases ?? 0;
    this.united = stored.united ?? false;
    this.tails = stored.tails ?? [];
    this.dateLine = new DateLine(stored.date_line);
  }

  /** As JSON; what is empty is left out. */
  text() {
    const some = (list) => (list.length > 0 ? list : undefined);
    return JSON.stringify({
      days: this.days.runs,
      days_forgotten: this.daysForgotten || undefined,
      first_day: this.firstDay,
      make_ups: some(this.makeUps),
      chests: some(this.chests),
      tasks: some(this.tasks),
      tasks_done: some(this.tasksDone),
      purchases: this.purchases || undefined,
      united: this.united || undefined,
      tails: some(this.tails),
      date_line: this.dateLine.stored(),
    });
  }

  /** Whether a day is too far back to be counted. */
  isForgotten(day) {
    return this.days.last !== undefined && day < this.days.last - DAYS_KEPT;
  }

  /** Counts a day. Forgets what is too far back, so that the state stays small. */
  countDay(day, gaps) {
    this.days = this.days.with(day);
    this.tails = tailsOf(this, this.days.last - DAYS_KEPT, gaps);
    this.firstDay = Math.min(this.firstDay ?? day, day);
    this.forget();
  }

  /** Forgets what is too far back of the latest. */
  forget() {
    const [kept, forgotten] = this.days.since(this.days.last - DAYS_KEPT);
    this.days = kept;
    this.daysForgotten += forgotten;
    const latestTask = Math.max(...this.tasks.map(([, one]) => one));
    this.tasks = this.tasks.filter(([, one]) => one >= latestTask - TASK_DAYS_KEPT);
    const latestMonth = Math.max(...this.makeUps.map(([one]) => one));
    this.makeUps = this.makeUps.filter(([one]) => one > latestMonth - MONTHS_KEPT);
    const latestChest = Math.max(...this.chests);
    this.chests = this.chests.filter((one) => one >= latestChest - DAYS_KEPT);
  }

  /**
   * What bonuses were given for. When days were united that is not known: they are asked for as if there had been no day before, and the
   * host leaves out those that either customer was given.
   */
  rewarded() {
    const { days, daysForgotten, firstDay } = this.united ? new State() : this;
    this.united = false;
    return { days, daysForgotten, firstDay };
  }

  /** What was kept of two who turn out to be one. */
  with(other) {
    this.days = this.days.and(other.days);
    this.daysForgotten += other.daysForgotten;
    const first = Math.min(this.firstDay ?? Infinity, other.firstDay ?? Infinity);
    this.firstDay = first === Infinity ? undefined : first;
    for (const [month, used] of other.makeUps) this.addMakeUps(month, used);
    this.chests.push(...other.chests.filter((monday) => !this.chests.includes(monday)));
    for (const [task, day, count] of other.tasks) this.addTask(task, day, count);
    this.tasksDone.push(...other.tasksDone.filter((task) => !this.tasksDone.includes(task)));
    this.purchases += other.purchases;
    this.dateLine = this.dateLine.with(other.dateLine);
    this.tails.push(...other.tails.filter((tail) => this.tails.every((own) => own.gap !== tail.gap)));
    this.united = true;
    this.forget();
    return this;
  }

  /** How often a task was rewarded on a day; nothing when the day is too far back to tell. */
  taskCount(task, day) {
    const latest = Math.max(...this.tasks.map(([, one]) => one));
    if (day < latest - TASK_DAYS_KEPT) return undefined;
    return this.tasks.find(([id, one]) => id === task && one === day)?.[2] ?? 0;
  }

  /** Notes that a task was rewarded on a day. */
  countTask(task, day) {
    this.addTask(task, day, 1);
    this.forget();
  }

  addTask(task, day, times) {
    const entry = this.tasks.find(([id, one]) => id === task && one === day);
    if (entry) entry[2] += times;
    else this.tasks.push([task, day, times]);
  }

  /** Make-up days used in a month. */
  makeUpsIn(month) {
    return this.makeUps.find(([one]) => one === month)?.[1] ?? 0;
  }

  /** Notes that a make-up day was used in a month. */
  useMakeUp(month) {
    this.addMakeUps(month, 1);
    this.forget();
  }

  addMakeUps(month, times) {
    const entry = this.makeUps.find(([one]) => one === month);
    if (entry) entry[1] += times;
    else this.makeUps.push([month, times]);
  }

  /** Notes that a week's chest is open. */
  openChest(monday) {
    this.chests.push(monday);
    this.forget();
  }
}
