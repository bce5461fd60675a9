//! What every store must do: one suite, run against each of them.
//!
//! ```ignore
//! mod memory {
//!     largesse_store::contract!(|| (MemoryStore::new(), ()));
//! }
//! ```
#![expect(clippy::unwrap_used, reason = "a test suite")]

pub mod fixtures;
pub mod random;

mod chain;
mod ledger;
mod lists;
mod outbox;
mod records;
mod rows;
mod runs;
mod timers;
mod versions;

pub use chain::*;
pub use ledger::*;
pub use lists::*;
pub use outbox::*;
pub use records::*;
pub use rows::*;
pub use runs::*;
pub use timers::*;
pub use versions::*;

use crate::{Batch, Store};
use fixtures::{answers, campaign, decision, event, first_day, universe};

/// A test for each part of the contract. Takes a closure that opens an empty store and returns it with whatever must
/// outlive it.
#[macro_export]
macro_rules! contract {
    ($open:expr) => {
        $crate::contract!(@each $open;
            an_empty_store_knows_nothing
            events_are_seen_by_their_key
            a_batch_that_contradicts_leaves_nothing
            rows_come_and_go
            a_written_row_replaces_the_old_one
            every_issue_of_a_grant_is_kept
            a_wallet_holds_what_is_open_in_order_of_time
            the_journal_is_numbered_without_gaps
            redemptions_are_listed_by_id
            the_ledger_is_kept_and_audited
            what_operators_say_is_replaced
            message_rules_are_replaced
            decisions_are_kept_whole
            decisions_are_listed_page_by_page
            every_decision_has_its_link
            a_chain_passes_through_the_links_that_were_noted
            old_records_are_removed_and_their_remains_stay
            the_data_of_an_event_stays_while_it_is_needed
            a_chain_is_checked_through_what_was_removed
            numbers_go_on_where_a_run_begins
            a_run_follows_the_one_before
            records_are_removed_across_the_gap_of_a_run
            deferred_decisions_are_due_in_order_of_events
            queued_decisions_come_in_order_of_events
            timers_are_due_in_order
            an_owners_timers_are_named
            campaigns_are_replaced_and_listed_by_id
            policies_are_listed_in_order_of_publication
            kinds_are_replaced_and_listed_by_name
            budgets_are_told_from_limits
            inviters_are_listed_by_campaign
            verdicts_are_counted
            destinations_are_replaced_and_listed_by_id
            deliveries_are_kept_whole
            one_delivery_of_each_customer_is_due
            what_is_sent_again_comes_first
            what_is_given_up_can_only_turn_out_well
            deliveries_are_listed_page_by_page
            places_and_settlements_are_given_once
            versions_at_work_are_kept
            rollouts_are_counted
            stuck_states_are_listed
            stops_and_migrations_are_kept
        );
    };
    (@each $open:expr; $($name:ident)*) => {$(
        #[test]
        fn $name() {
            let (store, _guard) = ($open)();
            $crate::contract::$name(&store);
        }
    )*};
}

/// Nothing is there before anything was written.
pub fn an_empty_store_knows_nothing(store: &dyn Store) {
    let counters = store.counters().unwrap();
    assert_eq!((counters.last_event.0, counters.last_decision.0, counters.last_delivery.0), (0, 0, 0));
    assert_eq!(counters.last_admitted, None);
    let rows = store.load(&universe()).unwrap();
    assert!(rows.customers.iter().all(|(_, customer)| *customer == Default::default()));
    assert!(rows.states.iter().all(|(_, state)| state.is_none()));
    assert!(rows.usage.iter().all(|(_, usage)| *usage == Default::default()));
    assert!(rows.messages.iter().all(|(_, sent)| !sent));
    assert_eq!(rows.customers.len(), universe().customers.len(), "one answer for each key");
    assert_eq!(store.due_timers(&fixtures::campaigns(), fixtures::at(9), 9).unwrap(), []);
    assert!(store.campaigns().unwrap().is_empty());
    assert!(store.policies().unwrap().is_empty());
    assert!(store.kinds().unwrap().is_empty());
}

/// An event is known by source and id together.
pub fn events_are_seen_by_their_key(store: &dyn Store) {
    let events: Vec<_> = (1..=3).map(event).collect();
    let batch = Batch { events: events.clone(), ..Batch::default() };
    store.commit(&batch).unwrap();
    let mut unknown = events[0].1.key.clone();
    unknown.source = "elsewhere".parse().unwrap();
    let keys = [events[2].1.key.clone(), unknown, events[0].1.key.clone()];
    let hash = |index: usize| events[index].1.body_hash;
    let expected = vec![Some((events[2].0.seq, hash(2))), None, Some((events[0].0.seq, hash(0)))];
    assert_eq!(store.seen(&keys).unwrap(), expected);
    let seqs = [events[1].0.seq, largesse_domain::id::EventSeq(9)];
    let (admission, event) = &events[1];
    assert_eq!(store.events(&seqs).unwrap(), vec![Some((*admission, (**event).clone())), None]);
    let counters = store.counters().unwrap();
    assert_eq!((counters.last_event.0, counters.last_admitted), (3, Some(events[2].0.at)));
}

/// Whatever a refused batch holds, nothing of it is stored, and the store goes on.
pub fn a_batch_that_contradicts_leaves_nothing(store: &dyn Store) {
    store.commit(&first_day()).unwrap();
    let before = answers(store, &universe());
    let more = |batch: &mut Batch| {
        batch.rows = random::rows_of(7);
        batch.kinds.push(fixtures::kind("new", "{}"));
    };
    let new_event = event(9);
    let (mut same_key, mut same_seq) = (event(8), event(8));
    same_key.1 = event(1).1;
    same_seq.0.seq.0 = 1;
    let unknown_revision = {
        let mut decision = decision(5, &event(1));
        std::sync::Arc::make_mut(&mut decision.input).campaign.revision = 9;
        decision
    };
    let contradictions = [
        Batch { events: vec![new_event.clone(), same_key], ..Batch::default() },
        Batch { events: vec![new_event.clone(), same_seq], ..Batch::default() },
        Batch { events: vec![new_event.clone(), event(9)], ..Batch::default() },
        Batch { decisions: vec![decision(5, &event(1)).into(), decision(1, &event(1)).into()], ..Batch::default() },
        Batch { decisions: vec![decision(6, &event(1)).into()], ..Batch::default() },
        Batch { decisions: vec![decision(5, &event(7)).into()], ..Batch::default() },
        Batch { decisions: vec![unknown_revision.into()], ..Batch::default() },
        Batch { deferred: vec![fixtures::deferred("spring", 77, 0)], ..Batch::default() },
        Batch { removal: Some(fixtures::removal(5, 5)), ..Batch::default() },
    ];
    for (index, mut batch) in contradictions.into_iter().enumerate() {
        more(&mut batch);
        assert!(store.commit(&batch).is_err(), "contradiction {index} was taken");
        assert_eq!(answers(store, &universe()), before, "contradiction {index} left something");
    }
    let mut batch = Batch { events: vec![new_event], campaigns: vec![campaign("spring").into()], ..Batch::default() };
    more(&mut batch);
    store.commit(&batch).unwrap();
    assert_ne!(answers(store, &universe()), before);
}
