// The policy `check-in` in JavaScript: the same contract, parameters, state and rewards as the one in Rust beside it.
//
// Everything at the top of a module runs when the component is built; a decision begins with its result.

import schema from './params-schema.js';
import { problems } from './params.js';
import { State } from './state.js';
import { OFFSET, Turn } from './turn.js';
import { TRIGGERS, INVITER, MEMBER } from './trigger.js';
import { countDay } from './daily.js';
import { openChest, rewardSpending, rewardTasks, reachMilestones } from './rewards.js';
import { UNIT_CLASSES, WATCHED_UNITS } from './units.js';

const STATE_VERSION = 1;

const needs = { attributes: [], balances: WATCHED_UNITS, tags: true, standings: false, grants: false };
const memberNeeds = { ...needs, attributes: [OFFSET] };

const manifest = {
  name: 'check-in-js',
  version: '0.1.0',
  summary: 'Daily check-in, streaks, totals of days, a weekly chest, tasks and spending, in JavaScript',
  paramsSchema: JSON.stringify(schema),
  stateWrites: STATE_VERSION,
  stateReads: new Uint32Array([STATE_VERSION]),
  roles: [
    { name: MEMBER, source: { tag: 'actor' }, needs: memberNeeds },
    { name: INVITER, source: { tag: 'inviter', val: 1 }, needs },
  ],
  subscriptions: TRIGGERS.map(({ name, kind, role, about }) => ({
    name,
    kind,
    owner: { tag: 'party', val: role },
    about,
  })),
  effects: ['grant', 'tag'],
  unitClasses: UNIT_CLASSES,
  questions: [],
};

function problemsOf(params) {
  try {
    return problems(JSON.parse(params));
  } catch {
    return [{ pointer: '', message: 'does not fit the schema' }];
  }
}

/** What the contract calls `policy`. A refusal or a list of problems is thrown; anything else that is thrown is a fault. */
export const policy = {
  describe() {
    return manifest;
  },

  // The host has held the parameters to the schema before.
  check(params) {
    const found = problemsOf(params);
    if (found.length > 0) {
      throw found.slice(0, 64);
    }
    // Nothing is named that could be given, as by the policy in Rust.
    return [];
  },

  decide(input) {
    if (input.campaign.phase === 'between') {
      throw { code: 'between-windows', message: "what happens outside the campaign's windows does not count" };
    }
    const turn = new Turn(input);
    countDay(turn);
    openChest(turn);
    rewardTasks(turn);
    rewardSpending(turn);
    reachMilestones(turn);
    return turn.finish();
  },

  migrate(_owner, state, writtenBy) {
    if (writtenBy !== STATE_VERSION) {
      throw { code: 'unknown-state-version', message: `state version ${writtenBy} is not read` };
    }
    try {
      return new State(JSON.parse(state)).text();
    } catch (error) {
      throw { code: 'unreadable-state', message: String(error.message).slice(0, 500) };
    }
  },

  quote({ question }) {
    throw { code: 'no-such-question', message: question };
  },

  merge(kept, joined) {
    return new State(JSON.parse(kept)).with(new State(JSON.parse(joined))).text();
  },
};
