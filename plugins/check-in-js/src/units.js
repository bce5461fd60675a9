// Units, and benefits as operators write them in parameters.

import { lastDay, parseDay, plusMonths } from './days.js';

/** The largest amount, in minor units: 10^15, which a number holds exactly. */
export const AMOUNT_MAX = 1_000_000_000_000_000;

export const UNIT_CLASSES = [
  'cash', 'points', 'growth', 'coupon', 'item', 'draw-chances', 'entitlement', 'credit-limit', 'rate-boost',
];
/** The units whose balances milestones may watch. */
export const WATCHED_UNITS = ['points', 'growth'];

const HOUR_SECONDS = 3_600n;

/** The class of a unit such as `points` or `cash:CNY`; nothing when it is not written like a unit. */
export function unitClass(unit) {
  const colon = unit.indexOf(':');
  const [name, detail] = colon < 0 ? [unit, undefined] : [unit.slice(0, colon), unit.slice(colon + 1)];
  if (!UNIT_CLASSES.includes(name)) return undefined;
  if (name === 'points' || name === 'growth') return detail === undefined ? name : undefined;
  const form = name === 'cash' || name === 'credit-limit' ? /^[A-Z]{3}$/ : /^[A-Za-z0-9._/-]{1,64}$/;
  return detail !== undefined && form.test(detail) ? name : undefined;
}

/** What is wrong with when a benefit expires. */
function expiryProblems({ expires, expires_after_days: days }, pointer) {
  const given = (names) => names.filter((name) => expires[name] != null).length;
  const [alone, byCalendar, endOf] = [given(['hours', 'on']), given(['months', 'years']), expires.end_of != null];
  const well = alone === 0 ? byCalendar === 1 || (byCalendar === 0 && endOf) : alone === 1 && byCalendar === 0 && !endOf;
  const found = [];
  if (days != null) found.push({ pointer, message: 'does not go with expires_after_days' });
  const message = 'expected one of hours, months, years, end_of and on; end_of may go with months or years';
  if (!well) found.push({ pointer, message });
  return found;
}

/** What is wrong with a benefit beyond the schema. */
function benefitProblems(benefit, pointer) {
  const unit = unitClass(benefit.unit);
  // What is no unit does not fit the schema.
  if (!unit) return [];
  const [raises, boosts] = [unit === 'credit-limit', unit === 'rate-boost'];
  const found = [];
  const needs = (field, wanted) => {
    const value = benefit[field] ?? undefined;
    const problem = (message) => found.push({ pointer: `${pointer}/${field}`, message });
    if (value === undefined) {
      if (wanted) problem('is missing for this unit');
    } else if (!wanted) {
      problem('does not go with this unit');
    }
  };
  needs('quantity', !raises && !boosts);
  needs('by', raises);
  needs('up_to', raises);
  needs('basis_points', boosts);
  needs('principal_cap', boosts && benefit.principal_cap != null);
  if (benefit.expires != null) found.push(...expiryProblems(benefit, `${pointer}/expires`));
  return found;
}

/** What is wrong with a list of benefits. */
export function benefitListProblems(benefits, pointer) {
  return (benefits ?? []).flatMap((benefit, index) => benefitProblems(benefit, `${pointer}/${index}`));
}

/** A second of a local day. */
const onDay = (day, secondOfDay = 0) => ({ tag: 'at-local', val: { day, secondOfDay } });

/** When a benefit is worth nothing; nothing when it does not expire. */
function ends({ unit, expires_after_days: days, expires }, { local }) {
  if (expires == null) {
    if (days == null) return undefined;
    const lasts = ['credit-limit', 'rate-boost'].includes(unitClass(unit));
    return lasts ? onDay(local.day + days, local.secondOfDay) : onDay(local.day + days + 1);
  }
  if (expires.hours != null) return { tag: 'after-seconds', val: BigInt(expires.hours) * HOUR_SECONDS };
  const months = (expires.months ?? 0) + (expires.years ?? 0) * 12;
  const day = expires.on == null ? plusMonths(local.day, months) : parseDay(expires.on);
  return onDay(lastDay(expires.end_of ?? 'day', day) + 1);
}

/** A grant of so much of a unit. */
export function grantOf(key, to, unit, quantity, reason) {
  const units = { tag: 'units', val: { unit, quantity: BigInt(quantity) } };
  return { key, to, choices: [units], onShortfall: 'refuse', hold: undefined, expires: undefined, reason };
}

function choice(benefit, until) {
  switch (unitClass(benefit.unit)) {
    case 'credit-limit':
      return { tag: 'credit-limit', val: { by: BigInt(benefit.by), upTo: BigInt(benefit.up_to), until } };
    case 'rate-boost': {
      const holding = benefit.unit.slice(benefit.unit.indexOf(':') + 1);
      const principalCap = benefit.principal_cap == null ? undefined : BigInt(benefit.principal_cap);
      return { tag: 'rate-boost', val: { holding, basisPoints: benefit.basis_points, principalCap, until } };
    }
    default:
      return { tag: 'units', val: { unit: benefit.unit, quantity: BigInt(benefit.quantity) } };
  }
}

/** Pending for so many days, until the same time by the clock on the wall. */
function heldFor(days, { local }) {
  return { until: onDay(local.day + days, local.secondOfDay), then: 'post' };
}

/** Grants of a list of benefits under one name; the second and later ones have `/2`, `/3` and so on in their keys. */
export function grants(benefits, occurred, { key, to, reason }) {
  return (benefits ?? []).map((benefit, index) => {
    const until = ends(benefit, occurred);
    const given = choice(benefit, until);
    return {
      key: index === 0 ? key : `${key}/${index + 1}`,
      to,
      choices: [given],
      onShortfall: benefit.on_shortfall ?? 'refuse',
      hold: benefit.hold_days == null ? undefined : heldFor(benefit.hold_days, occurred),
      expires: given.tag === 'units' ? until : undefined,
      reason,
    };
  });
}
