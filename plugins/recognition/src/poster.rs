//! Posters that bring friends.

use largesse_sdk::{Decision, Input, Measurement, Refusal, TagChange, events, grants, key_part};

use crate::params::{Params, Poster};
use crate::state::{Scan, State};
use crate::{ACTOR, INVITER};

/// A poster is scanned: whose it is, is remembered until the customer registers.
pub(crate) fn scanned(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    poster(input)?;
    let events::PosterScanned { poster, inviter, .. } = input.event.data()?;
    let actor = &input.require(ACTOR)?.customer;
    let owner = inviter.ok_or_else(|| Refusal::new("no-owner", "it is not said whose poster it is"))?;
    if owner == *actor {
        return Err(Refusal::new("own-poster", "it is the customer's own"));
    }
    let mut decision = Decision::new();
    decision.measure(Measurement::one("scans"));
    decision.put(State { scanned: Some(Scan { poster, owner }), ..input.state.clone().unwrap_or_default() });
    Ok(decision)
}

/// Who registers after a scan, and was invited by the poster's owner, came by the poster.
pub(crate) fn registered(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let params = poster(input)?;
    let actor = &input.require(ACTOR)?.customer;
    let mut state = input.state.clone().unwrap_or_default();
    let scan = state.scanned.take().ok_or_else(|| Refusal::new("no-poster", "no poster was scanned"))?;
    // Whose invitation counts is the host's knowledge.
    let owner = input.party(INVITER).filter(|inviter| inviter.customer == scan.owner);
    let owner = owner.ok_or_else(|| Refusal::new("other-inviter", "another invitation counts"))?;
    let mut decision = Decision::new();
    decision.tag(TagChange::set(actor, &params.source_tag));
    let key = format!("poster/{}", key_part(actor));
    grants(&params.gifts, &key, &owner.customer, "poster").for_each(|grant| _ = decision.grant(grant));
    decision.measure(Measurement::one("registered").of("poster"));
    decision.note(format!("{actor} came by the poster {}", scan.poster));
    decision.put(state);
    Ok(decision)
}

fn poster(input: &Input<Params, State>) -> Result<&Poster, Refusal> {
    input.params.poster.as_ref().ok_or_else(|| Refusal::new("nothing-for-posters", "posters bring nothing"))
}
