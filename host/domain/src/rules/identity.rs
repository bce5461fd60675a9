//! Several ids of one customer.
//!
//! Of two ids that are found to be one person's, one *stays* and the other is merged into it: what is known under the other is known of
//! the one who stays from then on. What was given, counted, claimed and sent under it stands where it stood and is looked at with what
//! stands under the one who stays, so that nothing is given twice and no transfer is changed.
//!
//! An id that was merged names the one who stays, never one that was merged in turn; the one who stays names all others.
//! Whoever loads a customer loads the one who stays, too.

use std::fmt;

use crate::limits::{
    ATTRIBUTES_MAX, GROUPS_MAX, IDENTIFIERS_PER_DIMENSION_MAX, OTHER_IDS_MAX, STANDINGS_MAX, TAGS_MAX,
};
use crate::rows::catalogue::Catalogue;
use crate::rows::customer::{Customer, Standing};
use crate::rows::facts::{Facts, Wanted};
use crate::words::id::{AttributeName, CampaignId, CustomerId, ProgrammeId};
use crate::words::key::BindingKey;
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

/// Two ids that are one customer's.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Says who stays.
    pub stays: &'a CustomerId,
    /// Says who is merged into them.
    pub other: &'a CustomerId,
}

/// What decides when something is known under both ids.
#[derive(Clone, Copy)]
pub struct MergeTerms<'a> {
    /// Whether of two values of an attribute the first counts.
    pub is_first: &'a dyn Fn(&AttributeName) -> bool,
    /// The programmes, with their tiers.
    pub catalogue: &'a Catalogue,
    /// When it turned out.
    pub at: Instant,
}

impl MergeTerms<'_> {
    /// Returns the rank of a standing in a programme: the better one is not over, of these in a higher tier, of these ends later.
    pub(crate) fn rank(&self, programme: &ProgrammeId, standing: &Standing) -> impl Ord + use<> {
        let programme = self.catalogue.programmes.get(programme);
        let tier = programme.and_then(|programme| programme.tiers.iter().position(|tier| *tier == standing.tier));
        let until = standing.until.unwrap_or(Instant::MAX);
        (self.at < until, tier, until)
    }
}

/// Returns the rows that [`merge`] changes. Both customers are loaded.
#[must_use]
pub fn wanted(facts: &Facts, pair: Pair<'_>) -> Wanted {
    let ids = [pair.stays, pair.other].into_iter().flat_map(|id| facts.ids_of(id));
    let members = facts.customers.get(facts.who_stays(pair.other)).groups.values().cloned();
    Wanted { customers: ids.collect(), members: members.collect(), ..Wanted::default() }
}

/// Merges a customer into another. Ids that were merged before stand for those who stayed then. Returns who was merged into whom (the
/// one who stays first), or `None` when they were one already. The caller has loaded [`wanted`].
///
/// # Errors
/// Why nothing was changed.
pub fn merge(
    facts: &mut Facts,
    pair: Pair<'_>,
    terms: MergeTerms<'_>,
) -> Result<Option<(CustomerId, CustomerId)>, NotMerged> {
    let (stays, other) = (facts.who_stays(pair.stays).clone(), facts.who_stays(pair.other).clone());
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
    unite(&mut customer, theirs, terms);
    let Customer { touches, also, .. } = &mut customer;
    touches.retain(|touch| touch.inviter != stays && !also.contains(&touch.inviter));
    facts.customers.put(&stays, customer);
    for id in ended {
        let merged = Customer { merged_into: Some(stays.clone()), ..Customer::default() };
        facts.customers.put(&id, merged);
    }
    Ok(Some((stays, other)))
}

/// Takes over what is known under another id. Of an attribute the later value stays, or the earlier where the first counts; of a
/// tag the later end; of two standings in a programme the better; of two groups of a kind the own. What there is no room for is let
/// go, the other id's first. Debts are not looked at.
fn unite(customer: &mut Customer, other: Customer, terms: MergeTerms<'_>) {
    for (name, theirs) in other.attributes {
        let stays = match customer.attributes.get(&name) {
            Some(own) if (terms.is_first)(&name) => own.as_of <= theirs.as_of,
            Some(own) => own.as_of >= theirs.as_of,
            None => customer.attributes.len() >= ATTRIBUTES_MAX,
        };
        if !stays {
            customer.attributes.insert(name, theirs);
        }
    }
    for (tag, until) in other.tags {
        let full = customer.tags.len() >= TAGS_MAX;
        match customer.tags.get_mut(&tag) {
            Some(own) => *own = own.zip(until).map(|(own, theirs)| own.max(theirs)),
            None if full => {}
            None => drop(customer.tags.insert(tag, until)),
        }
    }
    for (dimension, mut values) in other.identifiers {
        let own = customer.identifiers.remove(&dimension).unwrap_or_default();
        values.retain(|value| !own.contains(value));
        values.extend(own);
        values.drain(..values.len().saturating_sub(IDENTIFIERS_PER_DIMENSION_MAX));
        customer.identifiers.insert(dimension, values);
    }
    for touch in other.touches {
        customer.add_touch(touch);
    }
    for (programme, theirs) in other.standings {
        let full = customer.standings.len() >= STANDINGS_MAX;
        match customer.standings.get_mut(&programme) {
            Some(own) if terms.rank(&programme, own) < terms.rank(&programme, &theirs) => *own = theirs,
            None if !full => drop(customer.standings.insert(programme, theirs)),
            _ => {}
        }
    }
    for (kind, group) in other.groups {
        if customer.groups.len() < GROUPS_MAX {
            customer.groups.entry(kind).or_insert(group);
        }
    }
    let raises = customer.raises_under_way.plus(other.raises_under_way);
    customer.raises_under_way = raises.unwrap_or(Quantity::MAX);
}

/// Returns the rows that [`take_over_inviter`] looks at.
#[must_use]
pub fn wanted_of_inviters(campaign: &CampaignId, pair: Pair<'_>) -> Wanted {
    let keys = [pair.stays, pair.other].map(|id| BindingKey { campaign: campaign.clone(), invitee: id.clone() });
    Wanted { bindings: keys.into(), ..Wanted::default() }
}

/// Gives the one who stays the inviter of another id in a campaign, unless they have one, or would be their own.
pub fn take_over_inviter(facts: &mut Facts, campaign: &CampaignId, pair: Pair<'_>) {
    let Pair { stays, other } = pair;
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
    use crate::rows::customer::{AttributeValue, CREDIT_LIMIT, Fact};
    use crate::rows::facts::Members;
    use crate::rows::programme::Programme;
    use crate::words::dimension::Dimension;
    use crate::words::id::{EntityId, GroupKind, Identifier, Tag};

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
        unite(&mut customer, other, MergeTerms { is_first: &|_| false, catalogue: &catalogue, at: at(50) });
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
        let pair = Pair { stays: &a, other: &b };
        let wanted = wanted(&facts, pair);
        assert_eq!(*wanted.members, [one.clone(), blue.clone()]);
        for group in wanted.members {
            facts.members.load(group, Members(vec![(b.clone(), at(1))]));
        }
        let catalogue = Catalogue::default();
        let terms = MergeTerms { is_first: &|_| false, catalogue: &catalogue, at: at(50) };
        assert_eq!(merge(&mut facts, pair, terms), Ok(Some((a.clone(), b))));
        assert_eq!(facts.customers.get(&a).groups, [(team, red), (house, one.clone())].into());
        assert_eq!((facts.members.get(&blue).0.len(), facts.members.get(&one).0.len()), (0, 1));
    }

    #[test]
    fn what_is_known_under_two_ids_is_united() {
        let known = |device: &str, limit_at: i64, inviter: &str| {
            let mut customer = Customer::default();
            let device = Fact::Identifier(Dimension::Device, Identifier::new(device).unwrap());
            let first = Fact::FirstAttribute(AttributeName::new("first_at").unwrap(), AttributeValue::Int(limit_at));
            for fact in [
                device,
                first,
                Fact::Attribute(AttributeName::new(CREDIT_LIMIT).unwrap(), AttributeValue::Int(limit_at)),
                Fact::Touch(CustomerId::new(inviter).unwrap()),
            ] {
                customer.learn(fact, at(limit_at)).unwrap();
            }
            customer
        };
        let tagged = |until: Option<i64>| (Tag::new("vip").unwrap(), until.map(at));
        let under_way = Quantity::new(300).unwrap();
        let mut stays = Customer { tags: [tagged(Some(7))].into(), ..known("d1", 20, "late") };
        let other =
            Customer { tags: [tagged(Some(9))].into(), raises_under_way: under_way, ..known("d2", 10, "early") };
        let is_first = |name: &AttributeName| name.as_str() == "first_at";
        let catalogue = Catalogue::default();
        let terms = MergeTerms { is_first: &is_first, catalogue: &catalogue, at: at(5) };
        unite(&mut stays, other.clone(), terms);
        assert_eq!(stays.credit_limit(), Quantity::new(20).ok());
        assert_eq!(stays.attributes[&AttributeName::new("first_at").unwrap()].value, AttributeValue::Int(10));
        assert_eq!(stays.identifier(Dimension::Device).map(Identifier::as_str), Some("d1"));
        assert_eq!(stays.identifiers[&Dimension::Device].len(), 2);
        assert_eq!(stays.touches.iter().map(|touch| touch.inviter.as_str()).collect::<Vec<_>>(), ["early", "late"]);
        assert_eq!((&stays.tags, stays.raises_under_way), (&[tagged(Some(9))].into(), under_way));
        let mut for_ever = Customer { tags: [tagged(None)].into(), ..Customer::default() };
        unite(&mut for_ever, other, terms);
        assert_eq!(for_ever.tags, [tagged(None)].into());
    }
}
