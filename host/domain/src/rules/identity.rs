//! Several ids of one customer.
//!
//! Of two ids that are found to be one person's, one *stays* and the other is merged into it: what is known under the other is known of
//! the one who stays from then on. What was given, counted, claimed and sent under it stands where it stood and is looked at with what
//! stands under the one who stays, so that nothing is given twice and no transfer is changed.
//!
//! An id that was merged names the one who stays, never one that was merged in turn; the one who stays names all others.
//! Whoever loads a customer loads the one who stays, too.

use std::fmt;

use crate::limits::OTHER_IDS_MAX;
use crate::rows::catalogue::Catalogue;
use crate::rows::customer::{Customer, Standing};
use crate::rows::facts::{BindingKey, Facts, Wanted};
use crate::rows::grant::GrantSlot;
use crate::rows::table::Keys;
use crate::words::id::{AttributeName, CampaignId, CustomerId, ProgrammeId};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// Why two ids were not merged. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMerged {
    /// The customer would have too many.
    TooManyIds,
    /// They would owe more of a unit than can be counted.
    TooMuchOwed(Unit),
}

impl fmt::Display for NotMerged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyIds => write!(f, "a customer may have at most {OTHER_IDS_MAX} other ids"),
            Self::TooMuchOwed(unit) => write!(f, "they would owe more than {} of {unit}", Quantity::MAX),
        }
    }
}

impl std::error::Error for NotMerged {}

impl Facts {
    /// Who stays of the customer's ids; mostly the customer. The customer is loaded.
    pub fn who_stays<'a>(&'a self, id: &'a CustomerId) -> &'a CustomerId {
        self.customers.get(id).merged_into.as_ref().unwrap_or(id)
    }

    /// The ids of the customer's that were merged into the one who stays. The customer is loaded.
    pub fn other_ids(&self, id: &CustomerId) -> &[CustomerId] {
        &self.customers.get(self.who_stays(id)).also
    }

    /// All ids of the customer's, that of the one who stays first. The customer is loaded.
    pub fn ids_of(&self, id: &CustomerId) -> Vec<CustomerId> {
        std::iter::once(self.who_stays(id)).chain(self.other_ids(id)).cloned().collect()
    }

    /// Where a grant of a key may stand: for each of the customer's ids, that of the one who stays first. The customer is loaded.
    #[must_use]
    pub fn slots_of(&self, slot: &GrantSlot) -> Vec<GrantSlot> {
        self.ids_of(&slot.to).into_iter().map(|to| GrantSlot { to, ..slot.clone() }).collect()
    }

    /// The customers into whom those were merged that have just been loaded.
    #[must_use]
    pub fn wanted_with(&self, customers: &Keys<CustomerId>) -> Wanted {
        let stays = customers.iter().map(|id| self.who_stays(id).clone());
        Wanted { customers: stays.collect(), ..Wanted::default() }
    }
}

/// What decides when something is known under both ids.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Whether of two values of an attribute the first counts.
    pub is_first: &'a dyn Fn(&AttributeName) -> bool,
    /// The programmes, with their tiers.
    pub catalogue: &'a Catalogue,
    /// When it turned out.
    pub at: Instant,
}

impl Terms<'_> {
    /// The better standing in a programme is one that is not over, of these one in a higher tier, of these the one that ends later.
    pub(crate) fn rank(&self, programme: &ProgrammeId, standing: &Standing) -> impl Ord + use<> {
        let programme = self.catalogue.programmes.get(programme);
        let tier = programme.and_then(|programme| programme.tiers.iter().position(|tier| *tier == standing.tier));
        let until = standing.until.unwrap_or(Instant::MAX);
        (self.at < until, tier, until)
    }
}

/// The rows that [`merge`] changes. Both customers are loaded.
#[must_use]
pub fn wanted(facts: &Facts, (stays, other): (&CustomerId, &CustomerId)) -> Wanted {
    let ids = [stays, other].into_iter().flat_map(|id| facts.ids_of(id));
    let members = facts.customers.get(facts.who_stays(other)).groups.values().cloned();
    Wanted { customers: ids.collect(), members: members.collect(), ..Wanted::default() }
}

/// Merges a customer into another. The first says who stays; ids that were merged before stand for those who stayed then. Says who was
/// merged into whom, or `None` when they were one already. The caller has loaded [`wanted`].
///
/// # Errors
/// Why nothing was changed.
pub fn merge(
    facts: &mut Facts,
    (stays, other): (&CustomerId, &CustomerId),
    terms: Terms<'_>,
) -> Result<Option<(CustomerId, CustomerId)>, NotMerged> {
    let (stays, other) = (facts.who_stays(stays).clone(), facts.who_stays(other).clone());
    if stays == other {
        return Ok(None);
    }
    let (mut customer, mut theirs) = (facts.customers.get(&stays).clone(), facts.customers.get(&other).clone());
    let ended: Vec<CustomerId> = std::iter::once(other.clone()).chain(std::mem::take(&mut theirs.also)).collect();
    customer.also.extend(ended.iter().cloned());
    if customer.also.len() > OTHER_IDS_MAX {
        return Err(NotMerged::TooManyIds);
    }
    for (unit, debt) in std::mem::take(&mut theirs.debts) {
        let owed = customer.debts.entry(unit.clone()).or_default();
        *owed = owed.plus(debt).map_err(|_| NotMerged::TooMuchOwed(unit))?;
    }
    for (kind, group) in &theirs.groups {
        if customer.groups.get(kind).is_some_and(|own| own != group) {
            let mut members = facts.members.get(group).clone();
            ended.iter().for_each(|id| members.leave(id));
            facts.members.put(group, members);
        }
    }
    customer.unite(theirs, terms);
    let Customer { touches, also, .. } = &mut customer;
    touches.retain(|touch| touch.inviter != stays && !also.contains(&touch.inviter));
    facts.customers.put(&stays, customer);
    for id in ended {
        let merged = Customer { merged_into: Some(stays.clone()), ..Customer::default() };
        facts.customers.put(&id, merged);
    }
    Ok(Some((stays, other)))
}

/// The rows that [`take_over_inviter`] looks at.
#[must_use]
pub fn wanted_of_inviters(campaign: &CampaignId, (stays, other): (&CustomerId, &CustomerId)) -> Wanted {
    let keys = [stays, other].map(|id| BindingKey { campaign: campaign.clone(), invitee: id.clone() });
    Wanted { bindings: keys.into(), ..Wanted::default() }
}

/// Gives the one who stays the inviter of another id in a campaign, unless they have one, or would be their own.
pub fn take_over_inviter(facts: &mut Facts, campaign: &CampaignId, (stays, other): (&CustomerId, &CustomerId)) {
    let key = |id: &CustomerId| BindingKey { campaign: campaign.clone(), invitee: id.clone() };
    let taken_over = facts.bindings.get(&key(other)).clone();
    let oneself = facts.ids_of(stays);
    if let Some(inviter) = taken_over.filter(|inviter| !oneself.contains(inviter))
        && facts.bindings.get(&key(stays)).is_none()
    {
        facts.bindings.put(&key(stays), Some(inviter));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rows::facts::Members;
    use crate::rows::programme::Programme;
    use crate::words::id::{EntityId, GroupKind};

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis).unwrap()
    }

    fn standing(tier: &str, since: i64, until: Option<i64>) -> Standing {
        Standing { tier: tier.parse().unwrap(), since: at(since), until: until.map(at) }
    }

    /// What is left of two standings at 50.
    fn united(own: Standing, theirs: Standing) -> (String, i64) {
        let id: ProgrammeId = "club".parse().unwrap();
        let tiers = ["silver", "gold"].map(|tier| tier.parse().unwrap()).to_vec();
        let programme = Programme { id: id.clone(), title: String::new(), tiers, moves: BTreeMap::new() };
        let mut catalogue = Catalogue::default();
        catalogue.programmes.insert(id.clone(), programme);
        let mut customer = Customer { standings: [(id.clone(), own)].into(), ..Customer::default() };
        let other = Customer { standings: [(id.clone(), theirs)].into(), ..Customer::default() };
        customer.unite(other, Terms { is_first: &|_| false, catalogue: &catalogue, at: at(50) });
        let left = &customer.standings[&id];
        (left.tier.to_string(), left.since.as_millis())
    }

    #[test]
    fn the_better_of_two_standings_stays() {
        let is = |tier: &str, since: i64| (tier.to_owned(), since);
        assert_eq!(united(standing("silver", 9, None), standing("gold", 1, None)), is("gold", 1));
        assert_eq!(united(standing("gold", 1, Some(60)), standing("silver", 9, None)), is("gold", 1));
        assert_eq!(united(standing("gold", 1, Some(50)), standing("silver", 9, None)), is("silver", 9));
        assert_eq!(united(standing("gold", 1, Some(60)), standing("gold", 2, None)), is("gold", 2));
    }

    #[test]
    fn nobody_is_in_two_groups_of_a_kind() {
        let [a, b] = ["a", "b"].map(|id| CustomerId::new(id).unwrap());
        let [team, house]: [GroupKind; 2] = ["team", "house"].map(|kind| kind.parse().unwrap());
        let [red, blue, one]: [EntityId; 3] = ["red", "blue", "one"].map(|id| id.parse().unwrap());
        let mut facts = Facts::default();
        let of_a = [(team.clone(), red.clone())].into();
        let of_b = [(team.clone(), blue.clone()), (house.clone(), one.clone())].into();
        facts.customers.load(a.clone(), Customer { groups: of_a, ..Customer::default() });
        facts.customers.load(b.clone(), Customer { groups: of_b, ..Customer::default() });
        let wanted = wanted(&facts, (&a, &b));
        assert_eq!(*wanted.members, [one.clone(), blue.clone()]);
        for group in wanted.members {
            facts.members.load(group, Members(vec![(b.clone(), at(1))]));
        }
        let catalogue = Catalogue::default();
        let terms = Terms { is_first: &|_| false, catalogue: &catalogue, at: at(50) };
        assert_eq!(merge(&mut facts, (&a, &b), terms), Ok(Some((a.clone(), b))));
        assert_eq!(facts.customers.get(&a).groups, [(team, red), (house, one.clone())].into());
        assert_eq!((facts.members.get(&blue).0.len(), facts.members.get(&one).0.len()), (0, 1));
    }
}
