//! Cascades: what the host did to customers becomes events, which other campaigns decide on.
//!
//! An event carries how it came about, its [`Trail`]. It is not told to a campaign on its trail, and a trail has an end: however
//! campaigns hear of one another, what one event leads to is finite.

use std::collections::HashMap;

use crate::limits::CASCADE_DEPTH_MAX;
use crate::rows::ledger::{Account, Lot, Transfer};
use crate::rows::pool;
use crate::rows::timer;
use crate::words::id::{CampaignId, CustomerId, EventKind, EventSource};
use crate::words::unit::{Quantity, Unit, UnitClass};

/// The source of these events. Nobody but the host sends from there.
pub const EVENT_SOURCE: &str = "largesse:host";

macro_rules! happenings {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {
        /// What can happen to a customer by the host's doing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Happening { $($(#[$doc])* $name,)* }

        impl Happening {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the kind of the event.
            #[must_use]
            pub fn kind(self) -> &'static str {
                match self { $(Self::$name => $kind,)* }
            }
        }
    };
}

happenings! {
    /// A benefit was given, or promised.
    BenefitGranted, "benefit.granted";
    /// A grant was taken back, or part of it.
    BenefitRevoked, "benefit.revoked";
    /// What was left of a grant expired.
    BenefitExpired, "benefit.expired";
    /// The points that can be used became more or fewer.
    PointsChanged, "points.changed";
    /// The growth became more or less.
    GrowthChanged, "growth.changed";
    /// A tag was set.
    TagAdded, "tag.added";
    /// A tag was taken.
    TagRemoved, "tag.removed";
    /// A customer moved within a programme.
    TierChanged, "tier.changed";
    /// A customer was handed on to a campaign, which alone is told.
    EnrolmentMade, "enrolment.made";
}

impl Happening {
    /// Returns the change of a balance in the unit, when campaigns are told of it.
    #[must_use]
    pub fn of_balance(unit: &Unit) -> Option<Self> {
        match unit.class() {
            UnitClass::Points => Some(Self::PointsChanged),
            UnitClass::Growth => Some(Self::GrowthChanged),
            _ => None,
        }
    }
}

/// Reports whether only the host makes events of the kind.
#[must_use]
pub fn is_own(kind: &EventKind) -> bool {
    let kind = kind.as_str();
    [timer::EVENT_KIND, pool::EVENT_KIND].contains(&kind)
        || Happening::ALL.iter().any(|happening| happening.kind() == kind)
}

/// Reports whether only the host sends from the source.
#[must_use]
pub fn is_own_source(source: &EventSource) -> bool {
    [timer::EVENT_SOURCE, pool::EVENT_SOURCE, EVENT_SOURCE].contains(&source.as_str())
}

/// How an event came about: through which campaigns. One that was sent came through none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// How many times the host's doing led to it; at most [`CASCADE_DEPTH_MAX`].
    pub depth: u32,
    /// The campaigns whose decisions did, the first one first.
    pub through: Vec<CampaignId>,
}

impl Trail {
    /// Returns the trail of what is caused by something with this trail, done by a campaign or by nobody's decision.
    #[must_use]
    pub fn next(&self, by: Option<&CampaignId>) -> Self {
        Self { depth: self.depth.saturating_add(1), through: self.through.iter().chain(by).cloned().collect() }
    }

    /// Reports whether it is longer than a trail may be: no event is made.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.depth > CASCADE_DEPTH_MAX
    }

    /// Reports whether the campaign may be told.
    #[must_use]
    pub fn avoids(&self, campaign: &CampaignId) -> bool {
        !self.through.contains(campaign)
    }
}

/// Something that the books say was done to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booked {
    /// Of a grant so much was given, taken back, or expired.
    Benefit {
        /// Which of these.
        happening: Happening,
        /// Which grant.
        lot: Lot,
        /// Of what.
        unit: Unit,
        /// How much.
        quantity: Quantity,
        /// Whether it was only promised: the grant is pending.
        pending: bool,
    },
    /// The balance in a unit became more, or less.
    Balance {
        /// Which unit's.
        happening: Happening,
        /// Whose.
        customer: CustomerId,
        /// In what.
        unit: Unit,
        /// By how much; not nothing.
        delta: i64,
    },
}

impl Booked {
    /// Returns which kind of event it is.
    #[must_use]
    pub fn happening(&self) -> Happening {
        match self {
            Self::Benefit { happening, .. } | Self::Balance { happening, .. } => *happening,
        }
    }

    /// Returns whose it is.
    #[must_use]
    pub fn customer(&self) -> &CustomerId {
        match self {
            Self::Benefit { lot, .. } => &lot.slot.to,
            Self::Balance { customer, .. } => customer,
        }
    }
}

/// Returns what transfers did to customers: first each grant, then each balance, in the order of the transfers.
#[must_use]
pub fn booked(transfers: &[Transfer]) -> Vec<Booked> {
    let (mut benefits, mut balances) = (Benefits::default(), Balances::default());
    for transfer in transfers {
        let Some(lot) = &transfer.lot else { continue };
        if let Some(happening) = of_grant(transfer) {
            benefits.add(happening, lot, transfer);
        }
        let delta = i64::try_from(transfer.quantity.get()).unwrap_or(i64::MAX);
        let delta = match (transfer.debit, transfer.credit) {
            (Account::Wallet, _) => -delta,
            (_, Account::Wallet) => delta,
            _ => continue,
        };
        if let Some(happening) = Happening::of_balance(&transfer.unit) {
            balances.add(happening, &lot.slot.to, &transfer.unit, delta);
        }
    }
    let mut booked = benefits.booked;
    booked.extend(balances.booked.into_iter().filter(|one| !matches!(one, Booked::Balance { delta: 0, .. })));
    booked
}

fn of_grant(transfer: &Transfer) -> Option<Happening> {
    use Account::{Breakage, Budget, Debt, Pending, Stock, Supply, Wallet};
    match (transfer.debit, transfer.credit) {
        (Budget | Stock, Wallet | Pending) => Some(Happening::BenefitGranted),
        (Wallet | Pending | Breakage | Debt, Budget | Stock | Supply) => Some(Happening::BenefitRevoked),
        (Wallet | Pending, Breakage) => Some(Happening::BenefitExpired),
        _ => None,
    }
}

/// What was done to grants, and where each stands: one request may change thousands.
#[derive(Default)]
struct Benefits<'a> {
    booked: Vec<Booked>,
    places: HashMap<(Happening, &'a Lot), usize>,
}

impl<'a> Benefits<'a> {
    fn add(&mut self, happening: Happening, lot: &'a Lot, transfer: &Transfer) {
        let place = *self.places.entry((happening, lot)).or_insert(self.booked.len());
        if let Some(Booked::Benefit { quantity, .. }) = self.booked.get_mut(place) {
            *quantity = quantity.plus(transfer.quantity).unwrap_or(Quantity::MAX);
            return;
        }
        let (lot, unit, quantity) = (lot.clone(), transfer.unit.clone(), transfer.quantity);
        let pending = transfer.credit == Account::Pending;
        self.booked.push(Booked::Benefit { happening, lot, unit, quantity, pending });
    }
}

/// What was done to balances, and where each stands.
#[derive(Default)]
struct Balances<'a> {
    booked: Vec<Booked>,
    places: HashMap<(&'a CustomerId, &'a Unit), usize>,
}

impl<'a> Balances<'a> {
    fn add(&mut self, happening: Happening, customer: &'a CustomerId, unit: &'a Unit, added: i64) {
        let place = *self.places.entry((customer, unit)).or_insert(self.booked.len());
        if let Some(Booked::Balance { delta, .. }) = self.booked.get_mut(place) {
            *delta = delta.saturating_add(added);
            return;
        }
        let (customer, unit) = (customer.clone(), unit.clone());
        self.booked.push(Booked::Balance { happening, customer, unit, delta: added });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::ledger::Cause;
    use crate::words::id::GrantKey;
    use crate::words::key::GrantSlot;
    use crate::words::time::Instant;

    fn transfer(key: &str, unit: &str, quantity: u64, (debit, credit): (Account, Account)) -> Transfer {
        let slot = GrantSlot {
            campaign: CampaignId::new("spring").unwrap(),
            to: CustomerId::new("ann").unwrap(),
            key: GrantKey::new(key).unwrap(),
        };
        Transfer {
            at: Instant::MIN,
            cause: Cause::Clock,
            lot: Some(Lot { slot, issue: 1 }),
            unit: Unit::new(unit).unwrap(),
            quantity: Quantity::new(quantity).unwrap(),
            debit,
            credit,
        }
    }

    fn said(transfers: &[Transfer]) -> Vec<String> {
        let say = |booked: &Booked| match booked {
            Booked::Benefit { lot, quantity, pending, .. } => {
                format!("{} {} {quantity}{}", booked.happening().kind(), lot.slot.key, if *pending { "?" } else { "" })
            }
            Booked::Balance { delta, .. } => format!("{} {delta}", booked.happening().kind()),
        };
        booked(transfers).iter().map(say).collect()
    }

    #[test]
    fn grants_come_before_the_balances_that_they_change() {
        use Account::{Budget, Pending, Stock, Wallet};
        let all = [
            transfer("a", "points", 3, (Budget, Wallet)),
            transfer("b", "growth", 5, (Budget, Wallet)),
            transfer("c", "points", 4, (Budget, Wallet)),
            transfer("d", "item:mug", 1, (Stock, Pending)),
        ];
        let expected = [
            "benefit.granted a 3",
            "benefit.granted b 5",
            "benefit.granted c 4",
            "benefit.granted d 1?",
            "points.changed 7",
            "growth.changed 5",
        ];
        assert_eq!(said(&all), expected);
    }

    #[test]
    fn what_is_taken_back_of_one_grant_is_one_revocation() {
        use Account::{Breakage, Budget, Debt, Wallet};
        let all = [
            transfer("a", "points", 30, (Wallet, Budget)),
            transfer("a", "points", 10, (Breakage, Budget)),
            transfer("a", "points", 60, (Debt, Budget)),
        ];
        assert_eq!(said(&all), ["benefit.revoked a 100", "points.changed -30"]);
    }

    #[test]
    fn a_balance_that_comes_to_the_same_has_not_changed() {
        use Account::{Budget, Debt, Expense, Pending, Reserved, Wallet};
        let debt = [transfer("a", "points", 7, (Budget, Wallet)), transfer("a", "points", 7, (Wallet, Debt))];
        assert_eq!(said(&debt), ["benefit.granted a 7"]);
        assert_eq!(said(&[transfer("a", "points", 7, (Reserved, Expense))]), [""; 0]);
        assert_eq!(said(&[transfer("a", "points", 7, (Pending, Wallet))]), ["points.changed 7"]);
        assert_eq!(said(&[transfer("a", "coupon:tea", 1, (Wallet, Expense))]), [""; 0]);
    }

    #[test]
    fn a_trail_ends_and_avoids_where_it_was() {
        let campaign = |name: &str| CampaignId::new(name).unwrap();
        let mut trail = Trail::default();
        for depth in 1..=CASCADE_DEPTH_MAX {
            trail = trail.next(Some(&campaign(&format!("c{depth}"))));
            assert!(!trail.ends());
        }
        assert!(trail.next(None).ends());
        assert!(!trail.avoids(&campaign("c1")) && trail.avoids(&campaign("d")));
        assert_eq!(Trail::default().next(None).through, []);
    }
}
