//! Handing parties on to other campaigns.

use crate::rows::effect::{EffectKind, Enrolment};
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rules::case::Case;

/// Hands a party on, if the campaign can be joined.
pub(crate) fn enrol(case: &Case<'_>, enrolment: &Enrolment) -> Outcome {
    let Enrolment { campaign, party, .. } = enrolment;
    if (case.takes_on)(campaign) {
        Outcome::Applied(Done::Enrolled { party: party.clone(), campaign: campaign.clone() })
    } else {
        Outcome::Skipped(EffectKind::Enrol, Reason::NoSuchCampaign)
    }
}
