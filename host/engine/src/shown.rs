//! From the domain to the contract: what is shown to a decision.

use largesse_domain::decision::{Input, OwnerKind, Party, Phase};
use largesse_domain::time::{LocalTime, Moment};

use crate::bindings::wit;

/// Lends the input in the contract's types for the time of a call.
pub(crate) fn with_input<R>(input: &Input, f: impl FnOnce(wit::Input<'_>) -> R) -> R {
    let lists: Vec<(Vec<&str>, Vec<wit::Balance<'_>>)> = input.parties.iter().map(lists).collect();
    let parties: Vec<wit::Party<'_>> = input
        .parties
        .iter()
        .zip(&lists)
        .map(|(party, (tags, balances))| wit::Party {
            role: party.role.as_str(),
            customer: party.customer.as_str(),
            attributes: party.attributes.as_str(),
            tags,
            balances,
        })
        .collect();
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
        campaign: wit::Campaign {
            id: input.campaign.id.as_str(),
            revision: input.campaign.revision,
            currency: &currency,
            opens: input.campaign.opens.as_millis(),
            closes: input.campaign.closes.map(|closes| closes.as_millis()),
            phase: match input.campaign.phase {
                Phase::Open => wit::Phase::Open,
                Phase::Closing => wit::Phase::Closing,
            },
            params: input.campaign.params.as_str(),
        },
        now: moment(&input.now),
        seed: input.seed,
        state: input.state.as_ref().map(|state| state.as_str()),
    })
}

/// The contract's word for the kind of an owner.
pub(crate) fn owner_kind(kind: OwnerKind) -> wit::OwnerKind {
    match kind {
        OwnerKind::Party => wit::OwnerKind::Party,
        OwnerKind::Entity => wit::OwnerKind::Entity,
    }
}

fn lists(party: &Party) -> (Vec<&str>, Vec<wit::Balance<'_>>) {
    let tags = party.tags.iter().map(|tag| tag.as_str()).collect();
    let balances =
        party.balances.iter().map(|(unit, amount)| wit::Balance { unit: unit.as_str(), amount: *amount }).collect();
    (tags, balances)
}

fn moment(moment: &Moment) -> wit::Moment {
    let LocalTime { day, year, month, day_of_month, weekday, iso_year, iso_week, second_of_day } = moment.local;
    wit::Moment {
        at: moment.at.as_millis(),
        local: wit::LocalTime { day: day.0, year, month, day_of_month, weekday, iso_year, iso_week, second_of_day },
    }
}
