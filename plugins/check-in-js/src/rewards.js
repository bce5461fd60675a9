// The chest of the week, tasks, spending and milestones.

import { Chance } from './chance.js';
import { weekKey, weekRange } from './days.js';
import { keyPart } from './key.js';
import { refusal } from './turn.js';
import { AMOUNT_MAX, grantOf } from './units.js';

/** A whole, in basis points: 10,000 hundredths of a per cent. */
const WHOLE = 10_000n;
const U64_MAX = 2n ** 64n - 1n;

/** A quotient of whole numbers, what is left over dropped unless the rounding says otherwise. */
function ratio(dividend, divisor, rounding = 'down') {
  const [quotient, rest] = [dividend / divisor, dividend % divisor];
  const up = rounding === 'up' ? rest > 0n : rounding === 'half-up' && rest * 2n >= divisor;
  return up ? quotient + 1n : quotient;
}

/** Opens the chest of the event's ISO week, once. */
export function openChest(turn) {
  const { chest } = turn.params;
  if (!chest || turn.trigger.name !== 'chest-opened') return;
  const [monday, sunday] = weekRange(turn.today);
  if (turn.state.chests.includes(monday)) return turn.no('chest-already-opened', 'the chest of this week is open');
  if (turn.state.days.count(monday, sunday) < (chest.needs_days ?? 1)) {
    return turn.no('not-enough-check-ins', 'the chest needs more days of this week');
  }
  turn.change().openChest(monday);
  const key = `chest/${weekKey(turn.today)}`;
  const chance = new Chance(turn.input.seed);
  if (chest.range) {
    const quantity = chance.between(BigInt(chest.range.from), BigInt(chest.range.to));
    turn.grant(grantOf(key, turn.me.customer, chest.range.unit, quantity, 'chest of the week'));
    return;
  }
  const index = chance.weighted(chest.prizes.map((prize) => BigInt(prize.weight)));
  if (index !== undefined) turn.grantAll(chest.prizes[index].rewards, key, 'chest of the week');
}

/** Rewards every task that the event completes. */
export function rewardTasks(turn) {
  for (const task of turn.params.tasks ?? []) {
    const other = task.task != null && task.task !== turn.data.task;
    if (task.on !== turn.trigger.name || other) continue;
    if (task.once) rewardOnce(turn, task);
    else rewardAgain(turn, task);
  }
}

function rewardOnce(turn, task) {
  if (turn.state.tasksDone.includes(task.id)) return turn.no('task-already-done', 'the task is rewarded once only');
  turn.change().tasksDone.push(task.id);
  turn.grantAll(task.rewards, `task/${task.id}`, task.id);
}

function rewardAgain(turn, task) {
  const count = turn.state.taskCount(task.id, turn.today);
  if (count === undefined) return turn.no('too-late', 'the task is too long ago to be rewarded');
  if (task.per_day != null && count >= task.per_day) {
    return turn.no('daily-cap-reached', 'the task is not rewarded again on this day');
  }
  turn.change().countTask(task.id, turn.today);
  turn.grantAll(task.rewards, `task/${task.id}/${turn.today}/n${count + 1}`, task.id);
}

/** Rewards a payment at the rate of the customer's so many-th purchase. */
export function rewardSpending(turn) {
  const { spend } = turn.params;
  if (!spend?.on.includes(turn.trigger.name)) return;
  const amount = turn.amount();
  const purchase = turn.state.purchases + 1;
  turn.change().purchases = purchase;
  const boost = (spend.boosts ?? []).filter((one) => one.from_purchase <= purchase).at(-1);
  const rate = boost ? BigInt(boost.basis_points) : WHOLE;
  const [per, paid] = [BigInt(spend.minor_per_unit), BigInt(amount)];
  const whole = per * WHOLE > U64_MAX ? U64_MAX : per * WHOLE;
  const quantity = spend.pro_rata ? ratio(paid * rate, whole, spend.rounding) : ratio((paid / per) * rate, WHOLE, spend.rounding);
  if (quantity > BigInt(AMOUNT_MAX)) throw refusal('bad-amount', 'amount above 10^15');
  if (quantity === 0n) return;
  const { order, payment } = turn.data;
  let key = `spend/nth/${purchase}`;
  if (order !== undefined) key = `spend/order/${keyPart(order)}`;
  else if (payment !== undefined) key = `spend/payment/${keyPart(payment)}`;
  turn.grant(grantOf(key, turn.me.customer, spend.unit, quantity, 'for a purchase'));
}

/** Reaches every milestone that the balance, with what this decision adds, is enough for. The balance is the host's. */
export function reachMilestones(turn) {
  for (const milestone of turn.params.milestones ?? []) {
    const { unit, at, tag } = milestone;
    const held = turn.me.balances.find((balance) => balance.unit === unit)?.amount ?? 0n;
    const before = held > 0n ? held : 0n;
    const after = before + granted(turn, unit);
    const done = tag != null ? turn.me.tags.includes(tag) : before >= BigInt(at);
    if (done || after < BigInt(at) || after === before) continue;
    if (tag != null) turn.setTag(tag);
    turn.grantAll(milestone.rewards, `milestone/${milestone.id}`, milestone.id);
  }
}

/** How much of a unit this decision gives so far. */
function granted(turn, unit) {
  const choices = turn.effects.filter((effect) => effect.tag === 'grant').map((effect) => effect.val.choices[0]);
  const own = choices.filter((choice) => choice.tag === 'units' && choice.val.unit === unit);
  return own.reduce((sum, choice) => sum + choice.val.quantity, 0n);
}
