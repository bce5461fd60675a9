//! Who is a newcomer, and who fulfils the conditions of a gift.

use largesse_sdk::{DAY_SECONDS, Input, Party, Refusal};

use crate::params::{Gift, Params, Registered};
use crate::progress::Progress;

const DAY_MS: i64 = DAY_SECONDS as i64 * 1_000;

/// Refuses with `not-a-newcomer`.
pub(crate) fn newcomer(input: &Input<Params, Progress>, party: &Party) -> Result<(), Refusal> {
    let rule = &input.params.newcomer;
    let no = |message: String| Err(Refusal::new("not-a-newcomer", message));
    if rule.registered == Registered::InCampaign {
        let within = |at: i64| at >= input.campaign.opens && input.campaign.closes.is_none_or(|closes| at < closes);
        match party.integer("registered_at") {
            Some(at) if within(at) => {}
            Some(_) => return no("registered outside the campaign".to_owned()),
            None => return no("it is not known when the customer registered".to_owned()),
        }
    }
    // The event itself may have set the attribute; only what was earlier counts.
    let earlier = |at: i64| at < input.event.occurred.at;
    if let Some(done) = rule.not_before.iter().find(|done| party.integer(done.as_str()).is_some_and(earlier)) {
        return no(format!("{} is before this event", done.as_str()));
    }
    match rule.without_tags.iter().find(|tag| party.has_tag(tag)) {
        Some(tag) => no(format!("has the tag {tag}")),
        None => Ok(()),
    }
}

/// Refuses with `too-late`, `not-eligible` or `not-the-first-application`.
pub(crate) fn gift(
    gift: &Gift,
    input: &Input<Params, Progress>,
    party: &Party,
    first_application: bool,
) -> Result<(), Refusal> {
    if let Some(days) = gift.within_days {
        let Some(registered) = party.integer("registered_at") else {
            return Err(Refusal::new("not-eligible", "it is not known when the customer registered"));
        };
        if input.event.occurred.at.saturating_sub(registered) > i64::from(days) * DAY_MS {
            return Err(Refusal::new("too-late", format!("more than {days} days after registration")));
        }
    }
    if let Some(missing) = gift.needs.iter().find(|need| party.integer(need.as_str()).unwrap_or(0) <= 0) {
        return Err(Refusal::new("not-eligible", format!("needs {}", missing.as_str())));
    }
    if gift.first_application_only && !first_application {
        return Err(Refusal::new("not-the-first-application", "only the first application counts"));
    }
    Ok(())
}
