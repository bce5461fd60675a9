//! What a decision may ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::held::{AfterHold, Held, Hold, Reservation, Settlement, Shortfall};
use crate::message::{Message, TagChange};
use crate::reach::{Enrolment, Measurement, Placement, Share};
use crate::timer::Schedule;
use crate::when::When;

/// Everything that a decision wants. Begin with [`Decision::new`] and add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<S> {
    /// What must not have been used by another customer.
    pub claims: Vec<Claim>,
    /// At most 64, taken in this order.
    pub effects: Vec<Effect>,
    /// What becomes of the owner's state.
    pub state: StateChange<S>,
    /// For the author and the operator, at most 1 KiB.
    pub note: String,
}

impl<S> Default for Decision<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Decision<S> {
    /// Nothing asked for, state kept.
    #[must_use]
    pub fn new() -> Self {
        Self { claims: Vec::new(), effects: Vec::new(), state: StateChange::Keep, note: String::new() }
    }

    /// Whether it asks for nothing and keeps the state.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.effects.is_empty() && matches!(self.state, StateChange::Keep)
    }

    /// Gives a benefit.
    pub fn grant(&mut self, grant: Grant) -> &mut Self {
        self.effects.push(Effect::Grant(grant));
        self
    }

    /// Takes a grant back.
    pub fn revoke(&mut self, revocation: Revocation) -> &mut Self {
        self.effects.push(Effect::Revoke(revocation));
        self
    }

    /// Sends a message.
    pub fn message(&mut self, message: Message) -> &mut Self {
        self.effects.push(Effect::Message(message));
        self
    }

    /// Sets or takes a tag.
    pub fn tag(&mut self, tag: TagChange) -> &mut Self {
        self.effects.push(Effect::Tag(tag));
        self
    }

    /// Sets a timer for the owner.
    pub fn schedule(&mut self, schedule: Schedule) -> &mut Self {
        self.effects.push(Effect::Schedule(schedule));
        self
    }

    /// Drops the owner's timer of that name.
    pub fn cancel_timer(&mut self, name: impl Into<String>) -> &mut Self {
        self.effects.push(Effect::CancelTimer(name.into()));
        self
    }

    /// Reserves out of a wallet.
    pub fn reserve(&mut self, reservation: Reservation) -> &mut Self {
        self.effects.push(Effect::Reserve(reservation));
        self
    }

    /// Commits or releases what is held.
    pub fn settle(&mut self, settlement: Settlement) -> &mut Self {
        self.effects.push(Effect::Settle(settlement));
        self
    }

    /// Takes units out of a party's wallet for good: reserves them and commits the reservation at once. The whole decision is
    /// denied when nothing comes of it, unless the reservation may be skipped.
    pub fn spend(&mut self, reservation: Reservation) -> &mut Self {
        let held = Held::reservation(reservation.party.clone(), reservation.key.clone());
        let settlement = Settlement::commit(held).reason(reservation.reason.clone());
        let may_be_skipped = reservation.on_shortfall == Shortfall::Skip;
        self.reserve(reservation).settle(if may_be_skipped { settlement } else { settlement.required() })
    }

    /// Moves a party within a programme.
    pub fn place(&mut self, placement: Placement) -> &mut Self {
        self.effects.push(Effect::Place(placement));
        self
    }

    /// Sets a party's weight in a pool of the campaign.
    pub fn share(&mut self, share: Share) -> &mut Self {
        self.effects.push(Effect::Share(share));
        self
    }

    /// Hands a party on to another campaign.
    pub fn enrol(&mut self, enrolment: Enrolment) -> &mut Self {
        self.effects.push(Effect::Enrol(enrolment));
        self
    }

    /// Adds to a count that operators can read.
    pub fn measure(&mut self, measurement: Measurement) -> &mut Self {
        self.effects.push(Effect::Measure(measurement));
        self
    }

    /// Claims that nobody else has used this.
    pub fn claim(&mut self, claim: Claim) -> &mut Self {
        self.claims.push(claim);
        self
    }

    /// Remembers a state for this owner.
    pub fn put(&mut self, state: S) -> &mut Self {
        self.state = StateChange::Put(state);
        self
    }

    /// Forgets this owner's state.
    pub fn clear(&mut self) -> &mut Self {
        self.state = StateChange::Clear;
        self
    }

    /// Says something to the author and the operator.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.note = note.into();
        self
    }
}

/// What becomes of the owner's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateChange<S> {
    /// As it was.
    Keep,
    /// Replaced.
    Put(S),
    /// Forgotten.
    Clear,
}

/// What a policy asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Give a benefit.
    Grant(Grant),
    /// Take grants back.
    Revoke(Revocation),
    /// Send a message.
    Message(Message),
    /// Set or take a tag.
    Tag(TagChange),
    /// Set a timer.
    Schedule(Schedule),
    /// Drop a timer.
    CancelTimer(String),
    /// Reserve out of a wallet.
    Reserve(Reservation),
    /// Commit or release what is held.
    Settle(Settlement),
    /// Move within a programme.
    Place(Placement),
    /// Set a weight in a pool.
    Share(Share),
    /// Hand on to another campaign.
    Enrol(Enrolment),
    /// Count.
    Measure(Measurement),
}

/// What a grant gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Benefit {
    /// An amount of a ledger unit.
    Units {
        /// Such as `points`, `cash:CNY`, `coupon:welcome`.
        unit: String,
        /// 1 to 10^15; money in minor units.
        quantity: u64,
    },
    /// A higher credit limit, in minor units of the campaign's currency.
    CreditLimit {
        /// At most so much more.
        by: u64,
        /// Never above this.
        up_to: u64,
        /// For how long.
        until: Option<When>,
    },
    /// A better rate.
    RateBoost {
        /// On which holding.
        holding: String,
        /// 1 is a hundredth of a per cent.
        basis_points: u32,
        /// On at most so much principal, in minor units.
        principal_cap: Option<u64>,
        /// For how long.
        until: Option<When>,
    },
}

impl Benefit {
    /// An amount of a ledger unit.
    pub fn units(unit: impl Into<String>, quantity: u64) -> Self {
        Self::Units { unit: unit.into(), quantity }
    }
}

/// One benefit for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The policy's name for the reward: at most one grant per campaign, party and key, ever. 1 to 128 of
    /// `A-Z a-z 0-9 . _ : / -`; put identifiers from outside through [`crate::key_part`].
    pub key: String,
    /// The customer; one of the input's parties.
    pub to: String,
    /// 1 to 8; the first that fits is given.
    pub choices: Vec<Benefit>,
    /// When none fits whole.
    pub on_shortfall: Shortfall,
    /// Pending for so long.
    pub hold: Option<Hold>,
    /// Worth nothing from then on.
    pub expires: Option<When>,
    /// For the customer's statement and the auditor, at most 256 bytes.
    pub reason: String,
}

impl Grant {
    /// A grant of one benefit.
    pub fn new(key: impl Into<String>, to: impl Into<String>, benefit: Benefit) -> Self {
        Self {
            key: key.into(),
            to: to.into(),
            choices: vec![benefit],
            on_shortfall: Shortfall::Refuse,
            hold: None,
            expires: None,
            reason: String::new(),
        }
    }

    /// A grant of so much of a unit.
    pub fn units(key: impl Into<String>, to: impl Into<String>, unit: impl Into<String>, quantity: u64) -> Self {
        Self::new(key, to, Benefit::units(unit, quantity))
    }

    /// What to give when the choices before do not fit.
    #[must_use]
    pub fn or(mut self, benefit: Benefit) -> Self {
        self.choices.push(benefit);
        self
    }

    /// What to do when nothing fits whole.
    #[must_use]
    pub fn on_shortfall(mut self, shortfall: Shortfall) -> Self {
        self.on_shortfall = shortfall;
        self
    }

    /// Keeps the grant pending until then; then it is given, unless it was settled or revoked before.
    #[must_use]
    pub fn hold_until(mut self, when: When) -> Self {
        self.hold = Some(Hold { until: when, then: AfterHold::Post });
        self
    }

    /// Keeps the grant pending; it is taken back then unless it is settled before. With a time that is over already, nothing is
    /// granted.
    #[must_use]
    pub fn void_at(mut self, when: When) -> Self {
        self.hold = Some(Hold { until: when, then: AfterHold::Void });
        self
    }

    /// Makes the grant worth nothing from then on.
    #[must_use]
    pub fn expires(mut self, when: When) -> Self {
        self.expires = Some(when);
        self
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

/// What to take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One grant of this campaign.
    Key {
        /// Who got it.
        to: String,
        /// Its key.
        key: String,
    },
    /// All that this campaign granted about the thing that the subscription names. Nothing granted yet leaves a
    /// tombstone.
    About,
}

/// Takes back all or part of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What.
    pub of: Target,
    /// At most so much of each grant; all that is left when `None`.
    pub quantity: Option<u64>,
    /// Whether the key may be granted again. Only with a whole revocation.
    pub free_key: bool,
    /// Why, at most 256 bytes.
    pub reason: String,
}

impl Revocation {
    /// Takes back one grant.
    pub fn key(to: impl Into<String>, key: impl Into<String>) -> Self {
        Self::of(Target::Key { to: to.into(), key: key.into() })
    }

    /// Takes back all that was granted about the thing that the subscription names.
    #[must_use]
    pub fn about() -> Self {
        Self::of(Target::About)
    }

    fn of(of: Target) -> Self {
        Self { of, quantity: None, free_key: false, reason: String::new() }
    }

    /// Takes back at most so much of each grant.
    #[must_use]
    pub fn at_most(mut self, quantity: u64) -> Self {
        self.quantity = Some(quantity);
        self
    }

    /// Lets the key be granted again.
    #[must_use]
    pub fn free_key(mut self) -> Self {
        self.free_key = true;
        self
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// The customer.
    Customer,
    /// The person: a hash of the identity number.
    Identity,
    /// The device.
    Device,
    /// The bank card.
    Card,
    /// The postal address.
    Address,
}

/// Something that may be used once only in a scope of the campaign, across customers. A claim held by another customer
/// denies the whole decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The policy's name for the thing that is given once; written like a grant key.
    pub scope: String,
    /// By what it is counted.
    pub by: Dimension,
    /// Whose identity, device or card it is; one of the input's parties.
    pub party: String,
}

impl Claim {
    /// A claim.
    pub fn new(scope: impl Into<String>, by: Dimension, party: impl Into<String>) -> Self {
        Self { scope: scope.into(), by, party: party.into() }
    }
}
