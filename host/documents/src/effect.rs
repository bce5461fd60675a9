//! What a policy asked for, as it goes out.

use largesse_domain::effect::{
    Benefit, Effect, Enrolment, Held, HoldProposal, Measurement, MessageClass, Placement, Proposal, ReserveProposal,
    Revocation, RevocationTarget, SettleProposal, ShareProposal, Shortfall, StateChange,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::json_value;
use crate::time::WhenDocument;

/// Everything that a decision wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalView {
    /// What must not have been used by another customer.
    pub claims: Vec<ClaimView>,
    /// In the order of adjudication.
    pub effects: Vec<EffectView>,
    /// What becomes of the owner's state.
    pub state: StateChangeView,
    /// For the author and the operator.
    pub note: String,
}

/// Something that may be used once only in a scope of the campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimView {
    /// The policy's name for the thing that is given once.
    pub scope: String,
    /// `customer`, `identity`, `device`, `card` or `address`.
    pub by: String,
    /// Whose.
    pub party: String,
}

/// What becomes of the owner's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum StateChangeView {
    /// As it was.
    Keep,
    /// Replaced.
    Put {
        /// The new state.
        value: Value,
    },
    /// Forgotten.
    Clear,
}

/// What a policy asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum EffectView {
    /// Give a benefit.
    Grant {
        /// The policy's name for the reward.
        key: String,
        /// Who gets it.
        to: String,
        /// The first that fits is given.
        choices: Vec<BenefitView>,
        /// `refuse`, `reduce` or `skip`.
        on_shortfall: String,
        /// Pending for so long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<HoldView>,
        /// Worth nothing from then on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<WhenDocument>,
        /// Why.
        reason: String,
    },
    /// Take grants back: one by its key, or all about the thing that the event names.
    Revoke {
        /// Who got it; absent when all about the thing is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Its key; absent when all about the thing is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// At most so much of each grant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quantity: Option<u64>,
        /// Whether the key may be granted again.
        free_key: bool,
        /// Why.
        reason: String,
    },
    /// Send a message.
    Message {
        /// The policy's name for the message.
        key: String,
        /// Who gets it.
        to: String,
        /// Which template.
        template: String,
        /// What fills it.
        vars: Value,
        /// `service` or `marketing`.
        class: String,
        /// In order of preference.
        channels: Vec<String>,
    },
    /// Set or take a tag.
    Tag {
        /// Whose.
        to: String,
        /// Which.
        tag: String,
        /// Set or taken.
        present: bool,
        /// Until when it is set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WhenDocument>,
    },
    /// Set a timer for the owner.
    Schedule {
        /// The policy's name for it.
        name: String,
        /// When it goes off.
        due: WhenDocument,
        /// What the policy is told then.
        data: Value,
    },
    /// Drop a timer of the owner.
    CancelTimer {
        /// Which.
        name: String,
    },
    /// Reserve out of a wallet.
    Reserve {
        /// The policy's name for it.
        key: String,
        /// Whose wallet.
        party: String,
        /// Of what.
        unit: String,
        /// How much.
        quantity: u64,
        /// Until when; then it goes back.
        until: WhenDocument,
        /// `refuse`, `reduce` or `skip`.
        on_shortfall: String,
        /// Why.
        reason: String,
    },
    /// Commit or release a pending grant, or what was reserved out of a wallet.
    Settle {
        /// `grant` or `reservation`.
        of: String,
        /// Whose.
        party: String,
        /// Its key.
        key: String,
        /// `commit` or `release`.
        how: String,
        /// Whether the whole decision is denied when there is nothing to settle.
        required: bool,
        /// Why.
        reason: String,
    },
    /// Put a party into a tier of a programme, or take it out.
    Place {
        /// Whom.
        to: String,
        /// In which programme.
        programme: String,
        /// Into which tier; out of the programme when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<String>,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WhenDocument>,
        /// Why.
        reason: String,
    },
    /// Set a party's weight in a pool.
    Share {
        /// Which pool.
        pool: String,
        /// Whose.
        to: String,
        /// How much.
        weight: u64,
    },
    /// Hand a party on to another campaign.
    Enrol {
        /// To which.
        campaign: String,
        /// Whom.
        party: String,
        /// What its policy is told.
        data: Value,
    },
    /// Add to a count of the campaign.
    Measure {
        /// Which measure.
        name: String,
        /// What of it.
        label: String,
        /// How much is added.
        by: u64,
    },
}

/// How long a grant is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldView {
    /// Pending until then.
    pub until: WhenDocument,
    /// What becomes of it then: `post` or `void`.
    pub then: String,
}

impl From<HoldProposal> for HoldView {
    fn from(hold: HoldProposal) -> Self {
        Self { until: hold.until.into(), then: hold.then.as_str().to_owned() }
    }
}

/// What a grant gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BenefitView {
    /// So much of a unit.
    Units {
        /// The unit.
        unit: String,
        /// How much.
        quantity: u64,
    },
    /// A higher credit limit, in minor units.
    CreditLimit {
        /// At most so much more.
        by: u64,
        /// Never above this.
        up_to: u64,
        /// For how long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WhenDocument>,
    },
    /// A better rate.
    RateBoost {
        /// `rate-boost:` and the holding.
        unit: String,
        /// Hundredths of a per cent.
        basis_points: u64,
        /// On at most so much principal, in minor units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        principal_cap: Option<u64>,
        /// For how long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WhenDocument>,
    },
}

/// `refuse`, `reduce` or `skip`.
pub(crate) fn shortfall_word(shortfall: Shortfall) -> &'static str {
    match shortfall {
        Shortfall::Refuse => "refuse",
        Shortfall::Reduce => "reduce",
        Shortfall::Skip => "skip",
    }
}

/// `service` or `marketing`.
pub(crate) fn class_word(class: MessageClass) -> &'static str {
    match class {
        MessageClass::Service => "service",
        MessageClass::Marketing => "marketing",
    }
}

impl From<&Benefit> for BenefitView {
    fn from(benefit: &Benefit) -> Self {
        match benefit {
            Benefit::Units { unit, quantity } => Self::Units { unit: unit.to_string(), quantity: quantity.get() },
            Benefit::CreditLimit { by, up_to, until } => {
                Self::CreditLimit { by: by.get(), up_to: up_to.get(), until: until.map(Into::into) }
            }
            Benefit::RateBoost { unit, basis_points, principal_cap, until } => Self::RateBoost {
                unit: unit.to_string(),
                basis_points: basis_points.get(),
                principal_cap: principal_cap.map(|cap| cap.get()),
                until: until.map(Into::into),
            },
        }
    }
}

impl From<&Effect> for EffectView {
    fn from(effect: &Effect) -> Self {
        match effect {
            Effect::Grant(grant) => Self::Grant {
                key: grant.key.to_string(),
                to: grant.to.to_string(),
                choices: grant.choices.iter().map(Into::into).collect(),
                on_shortfall: shortfall_word(grant.on_shortfall).to_owned(),
                hold: grant.hold.map(Into::into),
                expires: grant.expires.map(Into::into),
                reason: grant.reason.clone(),
            },
            Effect::Revoke(Revocation { of, quantity, free_key, reason }) => {
                let (to, key) = match of {
                    RevocationTarget::Key { to, key } => (Some(to.to_string()), Some(key.to_string())),
                    RevocationTarget::About => (None, None),
                };
                let quantity = quantity.map(|quantity| quantity.get());
                Self::Revoke { to, key, quantity, free_key: *free_key, reason: reason.clone() }
            }
            Effect::Message(message) => Self::Message {
                key: message.key.to_string(),
                to: message.to.to_string(),
                template: message.template.to_string(),
                vars: json_value(&message.vars),
                class: class_word(message.class).to_owned(),
                channels: message.channels.clone(),
            },
            Effect::Tag(change) => Self::Tag {
                to: change.to.to_string(),
                tag: change.tag.to_string(),
                present: change.present,
                until: change.until.map(Into::into),
            },
            Effect::Schedule(schedule) => Self::Schedule {
                name: schedule.name.to_string(),
                due: schedule.due.into(),
                data: json_value(&schedule.data),
            },
            Effect::CancelTimer(name) => Self::CancelTimer { name: name.to_string() },
            Effect::Reserve(reserve) => reserve.into(),
            Effect::Settle(settle) => settle.into(),
            Effect::Place(Placement { to, programme, tier, until, reason }) => Self::Place {
                to: to.to_string(),
                programme: programme.to_string(),
                tier: tier.as_ref().map(ToString::to_string),
                until: until.map(Into::into),
                reason: reason.clone(),
            },
            Effect::Share(ShareProposal { pool, to, weight }) => {
                Self::Share { pool: pool.to_string(), to: to.to_string(), weight: *weight }
            }
            Effect::Enrol(Enrolment { campaign, party, data }) => {
                Self::Enrol { campaign: campaign.to_string(), party: party.to_string(), data: json_value(data) }
            }
            Effect::Measure(Measurement { name, label, by }) => {
                Self::Measure { name: name.to_string(), label: label.clone(), by: by.get() }
            }
        }
    }
}

impl From<&ReserveProposal> for EffectView {
    fn from(reserve: &ReserveProposal) -> Self {
        Self::Reserve {
            key: reserve.key.to_string(),
            party: reserve.party.to_string(),
            unit: reserve.unit.to_string(),
            quantity: reserve.quantity.get(),
            until: reserve.until.into(),
            on_shortfall: shortfall_word(reserve.on_shortfall).to_owned(),
            reason: reserve.reason.clone(),
        }
    }
}

impl From<&SettleProposal> for EffectView {
    fn from(settle: &SettleProposal) -> Self {
        let (of, party, key) = match &settle.of {
            Held::Grant { to, key } => ("grant", to.to_string(), key.to_string()),
            Held::Reservation { party, key } => ("reservation", party.to_string(), key.to_string()),
        };
        let how = settle.how.as_str().to_owned();
        Self::Settle { of: of.to_owned(), party, key, how, required: settle.required, reason: settle.reason.clone() }
    }
}

impl From<&Proposal> for ProposalView {
    fn from(proposal: &Proposal) -> Self {
        let claims = proposal.claims.iter().map(|claim| ClaimView {
            scope: claim.scope.to_string(),
            by: claim.by.as_str().to_owned(),
            party: claim.party.to_string(),
        });
        let state = match &proposal.state {
            StateChange::Keep => StateChangeView::Keep,
            StateChange::Put(value) => StateChangeView::Put { value: json_value(value) },
            StateChange::Clear => StateChangeView::Clear,
        };
        Self {
            claims: claims.collect(),
            effects: proposal.effects.iter().map(Into::into).collect(),
            state,
            note: proposal.note.clone(),
        }
    }
}
