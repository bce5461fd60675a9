//! Who is shown to a decision, and what of them.

use serde_json::Value;

use crate::input::{Balance, Owner, OwnerKind, Party, Standing};
use crate::manifest::{OwnerOf, Role, Source, Subscription};
use crate::policy::Policy;
use crate::reach::Placement;

use super::{Harness, clock};

impl<P: Policy> Harness<P> {
    /// Moves customers within programmes.
    pub(super) fn stand(&mut self, placed: &[Placement], now: i64) {
        for placement in placed {
            let standings = &mut self.customers.entry(placement.to.clone()).or_default().standings;
            let old = standings.iter().position(|one| one.programme == placement.programme);
            let old = old.map(|index| standings.remove(index));
            standings.extend(placement.tier.clone().map(|tier| Standing {
                since: old.filter(|old| old.tier == tier).map_or(now, |old| old.since),
                tier,
                programme: placement.programme.clone(),
                until: placement.until.map(|until| clock::resolve(until, now, self.offset_minutes)),
            }));
        }
    }

    pub(super) fn owner(&self, subscription: &Subscription, actor: &str, data: &Value) -> Option<Owner> {
        match &subscription.owner {
            OwnerOf::Entity(pointer) => Some(Owner { kind: OwnerKind::Entity, id: text_at(data, pointer)? }),
            OwnerOf::Group(kind) => {
                let id = self.customers.get(actor)?.groups.get(kind)?.clone();
                Some(Owner { kind: OwnerKind::Entity, id })
            }
            OwnerOf::Party(name) => {
                let role =
                    self.manifest.roles.iter().find(|role| role.name == *name).expect("the owner's role is declared");
                let id = self.cast(role, actor, data).into_iter().next()?;
                Some(Owner { kind: OwnerKind::Party, id })
            }
        }
    }

    fn cast(&self, role: &Role, actor: &str, data: &Value) -> Vec<String> {
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

    pub(super) fn parties(&self, role: &Role, actor: &str, data: &Value, owner: &Owner) -> Vec<Party> {
        let cast = match (&role.source, owner.kind) {
            (Source::Members, OwnerKind::Entity) => self.members.get(&owner.id).cloned().unwrap_or_default(),
            _ => self.cast(role, actor, data),
        };
        cast.into_iter().map(|id| self.shown(role, id)).collect()
    }

    pub(super) fn shown(&self, role: &Role, id: String) -> Party {
        let known = self.customers.get(&id).cloned().unwrap_or_default();
        let declared = known.attributes.into_iter().filter(|(name, _)| role.attributes.contains(name));
        let balances = role.balances.iter().flat_map(|wanted| self.book.balances(&id, wanted));
        let balances = balances
            .map(|(unit, amount)| Balance { unit, amount: i64::try_from(amount).expect("balances are at most 10^15") });
        Party {
            role: role.name.clone(),
            attributes: Value::Object(declared.collect()).to_string(),
            tags: if role.tags { known.tags } else { Vec::new() },
            balances: balances.collect(),
            standings: if role.standings { known.standings } else { Vec::new() },
            grants: if role.grants { self.book.live(&id) } else { Vec::new() },
            customer: id,
        }
    }
}

fn text_at(data: &Value, pointer: &str) -> Option<String> {
    data.pointer(pointer)?.as_str().map(str::to_owned)
}
