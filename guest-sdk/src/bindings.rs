//! The generated bindings of the contract, and the only place that knows them: everything else uses the SDK's own
//! types.

use serde_json::Error;

use crate::policy::Policy;
use crate::{answer, decision, held, input, manifest, message, reach, time, when};

mod generated {
    #![expect(missing_docs, reason = "generated from the contract, which documents its items")]
    wit_bindgen::generate!({
        path: "../wit",
        world: "campaign-policy",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "largesse_sdk::__private",
    });
}

pub use generated::*;

use exports::largesse::policy::policy::Guest;
use largesse::policy::types as wit;

/// Longest message of a refusal or a problem that the contract takes, in bytes.
const TEXT_BYTES_MAX: usize = 1024;
/// Most problems of one `check` that the contract takes.
const PROBLEMS_MAX: usize = 64;

/// Makes a component of a policy.
pub struct Adapter<P>(std::marker::PhantomData<P>);

impl<P: Policy> Guest for Adapter<P> {
    fn describe() -> wit::Manifest {
        let schema = schemars::schema_for!(P::Params);
        let schema = serde_json::to_string(&schema).expect("a schema is JSON");
        manifest_out(P::manifest(), schema)
    }

    fn check(params: String) -> Result<Vec<wit::Offer>, Vec<wit::Problem>> {
        let checked = match crate::place::read::<P::Params>(&params) {
            Ok(params) => P::check(&params).map(|()| P::offers(&params).into_iter().map(offer_out).collect()),
            Err(problem) => Err(vec![problem]),
        };
        checked.map_err(|problems| problems.into_iter().take(PROBLEMS_MAX).map(problem_out).collect())
    }

    fn decide(input: wit::Input) -> Result<wit::Decision, wit::Refusal> {
        let input = match input_in(input) {
            Ok(input) => input,
            Err((what, error)) => panic!("{what} do not read: {error}"),
        };
        let local = input.event.occurred.local;
        P::decide(&input).map(|decision| decision_out(decision.clocked(&local))).map_err(refusal_out)
    }

    fn migrate(owner: wit::OwnerKind, state: String, written_by: u32) -> Result<String, wit::Refusal> {
        let state = P::migrate(owner_kind_in(owner), &state, written_by).map_err(refusal_out)?;
        Ok(serde_json::to_string(&state).expect("a state serialises to JSON"))
    }

    fn quote(enquiry: wit::Enquiry) -> Result<String, wit::Refusal> {
        let enquiry = match enquiry_in(enquiry) {
            Ok(enquiry) => enquiry,
            Err((what, error)) => panic!("{what} do not read: {error}"),
        };
        P::quote(&enquiry).map(|answer| answer.to_string()).map_err(refusal_out)
    }

    fn merge(kept: String, joined: String) -> Result<String, wit::Refusal> {
        let state = |text: &str| serde_json::from_str(text).expect("the host hands back states that this policy wrote");
        let merged = P::merge(state(&kept), state(&joined)).map_err(refusal_out)?;
        Ok(serde_json::to_string(&merged).expect("a state serialises to JSON"))
    }
}

// ---- In ----------------------------------------------------------------------------------------------------

/// The input with its JSON read. An error is the host's breach of the contract: it has checked both documents.
fn input_in<P, S>(raw: wit::Input) -> Result<input::Input<P, S>, (&'static str, Error)>
where
    P: serde::de::DeserializeOwned,
    S: serde::de::DeserializeOwned,
{
    let (params, state) = documents_in(&raw.campaign.params, raw.state.as_deref())?;
    Ok(input::Input {
        subscription: raw.subscription,
        event: input::Event {
            source: raw.event.source,
            id: raw.event.id,
            kind: raw.event.kind,
            occurred: moment_in(raw.event.occurred),
            data: raw.event.data,
        },
        owner: input::Owner { kind: owner_kind_in(raw.owner.kind), id: raw.owner.id },
        parties: raw.parties.into_iter().map(party_in).collect(),
        campaign: campaign_in(raw.campaign),
        params,
        now: moment_in(raw.now),
        seed: raw.seed,
        state,
    })
}

fn enquiry_in<P, S>(raw: wit::Enquiry) -> Result<input::Enquiry<P, S>, (&'static str, Error)>
where
    P: serde::de::DeserializeOwned,
    S: serde::de::DeserializeOwned,
{
    let (params, state) = documents_in(&raw.campaign.params, raw.state.as_deref())?;
    Ok(input::Enquiry {
        question: raw.question,
        data: raw.data,
        parties: raw.parties.into_iter().map(party_in).collect(),
        campaign: campaign_in(raw.campaign),
        params,
        now: moment_in(raw.now),
        state,
    })
}

/// Parameters and state, read.
fn documents_in<P, S>(params: &str, state: Option<&str>) -> Result<(P, Option<S>), (&'static str, Error)>
where
    P: serde::de::DeserializeOwned,
    S: serde::de::DeserializeOwned,
{
    let params = serde_json::from_str(params).map_err(|error| ("parameters", error))?;
    let state = state.map(serde_json::from_str).transpose().map_err(|error| ("contents of the state", error))?;
    Ok((params, state))
}

fn campaign_in(campaign: wit::Campaign) -> input::Campaign {
    input::Campaign {
        id: campaign.id,
        revision: campaign.revision,
        currency: campaign.currency,
        opens: campaign.opens,
        closes: campaign.closes,
        phase: match campaign.phase {
            wit::Phase::Open => input::Phase::Open,
            wit::Phase::Closing => input::Phase::Closing,
            wit::Phase::Between => input::Phase::Between,
        },
    }
}

fn owner_kind_in(kind: wit::OwnerKind) -> input::OwnerKind {
    match kind {
        wit::OwnerKind::Party => input::OwnerKind::Party,
        wit::OwnerKind::Entity => input::OwnerKind::Entity,
    }
}

fn moment_in(moment: wit::Moment) -> time::Moment {
    let wit::LocalTime { day, year, month, day_of_month, weekday, iso_year, iso_week, second_of_day } = moment.local;
    let local = time::LocalTime { day, year, month, day_of_month, weekday, iso_year, iso_week, second_of_day };
    time::Moment { at: moment.at, local }
}

fn party_in(party: wit::Party) -> input::Party {
    let balance_in = |one: wit::Balance| input::Balance { unit: one.unit, amount: one.amount };
    input::Party {
        role: party.role,
        customer: party.customer,
        attributes: party.attributes,
        tags: party.tags,
        balances: party.balances.into_iter().map(balance_in).collect(),
        standings: party.standings.into_iter().map(standing_in).collect(),
        grants: party.grants.into_iter().map(live_grant_in).collect(),
    }
}

fn standing_in(standing: wit::Standing) -> input::Standing {
    let wit::Standing { programme, tier, since, until } = standing;
    input::Standing { programme, tier, since, until }
}

fn live_grant_in(grant: wit::LiveGrant) -> input::LiveGrant {
    let wit::LiveGrant { key, unit, available, granted_at, expires } = grant;
    input::LiveGrant { key, unit, available, granted_at, expires }
}

// ---- Out ---------------------------------------------------------------------------------------------------

fn refusal_out(refusal: answer::Refusal) -> wit::Refusal {
    wit::Refusal { code: refusal.code, message: told(&refusal.message) }
}

fn problem_out(problem: answer::Problem) -> wit::Problem {
    wit::Problem { pointer: told(&problem.pointer), message: told(&problem.message) }
}

fn offer_out(offer: answer::Offer) -> wit::Offer {
    wit::Offer { unit: offer.unit, quantity: offer.quantity, chance: offer.chance }
}

/// A text as the contract takes it: control characters escaped, and cut. Messages quote what they are about.
fn told(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        let escaped = letter.is_control() && !matches!(letter, '\n' | '\t');
        let piece = if escaped { letter.escape_default().to_string() } else { letter.to_string() };
        if out.len() + piece.len() > TEXT_BYTES_MAX {
            break;
        }
        out.push_str(&piece);
    }
    out
}

fn decision_out<S: serde::Serialize>(decision: decision::Decision<S>) -> wit::Decision {
    wit::Decision {
        claims: decision.claims.into_iter().map(claim_out).collect(),
        effects: decision.effects.into_iter().map(effect_out).collect(),
        state: match decision.state {
            decision::StateChange::Keep => wit::StateChange::Keep,
            decision::StateChange::Clear => wit::StateChange::Clear,
            decision::StateChange::Put(state) => {
                wit::StateChange::Put(serde_json::to_string(&state).expect("a state serialises to JSON"))
            }
        },
        note: decision.note,
    }
}

fn claim_out(claim: decision::Claim) -> wit::Claim {
    let by = match claim.by {
        decision::Dimension::Customer => wit::Dimension::Customer,
        decision::Dimension::Identity => wit::Dimension::Identity,
        decision::Dimension::Device => wit::Dimension::Device,
        decision::Dimension::Card => wit::Dimension::Card,
        decision::Dimension::Address => wit::Dimension::Address,
    };
    wit::Claim { scope: claim.scope, by, party: claim.party }
}

fn effect_out(effect: decision::Effect) -> wit::Effect {
    match effect {
        decision::Effect::Grant(grant) => wit::Effect::Grant(grant_out(grant)),
        decision::Effect::Revoke(revocation) => wit::Effect::Revoke(revocation_out(revocation)),
        decision::Effect::Message(message) => wit::Effect::Message(message_out(message)),
        decision::Effect::Tag(tag) => wit::Effect::Tag(wit::TagChange {
            to: tag.to,
            tag: tag.tag,
            present: tag.present,
            until: tag.until.map(when_out),
        }),
        decision::Effect::Schedule(schedule) => wit::Effect::Schedule(wit::Schedule {
            name: schedule.name,
            due: when_out(schedule.due),
            data: schedule.data,
        }),
        decision::Effect::CancelTimer(name) => wit::Effect::CancelTimer(name),
        decision::Effect::Reserve(reservation) => wit::Effect::Reserve(reservation_out(reservation)),
        decision::Effect::Settle(settlement) => wit::Effect::Settle(settlement_out(settlement)),
        decision::Effect::Place(placement) => wit::Effect::Place(wit::Placement {
            to: placement.to,
            programme: placement.programme,
            tier: placement.tier,
            until: placement.until.map(when_out),
            reason: placement.reason,
        }),
        decision::Effect::Share(reach::Share { pool, to, weight }) => {
            wit::Effect::Share(wit::Share { pool, to, weight })
        }
        decision::Effect::Enrol(reach::Enrolment { campaign, party, data }) => {
            wit::Effect::Enrol(wit::Enrolment { campaign, party, data })
        }
        decision::Effect::Measure(reach::Measurement { name, label, by }) => {
            wit::Effect::Measure(wit::Measurement { name, label, by })
        }
    }
}

fn grant_out(grant: decision::Grant) -> wit::Grant {
    wit::Grant {
        key: grant.key,
        to: grant.to,
        choices: grant.choices.into_iter().map(benefit_out).collect(),
        on_shortfall: shortfall_out(grant.on_shortfall),
        hold: grant.hold.map(hold_out),
        expires: grant.expires.map(when_out),
        reason: grant.reason,
    }
}

fn shortfall_out(shortfall: held::Shortfall) -> wit::Shortfall {
    match shortfall {
        held::Shortfall::Refuse => wit::Shortfall::Refuse,
        held::Shortfall::Reduce => wit::Shortfall::Reduce,
        held::Shortfall::Skip => wit::Shortfall::Skip,
    }
}

fn hold_out(hold: held::Hold) -> wit::Hold {
    let then = match hold.then {
        held::AfterHold::Post => wit::AfterHold::Post,
        held::AfterHold::Void => wit::AfterHold::Void,
    };
    wit::Hold { until: when_out(hold.until), then }
}

fn reservation_out(reservation: held::Reservation) -> wit::Reservation {
    wit::Reservation {
        key: reservation.key,
        party: reservation.party,
        unit: reservation.unit,
        quantity: reservation.quantity,
        until: when_out(reservation.until),
        on_shortfall: shortfall_out(reservation.on_shortfall),
        reason: reservation.reason,
    }
}

fn settlement_out(settlement: held::Settlement) -> wit::Settlement {
    wit::Settlement {
        of: match settlement.of {
            held::Held::Grant { to, key } => wit::Held::Grant(wit::GrantRef { to, key }),
            held::Held::Reservation { party, key } => wit::Held::Reservation(wit::ReservationRef { party, key }),
        },
        how: match settlement.how {
            held::HoldAction::Commit => wit::Settle::Commit,
            held::HoldAction::Release => wit::Settle::Release,
        },
        required: settlement.required,
        reason: settlement.reason,
    }
}

fn benefit_out(benefit: decision::Benefit) -> wit::Benefit {
    match benefit {
        decision::Benefit::Units { unit, quantity } => wit::Benefit::Units(wit::Units { unit, quantity }),
        decision::Benefit::CreditLimit { by, up_to, until } => {
            wit::Benefit::CreditLimit(wit::LimitRaise { by, up_to, until: until.map(when_out) })
        }
        decision::Benefit::RateBoost { holding, basis_points, principal_cap, until } => {
            wit::Benefit::RateBoost(wit::RateBoost { holding, basis_points, principal_cap, until: until.map(when_out) })
        }
    }
}

fn revocation_out(revocation: decision::Revocation) -> wit::Revocation {
    wit::Revocation {
        of: match revocation.of {
            decision::Target::Key { to, key } => wit::Target::Key(wit::GrantRef { to, key }),
            decision::Target::About => wit::Target::About,
        },
        quantity: revocation.quantity,
        free_key: revocation.free_key,
        reason: revocation.reason,
    }
}

fn message_out(message: message::Message) -> wit::Message {
    wit::Message {
        key: message.key,
        to: message.to,
        template: message.template,
        vars: message.vars,
        class: match message.class {
            message::MessageClass::Service => wit::MessageClass::Service,
            message::MessageClass::Marketing => wit::MessageClass::Marketing,
        },
        channels: message.channels,
    }
}

fn when_out(when: when::When) -> wit::When {
    match when {
        when::When::At(at) => wit::When::At(at),
        when::When::AfterSeconds(seconds) => wit::When::AfterSeconds(seconds),
        when::When::AtLocal(date, second_of_day) => wit::When::AtLocal(wit::LocalMoment { day: date.0, second_of_day }),
        when::When::AfterDays(_) | when::When::EndOfDay(_) | when::When::Expiry(_) => {
            unreachable!("a decision's times are made out before it leaves")
        }
    }
}

fn manifest_out(manifest: manifest::Manifest, params_schema: String) -> wit::Manifest {
    wit::Manifest {
        name: manifest.name,
        version: manifest.version,
        summary: manifest.summary,
        params_schema,
        state_writes: manifest.state_writes,
        state_reads: manifest.state_reads,
        roles: manifest.roles.into_iter().map(role_out).collect(),
        subscriptions: manifest.subscriptions.into_iter().map(subscription_out).collect(),
        effects: manifest.effects.into_iter().map(effect_kind_out).collect(),
        unit_classes: manifest.unit_classes.into_iter().map(|class| class.as_str().to_owned()).collect(),
        questions: manifest
            .questions
            .into_iter()
            .map(|question| wit::Question { name: question.name, data_schema: question.data_schema })
            .collect(),
    }
}

fn role_out(role: manifest::Role) -> wit::Role {
    wit::Role {
        name: role.name,
        source: match role.source {
            manifest::Source::Actor => wit::Source::Actor,
            manifest::Source::Inviter(distance) => wit::Source::Inviter(distance),
            manifest::Source::CustomerAt(pointer) => wit::Source::CustomerAt(pointer),
            manifest::Source::MembersAt(pointer) => wit::Source::MembersAt(pointer),
            manifest::Source::Members => wit::Source::Members,
        },
        needs: wit::Needs {
            attributes: role.attributes,
            balances: role.balances,
            tags: role.tags,
            standings: role.standings,
            grants: role.grants,
        },
    }
}

fn subscription_out(subscription: manifest::Subscription) -> wit::Subscription {
    wit::Subscription {
        name: subscription.name,
        kind: subscription.kind,
        owner: match subscription.owner {
            manifest::OwnerOf::Party(role) => wit::OwnerOf::Party(role),
            manifest::OwnerOf::Entity(pointer) => wit::OwnerOf::Entity(pointer),
            manifest::OwnerOf::Group(kind) => wit::OwnerOf::Group(kind),
        },
        about: subscription.about,
    }
}

fn effect_kind_out(kind: manifest::EffectKind) -> wit::EffectKind {
    match kind {
        manifest::EffectKind::Grant => wit::EffectKind::Grant,
        manifest::EffectKind::Revoke => wit::EffectKind::Revoke,
        manifest::EffectKind::Message => wit::EffectKind::Message,
        manifest::EffectKind::Tag => wit::EffectKind::Tag,
        manifest::EffectKind::Schedule => wit::EffectKind::Schedule,
        manifest::EffectKind::Reserve => wit::EffectKind::Reserve,
        manifest::EffectKind::Settle => wit::EffectKind::Settle,
        manifest::EffectKind::Place => wit::EffectKind::Place,
        manifest::EffectKind::Share => wit::EffectKind::Share,
        manifest::EffectKind::Enrol => wit::EffectKind::Enrol,
        manifest::EffectKind::Measure => wit::EffectKind::Measure,
    }
}
