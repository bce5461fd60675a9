//! What a policy asked for, in the store.

use largesse_domain::dimension::Dimension;
use largesse_domain::effect::{
    Benefit, Claim, Effect, Enrolment, GrantProposal, Held, HoldProposal, Measurement, Message, MessageClass,
    Placement, Proposal, ReserveProposal, Revocation, RevocationTarget, Schedule, SettleProposal, ShareProposal,
    Shortfall, StateChange, TagChange,
};
use largesse_domain::hold::{AfterHold, HoldAction};
use largesse_domain::json::Json;
use largesse_domain::unit::Quantity;
use serde::{Deserialize, Serialize};

use super::{Text, Unreadable, WhenForm, id, quantity, word};
use crate::effect::{class_word, shortfall_word};

#[derive(Serialize, Deserialize)]
pub(super) struct ProposalForm<'a> {
    /// Scope, dimension, party.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claims: Vec<(Text<'a>, Text<'a>, Text<'a>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    effects: Vec<EffectForm<'a>>,
    state: StateForm<'a>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    note: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateForm<'a> {
    Keep,
    Put(Text<'a>),
    Clear,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EffectForm<'a> {
    Grant {
        key: Text<'a>,
        to: Text<'a>,
        choices: Vec<BenefitForm<'a>>,
        shortfall: Text<'a>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<(WhenForm, Text<'a>)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<WhenForm>,
        #[serde(default, skip_serializing_if = "str::is_empty")]
        reason: Text<'a>,
    },
    Revoke {
        /// To, key; all about the thing when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<(Text<'a>, Text<'a>)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quantity: Option<u64>,
        free_key: bool,
        #[serde(default, skip_serializing_if = "str::is_empty")]
        reason: Text<'a>,
    },
    Message {
        key: Text<'a>,
        to: Text<'a>,
        template: Text<'a>,
        vars: Text<'a>,
        class: Text<'a>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        channels: Vec<Text<'a>>,
    },
    Tag {
        to: Text<'a>,
        tag: Text<'a>,
        present: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WhenForm>,
    },
    Schedule {
        name: Text<'a>,
        due: WhenForm,
        data: Text<'a>,
    },
    CancelTimer(Text<'a>),
    Reserve {
        key: Text<'a>,
        party: Text<'a>,
        unit: Text<'a>,
        quantity: u64,
        until: WhenForm,
        shortfall: Text<'a>,
        #[serde(default, skip_serializing_if = "str::is_empty")]
        reason: Text<'a>,
    },
    Settle {
        of: HeldForm<'a>,
        how: Text<'a>,
        required: bool,
        #[serde(default, skip_serializing_if = "str::is_empty")]
        reason: Text<'a>,
    },
    Place {
        to: Text<'a>,
        programme: Text<'a>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<Text<'a>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WhenForm>,
        #[serde(default, skip_serializing_if = "str::is_empty")]
        reason: Text<'a>,
    },
    /// Pool, to, weight.
    Share(Text<'a>, Text<'a>, u64),
    /// Campaign, party, data.
    Enrol(Text<'a>, Text<'a>, Text<'a>),
    /// Name, label, by.
    Measure(Text<'a>, Text<'a>, u64),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HeldForm<'a> {
    /// To, key.
    Grant(Text<'a>, Text<'a>),
    /// Party, key.
    Reservation(Text<'a>, Text<'a>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BenefitForm<'a> {
    /// Unit, quantity.
    Units(Text<'a>, u64),
    /// By, up to, until.
    CreditLimit(u64, u64, Option<WhenForm>),
    /// Unit, basis points, principal cap, until.
    RateBoost(Text<'a>, u64, Option<u64>, Option<WhenForm>),
}

impl<'a> From<&'a Benefit> for BenefitForm<'a> {
    fn from(benefit: &'a Benefit) -> Self {
        match benefit {
            Benefit::Units { unit, quantity } => Self::Units(unit.as_str().into(), quantity.get()),
            Benefit::CreditLimit { by, up_to, until } => {
                Self::CreditLimit(by.get(), up_to.get(), until.map(Into::into))
            }
            Benefit::RateBoost { unit, basis_points, principal_cap, until } => {
                let cap = principal_cap.map(Quantity::get);
                Self::RateBoost(unit.as_str().into(), basis_points.get(), cap, until.map(Into::into))
            }
        }
    }
}

impl BenefitForm<'_> {
    fn read(self) -> Result<Benefit, Unreadable> {
        Ok(match self {
            Self::Units(unit, value) => Benefit::Units { unit: id(&unit)?, quantity: quantity(value)? },
            Self::CreditLimit(by, up_to, until) => Benefit::CreditLimit {
                by: quantity(by)?,
                up_to: quantity(up_to)?,
                until: WhenForm::read_option(until)?,
            },
            Self::RateBoost(unit, points, cap, until) => Benefit::RateBoost {
                unit: id(&unit)?,
                basis_points: quantity(points)?,
                principal_cap: cap.map(quantity).transpose()?,
                until: WhenForm::read_option(until)?,
            },
        })
    }
}

impl<'a> From<&'a Effect> for EffectForm<'a> {
    fn from(effect: &'a Effect) -> Self {
        match effect {
            Effect::Grant(grant) => Self::Grant {
                key: grant.key.as_str().into(),
                to: grant.to.as_str().into(),
                choices: grant.choices.iter().map(Into::into).collect(),
                shortfall: shortfall_word(grant.on_shortfall).into(),
                hold: grant.hold.map(|hold| (hold.until.into(), hold.then.as_str().into())),
                expires: grant.expires.map(Into::into),
                reason: grant.reason.as_str().into(),
            },
            Effect::Revoke(revocation) => Self::Revoke {
                of: match &revocation.of {
                    RevocationTarget::Key { to, key } => Some((to.as_str().into(), key.as_str().into())),
                    RevocationTarget::About => None,
                },
                quantity: revocation.quantity.map(Quantity::get),
                free_key: revocation.free_key,
                reason: revocation.reason.as_str().into(),
            },
            Effect::Message(message) => Self::Message {
                key: message.key.as_str().into(),
                to: message.to.as_str().into(),
                template: message.template.as_str().into(),
                vars: message.vars.as_str().into(),
                class: class_word(message.class).into(),
                channels: message.channels.iter().map(|channel| channel.as_str().into()).collect(),
            },
            Effect::Tag(change) => Self::Tag {
                to: change.to.as_str().into(),
                tag: change.tag.as_str().into(),
                present: change.present,
                until: change.until.map(Into::into),
            },
            Effect::Schedule(schedule) => Self::Schedule {
                name: schedule.name.as_str().into(),
                due: schedule.due.into(),
                data: schedule.data.as_str().into(),
            },
            Effect::CancelTimer(name) => Self::CancelTimer(name.as_str().into()),
            Effect::Reserve(reserve) => Self::Reserve {
                key: reserve.key.as_str().into(),
                party: reserve.party.as_str().into(),
                unit: reserve.unit.as_str().into(),
                quantity: reserve.quantity.get(),
                until: reserve.until.into(),
                shortfall: shortfall_word(reserve.on_shortfall).into(),
                reason: reserve.reason.as_str().into(),
            },
            Effect::Settle(settle) => Self::Settle {
                of: match &settle.of {
                    Held::Grant { to, key } => HeldForm::Grant(to.as_str().into(), key.as_str().into()),
                    Held::Reservation { party, key } => {
                        HeldForm::Reservation(party.as_str().into(), key.as_str().into())
                    }
                },
                how: settle.how.as_str().into(),
                required: settle.required,
                reason: settle.reason.as_str().into(),
            },
            Effect::Place(_) | Effect::Share(_) | Effect::Enrol(_) | Effect::Measure(_) => Self::reaching(effect),
        }
    }
}

impl<'a> EffectForm<'a> {
    /// Of effects that reach beyond rewards.
    fn reaching(effect: &'a Effect) -> Self {
        match effect {
            Effect::Place(placement) => Self::Place {
                to: placement.to.as_str().into(),
                programme: placement.programme.as_str().into(),
                tier: placement.tier.as_ref().map(|tier| tier.as_str().into()),
                until: placement.until.map(Into::into),
                reason: placement.reason.as_str().into(),
            },
            Effect::Share(share) => Self::Share(share.pool.as_str().into(), share.to.as_str().into(), share.weight),
            Effect::Enrol(Enrolment { campaign, party, data }) => {
                Self::Enrol(campaign.as_str().into(), party.as_str().into(), data.as_str().into())
            }
            Effect::Measure(Measurement { name, label, by }) => {
                Self::Measure(name.as_str().into(), label.as_str().into(), by.get())
            }
            other => other.into(),
        }
    }
}

impl EffectForm<'_> {
    fn read(self) -> Result<Effect, Unreadable> {
        Ok(match self {
            Self::Grant { key, to, choices, shortfall, hold, expires, reason } => Effect::Grant(GrantProposal {
                key: id(&key)?,
                to: id(&to)?,
                choices: choices.into_iter().map(BenefitForm::read).collect::<Result<_, _>>()?,
                on_shortfall: read_shortfall(&shortfall)?,
                hold: hold.map(read_hold).transpose()?,
                expires: WhenForm::read_option(expires)?,
                reason: reason.into_owned(),
            }),
            Self::Revoke { of, quantity: value, free_key, reason } => Effect::Revoke(Revocation {
                of: match of {
                    Some((to, key)) => RevocationTarget::Key { to: id(&to)?, key: id(&key)? },
                    None => RevocationTarget::About,
                },
                quantity: value.map(quantity).transpose()?,
                free_key,
                reason: reason.into_owned(),
            }),
            Self::Message { key, to, template, vars, class, channels } => Effect::Message(Message {
                key: id(&key)?,
                to: id(&to)?,
                template: id(&template)?,
                vars: Json::from_checked(vars.into_owned()),
                class: word(&[MessageClass::Service, MessageClass::Marketing], class_word, &class)?,
                channels: channels.into_iter().map(Text::into_owned).collect(),
            }),
            Self::Tag { to, tag, present, until } => {
                Effect::Tag(TagChange { to: id(&to)?, tag: id(&tag)?, present, until: WhenForm::read_option(until)? })
            }
            Self::Schedule { name, due, data } => Effect::Schedule(Schedule {
                name: id(&name)?,
                due: due.read()?,
                data: Json::from_checked(data.into_owned()),
            }),
            Self::CancelTimer(name) => Effect::CancelTimer(id(&name)?),
            Self::Reserve { key, party, unit, quantity: value, until, shortfall, reason } => {
                Effect::Reserve(ReserveProposal {
                    key: id(&key)?,
                    party: id(&party)?,
                    unit: id(&unit)?,
                    quantity: quantity(value)?,
                    until: until.read()?,
                    on_shortfall: read_shortfall(&shortfall)?,
                    reason: reason.into_owned(),
                })
            }
            Self::Settle { of, how, required, reason } => Effect::Settle(SettleProposal {
                of: match of {
                    HeldForm::Grant(to, key) => Held::Grant { to: id(&to)?, key: id(&key)? },
                    HeldForm::Reservation(party, key) => Held::Reservation { party: id(&party)?, key: id(&key)? },
                },
                how: word(&HoldAction::ALL, HoldAction::as_str, &how)?,
                required,
                reason: reason.into_owned(),
            }),
            reaching @ (Self::Place { .. } | Self::Share(..) | Self::Enrol(..) | Self::Measure(..)) => {
                return reaching.read_reaching();
            }
        })
    }

    fn read_reaching(self) -> Result<Effect, Unreadable> {
        Ok(match self {
            Self::Place { to, programme, tier, until, reason } => Effect::Place(Placement {
                to: id(&to)?,
                programme: id(&programme)?,
                tier: tier.map(|tier| id(&tier)).transpose()?,
                until: WhenForm::read_option(until)?,
                reason: reason.into_owned(),
            }),
            Self::Share(pool, to, weight) => Effect::Share(ShareProposal { pool: id(&pool)?, to: id(&to)?, weight }),
            Self::Enrol(campaign, party, data) => Effect::Enrol(Enrolment {
                campaign: id(&campaign)?,
                party: id(&party)?,
                data: Json::from_checked(data.into_owned()),
            }),
            Self::Measure(name, label, by) => {
                Effect::Measure(Measurement { name: id(&name)?, label: label.into_owned(), by: quantity(by)? })
            }
            other => return other.read(),
        })
    }
}

fn read_shortfall(text: &str) -> Result<Shortfall, Unreadable> {
    word(&[Shortfall::Refuse, Shortfall::Reduce, Shortfall::Skip], shortfall_word, text)
}

fn read_hold((until, then): (WhenForm, Text<'_>)) -> Result<HoldProposal, Unreadable> {
    Ok(HoldProposal { until: until.read()?, then: word(&AfterHold::ALL, AfterHold::as_str, &then)? })
}

impl<'a> From<&'a Proposal> for ProposalForm<'a> {
    fn from(proposal: &'a Proposal) -> Self {
        let claims = proposal
            .claims
            .iter()
            .map(|claim| (claim.scope.as_str().into(), claim.by.as_str().into(), claim.party.as_str().into()));
        Self {
            claims: claims.collect(),
            effects: proposal.effects.iter().map(Into::into).collect(),
            state: match &proposal.state {
                StateChange::Keep => StateForm::Keep,
                StateChange::Put(value) => StateForm::Put(value.as_str().into()),
                StateChange::Clear => StateForm::Clear,
            },
            note: proposal.note.as_str().into(),
        }
    }
}

impl ProposalForm<'_> {
    pub(super) fn read(self) -> Result<Proposal, Unreadable> {
        let claim = |(scope, by, party): (Text<'_>, Text<'_>, Text<'_>)| {
            let by = word(&Dimension::ALL, Dimension::as_str, &by)?;
            Ok(Claim { scope: id(&scope)?, by, party: id(&party)? })
        };
        Ok(Proposal {
            claims: self.claims.into_iter().map(claim).collect::<Result<_, Unreadable>>()?,
            effects: self.effects.into_iter().map(EffectForm::read).collect::<Result<_, _>>()?,
            state: match self.state {
                StateForm::Keep => StateChange::Keep,
                StateForm::Put(value) => StateChange::Put(Json::from_checked(value.into_owned())),
                StateForm::Clear => StateChange::Clear,
            },
            note: self.note.into_owned(),
        })
    }
}
