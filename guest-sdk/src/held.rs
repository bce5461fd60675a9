//! What is held for a party, or kept apart out of a wallet, until it is settled.

use crate::when::When;

/// What to do when budget, stock or a limit does not allow all of a grant, or a wallet does not hold all of a reservation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shortfall {
    /// Deny the whole decision; state is unchanged.
    #[default]
    Refuse,
    /// Give or reserve what is left, if that is more than nothing.
    Reduce,
    /// Leave this effect out.
    Skip,
}

/// What becomes of a pending grant when its hold is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterHold {
    /// It is given.
    Post,
    /// It is taken back: a reservation of budget, limits and stock that nobody settled.
    Void,
}

/// How long a grant is pending: it counts in budgets and limits and takes its pieces from the stock, but cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Until then it can be settled or revoked.
    pub until: When,
    /// What becomes of it then.
    pub then: AfterHold,
}

/// Takes units out of a party's wallet, in the order of spending that the unit's terms say, and keeps them apart. What
/// nobody has settled in time goes back.
///
/// A policy that lets customers pay with points reserves when an order is placed, commits when it is paid, and gives what was
/// bought only if that could be done:
///
/// ```
/// use largesse_sdk::{
///     Decision, EffectKind, Grant, Harness, Held, Input, Manifest, Policy, Refusal, Reservation, Role, Settlement,
///     Subscription, UnitClass, When, json, key_part, manifest,
/// };
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Params {
///     /// What a cup costs, in points.
///     price: u64,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     order: String,
/// }
///
/// struct CupsForPoints;
///
/// impl Policy for CupsForPoints {
///     type Params = Params;
///     type State = ();
///
///     fn manifest() -> Manifest {
///         manifest!("Sells cups for points")
///             .role(Role::actor("buyer"))
///             .subscribe(Subscription::party("came", "login", "buyer"))
///             .subscribe(Subscription::party("placed", "cup.ordered", "buyer"))
///             .subscribe(Subscription::party("sent", "cup.sent", "buyer"))
///             .effects([EffectKind::Grant, EffectKind::Reserve, EffectKind::Settle])
///             .unit_classes([UnitClass::Points, UnitClass::Item])
///     }
///
///     fn decide(input: &Input<Params, ()>) -> Result<Decision<()>, Refusal> {
///         let buyer = &input.require("buyer")?.customer;
///         let mut decision = Decision::new();
///         if input.subscription == "came" {
///             decision.grant(Grant::units("welcome", buyer, "points", 100));
///             return Ok(decision);
///         }
///         let order = key_part(&input.event.data::<Order>()?.order).into_owned();
///         if input.subscription == "placed" {
///             let (price, until) = ((input.params.price, "points"), When::after_days(7));
///             decision.reserve(Reservation::new(order, buyer, price, until));
///         } else {
///             decision.settle(Settlement::commit(Held::reservation(buyer, &order)).required());
///             decision.grant(Grant::units(order, buyer, "item:cup", 1));
///         }
///         Ok(decision)
///     }
/// }
///
/// let mut host = Harness::<CupsForPoints>::new(json!({"price": 80}));
/// let mut event = |kind: &str, order: &str| {
///     let outcome = host.event(kind, "u1", "2026-03-01T10:00:00+08:00", json!({"order": order}));
///     (outcome.denied(), host.balance("u1", "points"))
/// };
/// assert_eq!(event("login", ""), (None, 100));
/// assert_eq!(event("cup.ordered", "1"), (None, 20));
/// assert_eq!(event("cup.ordered", "2"), (Some("insufficient-balance"), 20));
/// assert_eq!(event("cup.sent", "1"), (None, 20));
/// assert_eq!(event("cup.sent", "1"), (Some("nothing-to-settle"), 20));
/// assert_eq!(host.balance("u1", "item:cup"), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// At most one reservation per campaign, party and key, ever; written like a grant key.
    pub key: String,
    /// Whose wallet; one of the input's parties.
    pub party: String,
    /// Of a class that is used up: not growth, credit-limit or rate-boost.
    pub unit: String,
    /// 1 to 10^15; money in minor units.
    pub quantity: u64,
    /// Until when.
    pub until: When,
    /// When the wallet does not hold all of it.
    pub on_shortfall: Shortfall,
    /// For the customer's statement and the auditor, at most 256 bytes.
    pub reason: String,
}

impl Reservation {
    /// A reservation of so much of a unit; without it the whole decision is denied.
    pub fn new(
        key: impl Into<String>,
        party: impl Into<String>,
        (quantity, unit): (u64, impl Into<String>),
        until: When,
    ) -> Self {
        Self {
            key: key.into(),
            party: party.into(),
            unit: unit.into(),
            quantity,
            until,
            on_shortfall: Shortfall::Refuse,
            reason: String::new(),
        }
    }

    /// What to do when the wallet does not hold all of it.
    #[must_use]
    pub fn on_shortfall(mut self, shortfall: Shortfall) -> Self {
        self.on_shortfall = shortfall;
        self
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

/// What is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// A grant of this campaign that is pending.
    Grant {
        /// For whom.
        to: String,
        /// Its key.
        key: String,
    },
    /// What a policy of this campaign has reserved out of a wallet.
    Reservation {
        /// Whose wallet.
        party: String,
        /// Its key.
        key: String,
    },
}

impl Held {
    /// A grant that is pending.
    pub fn grant(to: impl Into<String>, key: impl Into<String>) -> Self {
        Self::Grant { to: to.into(), key: key.into() }
    }

    /// What was reserved out of a wallet.
    pub fn reservation(party: impl Into<String>, key: impl Into<String>) -> Self {
        Self::Reservation { party: party.into(), key: key.into() }
    }
}

/// What becomes of what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldAction {
    /// The grant is given; what is reserved is used.
    Commit,
    /// The grant is taken back; what is reserved goes back into the wallet.
    Release,
}

/// Commits or releases what is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What.
    pub of: Held,
    /// What becomes of it.
    pub how: HoldAction,
    /// Whether the whole decision is denied when there is nothing to settle, or its time is over; otherwise this is left out.
    pub required: bool,
    /// Why, at most 256 bytes.
    pub reason: String,
}

impl Settlement {
    /// The grant is given; what is reserved is used. Left out when there is nothing to settle.
    #[must_use]
    pub fn commit(of: Held) -> Self {
        Self { of, how: HoldAction::Commit, required: false, reason: String::new() }
    }

    /// The grant is taken back; what is reserved goes back. Left out when there is nothing to settle.
    #[must_use]
    pub fn release(of: Held) -> Self {
        Self { how: HoldAction::Release, ..Self::commit(of) }
    }

    /// Denies the whole decision when there is nothing to settle: what the decision gives is paid for, or not given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}
