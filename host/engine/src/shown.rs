//! From the domain to the contract: what is shown to a decision.

use largesse_domain::customer::Standing;
use largesse_domain::decision::{CampaignView, Enquiry, Input, LiveGrant, Party};
use largesse_domain::id::ProgrammeId;
use largesse_domain::lifecycle::Phase;
use largesse_domain::owner::OwnerKind;
use largesse_domain::time::{LocalTime, Moment};
use largesse_domain::unit::Unit;

use crate::bindings::wit;

/// Lends the input in the contract's types for the time of a call.
pub(crate) fn with_input<R>(input: &Input, f: impl FnOnce(wit::Input<'_>) -> R) -> R {
    let lists: Vec<Lists<'_>> = input.parties.iter().map(Lists::of).collect();
    let parties: Vec<wit::Party<'_>> = input.parties.iter().zip(&lists).map(party).collect();
    let currency = input.campaign.currency.to_string();
    f(wit::Input {
        subscription: input.subscription.as_str(),
        event: wit::Event {
            source: input.event.key.source.as_str(),
            id: input.event.key.id.as_str(),
            kind: input.event.kind.as_str(),
            occurred: moment(&input.occurred),
            data: input.event.data.as_str(),
        },
        owner: wit::Owner { kind: owner_kind(input.owner.kind()), id: input.owner.id() },
        parties: &parties,
        campaign: campaign(&input.campaign, &currency),
        now: moment(&input.now),
        seed: input.seed,
        state: input.state.as_ref().map(|state| state.as_str()),
    })
}

/// Lends the question in the contract's types for the time of a call.
pub(crate) fn with_enquiry<R>(enquiry: &Enquiry, f: impl FnOnce(wit::Enquiry<'_>) -> R) -> R {
    let lists: Vec<Lists<'_>> = enquiry.parties.iter().map(Lists::of).collect();
    let parties: Vec<wit::Party<'_>> = enquiry.parties.iter().zip(&lists).map(party).collect();
    let currency = enquiry.campaign.currency.to_string();
    f(wit::Enquiry {
        question: enquiry.question.as_str(),
        data: enquiry.data.as_str(),
        parties: &parties,
        campaign: campaign(&enquiry.campaign, &currency),
        now: moment(&enquiry.now),
        state: enquiry.state.as_ref().map(|state| state.as_str()),
    })
}

fn campaign<'a>(view: &'a CampaignView, currency: &'a str) -> wit::Campaign<'a> {
    wit::Campaign {
        id: view.id.as_str(),
        revision: view.revision,
        currency,
        opens: view.opens.as_millis(),
        closes: view.closes.map(|closes| closes.as_millis()),
        phase: match view.phase {
            Phase::Open => wit::Phase::Open,
            Phase::Closing => wit::Phase::Closing,
            Phase::Between => wit::Phase::Between,
        },
        params: view.params.as_str(),
    }
}

/// The contract's word for the kind of an owner.
pub(crate) fn owner_kind(kind: OwnerKind) -> wit::OwnerKind {
    match kind {
        OwnerKind::Party => wit::OwnerKind::Party,
        OwnerKind::Entity => wit::OwnerKind::Entity,
    }
}

/// The lists of a party in the contract's types.
struct Lists<'a> {
    tags: Vec<&'a str>,
    balances: Vec<wit::Balance<'a>>,
    standings: Vec<wit::Standing<'a>>,
    grants: Vec<wit::LiveGrant<'a>>,
}

impl<'a> Lists<'a> {
    fn of(party: &'a Party) -> Self {
        let balance = |(unit, amount): &'a (Unit, i64)| wit::Balance { unit: unit.as_str(), amount: *amount };
        let standing = |(programme, standing): &'a (ProgrammeId, Standing)| wit::Standing {
            programme: programme.as_str(),
            tier: standing.tier.as_str(),
            since: standing.since.as_millis(),
            until: standing.until.map(|until| until.as_millis()),
        };
        let grant = |grant: &'a LiveGrant| wit::LiveGrant {
            key: grant.key.as_str(),
            unit: grant.unit.as_str(),
            available: grant.available.get(),
            granted_at: grant.granted_at.as_millis(),
            expires: grant.expires.map(|expires| expires.as_millis()),
        };
        Self {
            tags: party.tags.iter().map(|tag| tag.as_str()).collect(),
            balances: party.balances.iter().map(balance).collect(),
            standings: party.standings.iter().map(standing).collect(),
            grants: party.grants.iter().map(grant).collect(),
        }
    }
}

fn party<'a>((party, lists): (&'a Party, &'a Lists<'a>)) -> wit::Party<'a> {
    wit::Party {
        role: party.role.as_str(),
        customer: party.customer.as_str(),
        attributes: party.attributes.as_str(),
        tags: &lists.tags,
        balances: &lists.balances,
        standings: &lists.standings,
        grants: &lists.grants,
    }
}

fn moment(moment: &Moment) -> wit::Moment {
    let LocalTime { day, year, month, day_of_month, weekday, iso_year, iso_week, second_of_day } = moment.local;
    wit::Moment {
        at: moment.at.as_millis(),
        local: wit::LocalTime { day: day.0, year, month, day_of_month, weekday, iso_year, iso_week, second_of_day },
    }
}
