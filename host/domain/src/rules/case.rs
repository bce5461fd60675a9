//! The case that a proposal is judged in.

use crate::rows::campaign::Campaign;
use crate::rows::catalogue::Catalogue;
use crate::rows::decision::Input;
use crate::rows::facts::Facts;
use crate::rows::ledger::Cause;
use crate::rows::outcome::Reason;
use crate::rows::policy::Manifest;
use crate::rows::pool;
use crate::rows::redemption::RedemptionId;
use crate::rules::book::Book;
use crate::rules::entry::Entry;
use crate::rules::lot::Change;
use crate::words::id::{AboutId, CampaignId, CustomerId, DecisionId, GrantKey, ReservationKey};
use crate::words::key::{AboutKey, GrantSlot, ReservationSlot};
use crate::words::time::{Instant, Moment, When};

/// The case that a proposal is judged in.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// What operators say of units and shared budgets.
    pub catalogue: &'a Catalogue,
    /// What the policy declared.
    pub manifest: &'a Manifest,
    /// What the policy was shown.
    pub input: &'a Input,
    /// What grants are about.
    pub about: Option<&'a AboutId>,
    /// The decision.
    pub decision: DecisionId,
    /// Whether customers can be handed on to a campaign.
    pub takes_on: &'a dyn Fn(&CampaignId) -> bool,
    /// When it is judged, by the host's clock; later than the input's `now` after a deferral.
    pub made: Moment,
    /// Turns what the policy asked for into an instant, in the campaign's zone. `None` when there is none.
    pub resolve: &'a dyn Fn(When) -> Option<Instant>,
}

impl<'a> Case<'a> {
    /// Returns the book that the campaign's grants for the event are counted in.
    pub(crate) fn book(&self) -> Book<'a> {
        Book { campaign: self.campaign, catalogue: self.catalogue, local: self.input.occurred.local }
    }

    /// Returns what a change of the campaign's grants by this decision is made under.
    pub(crate) fn change<'c>(&self, cause: &'c Cause) -> Change<'c>
    where
        'a: 'c,
    {
        let entry = Entry { at: self.input.now.at, cause };
        Change { entry, campaign: self.campaign, catalogue: self.catalogue }
    }
}

/// Returns where a grant of a key stands.
pub(crate) fn slot(case: &Case<'_>, to: &CustomerId, key: &GrantKey) -> GrantSlot {
    GrantSlot { campaign: case.campaign.id.clone(), to: to.clone(), key: key.clone() }
}

/// Returns the key of the thing that the event's grants are about.
pub(crate) fn about_key(case: &Case<'_>) -> Option<AboutKey> {
    let about = case.about?.clone();
    Some(AboutKey { campaign: case.campaign.id.clone(), about })
}

/// Returns why the campaign gives nothing at the time of the event. What a share of a pool comes to was earned before the pool settled, so it
/// is given after the end, too.
pub(crate) fn gives_nothing(case: &Case<'_>) -> Option<Reason> {
    if case.input.event.kind.as_str() == pool::EVENT_KIND {
        None
    } else if !case.campaign.grants_for(case.input.event.occurred) {
        Some(Reason::CampaignEnded)
    } else if !case.campaign.is_within_windows(&case.input.occurred.local) {
        Some(Reason::OutsideWindow)
    } else {
        None
    }
}

/// Returns where something of a key is reserved.
pub(crate) fn reservation_slot(case: &Case<'_>, party: &CustomerId, key: &ReservationKey) -> ReservationSlot {
    ReservationSlot { campaign: case.campaign.id.clone(), party: party.clone(), key: key.clone() }
}

/// Returns where something of that key may be reserved: for each of the party's ids.
pub(crate) fn reservations<'a>(
    case: &Case<'a>,
    party: &CustomerId,
    key: &'a ReservationKey,
    facts: &Facts,
) -> impl Iterator<Item = RedemptionId> + use<'a> {
    let case = *case;
    facts.ids_of(party).into_iter().map(move |id| RedemptionId::Policy(reservation_slot(&case, &id, key)))
}
