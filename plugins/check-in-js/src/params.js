// What is wrong with parameters beyond their schema.

import { triggerNamed } from './trigger.js';
import { benefitListProblems } from './units.js';

/** Most days with which a streak begins to give something for each further day. */
const EACH_DAY_MAX = 16;

/** Everything that is wrong, each with its place. */
export function problems(params) {
  const found = [];
  const add = (pointer, message) => found.push({ pointer, message });
  if (params.daily) dailyProblems(params.daily, found, add);
  if (params.chest) chestProblems(params.chest, params.daily != null, found, add);
  if (params.spend) spendProblems(params.spend, add);
  const tasks = params.tasks ?? [];
  ruleProblems('/tasks', tasks, found, add);
  tasks.forEach((task, index) => {
    if (task.task != null && task.on !== 'task-completed') add(`/tasks/${index}/task`, 'goes with task-completed only');
  });
  ruleProblems('/milestones', params.milestones ?? [], found, add);
  return found;
}

function dailyProblems(daily, found, add) {
  const { on, rewards = [], streaks = [], totals = [], plans = [] } = daily;
  on.forEach((name, index) => {
    if (name === 'chest-opened' || name === 'friend-user-registered') add(`/daily/on/${index}`, 'cannot count a day');
  });
  found.push(...benefitListProblems(rewards, '/daily/rewards'));
  ruleProblems('/daily/streaks', streaks, found, add);
  const keys = new Set();
  streaks.forEach(({ days, gap_days: gap = 0 }, index) => {
    if (keys.has(`${days}/${gap}`)) add(`/daily/streaks/${index}/days`, 'is used twice');
    keys.add(`${days}/${gap}`);
  });
  streaks.forEach(({ days, every, each_day: eachDay }, index) => {
    const pointer = `/daily/streaks/${index}/each_day`;
    if (eachDay && every) add(pointer, 'does not go with every');
    if (eachDay && days > EACH_DAY_MAX) add(pointer, `goes with at most ${EACH_DAY_MAX} days`);
  });
  ruleProblems('/daily/totals', totals, found, add);
  totals.forEach((total, index) => {
    const most = { week: 7, month: 31, year: 366, campaign: 2 ** 32 - 1 }[total.within];
    if (total.days > most) add(`/daily/totals/${index}/days`, `must be within 1 to ${most}`);
  });
  ruleProblems('/daily/plans', plans, found, add);
  plans.forEach(({ days, allowed_misses: misses = 0 }, index) => {
    if (misses >= days) add(`/daily/plans/${index}/allowed_misses`, `must be less than the ${days} days of the plan`);
  });
}

function chestProblems(chest, countsDays, found, add) {
  const { needs_days: needsDays = 1, range, prizes = [] } = chest;
  if (needsDays > 0 && !countsDays) add('/chest/needs_days', 'needs daily, or must be 0');
  if ((range != null) === prizes.length > 0) add('/chest', 'must have either range or prizes');
  if (range && range.to < range.from) add('/chest/range', 'needs from <= to');
  ruleProblems('/chest/prizes', prizes, found, add);
  if (prizes.length > 0 && prizes.every((prize) => prize.weight === 0)) {
    add('/chest/prizes', 'must have a weight above 0');
  }
}

function spendProblems(spend, add) {
  spend.on.forEach((name, index) => {
    if (!triggerNamed(name).hasAmount) add(`/spend/on/${index}`, 'is not a payment');
  });
  ladderProblems(spend.boosts ?? [], 'from_purchase', '/spend/boosts', add);
}

/** Checks a list of rules: their ids, if they have any, and their rewards. */
function ruleProblems(pointer, rules, found, add) {
  const seen = new Set();
  rules.forEach(({ id, rewards }, index) => {
    found.push(...benefitListProblems(rewards, `${pointer}/${index}/rewards`));
    if (id === undefined) return;
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
