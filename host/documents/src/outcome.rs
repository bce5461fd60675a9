//! What became of a decision's effects, as it goes out.

use largesse_domain::effect::EffectKind;
use largesse_domain::id::TimerName;
use largesse_domain::outcome::{Denied, Done, HeldSlot, Outcome, Reason, Verdict};
use serde::{Deserialize, Serialize};

use crate::time::instant_text;

/// What became of one effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OutcomeView {
    /// `applied`, `reduced` or `skipped`.
    pub status: String,
    /// `grant`, `revoke`, `message`, `tag`, `schedule`, `reserve`, `settle`, `place`, `share`, `enrol` or `measure`.
    pub effect: String,
    /// Why it was reduced or skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The customer of a grant, a message, a tag or a reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The key of a grant, a message or a reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What was granted, reserved or settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How much was granted, reserved or settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u64>,
    /// Which of the choices was granted, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<usize>,
    /// What was taken back. Empty when there was nothing yet, and later grants about the thing are cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reversals: Option<Vec<ReversalView>>,
    /// The tag that was set or taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Whether the tag, or the timer, was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// The timer that was set or dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<String>,
    /// When the timer goes off, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// What was reserved or settled out of a wallet: the id of the redemption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redemption: Option<String>,
    /// Until when it is reserved, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Of a message in quiet hours: when they are over, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Of a message: the channels named for it that the customer has refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<Vec<String>>,
    /// What became of what was held: `commit` or `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// The programme in which a party was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<String>,
    /// The tier that it left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The tier in which it stands now; absent when it left the programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The pool in which a weight was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// The campaign to which a party was handed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The measure that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// What of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Part of a grant that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReversalView {
    /// Who got the grant.
    pub to: String,
    /// Its key.
    pub key: String,
    /// Of what.
    pub unit: String,
    /// How much.
    pub quantity: u64,
}

/// What made the host deny a whole decision: a claim, an effect that had to be given whole, or stacking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeniedView {
    /// The reason code.
    pub reason: String,
    /// The claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<DeniedClaim>,
    /// The effect's place in the proposal, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<usize>,
    /// The campaign of the same stacking group that gives for the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
}

/// The claim that was denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeniedClaim {
    /// What is given once.
    pub scope: String,
    /// By what it is counted: `customer`, `identity`, `device`, `card` or `address`.
    pub by: String,
}

impl From<&Outcome> for OutcomeView {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Applied(done) => Self { status: "applied".into(), ..Self::done(done) },
            Outcome::Reduced(done, reason) => {
                Self { status: "reduced".into(), reason: Some(reason_text(*reason)), ..Self::done(done) }
            }
            Outcome::Skipped(kind, reason) => Self {
                status: "skipped".into(),
                effect: kind.as_str().into(),
                reason: Some(reason_text(*reason)),
                ..Self::default()
            },
        }
    }
}

impl OutcomeView {
    fn timer(name: &TimerName) -> Self {
        Self { effect: "schedule".into(), timer: Some(name.to_string()), ..Self::default() }
    }

    fn of(effect: EffectKind) -> Self {
        Self { effect: effect.as_str().into(), ..Self::default() }
    }

    fn done(done: &Done) -> Self {
        match done {
            Done::Placed { to, programme, from, tier, until } => Self {
                to: Some(to.to_string()),
                programme: Some(programme.to_string()),
                from: from.as_ref().map(ToString::to_string),
                tier: tier.as_ref().map(ToString::to_string),
                until: until.map(instant_text),
                ..Self::of(EffectKind::Place)
            },
            Done::Shared { to, pool, weight } => Self {
                to: Some(to.to_string()),
                pool: Some(pool.to_string()),
                weight: Some(*weight),
                ..Self::of(EffectKind::Share)
            },
            Done::Enrolled { party, campaign } => Self {
                to: Some(party.to_string()),
                campaign: Some(campaign.to_string()),
                ..Self::of(EffectKind::Enrol)
            },
            Done::Measured { name, label, by } => Self {
                measure: Some(name.to_string()),
                label: (!label.is_empty()).then(|| label.clone()),
                quantity: Some(by.get()),
                ..Self::of(EffectKind::Measure)
            },
            Done::Settled { of, how, unit, quantity } => {
                let (to, key, redemption) = match of {
                    HeldSlot::Grant(slot) => (slot.to.to_string(), slot.key.to_string(), None),
                    HeldSlot::Reservation(slot) => {
                        (slot.party.to_string(), slot.key.to_string(), Some(slot.to_string()))
                    }
                };
                Self {
                    to: Some(to),
                    key: Some(key),
                    unit: Some(unit.to_string()),
                    quantity: Some(quantity.get()),
                    redemption,
                    how: Some(how.as_str().into()),
                    ..Self::of(EffectKind::Settle)
                }
            }
            given_or_taken => Self::given_or_taken(given_or_taken),
        }
    }

    fn given_or_taken(done: &Done) -> Self {
        match done {
            Done::Granted { grant, unit, quantity, choice } => Self {
                effect: "grant".into(),
                to: Some(grant.to.to_string()),
                key: Some(grant.key.to_string()),
                unit: Some(unit.to_string()),
                quantity: Some(quantity.get()),
                choice: Some(*choice),
                ..Self::default()
            },
            Done::Revoked(reversals) => {
                let reversals = reversals.iter().map(|reversal| ReversalView {
                    to: reversal.grant.to.to_string(),
                    key: reversal.grant.key.to_string(),
                    unit: reversal.unit.to_string(),
                    quantity: reversal.quantity.get(),
                });
                Self { effect: "revoke".into(), reversals: Some(reversals.collect()), ..Self::default() }
            }
            Done::Messaged { to, key, not_before, without } => Self {
                effect: "message".into(),
                to: Some(to.to_string()),
                key: Some(key.to_string()),
                not_before: not_before.map(instant_text),
                without: (!without.is_empty()).then(|| without.clone()),
                ..Self::default()
            },
            Done::Tagged { to, tag, present } => Self {
                effect: "tag".into(),
                to: Some(to.to_string()),
                tag: Some(tag.to_string()),
                present: Some(*present),
                ..Self::default()
            },
            Done::Scheduled { name, due } => {
                Self { present: Some(true), due: Some(instant_text(*due)), ..Self::timer(name) }
            }
            Done::TimerCancelled { name } => Self { present: Some(false), ..Self::timer(name) },
            Done::Reserved { reservation, unit, quantity, until } => Self {
                effect: "reserve".into(),
                to: Some(reservation.party.to_string()),
                key: Some(reservation.key.to_string()),
                unit: Some(unit.to_string()),
                quantity: Some(quantity.get()),
                redemption: Some(reservation.to_string()),
                until: Some(instant_text(*until)),
                ..Self::default()
            },
            Done::Placed { .. }
            | Done::Shared { .. }
            | Done::Enrolled { .. }
            | Done::Measured { .. }
            | Done::Settled { .. } => Self::done(done),
        }
    }
}

fn reason_text(reason: Reason) -> String {
    reason.as_str().to_owned()
}

/// The outcomes of an accepted decision, else none.
#[must_use]
pub fn outcomes(verdict: &Verdict) -> Vec<OutcomeView> {
    match verdict {
        Verdict::Accepted(outcomes) => outcomes.iter().map(Into::into).collect(),
        Verdict::Denied(..) | Verdict::Refused | Verdict::Faulted => Vec::new(),
    }
}

/// What denied a denied decision.
#[must_use]
pub fn denied(verdict: &Verdict) -> Option<DeniedView> {
    let Verdict::Denied(denied, reason) = verdict else { return None };
    let mut view = DeniedView { reason: reason_text(*reason), claim: None, effect: None, winner: None };
    match denied {
        Denied::Claim { scope, by } => {
            view.claim = Some(DeniedClaim { scope: scope.to_string(), by: by.as_str().to_owned() });
        }
        Denied::Effect(index) => view.effect = Some(*index),
        Denied::Stacking(winner) => view.winner = Some(winner.to_string()),
    }
    Some(view)
}
