// One decision while it is being made.

import { localAt, parseDay } from './days.js';
import { State } from './state.js';
import { triggerNamed } from './trigger.js';
import { AMOUNT_MAX, grants } from './units.js';

/** The policy's own no, as the contract takes it. */
export const refusal = (code, message) => ({ code, message });

/** The attribute that says how many minutes the customer's clock is ahead of UTC. */
export const OFFSET = 'utc_offset_minutes';

/** Seconds since midnight of a time such as `04:00`. */
function secondsOf(time = '00:00') {
  const [hours, minutes] = time.split(':').map(Number);
  return hours * 3_600 + minutes * 60;
}

/** The time of the event, by the clock that days go by. */
function clockOf(params, me, occurred) {
  if (params.clock !== 'customer') return occurred;
  const offset = JSON.parse(me.attributes)[OFFSET];
  if (!Number.isInteger(offset)) return occurred;
  return { at: occurred.at, local: localAt(occurred.at, Math.max(-1_440, Math.min(1_440, offset))) };
}

/** Each part of the policy adds what it gives, or says why it gives nothing. */
export class Turn {
  effects = [];
  #stateChanged = false;
  #firstNo;

  constructor(input) {
    this.input = input;
    this.trigger = triggerNamed(input.subscription);
    if (!this.trigger) throw refusal('unknown-subscription', input.subscription);
    this.me = input.owner.kind === 'party' && input.parties.find((party) => party.customer === input.owner.id);
    if (!this.me) throw refusal('missing-party', 'the owner is not shown');
    this.params = JSON.parse(input.campaign.params);
    this.occurred = clockOf(this.params, this.me, input.event.occurred);
    this.today = this.occurred.local.day - (this.occurred.local.secondOfDay < secondsOf(this.params.day_begins) ? 1 : 0);
    this.data = readData(input.event);
    this.state = new State(input.state == null ? {} : JSON.parse(input.state));
  }

  /** Gives a list of benefits under a name. */
  grantAll(rewards, key, reason) {
    grants(rewards, this.input.event.occurred, { key, to: this.me.customer, reason }).forEach((grant) => this.grant(grant));
  }

  grant(grant) {
    this.effects.push({ tag: 'grant', val: grant });
  }

  setTag(tag) {
    this.effects.push({ tag: 'tag', val: { to: this.me.customer, tag, present: true, until: undefined } });
  }

  /** The state, to be written back. */
  change() {
    this.#stateChanged = true;
    return this.state;
  }

  /** Says why one part gives nothing. It is the answer if no other part gives anything. */
  no(code, message) {
    this.#firstNo ??= refusal(code, message);
  }

  /** The amount of a payment, in minor units of the campaign's money. */
  amount() {
    const { amount } = this.data;
    if (amount === undefined) throw refusal('bad-event-data', 'a payment without an amount');
    const { currency } = this.input.campaign;
    if (amount.currency !== currency) {
      throw refusal('wrong-currency', `the amount is in ${amount.currency}, the campaign in ${currency}`);
    }
    if (amount.minor < 0 || amount.minor > AMOUNT_MAX) {
      throw refusal('bad-amount', `${amount.minor} is not within 0 to 10^15`);
    }
    return amount.minor;
  }

  /** The decision, or why there is none. */
  finish() {
    if (this.#firstNo && this.effects.length === 0 && !this.#stateChanged) throw this.#firstNo;
    const state = this.#stateChanged ? { tag: 'put', val: this.state.text() } : { tag: 'keep' };
    return { claims: [], effects: this.effects, state, note: '' };
  }
}

/** What the events' data may hold for this policy; other fields are passed over. */
function readData({ kind, data }) {
  const read = JSON.parse(data);
  const bad = (field) => refusal('bad-event-data', `data of ${kind}: ${field} is not what it should be`);
  const text = (field) => {
    const value = read[field] ?? undefined;
    if (value !== undefined && typeof value !== 'string') throw bad(field);
    return value;
  };
  const makeUp = text('makeup_for');
  const makeUpFor = makeUp === undefined ? undefined : parseDay(makeUp);
  if (makeUp !== undefined && makeUpFor === undefined) throw bad('makeup_for');
  const amount = read.amount ?? undefined;
  if (amount !== undefined && !(Number.isInteger(amount.minor) && typeof amount.currency === 'string')) throw bad('amount');
  return { makeUpFor, amount, order: text('order'), payment: text('payment'), task: text('task') };
}
