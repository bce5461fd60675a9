//! Inputs as the host would show them: events by the schemas of their kinds, parties by the manifest, states and timers that
//! the policy came to itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use largesse_documents::decision::{EventView, OwnerView, PartyView};
use largesse_documents::time::instant_text;
use largesse_domain::customer::Standing;
use largesse_domain::decision::{CampaignView, Input, Party};
use largesse_domain::effect::{Effect, Proposal, StateChange};
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::id::{AboutId, CustomerId, EventId, EventSource, TimerName};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Phase;
use largesse_domain::owner::Owner;
use largesse_domain::policy::{Manifest, OwnerOf, Role, RoleSource, Subscription};
use largesse_domain::time::Instant;
use largesse_domain::timer::{EVENT_KIND, EVENT_SOURCE};
use largesse_domain::unit::{Unit, UnitPattern};
use serde_json::{Map, Value, json};

use super::stage::{Kind, Stage};
use super::tape::Tape;
use super::values::Maker;

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Data that does not fit its schema is made again so many times.
const TRIES: usize = 12;
/// Most members that fill one role.
const MEMBERS_MADE: usize = 8;
/// Largest balance shown.
const BALANCE_SHOWN: u64 = 1_000_000_000_000;

/// A decision to be made, with what the host knows beside it.
#[derive(Clone, Debug)]
pub(super) struct Situation {
    pub(super) input: Arc<Input>,
    pub(super) about: Option<AboutId>,
}

/// What the policy came to so far.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) states: BTreeMap<Owner, Json>,
    timers: BTreeMap<(Owner, TimerName), (CustomerId, Json)>,
    /// The time of the next event, in milliseconds after the campaign opened; any time when `None`.
    pub(super) time: Option<i64>,
}

impl World {
    /// Notes what a decision that nothing was wrong with left behind.
    pub(super) fn take(&mut self, input: &Input, proposal: &Proposal) {
        match &proposal.state {
            StateChange::Keep => {}
            StateChange::Put(state) => drop(self.states.insert(input.owner.clone(), state.clone())),
            StateChange::Clear => drop(self.states.remove(&input.owner)),
        }
        for effect in &proposal.effects {
            match effect {
                Effect::Schedule(timer) => {
                    let set = (input.event.actor.clone(), timer.data.clone());
                    self.timers.insert((input.owner.clone(), timer.name.clone()), set);
                }
                Effect::CancelTimer(name) => drop(self.timers.remove(&(input.owner.clone(), name.clone()))),
                _ => {}
            }
        }
    }
}

/// Makes inputs for a manifest.
pub(super) struct Generator<'a> {
    pub(super) stage: &'a Stage,
    pub(super) manifest: &'a Manifest,
    pub(super) params: &'a [Json],
    /// How many customers and entities there are.
    pub(super) people: u64,
    hints: Vec<String>,
}

impl<'a> Generator<'a> {
    /// Makes inputs with these parameters, of which there are some.
    pub(super) fn new(stage: &'a Stage, manifest: &'a Manifest, params: &'a [Json], people: u64) -> Self {
        let mut hints = Vec::new();
        for params in params {
            collect_texts(&serde_json::from_str(params.as_str()).unwrap_or_default(), &mut hints);
        }
        hints.sort();
        hints.dedup();
        Self { stage, manifest, params, people, hints }
    }

    /// An input. `None` where the event would concern nobody: no owner, no timer set.
    pub(super) fn situation(&self, tape: &mut Tape, world: &World) -> Option<Situation> {
        let subscription = tape.pick(&self.manifest.subscriptions)?;
        let params = tape.pick(self.params)?.clone();
        let kind = self.stage.kind(&subscription.kind);
        let timer = subscription.kind.as_str() == EVENT_KIND;
        let (actor, owner, data) = if timer {
            let timers: Vec<_> = world.timers.iter().collect();
            let ((owner, name), (actor, note)) = *tape.pick(&timers)?;
            (actor.clone(), Some(owner.clone()), self.timer_data(owner, name, note))
        } else {
            let actor = CustomerId::new(format!("actor-{}", tape.below(self.people))).ok()?;
            (actor, None, self.data(kind, tape)?)
        };
        let occurred = self.occurred(world, tape);
        let delay = if tape.once_in(4) { tape.below(5 * DAY_MS.unsigned_abs()) } else { tape.below(2_000) };
        let now = occurred.plus_millis(i64::try_from(delay).ok()?)?;
        let parties = self.parties(kind, &actor, &data, occurred, tape);
        let found = self.owner(subscription, kind, &parties, &data)?;
        if owner.is_some_and(|owner| owner != found) {
            return None;
        }
        let id = tape.below(1 << 40);
        let source = if timer { EVENT_SOURCE } else { "check" };
        let event = Event {
            key: EventKey { source: EventSource::new(source).ok()?, id: EventId::new(format!("event-{id}")).ok()? },
            kind: subscription.kind.clone(),
            actor,
            occurred,
            data: Json::from_checked(data.to_string()),
            body_hash: BodyHash([0; 32]),
        };
        // Now and then an owner is one of whom nothing is known yet, but not in the middle of a history.
        let is_new = world.time.is_none() && tape.once_in(8);
        let state = if is_new { None } else { world.states.get(&found).cloned() };
        let campaign = &self.stage.campaign;
        let view = CampaignView {
            id: campaign.id.clone(),
            revision: 1,
            currency: campaign.settings.currency,
            opens: campaign.settings.opens,
            closes: campaign.settings.closes,
            phase: match tape.below(32) {
                0 | 1 => Phase::Closing,
                2 => Phase::Between,
                _ => Phase::Open,
            },
            params,
        };
        let about = subscription.about.as_ref().and_then(|pointer| about(&data, pointer.as_str()));
        let input = Input {
            subscription: subscription.name.clone(),
            event: Arc::new(event),
            occurred: self.stage.zone.moment(occurred),
            owner: found,
            parties,
            campaign: view,
            now: self.stage.zone.moment(now),
            seed: tape.below(u64::MAX),
            state,
        };
        Some(Situation { input: Arc::new(input), about })
    }

    fn occurred(&self, world: &World, tape: &mut Tape) -> Instant {
        let opens = self.stage.campaign.settings.opens;
        let second = i64::try_from(tape.below(24 * 60 * 60)).unwrap_or_default() * 1_000;
        let day = || i64::try_from(tape.below(800)).unwrap_or_default() * DAY_MS;
        let after = world.time.unwrap_or_else(day);
        opens.plus_millis(after + second).unwrap_or(opens)
    }

    /// Data that fits the schema of the kind.
    fn data(&self, kind: Option<&Kind>, tape: &mut Tape) -> Option<Value> {
        let any = json!({"type": "object"});
        let root = kind.map_or(&any, |kind| &kind.schema);
        let currency = self.stage.campaign.settings.currency.to_string();
        let maker = Maker { root, currency: &currency, hints: &self.hints, people: self.people };
        let occurred = self.stage.campaign.settings.opens;
        let fits = |data: &Value| {
            let fits = |kind: &Kind| kind.rules.problems(data).is_empty() && kind.rules.read(data, occurred).is_ok();
            data.is_object() && kind.is_none_or(fits)
        };
        (0..TRIES).map(|_| maker.make(tape)).find(fits)
    }

    fn timer_data(&self, owner: &Owner, name: &TimerName, note: &Json) -> Value {
        let whose = match owner {
            Owner::Party(_) => "customer",
            Owner::Entity(_) => "entity",
        };
        let note: Value = serde_json::from_str(note.as_str()).unwrap_or_default();
        json!({"campaign": self.stage.campaign.id.as_str(), "timer": name.as_str(), "data": note, whose: owner.id()})
    }

    fn parties(
        &self,
        kind: Option<&Kind>,
        actor: &CustomerId,
        data: &Value,
        at: Instant,
        tape: &mut Tape,
    ) -> Vec<Party> {
        let mut parties = Vec::new();
        // Whoever has no inviter has no inviter's inviter.
        let inviters = self.manifest.roles.iter().filter(|role| matches!(role.source, RoleSource::Inviter(_))).count();
        let reach = if inviters == 0 { 0 } else { 3 - tape.below(4) };
        for role in &self.manifest.roles {
            let named = |pointer: &str| CustomerId::new(data.pointer(pointer)?.as_str()?).ok();
            let customers = match &role.source {
                RoleSource::Actor => vec![actor.clone()],
                RoleSource::Inviter(distance) if u64::from(*distance) > reach => Vec::new(),
                RoleSource::Inviter(distance) => {
                    let inviter = format!("inviter-{distance}-{}", tape.below(self.people));
                    CustomerId::new(inviter).into_iter().collect()
                }
                RoleSource::CustomerAt(pointer) => {
                    let marked = kind.is_none_or(|kind| kind.rules.names_customer(pointer.as_str()));
                    marked.then(|| named(pointer.as_str())).flatten().into_iter().collect()
                }
                RoleSource::Members => {
                    let member = |index| CustomerId::new(format!("member-{index}")).ok();
                    (0..tape.below(MEMBERS_MADE as u64)).filter_map(member).collect()
                }
                RoleSource::MembersAt(pointer) => {
                    let marked = kind.is_none_or(|kind| kind.rules.names_members(pointer.as_str()));
                    let count = data.pointer(pointer.as_str()).and_then(Value::as_array).map_or(0, Vec::len);
                    let count = if marked { count.min(MEMBERS_MADE) } else { 0 };
                    (0..count).filter_map(|index| named(&format!("{}/{index}", pointer.as_str()))).collect()
                }
            };
            parties.extend(customers.into_iter().map(|customer| self.party(role, customer, at, tape)));
        }
        parties
    }

    fn party(&self, role: &Role, customer: CustomerId, at: Instant, tape: &mut Tape) -> Party {
        let mut attributes = Map::new();
        for name in &role.attributes {
            if let Some(value) = self.attribute(name.as_str(), at, tape) {
                attributes.insert(name.to_string(), value);
            }
        }
        let mut tags = Vec::new();
        if role.tags {
            let known = self.hints.iter().filter_map(|hint| hint.parse().ok()).collect::<Vec<_>>();
            tags.extend((0..tape.below(3)).filter_map(|_| tape.pick(&known).cloned()));
            tags.sort();
            tags.dedup();
        }
        let most = [1, 1_000, BALANCE_SHOWN];
        let balance = |pattern: &UnitPattern, tape: &mut Tape| {
            let bound = tape.pick(&most).copied().unwrap_or(1);
            let unit = match pattern {
                UnitPattern::Unit(unit) => Some(unit.clone()),
                UnitPattern::Class(class) => Unit::new(&format!("{class}:one")).ok(),
            };
            unit.map(|unit| (unit, i64::try_from(tape.below(bound)).unwrap_or_default()))
        };
        let balances = role.balances.iter().filter_map(|pattern| balance(pattern, tape)).collect();
        let attributes = Json::from_checked(Value::Object(attributes).to_string());
        let standing = |tape: &mut Tape| {
            let word = |tape: &mut Tape| tape.pick(&self.hints).map_or("gold", String::as_str).to_owned();
            let (programme, tier) = (word(tape).parse().ok()?, word(tape).parse().ok()?);
            Some((programme, Standing { tier, since: at, until: None }))
        };
        let standings =
            if role.standings { (0..tape.below(2)).filter_map(|_| standing(tape)).collect() } else { Vec::new() };
        Party { role: role.name.clone(), customer, attributes, tags, balances, standings, grants: Vec::new() }
    }

    /// A value that the attribute may have. Operators set attributes too, so any type is possible.
    fn attribute(&self, name: &str, at: Instant, tape: &mut Tape) -> Option<Value> {
        let days = |tape: &mut Tape| i64::try_from(tape.below(60)).unwrap_or_default() * DAY_MS;
        match tape.below(6) {
            0 => None,
            1..=3 if name.ends_with("_at") || name.ends_with("_since") => Some((at.as_millis() - days(tape)).into()),
            1 | 2 => Some(tape.once_in(2).into()),
            3 | 4 => Some(tape.below(10_000_000).into()),
            _ => Some(tape.pick(&self.hints).map_or("word", String::as_str).into()),
        }
    }

    fn owner(&self, of: &Subscription, kind: Option<&Kind>, parties: &[Party], data: &Value) -> Option<Owner> {
        match &of.owner {
            OwnerOf::Party(role) => {
                parties.iter().find(|party| party.role == *role).map(|party| Owner::Party(party.customer.clone()))
            }
            OwnerOf::Entity(pointer) => {
                let marked = kind.is_none_or(|kind| kind.rules.names_entity(pointer.as_str()));
                let text = data.pointer(pointer.as_str()).filter(|_| marked)?.as_str()?;
                text.parse().ok().map(Owner::Entity)
            }
            OwnerOf::Group(kind) => format!("{kind}-1").parse().ok().map(Owner::Entity),
        }
    }
}

fn about(data: &Value, pointer: &str) -> Option<AboutId> {
    match data.pointer(pointer)? {
        Value::String(text) => AboutId::new(text).ok(),
        Value::Number(number) => AboutId::new(number.to_string()).ok(),
        _ => None,
    }
}

/// The texts in a document, names of fields excepted.
fn collect_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect_texts(field, found)),
        _ => {}
    }
}

/// An input as it is shown to people.
pub(super) fn shown(input: &Input) -> Value {
    let json = |json: &Json| serde_json::from_str::<Value>(json.as_str()).unwrap_or_default();
    json!({
        "subscription": input.subscription.as_str(),
        "event": EventView::of(&input.event, None),
        "owner": OwnerView::from(&input.owner),
        "parties": input.parties.iter().map(PartyView::from).collect::<Vec<_>>(),
        "phase": input.campaign.phase.as_str(),
        "params": json(&input.campaign.params),
        "now": instant_text(input.now.at),
        "seed": input.seed,
        "state": input.state.as_ref().map(json),
    })
}
