//! What a policy is shown: the parties in their declared roles, and of each only what was declared.

use std::collections::BTreeMap;

use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::customer::{AttributeValue, Customer};
use largesse_domain::decision::{CampaignView, Input, LiveGrant, Party};
use largesse_domain::facts::Wanted;
use largesse_domain::grant::{Grant, GrantState};
use largesse_domain::id::{AboutId, CampaignId, CustomerId, EntityId, RoleName};
use largesse_domain::json::Json;
use largesse_domain::limits::{LIVE_GRANTS_MAX, PARTIES_MAX};
use largesse_domain::owner::Owner;
use largesse_domain::policy::{OwnerOf, Pointer, Role, RoleSource};
use largesse_domain::time::{Instant, LocalTime};
use largesse_domain::unit::{Unit, UnitPattern};
use largesse_store::StoreError;
use serde_json::{Map, Value};

use super::Decider;
use super::admit::Admitted;
use super::decide::Task;
use crate::intake;
use crate::seed::Purpose;

/// Who plays which role in a task, and whose state it is.
pub(super) struct Cast {
    pub(super) owner: Owner,
    pub(super) about: Option<AboutId>,
    parties: Vec<(usize, CustomerId)>,
}

impl Decider {
    /// Fills the roles. `None` when the event has no owner for the subscription (no inviter, say): no decision then.
    pub(super) fn cast(&mut self, task: &Task, event: &Admitted) -> Result<Option<Cast>, StoreError> {
        let manifest = task.published.manifest();
        let mut parties = Vec::new();
        for (index, role) in manifest.roles.iter().enumerate() {
            let customers = self.customers_in(role, task, event)?;
            if !customers.iter().all(|customer| self.facts.customers.has(customer)) {
                self.ensure(Wanted { customers: customers.iter().cloned().collect(), ..Wanted::default() })?;
            }
            for customer in customers {
                let party = (index, self.facts.who_stays(&customer).clone());
                if !parties.contains(&party) {
                    parties.push(party);
                }
            }
        }
        let subscription = &manifest.subscriptions[task.subscription];
        let actor = self.actor(event);
        let in_role = |name: &RoleName| {
            let index = manifest.roles.iter().position(|role| role.name == *name)?;
            parties.iter().find(|(role, _)| *role == index).map(|(_, customer)| customer.clone())
        };
        let owner = match &subscription.owner {
            OwnerOf::Party(role) => in_role(role).map(Owner::Party),
            OwnerOf::Entity(pointer) => entity_at(event, pointer).map(Owner::Entity),
            OwnerOf::Group(kind) => self.facts.customers.get(actor).groups.get(kind).cloned().map(Owner::Entity),
        };
        // A timer is told for its owner only.
        let concerned = event.arrival.concerned.as_ref().and_then(|concerned| concerned.owner.as_ref());
        let only = concerned.map(|owner| match owner {
            Owner::Party(id) => Owner::Party(self.facts.who_stays(id).clone()),
            Owner::Entity(id) => Owner::Entity(id.clone()),
        });
        let owner = owner.filter(|owner| only.as_ref().is_none_or(|only| only == owner));
        if let Some(Owner::Entity(entity)) = &owner {
            for (index, _) in manifest.roles.iter().enumerate().filter(|(_, role)| role.source == RoleSource::Members) {
                let members = self.members(entity)?;
                parties.extend(members.into_iter().map(|member| (index, member)));
            }
        }
        parties.truncate(PARTIES_MAX);
        let about = intake::about(&event.arrival.data, subscription);
        Ok(owner.map(|owner| Cast { owner, about, parties }))
    }

    fn customers_in(&mut self, role: &Role, task: &Task, event: &Admitted) -> Result<Vec<CustomerId>, StoreError> {
        let actor = &self.actor(event).clone();
        Ok(match &role.source {
            RoleSource::Actor => vec![actor.clone()],
            RoleSource::Inviter(distance) => {
                let campaign = &task.active.campaign;
                let shown = campaign.settings.attribution.distance.unwrap_or(*distance);
                if *distance > shown.min(self.registry.inviter_distance) {
                    return Ok(Vec::new());
                }
                let distance = usize::from(*distance);
                let chain = self.inviters(&campaign.id, actor, distance)?;
                chain.into_iter().nth(distance - 1).into_iter().collect()
            }
            RoleSource::CustomerAt(pointer) if event.arrival.rules.names_customer(pointer.as_str()) => {
                customer_at(event, pointer.as_str()).into_iter().collect()
            }
            RoleSource::MembersAt(pointer) if event.arrival.rules.names_members(pointer.as_str()) => {
                let members = event.arrival.data.pointer(pointer.as_str()).and_then(Value::as_array);
                let count = members.map_or(0, Vec::len);
                (0..count).filter_map(|index| customer_at(event, &format!("{}/{index}", pointer.as_str()))).collect()
            }
            // Members are those of the owner, which is not known yet.
            RoleSource::CustomerAt(_) | RoleSource::MembersAt(_) | RoleSource::Members => Vec::new(),
        })
    }

    /// What has to be loaded to show a cast.
    pub(super) fn wanted_to_show(&self, task: &Task, cast: &Cast) -> Wanted {
        let roles = &task.published.manifest().roles;
        let mut wanted = Wanted::default();
        wanted.states.insert(task.state_key(&cast.owner));
        for (role, customer) in &cast.parties {
            if !roles[*role].balances.is_empty() || roles[*role].grants {
                wanted.wallets.extend(self.facts.ids_of(customer));
            }
        }
        wanted
    }

    /// Everything that the decision may know; what it needs is loaded. `state` is in the version that the policy writes.
    pub(super) fn input(
        &self,
        (task, cast): (&Task, &Cast),
        event: &Admitted,
        state: Option<Json>,
        purpose: Purpose,
    ) -> Input {
        let active = &task.active;
        let inner = &event.arrival.event;
        let revision = active.revision(task.side, inner.occurred);
        let roles = &task.published.manifest().roles;
        let now = event.admission.at;
        let occurred = active.zone.moment(inner.occurred);
        let parties = cast
            .parties
            .iter()
            .map(|(role, customer)| self.party(&roles[*role], customer, &active.campaign.id, (inner.occurred, now)));
        Input {
            subscription: task.published.manifest().subscriptions[task.subscription].name.clone(),
            event: inner.clone(),
            occurred,
            owner: cast.owner.clone(),
            parties: parties.collect(),
            campaign: campaign_view(&active.campaign, revision, &occurred.local),
            now: active.zone.moment(now),
            seed: self.seeds.of_campaign(&active.campaign.id).seed_of(&cast.owner, &inner.key, purpose),
            state,
        }
    }

    /// What a role is shown of a customer by the campaign that asks.
    pub(super) fn party(
        &self,
        role: &Role,
        customer: &CustomerId,
        campaign: &CampaignId,
        (occurred, now): (Instant, Instant),
    ) -> Party {
        let known = self.facts.customers.get(customer);
        let shows_wallet = !role.balances.is_empty() || role.grants;
        let wallet = if shows_wallet { self.facts.wallet(customer) } else { Vec::new() };
        let own = wallet.iter().filter(|grant| role.grants && grant.slot.campaign == *campaign);
        let standings = known.standings_at(occurred).filter(|_| role.standings);
        Party {
            role: role.name.clone(),
            customer: customer.clone(),
            attributes: attributes(role, known),
            tags: if role.tags { known.tags_at(occurred).cloned().collect() } else { Vec::new() },
            balances: role.balances.iter().flat_map(|pattern| balances(&wallet, pattern, now)).collect(),
            standings: standings.map(|(programme, standing)| (programme.clone(), standing.clone())).collect(),
            grants: own.filter_map(|grant| live(grant, now)).take(LIVE_GRANTS_MAX).collect(),
        }
    }
}

fn attributes(role: &Role, customer: &Customer) -> Json {
    let mut object = Map::new();
    for name in &role.attributes {
        let Some(attribute) = customer.attributes.get(name) else { continue };
        let value = match &attribute.value {
            AttributeValue::Bool(value) => Value::from(*value),
            AttributeValue::Int(value) => Value::from(*value),
            AttributeValue::Text(value) => Value::from(value.as_str()),
        };
        object.insert(name.to_string(), value);
    }
    if object.is_empty() { Json::empty_object() } else { Json::from_checked(Value::Object(object).to_string()) }
}

/// The campaign as a policy is shown it for an event, or a question, of a local time.
pub(super) fn campaign_view(campaign: &Campaign, revision: &Revision, local: &LocalTime) -> CampaignView {
    CampaignView {
        id: campaign.id.clone(),
        revision: revision.number,
        currency: campaign.settings.currency,
        opens: campaign.settings.opens,
        closes: campaign.settings.closes,
        phase: campaign.phase(local),
        params: revision.params.clone(),
    }
}

/// What a customer can use of a unit, or of each unit of a class; of a single unit also when it is nothing.
fn balances(wallet: &[&Grant], pattern: &UnitPattern, now: Instant) -> Vec<(Unit, i64)> {
    let mut sums: BTreeMap<&Unit, u128> = BTreeMap::new();
    if let UnitPattern::Unit(unit) = pattern {
        sums.insert(unit, 0);
    }
    for grant in wallet.iter().filter(|grant| pattern.matches(&grant.unit)) {
        *sums.entry(&grant.unit).or_default() += u128::from(grant.available_at(now).get());
    }
    sums.into_iter().map(|(unit, sum)| (unit.clone(), i64::try_from(sum).unwrap_or(i64::MAX))).collect()
}

fn live(grant: &Grant, now: Instant) -> Option<LiveGrant> {
    let available = grant.available_at(now);
    let pending = grant.state_at(now) == GrantState::Pending;
    (pending || !available.is_zero()).then(|| LiveGrant {
        key: grant.slot.key.clone(),
        unit: grant.unit.clone(),
        available,
        granted_at: grant.granted_at,
        expires: grant.expires,
    })
}

/// What a wallet holds of a unit that can be used.
pub(super) fn balance(wallet: &[&Grant], unit: &Unit, now: Instant) -> i64 {
    balances(wallet, &UnitPattern::Unit(unit.clone()), now).pop().map_or(0, |(_, amount)| amount)
}

fn customer_at(event: &Admitted, pointer: &str) -> Option<CustomerId> {
    CustomerId::new(event.arrival.data.pointer(pointer)?.as_str()?).ok()
}

fn entity_at(event: &Admitted, pointer: &Pointer) -> Option<EntityId> {
    let named = event.arrival.rules.names_entity(pointer.as_str());
    named.then(|| event.arrival.data.pointer(pointer.as_str())?.as_str().map(EntityId::new)?.ok()).flatten()
}
