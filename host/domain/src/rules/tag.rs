//! Setting and taking tags.

use crate::rows::customer::Fact;
use crate::rows::effect::{EffectKind, TagChange};
use crate::rows::facts::Facts;
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rules::case::Case;

/// Sets or takes a tag.
pub(crate) fn tag(case: &Case<'_>, change: &TagChange, facts: &mut Facts) -> Outcome {
    let mut customer = facts.customers.get(&change.to).clone();
    let fact = if change.present {
        Fact::Tag(change.tag.clone(), change.until.and_then(case.resolve))
    } else {
        Fact::NoTag(change.tag.clone())
    };
    if customer.learn(fact, case.input.event.occurred).is_err() {
        return Outcome::Skipped(EffectKind::Tag, Reason::TooManyTags);
    }
    facts.customers.put(&change.to, customer);
    Outcome::Applied(Done::Tagged { to: change.to.clone(), tag: change.tag.clone(), present: change.present })
}
