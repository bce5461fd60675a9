// Units, and benefits as operators write them in parameters.

/** The largest amount, in minor units: 10^15, which a number holds exactly. */
export const AMOUNT_MAX = 1_000_000_000_000_000;

export const UNIT_CLASSES = [
  'cash', 'points', 'growth', 'coupon', 'item', 'draw-chances', 'entitlement', 'credit-limit', 'rate-boost',
];
/** The units whose balances milestones may watch. */
export const WATCHED_UNITS = ['points', 'growth'];

const DAY_SECONDS = 86_400;

/** The class of a unit such as `points` or `cash:CNY`; nothing when it is not written like a unit. */
export function unitClass(unit) {
  const colon = unit.indexOf(':');
  const [name, detail] = colon < 0 ? [unit, undefined] : [unit.slice(0, colon), unit.slice(colon + 1)];
  if (!UNIT_CLASSES.includes(name)) return undefined;
  if (name === 'points' || name === 'growth') return detail === undefined ? name : undefined;
  const form = name === 'cash' || name === 'credit-limit' ? /^[A-Z]{3}$/ : /^[A-Za-z0-9._/-]{1,64}$/;
  return detail !== undefined && form.test(detail) ? name : undefined;
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
  return found;
}

/** What is wrong with a list of benefits. */
export function benefitListProblems(benefits, pointer) {
  return (benefits ?? []).flatMap((benefit, index) => benefitProblems(benefit, `${pointer}/${index}`));
}

const afterDays = (days) => ({ tag: 'after-seconds', val: BigInt(days) * BigInt(DAY_SECONDS) });

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

/** Grants of a list of benefits under one name; the second and later ones have `/2`, `/3` and so on in their keys. */
export function grants(benefits, key, to, reason) {
  return (benefits ?? []).map((benefit, index) => {
    const until = benefit.expires_after_days == null ? undefined : afterDays(benefit.expires_after_days);
    const given = choice(benefit, until);
    return {
      key: index === 0 ? key : `${key}/${index + 1}`,
      to,
      choices: [given],
      onShortfall: benefit.on_shortfall ?? 'refuse',
      hold: benefit.hold_days == null ? undefined : { until: afterDays(benefit.hold_days), then: 'post' },
      expires: given.tag === 'units' ? until : undefined,
      reason,
    };
  });
}
