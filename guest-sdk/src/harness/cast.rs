//! Who is known, who is shown to a decision, and what of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::decision::Dimension;
use crate::input::{Balance, Owner, OwnerKind, Party, Standing};
use crate::manifest::{Manifest, OwnerOf, Role, Source, Subscription};
use crate::reach::Placement;

use super::book::Book;
use super::clock;

/// What is known of a customer.
#[derive(Clone, Debug, Default)]
pub(super) struct Customer {
    pub(super) attributes: Map<String, Value>,
    pub(super) tags: Vec<String>,
    pub(super) inviter: Option<String>,
    pub(super) identifiers: Vec<(Dimension, String)>,
    standings: Vec<Standing>,
    groups: BTreeMap<String, String>,
}

/// Customers, and the members of groups.
#[derive(Default)]
pub(super) struct Cast {
    customers: BTreeMap<String, Customer>,
    members: BTreeMap<String, Vec<String>>,
}

impl Cast {
    pub(super) fn customers(&self) -> &BTreeMap<String, Customer> {
        &self.customers
    }

    pub(super) fn customer(&mut self, id: &str) -> &mut Customer {
        self.customers.entry(id.to_owned()).or_default()
    }

    /// Gives a customer what is known of another id of theirs.
    pub(super) fn merge(&mut self, stays: &str, other: &str) {
        let theirs = self.customers.remove(other).unwrap_or_default();
        let own = self.customer(stays);
        for (name, value) in theirs.attributes {
            own.attributes.entry(name).or_insert(value);
        }
        let new: Vec<String> = theirs.tags.into_iter().filter(|tag| !own.tags.contains(tag)).collect();
        own.tags.extend(new);
        own.inviter = own.inviter.take().or(theirs.inviter).filter(|inviter| inviter != stays && inviter != other);
        own.identifiers.extend(theirs.identifiers);
        let known = |standing: &Standing| own.standings.iter().all(|one| one.programme != standing.programme);
        let new: Vec<Standing> = theirs.standings.into_iter().filter(known).collect();
        own.standings.extend(new);
        for (kind, group) in theirs.groups {
            own.groups.entry(kind).or_insert(group);
        }
        for members in self.members.values_mut() {
            let both = members.iter().any(|member| member == stays);
            members.retain(|member| !both || member != other);
            members.iter_mut().filter(|member| *member == other).for_each(|member| stays.clone_into(member));
        }
        for customer in self.customers.values_mut() {
            customer.inviter.iter_mut().filter(|inviter| *inviter == other).for_each(|one| stays.clone_into(one));
        }
    }

    /// Makes a customer a member of a group.
    pub(super) fn join(&mut self, kind: &str, group: &str, customer: &str) {
        self.customer(customer).groups.insert(kind.to_owned(), group.to_owned());
        self.members.entry(group.to_owned()).or_default().push(customer.to_owned());
    }

    /// Moves customers within programmes.
    pub(super) fn stand(&mut self, placed: &[Placement], now: i64, offset_minutes: i32) {
        for placement in placed {
            let standings = &mut self.customer(&placement.to).standings;
            let old = standings.iter().position(|one| one.programme == placement.programme);
            let old = old.map(|index| standings.remove(index));
            standings.extend(placement.tier.clone().map(|tier| Standing {
                since: old.filter(|old| old.tier == tier).map_or(now, |old| old.since),
                tier,
                programme: placement.programme.clone(),
                until: placement.until.map(|until| clock::resolve(until, now, offset_minutes)),
            }));
        }
    }

    pub(super) fn owner(
        &self,
        manifest: &Manifest,
        subscription: &Subscription,
        actor: &str,
        data: &Value,
    ) -> Option<Owner> {
        match &subscription.owner {
            OwnerOf::Entity(pointer) => Some(Owner { kind: OwnerKind::Entity, id: text_at(data, pointer)? }),
            OwnerOf::Group(kind) => {
                let id = self.customers.get(actor)?.groups.get(kind)?.clone();
                Some(Owner { kind: OwnerKind::Entity, id })
            }
            OwnerOf::Party(name) => {
                let role = manifest.roles.iter().find(|role| role.name == *name).expect("the owner's role is declared");
                let id = self.named(role, actor, data).into_iter().next()?;
                Some(Owner { kind: OwnerKind::Party, id })
            }
        }
    }

    /// Those in a role by the event and the invitations alone.
    fn named(&self, role: &Role, actor: &str, data: &Value) -> Vec<String> {
        match &role.source {
            Source::Actor => vec![actor.to_owned()],
            Source::CustomerAt(pointer) => text_at(data, pointer).into_iter().collect(),
            Source::MembersAt(pointer) => {
                let members = data.pointer(pointer).and_then(Value::as_array);
                members.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
            }
            Source::Members => Vec::new(),
            Source::Inviter(distance) => {
                let inviter = |of: String| self.customers.get(&of).and_then(|one| one.inviter.clone());
                (0..*distance).try_fold(actor.to_owned(), |of, _| inviter(of)).into_iter().collect()
            }
        }
    }

    /// Those in a role of a decision.
    pub(super) fn filling(&self, role: &Role, actor: &str, data: &Value, owner: &Owner) -> Vec<String> {
        match (&role.source, owner.kind) {
            (Source::Members, OwnerKind::Entity) => self.members.get(&owner.id).cloned().unwrap_or_default(),
            _ => self.named(role, actor, data),
        }
    }

    pub(super) fn shown(&self, role: &Role, id: String, book: &Book) -> Party {
        let known = self.customers.get(&id).cloned().unwrap_or_default();
        let declared = known.attributes.into_iter().filter(|(name, _)| role.attributes.contains(name));
        let balances = role.balances.iter().flat_map(|wanted| book.balances(&id, wanted));
        let balances = balances
            .map(|(unit, amount)| Balance { unit, amount: i64::try_from(amount).expect("balances are at most 10^15") });
        Party {
            role: role.name.clone(),
            attributes: Value::Object(declared.collect()).to_string(),
            tags: if role.tags { known.tags } else { Vec::new() },
            balances: balances.collect(),
            standings: if role.standings { known.standings } else { Vec::new() },
            grants: if role.grants { book.live(&id) } else { Vec::new() },
            customer: id,
        }
    }
}

fn text_at(data: &Value, pointer: &str) -> Option<String> {
    data.pointer(pointer)?.as_str().map(str::to_owned)
}
