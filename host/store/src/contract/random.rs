//! Random batches, some of which contradict what is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use largesse_documents::samples;
use largesse_domain::budget::Usage;
use largesse_domain::delivery::DeliveryId;
use largesse_domain::event::{Admission, Event};
use largesse_domain::facts::{About, Rows, State, Wanted};
use largesse_domain::grant::Grant;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventSeq};
use largesse_domain::ledger::{Account, Position};
use largesse_domain::outcome::Decision;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Strategy, any};
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::fixtures::{at, campaign, deferred, grant, id, kind, params, policy, quantity, universe};
use super::outbox::change;
use crate::{Batch, OutboxChange, Store};

/// Some of the universe's keys, each with a value.
fn some<K, V>(keys: Vec<K>, value: impl Strategy<Value = V>) -> impl Strategy<Value = Vec<(K, V)>>
where
    K: Clone + std::fmt::Debug + 'static,
    V: std::fmt::Debug,
{
    let most = keys.len().min(4);
    (subsequence(keys, 0..=most), vec(value, most)).prop_map(|(keys, values)| keys.into_iter().zip(values).collect())
}

/// Random rows under keys of the universe.
pub fn rows() -> impl Strategy<Value = Rows> {
    let Wanted {
        customers,
        states,
        grants,
        abouts,
        claims,
        usage,
        bindings,
        messages,
        timers,
        positions,
        stocks,
        contacts,
        ..
    } = universe();
    let state = (any::<u32>(), samples::json()).prop_map(|(written_as, value)| State { written_as, value });
    let customer = || samples::name::<CustomerId>("u");
    let slots: Vec<_> = grants.iter().cloned().collect();
    let about = (any::<bool>(), subsequence(vec!["k0", "k1", "k2"], 0..=3), customer());
    let count = (0..1_000_u64, 0..9_u64).prop_map(|(amount, count)| Usage { amount: quantity(amount), count });
    let issue = (1..4_u32, 0..=100_u64, any::<bool>(), 1..9_u64);
    let first = (
        some(customers.into_iter().collect(), samples::customer()),
        some(states.into_iter().collect(), of(state)),
        some(slots, issue),
        some(abouts.into_iter().collect(), about),
    );
    let second = (
        some(claims.into_iter().collect(), of(customer())),
        some(usage.into_iter().collect(), count),
        some(bindings.into_iter().collect(), of(customer())),
        some(messages.into_iter().collect(), any::<bool>()),
        some(timers.into_iter().collect(), of(samples::timer())),
    );
    let balances = (0..9_i64, 0..9_i64).prop_map(|(wallet, debt)| {
        let mut position = Position::default();
        position.0[Account::Wallet as usize] = wallet;
        position.0[Account::Debt as usize] = -debt;
        position.0[Account::Budget as usize] = debt - wallet;
        position
    });
    let third = (
        some(positions.into_iter().collect(), balances),
        some(stocks.into_iter().collect(), (0..9_u64).prop_map(quantity)),
        some(contacts.into_iter().collect(), vec(samples::instant(), 0..4)),
    );
    (first, second, third).prop_map(|(first, second, (positions, stocks, contacts))| {
        let ((customers, states, grants, abouts), (claims, usage, bindings, messages, timers)) = (first, second);
        let grants = grants.into_iter().map(|(slot, (issue, reversed, key_freed, decision))| {
            let plain = grant("u0", "k0", issue, decision);
            let grant = Grant { slot: slot.clone(), reversed: quantity(reversed), key_freed, ..plain };
            (slot, Some(Arc::new(grant)))
        });
        let abouts = abouts.into_iter().map(|(key, (cancelled, keys, to))| {
            let slot = |name: &str| largesse_domain::key::GrantSlot {
                campaign: key.campaign.clone(),
                to: to.clone(),
                key: id(name),
            };
            let grants = keys.into_iter().map(slot).collect();
            (key, About { cancelled, grants })
        });
        let (grants, abouts) = (grants.collect(), abouts.collect());
        let rows = Rows { customers, states, grants, abouts, claims, usage, bindings, ..Rows::default() };
        Rows { messages, timers, positions, stocks, contacts, ..rows }
    })
}

/// Random rows, the same for the same number.
pub fn rows_of(number: u8) -> Rows {
    let mut runner = TestRunner::deterministic();
    let mut rows_of = |_| rows().new_tree(&mut runner).unwrap().current();
    (0..=number).map(&mut rows_of).last().unwrap()
}

/// What one batch is made of, before it has its place among others.
#[derive(Clone, Debug)]
pub struct Ingredients {
    events: Vec<Event>,
    /// A decision, how far back its event lies, and which campaign and revision made it.
    decisions: Vec<(Decision, u64, CampaignId, u32)>,
    rows: Rows,
    /// Campaign, how far back the event lies, when due.
    deferred: Vec<(CampaignId, u64, i64)>,
    undeferred: Vec<(CampaignId, u64)>,
    campaigns: Vec<(CampaignId, u64)>,
    kinds: Vec<(&'static str, &'static str)>,
    policies: Vec<u8>,
    outbox: Vec<OutboxChange>,
}

/// The ingredients of a batch.
pub fn ingredients() -> impl Strategy<Value = Ingredients> {
    let name = || samples::name::<CampaignId>("c");
    // One revision in a while is unknown, and so are events that lie too far back.
    let decision = (samples::decision(), 0..3_u64, name(), select(vec![1, 1, 2, 2, 2, 3]));
    let kinds = subsequence(vec![("kind0", "{}"), ("kind1", "true"), ("kind0", "false")], 0..=2);
    (
        (vec(samples::event(), 0..3), vec(decision, 0..3), rows()),
        (vec((name(), 0..3_u64, 0..5_i64), 0..2), vec((name(), 0..3_u64), 0..2)),
        (vec((name(), 0..9_u64), 0..2), kinds, vec(0..4_u8, 0..2), vec(change(), 0..6)),
    )
        .prop_map(|((events, decisions, rows), (deferred, undeferred), (campaigns, kinds, policies, outbox))| {
            Ingredients { events, decisions, rows, deferred, undeferred, campaigns, kinds, policies, outbox }
        })
}

/// Gives batches their place, and commits each to several stores.
#[derive(Debug, Default)]
pub struct Driver {
    events: BTreeMap<EventSeq, (Admission, Arc<Event>)>,
    last_event: u64,
    last_decision: u64,
    last_delivery: u64,
}

impl Driver {
    /// The first batch: all campaigns, so that most decisions are by known revisions.
    pub fn first() -> Batch {
        let campaigns = (0..5).map(|number| campaign(&format!("c{number}")).into());
        Batch { campaigns: campaigns.collect(), ..Batch::default() }
    }

    /// Makes the batch and commits it to every store; all must take it or all refuse it. Answers whether they took it.
    pub fn commit(&mut self, ingredients: Ingredients, stores: &[&dyn Store]) -> bool {
        let batch = self.batch(ingredients);
        let taken: Vec<_> = stores.iter().map(|store| store.commit(&batch)).collect();
        let all = taken.iter().all(Result::is_ok);
        assert!(all || taken.iter().all(Result::is_err), "they disagree: {taken:?}");
        if all {
            self.last_event += u64::try_from(batch.events.len()).unwrap();
            self.last_decision += u64::try_from(batch.decisions.len()).unwrap();
            self.last_delivery += posted(&batch.outbox);
            self.events.extend(batch.events.into_iter().map(|(admission, event)| (admission.seq, (admission, event))));
        }
        all
    }

    fn batch(&self, ingredients: Ingredients) -> Batch {
        let events: Vec<_> = ingredients
            .events
            .into_iter()
            .zip(self.last_event + 1..)
            .map(|(event, seq)| (Admission { seq: EventSeq(seq), at: at(1_000) }, Arc::new(event)))
            .collect();
        let last = events.last().map_or(self.last_event, |(admission, _)| admission.seq.0);
        let back = |far: u64| EventSeq(last.saturating_sub(far));
        let event = |seq: EventSeq| {
            let new = events.iter().find(|(admission, _)| admission.seq == seq);
            new.or_else(|| self.events.get(&seq)).map(|(_, event)| event.clone())
        };
        let mut decisions = Vec::new();
        for ((mut decision, far, campaign, revision), number) in ingredients.decisions.into_iter().zip(1..) {
            decision.id = DecisionId(self.last_decision + number);
            decision.event = back(far);
            let input = Arc::make_mut(&mut decision.input);
            if let Some(event) = event(decision.event) {
                input.occurred.at = event.occurred;
                input.event = event;
            }
            let view = &mut input.campaign;
            (view.id, view.revision) = (campaign.clone(), revision);
            view.params = params(campaign.as_str(), revision);
            decision.campaign = campaign;
            decisions.push(decision.into());
        }
        let deferred_key = |(campaign, far): (CampaignId, u64)| deferred(campaign.as_str(), back(far).0, 0).key;
        let changed = |(name, version): (CampaignId, u64)| {
            Arc::new(largesse_domain::campaign::Campaign { version, ..campaign(name.as_str()) })
        };
        Batch {
            decisions,
            rows: ingredients.rows,
            deferred: ingredients
                .deferred
                .into_iter()
                .map(|(campaign, far, due)| crate::Deferred {
                    behind: (due % 2 == 1).then(|| id("u1")),
                    ..deferred(campaign.as_str(), back(far).0, due)
                })
                .collect(),
            undeferred: ingredients.undeferred.into_iter().map(deferred_key).collect(),
            campaigns: ingredients.campaigns.into_iter().map(changed).collect(),
            policies: ingredients
                .policies
                .into_iter()
                .map(|byte| policy(if byte < 2 { "gift" } else { "rebate" }, &format!("1.0.{byte}"), byte))
                .collect(),
            kinds: ingredients.kinds.into_iter().map(|(name, schema)| kind(name, schema)).collect(),
            outbox: self.outbox(ingredients.outbox),
            events,
            ..Batch::default()
        }
    }

    /// Gives what is posted its place.
    fn outbox(&self, changes: Vec<OutboxChange>) -> Vec<OutboxChange> {
        let mut places = self.last_delivery + 1..;
        let placed = |change| match change {
            OutboxChange::Post(delivery) => {
                let mut delivery = Arc::unwrap_or_clone(delivery);
                delivery.id = DeliveryId(places.next().unwrap());
                OutboxChange::Post(delivery.into())
            }
            other => other,
        };
        changes.into_iter().map(placed).collect()
    }
}

fn posted(changes: &[OutboxChange]) -> u64 {
    changes.iter().map(|change| u64::from(matches!(change, OutboxChange::Post(_)))).sum()
}
