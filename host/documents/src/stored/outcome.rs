//! What became of a decision and of its effects, in the store.

use largesse_domain::dimension::Dimension;
use largesse_domain::effect::EffectKind;
use largesse_domain::hold::HoldAction;
use largesse_domain::id::CampaignId;
use largesse_domain::key::{GrantSlot, ReservationSlot};
use largesse_domain::outcome::{Denied, Done, HeldSlot, Outcome, Reason, Reversal, Verdict};
use serde::{Deserialize, Serialize};

use super::{Text, Unreadable, id, instant, quantity, word};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictForm<'a> {
    Accepted(Vec<OutcomeForm<'a>>),
    /// Scope, dimension, reason.
    DeniedClaim(Text<'a>, Text<'a>, Text<'a>),
    /// Effect, reason.
    DeniedEffect(usize, Text<'a>),
    Refused,
    Faulted,
    /// The campaign that gives, reason.
    DeniedStacking(Text<'a>, Text<'a>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutcomeForm<'a> {
    Applied(DoneForm<'a>),
    Reduced(DoneForm<'a>, Text<'a>),
    Skipped(Text<'a>, Text<'a>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DoneForm<'a> {
    /// Slot, unit, quantity, choice.
    Grant(SlotForm<'a>, Text<'a>, u64, usize),
    /// Slot, unit, quantity of each.
    Revoke(Vec<(SlotForm<'a>, Text<'a>, u64)>),
    /// To, key, not before in ms, without these channels.
    Message(Text<'a>, Text<'a>, Option<i64>, Vec<Text<'a>>),
    /// To, tag, present.
    Tag(Text<'a>, Text<'a>, bool),
    /// Name, due in ms.
    Schedule(Text<'a>, i64),
    CancelTimer(Text<'a>),
    /// Slot, unit, quantity, until in ms.
    Reserve(SlotForm<'a>, Text<'a>, u64, i64),
    /// Slot, how, unit, quantity.
    SettleGrant(SlotForm<'a>, Text<'a>, Text<'a>, u64),
    /// Slot, how, unit, quantity.
    SettleReservation(SlotForm<'a>, Text<'a>, Text<'a>, u64),
    /// To, programme, from, tier, until in ms.
    Place(Text<'a>, Text<'a>, Option<Text<'a>>, Option<Text<'a>>, Option<i64>),
    /// To, pool, weight.
    Share(Text<'a>, Text<'a>, u64),
    /// Party, campaign.
    Enrol(Text<'a>, Text<'a>),
    /// Name, label, by.
    Measure(Text<'a>, Text<'a>, u64),
}

/// To, key, and the campaign when it is not the decision's own.
type SlotForm<'a> = (Text<'a>, Text<'a>, Option<Text<'a>>);

fn slot_form<'a>(slot: &'a GrantSlot, own: &CampaignId) -> SlotForm<'a> {
    let other = (slot.campaign != *own).then(|| slot.campaign.as_str().into());
    (slot.to.as_str().into(), slot.key.as_str().into(), other)
}

fn slot((to, key, other): SlotForm<'_>, own: &CampaignId) -> Result<GrantSlot, Unreadable> {
    let campaign = other.map_or_else(|| Ok(own.clone()), |other| id(&other))?;
    Ok(GrantSlot { campaign, to: id(&to)?, key: id(&key)? })
}

fn reservation_form<'a>(slot: &'a ReservationSlot, own: &CampaignId) -> SlotForm<'a> {
    let other = (slot.campaign != *own).then(|| slot.campaign.as_str().into());
    (slot.party.as_str().into(), slot.key.as_str().into(), other)
}

fn reservation((party, key, other): SlotForm<'_>, own: &CampaignId) -> Result<ReservationSlot, Unreadable> {
    let campaign = other.map_or_else(|| Ok(own.clone()), |other| id(&other))?;
    Ok(ReservationSlot { campaign, party: id(&party)?, key: id(&key)? })
}

fn settle(text: &str) -> Result<HoldAction, Unreadable> {
    word(&HoldAction::ALL, HoldAction::as_str, text)
}

fn reason(text: &str) -> Result<Reason, Unreadable> {
    word(&Reason::ALL, Reason::as_str, text)
}

impl<'a> DoneForm<'a> {
    fn of(done: &'a Done, own: &CampaignId) -> Self {
        match done {
            Done::Granted { grant, unit, quantity, choice } => {
                Self::Grant(slot_form(grant, own), unit.as_str().into(), quantity.get(), *choice)
            }
            Done::Revoked(reversals) => {
                let form = |reversal: &'a Reversal| {
                    (slot_form(&reversal.grant, own), reversal.unit.as_str().into(), reversal.quantity.get())
                };
                Self::Revoke(reversals.iter().map(form).collect())
            }
            Done::Messaged { to, key, not_before, without } => {
                let without = without.iter().map(|channel| channel.as_str().into()).collect();
                let not_before = not_before.map(|instant| instant.as_millis());
                Self::Message(to.as_str().into(), key.as_str().into(), not_before, without)
            }
            Done::Scheduled { name, due } => Self::Schedule(name.as_str().into(), due.as_millis()),
            Done::TimerCancelled { name } => Self::CancelTimer(name.as_str().into()),
            Done::Tagged { to, tag, present } => Self::Tag(to.as_str().into(), tag.as_str().into(), *present),
            Done::Reserved { reservation: slot, unit, quantity, until } => {
                Self::Reserve(reservation_form(slot, own), unit.as_str().into(), quantity.get(), until.as_millis())
            }
            Done::Settled { of, how, unit, quantity } => {
                let (how, unit, quantity) = (how.as_str().into(), unit.as_str().into(), quantity.get());
                match of {
                    HeldSlot::Grant(slot) => Self::SettleGrant(slot_form(slot, own), how, unit, quantity),
                    HeldSlot::Reservation(slot) => {
                        Self::SettleReservation(reservation_form(slot, own), how, unit, quantity)
                    }
                }
            }
            Done::Placed { to, programme, from, tier, until } => Self::Place(
                to.as_str().into(),
                programme.as_str().into(),
                from.as_ref().map(|from| from.as_str().into()),
                tier.as_ref().map(|tier| tier.as_str().into()),
                until.map(|until| until.as_millis()),
            ),
            Done::Shared { to, pool, weight } => Self::Share(to.as_str().into(), pool.as_str().into(), *weight),
            Done::Enrolled { party, campaign } => Self::Enrol(party.as_str().into(), campaign.as_str().into()),
            Done::Measured { name, label, by } => Self::Measure(name.as_str().into(), label.as_str().into(), by.get()),
        }
    }

    fn read(self, own: &CampaignId) -> Result<Done, Unreadable> {
        Ok(match self {
            Self::Grant(grant, unit, value, choice) => {
                Done::Granted { grant: slot(grant, own)?, unit: id(&unit)?, quantity: quantity(value)?, choice }
            }
            Self::Revoke(reversals) => {
                let reversal = |(grant, unit, value): (SlotForm<'_>, Text<'_>, u64)| {
                    Ok(Reversal { grant: slot(grant, own)?, unit: id(&unit)?, quantity: quantity(value)? })
                };
                Done::Revoked(reversals.into_iter().map(reversal).collect::<Result<_, Unreadable>>()?)
            }
            Self::Message(to, key, not_before, without) => Done::Messaged {
                to: id(&to)?,
                key: id(&key)?,
                not_before: not_before.map(instant).transpose()?,
                without: without.into_iter().map(Text::into_owned).collect(),
            },
            Self::Schedule(name, due) => Done::Scheduled { name: id(&name)?, due: instant(due)? },
            Self::CancelTimer(name) => Done::TimerCancelled { name: id(&name)? },
            Self::Tag(to, tag, present) => Done::Tagged { to: id(&to)?, tag: id(&tag)?, present },
            Self::Reserve(slot, unit, value, until) => Done::Reserved {
                reservation: reservation(slot, own)?,
                unit: id(&unit)?,
                quantity: quantity(value)?,
                until: instant(until)?,
            },
            Self::SettleGrant(grant, how, unit, value) => {
                let of = HeldSlot::Grant(slot(grant, own)?);
                Done::Settled { of, how: settle(&how)?, unit: id(&unit)?, quantity: quantity(value)? }
            }
            Self::SettleReservation(slot, how, unit, value) => {
                let of = HeldSlot::Reservation(reservation(slot, own)?);
                Done::Settled { of, how: settle(&how)?, unit: id(&unit)?, quantity: quantity(value)? }
            }
            Self::Place(to, programme, from, tier, until) => Done::Placed {
                to: id(&to)?,
                programme: id(&programme)?,
                from: from.map(|from| id(&from)).transpose()?,
                tier: tier.map(|tier| id(&tier)).transpose()?,
                until: until.map(instant).transpose()?,
            },
            Self::Share(to, pool, weight) => Done::Shared { to: id(&to)?, pool: id(&pool)?, weight },
            Self::Enrol(party, campaign) => Done::Enrolled { party: id(&party)?, campaign: id(&campaign)? },
            Self::Measure(name, label, by) => {
                Done::Measured { name: id(&name)?, label: label.into_owned(), by: quantity(by)? }
            }
        })
    }
}

impl<'a> VerdictForm<'a> {
    pub(super) fn of(verdict: &'a Verdict, own: &CampaignId) -> Self {
        let outcome = |outcome: &'a Outcome| match outcome {
            Outcome::Applied(done) => OutcomeForm::Applied(DoneForm::of(done, own)),
            Outcome::Reduced(done, reason) => OutcomeForm::Reduced(DoneForm::of(done, own), reason.as_str().into()),
            Outcome::Skipped(kind, reason) => OutcomeForm::Skipped(kind.as_str().into(), reason.as_str().into()),
        };
        match verdict {
            Verdict::Accepted(outcomes) => Self::Accepted(outcomes.iter().map(outcome).collect()),
            Verdict::Denied(Denied::Claim { scope, by }, reason) => {
                Self::DeniedClaim(scope.as_str().into(), by.as_str().into(), reason.as_str().into())
            }
            Verdict::Denied(Denied::Effect(index), reason) => Self::DeniedEffect(*index, reason.as_str().into()),
            Verdict::Denied(Denied::Stacking(winner), reason) => {
                Self::DeniedStacking(winner.as_str().into(), reason.as_str().into())
            }
            Verdict::Refused => Self::Refused,
            Verdict::Faulted => Self::Faulted,
        }
    }

    pub(super) fn read(self, own: &CampaignId) -> Result<Verdict, Unreadable> {
        let outcome = |form: OutcomeForm<'_>| {
            Ok(match form {
                OutcomeForm::Applied(done) => Outcome::Applied(done.read(own)?),
                OutcomeForm::Reduced(done, why) => Outcome::Reduced(done.read(own)?, reason(&why)?),
                OutcomeForm::Skipped(kind, why) => {
                    Outcome::Skipped(word(&EffectKind::ALL, EffectKind::as_str, &kind)?, reason(&why)?)
                }
            })
        };
        Ok(match self {
            Self::Accepted(forms) => {
                Verdict::Accepted(forms.into_iter().map(outcome).collect::<Result<_, Unreadable>>()?)
            }
            Self::DeniedClaim(scope, by, why) => {
                let by = word(&Dimension::ALL, Dimension::as_str, &by)?;
                Verdict::Denied(Denied::Claim { scope: id(&scope)?, by }, reason(&why)?)
            }
            Self::DeniedEffect(index, why) => Verdict::Denied(Denied::Effect(index), reason(&why)?),
            Self::DeniedStacking(winner, why) => Verdict::Denied(Denied::Stacking(id(&winner)?), reason(&why)?),
            Self::Refused => Verdict::Refused,
            Self::Faulted => Verdict::Faulted,
        })
    }
}
