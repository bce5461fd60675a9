//! Counting what policies measure.

use crate::limits::MEASURES_MAX;
use crate::rows::effect::{EffectKind, Measurement};
use crate::rows::facts::Facts;
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rules::case::Case;

/// Adds to a count of the campaign.
pub(crate) fn add(case: &Case<'_>, measurement: &Measurement, facts: &mut Facts) -> Outcome {
    let full = Outcome::Skipped(EffectKind::Measure, Reason::TooManyCounts);
    let mut measures = facts.measures.get(&case.campaign.id).clone();
    let key = (measurement.name.clone(), measurement.label.clone());
    if measures.0.len() >= MEASURES_MAX && !measures.0.contains_key(&key) {
        return full;
    }
    let count = measures.0.entry(key).or_default();
    let Ok(sum) = count.plus(measurement.by) else { return full };
    *count = sum;
    facts.measures.put(&case.campaign.id, measures);
    let Measurement { name, label, by } = measurement.clone();
    Outcome::Applied(Done::Measured { name, label, by })
}
