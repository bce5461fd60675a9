// What is wrong with parameters beyond their schema.

import { triggerNamed } from './trigger.js';
import { AMOUNT_MAX, WATCHED_UNITS, benefitListProblems, unitClass } from './units.js';

const RULES_MAX = 16;
const PLAN_DAYS_MAX = 366;
const ID = /^[a-z0-9-]{1,32}$/;

/** Everything that is wrong, each with its place. */
export function problems(params) {
  const found = [];
  const add = (pointer, message) => found.push({ pointer, message });
  if (params.daily) dailyProblems(params.daily, found, add);
  if (params.chest) chestProblems(params.chest, params.daily != null, found, add);
  if (params.spend) spendProblems(params.spend, found, add);
  const tasks = params.tasks ?? [];
  ruleProblems('/tasks', tasks, found, add);
  tasks.forEach((task, index) => {
    if (task.task != null && task.on !== 'task-completed') add(`/tasks/${index}/task`, 'goes with task-completed only');
    if (task.rewards.length === 0) add(`/tasks/${index}/rewards`, 'must not be empty');
    if (task.per_day === 0) add(`/tasks/${index}/per_day`, 'must be at least 1');
  });
  const milestones = params.milestones ?? [];
  ruleProblems('/milestones', milestones, found, add);
  milestones.forEach((milestone, index) => {
    if (!WATCHED_UNITS.includes(milestone.unit)) add(`/milestones/${index}/unit`, 'must be points or growth');
  });
  return found;
}

function dailyProblems(daily, found, add) {
  const { on = [], rewards = [], streaks = [], totals = [], plans = [] } = daily;
  if (on.length === 0) add('/daily/on', 'must name at least one event');
  on.forEach((name, index) => {
    if (name === 'chest-opened' || name === 'friend-registered') add(`/daily/on/${index}`, 'cannot count a day');
  });
  found.push(...benefitListProblems(rewards, '/daily/rewards'));
  ruleProblems('/daily/streaks', streaks, found, add);
  ladderProblems(streaks, 'days', '/daily/streaks', add);
  if (streaks[0]?.days === 1) {
    add('/daily/streaks/0/days', 'must be at least 2; a reward for each day is in rewards');
  }
  ruleProblems('/daily/totals', totals, found, add);
  totals.forEach((total, index) => {
    const most = { week: 7, month: 31, campaign: 2 ** 32 - 1 }[total.within];
    if (total.days === 0 || total.days > most) add(`/daily/totals/${index}/days`, `must be within 1 to ${most}`);
  });
  ruleProblems('/daily/plans', plans, found, add);
  plans.forEach(({ days, allowed_misses: misses = 0 }, index) => {
    if (days === 0 || days > PLAN_DAYS_MAX) {
      add(`/daily/plans/${index}/days`, `must be within 1 to ${PLAN_DAYS_MAX}`);
    } else if (misses >= days) {
      add(`/daily/plans/${index}/allowed_misses`, `must be less than the ${days} days of the plan`);
    }
  });
}

function chestProblems(chest, countsDays, found, add) {
  const { needs_days: needsDays = 1, range, prizes = [] } = chest;
  if (needsDays > 7) {
    add('/chest/needs_days', 'must be within 0 to 7: a week has no more days');
  } else if (needsDays > 0 && !countsDays) {
    add('/chest/needs_days', 'needs daily, or must be 0');
  }
  if ((range != null) === prizes.length > 0) add('/chest', 'must have either range or prizes');
  if (range) {
    found.push(...unitProblems(range.unit, '/chest/range/unit'));
    if (range.from === 0 || range.to < range.from || range.to > AMOUNT_MAX) {
      add('/chest/range', 'needs 1 <= from <= to <= 10^15');
    }
  }
  ruleProblems('/chest/prizes', prizes, found, add);
  if (prizes.length > 0 && prizes.every((prize) => prize.weight === 0)) {
    add('/chest/prizes', 'must have a weight above 0');
  }
}

function spendProblems(spend, found, add) {
  spend.on.forEach((name, index) => {
    if (!triggerNamed(name).hasAmount) add(`/spend/on/${index}`, 'is not a payment');
  });
  if (spend.on.length === 0) add('/spend/on', 'must name at least one payment');
  found.push(...unitProblems(spend.unit, '/spend/unit'));
  if (spend.minor_per_unit === 0) add('/spend/minor_per_unit', 'must be at least 1');
  ladderProblems(spend.boosts ?? [], 'from_purchase', '/spend/boosts', add);
}

/** A unit of which a plain quantity can be given. */
function unitProblems(unit, pointer) {
  const name = unitClass(unit);
  if (name && name !== 'credit-limit' && name !== 'rate-boost') return [];
  return [{ pointer, message: 'must be a unit of which a quantity can be given, such as points or cash:CNY' }];
}

/** Checks a list of rules: how many, their ids if they have any, their rewards. */
function ruleProblems(pointer, rules, found, add) {
  if (rules.length > RULES_MAX) add(pointer, `must have at most ${RULES_MAX} entries`);
  const seen = new Set();
  rules.forEach(({ id, rewards }, index) => {
    found.push(...benefitListProblems(rewards, `${pointer}/${index}/rewards`));
    if (id === undefined) return;
    if (!ID.test(id)) add(`${pointer}/${index}/id`, 'must be 1 to 32 of a-z, 0-9 and -');
    if (seen.has(id)) add(`${pointer}/${index}/id`, 'is used twice');
    seen.add(id);
  });
}

/** Thresholds must be above zero and rise. */
function ladderProblems(rungs, field, pointer, add) {
  let before = 0;
  rungs.forEach((rung, index) => {
    if (rung[field] <= before) add(`${pointer}/${index}/${field}`, `must be more than ${before}: a ladder rises`);
    before = rung[field];
  });
}
