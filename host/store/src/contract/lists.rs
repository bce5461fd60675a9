//! Lists, their order and their pages.

use std::sync::Arc;

use largesse_domain::dimension::Dimension;
use largesse_domain::facts::Rows;
use largesse_domain::id::{CustomerId, DecisionId, EventSeq};
use largesse_domain::key::{BindingKey, UsageKey, UsedBy};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::outcome::{Decision, Verdict};
use largesse_domain::policy::Policy;
use largesse_domain::time::{Window, WindowIndex};

use super::fixtures::{at, campaign, decision, deferred, event, id, kind, params, policy, used};
use crate::{Batch, DecisionFilter, Store};

/// Four events with two decisions each, by two campaigns in turn: decision 2n-1 by `spring`, 2n by `autumn`.
fn two_campaigns(store: &dyn Store) -> Vec<Decision> {
    let events: Vec<_> = (1..=4).map(event).collect();
    let mut decisions = Vec::new();
    for event in &events {
        let spring = decision(event.0.seq.0 * 2 - 1, event);
        let mut autumn = decision(event.0.seq.0 * 2, event);
        autumn.campaign = id("autumn");
        let view = &mut Arc::make_mut(&mut autumn.input).campaign;
        (view.id, view.revision, view.params) = (id("autumn"), 2, params("autumn", 2));
        decisions.extend([spring, autumn]);
    }
    let batch = Batch {
        events,
        decisions: decisions.iter().cloned().map(Into::into).collect(),
        campaigns: vec![campaign("spring").into(), campaign("autumn").into()],
        ..Batch::default()
    };
    store.commit(&batch).unwrap();
    decisions
}

/// What is read is what was written, parameters and event included.
pub fn decisions_are_kept_whole(store: &dyn Store) {
    let decisions = two_campaigns(store);
    for decision in &decisions {
        assert_eq!(store.decision(decision.id).unwrap().as_ref(), Some(decision));
    }
    assert_eq!(store.decision(DecisionId(9)).unwrap(), None);
    assert_eq!(store.decisions_on(EventSeq(2)).unwrap(), decisions[2..4]);
    assert_eq!(store.decisions_on(EventSeq(5)).unwrap(), []);
    assert_eq!(store.counters().unwrap().last_decision, DecisionId(8));
}

/// Pages follow one another without gaps, whatever is filtered.
pub fn decisions_are_listed_page_by_page(store: &dyn Store) {
    two_campaigns(store);
    let list = |campaign: Option<&str>, actor: Option<&str>, after, limit| {
        let filter =
            DecisionFilter { campaign: campaign.map(id), actors: actor.map(id::<CustomerId>).into_iter().collect() };
        let page = store.decisions(&filter, DecisionId(after), limit).unwrap();
        page.into_iter().map(|decision| decision.id.0).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 0, 3), [1, 2, 3]);
    assert_eq!(list(None, None, 3, 99), [4, 5, 6, 7, 8]);
    assert_eq!(list(Some("autumn"), None, 0, 2), [2, 4]);
    assert_eq!(list(Some("autumn"), None, 4, 2), [6, 8]);
    assert_eq!(list(None, Some("u1"), 0, 3), [1, 2, 5]);
    assert_eq!(list(None, Some("u1"), 5, 3), [6]);
    assert_eq!(list(Some("spring"), Some("u2"), 0, 9), [3, 7]);
    assert_eq!(list(Some("winter"), None, 0, 9), [0; 0]);
    assert_eq!(list(None, Some("u3"), 0, 9), [0; 0]);
    assert_eq!(list(None, None, 0, 0), [0; 0]);
}

/// What is due comes in the order of admission, across the campaigns asked for.
pub fn deferred_decisions_are_due_in_order_of_events(store: &dyn Store) {
    let events = (1..=4).map(event).collect();
    let put_off =
        [deferred("spring", 3, 10), deferred("autumn", 2, 20), deferred("spring", 1, 30), deferred("winter", 4, 0)];
    store.commit(&Batch { events, deferred: put_off.to_vec(), ..Batch::default() }).unwrap();
    let campaigns = [id("spring"), id("autumn")];
    assert_eq!(store.due(&campaigns, at(9), 9).unwrap(), []);
    assert_eq!(store.due(&campaigns, at(20), 9).unwrap(), [put_off[1].clone(), put_off[0].clone()]);
    assert_eq!(store.due(&campaigns, at(30), 2).unwrap(), [put_off[2].clone(), put_off[1].clone()]);
    assert_eq!(store.due(&[], at(30), 9).unwrap(), []);
    assert_eq!(store.deferred_count(&id("spring")).unwrap(), 2);
    let other = deferred("autumn", 3, 40);
    store.commit(&Batch { deferred: vec![other.clone()], ..Batch::default() }).unwrap();
    assert_eq!(store.deferred_on(EventSeq(3)).unwrap(), [other.clone(), put_off[0].clone()]);
    assert_eq!(store.deferred_on(EventSeq(5)).unwrap(), []);
    store.commit(&Batch { undeferred: vec![other.key], ..Batch::default() }).unwrap();
    assert_eq!(store.deferred_on(EventSeq(3)).unwrap(), [put_off[0].clone()]);

    let again = crate::Deferred { attempts: 2, due: at(50), ..put_off[0].clone() };
    let undeferred = vec![put_off[1].key.clone(), put_off[2].key.clone()];
    store.commit(&Batch { deferred: vec![again.clone()], undeferred, ..Batch::default() }).unwrap();
    assert_eq!(store.due(&campaigns, at(50), 9).unwrap(), [again]);
    assert_eq!(store.deferred_count(&id("spring")).unwrap(), 1);
    assert_eq!(store.deferred_count(&id("autumn")).unwrap(), 0);
}

/// Queued decisions are listed for themselves, and counted by whom they keep waiting.
pub fn queued_decisions_come_in_order_of_events(store: &dyn Store) {
    let queued =
        |campaign, event, behind: &str| crate::Deferred { behind: Some(id(behind)), ..deferred(campaign, event, 0) };
    let put_off = [
        queued("spring", 3, "ann"),
        deferred("spring", 1, 0),
        queued("autumn", 2, "ann"),
        queued("spring", 1, "bob"),
        queued("spring", 4, "ann"),
    ];
    let by_bob = crate::Deferred {
        key: crate::DeferredKey { subscription: id("else"), ..put_off[3].key.clone() },
        ..put_off[3].clone()
    };
    let stored = [&put_off[..3], &[by_bob.clone(), put_off[4].clone()]].concat();
    store.commit(&Batch { events: (1..=4).map(event).collect(), deferred: stored, ..Batch::default() }).unwrap();
    let both = [id("spring"), id("autumn")];
    assert_eq!(store.queued(&both, 2).unwrap(), [by_bob.clone(), put_off[2].clone()]);
    assert_eq!(store.queued(&both[..1], 9).unwrap(), [by_bob.clone(), put_off[0].clone(), put_off[4].clone()]);
    assert_eq!(store.due(&both, at(99), 9).unwrap(), [put_off[1].clone()], "what is queued is not due");
    assert_eq!(store.deferred_count(&id("spring")).unwrap(), 4);
    let counts = |store: &dyn Store| store.queues().unwrap();
    let expected = [("autumn", "ann", 1), ("spring", "ann", 2), ("spring", "bob", 1)];
    assert_eq!(counts(store), expected.map(|(campaign, customer, count)| (id(campaign), id(customer), count)));

    // One that is put off for a retry is not queued any more; one from a pause may come to be.
    let retried = crate::Deferred { attempts: 1, behind: None, ..put_off[0].clone() };
    let moved = crate::Deferred { behind: Some(id("bob")), ..put_off[1].clone() };
    let undeferred = vec![put_off[2].key.clone()];
    let batch = Batch { deferred: vec![retried.clone(), moved.clone()], undeferred, ..Batch::default() };
    store.commit(&batch).unwrap();
    assert_eq!(store.due(&both, at(99), 9).unwrap(), [retried]);
    assert_eq!(store.queued(&both, 9).unwrap(), [by_bob, moved, put_off[4].clone()]);
    let expected = [("spring", "ann", 1), ("spring", "bob", 2)];
    assert_eq!(counts(store), expected.map(|(campaign, customer, count)| (id(campaign), id(customer), count)));
}

/// A campaign is as it was written last.
pub fn campaigns_are_replaced_and_listed_by_id(store: &dyn Store) {
    let (spring, autumn) = (campaign("spring"), campaign("autumn"));
    let batch = Batch { campaigns: vec![spring.clone().into(), autumn.clone().into()], ..Batch::default() };
    store.commit(&batch).unwrap();
    assert_eq!(store.campaigns().unwrap(), [autumn.clone(), spring.clone()]);
    let mut changed = spring;
    (changed.version, changed.lifecycle) = (2, Lifecycle::Paused);
    changed.settings.title = "Changed".into();
    let mut third = changed.revisions[1].clone();
    (third.number, third.params) = (3, params("spring", 3));
    changed.revisions.push(third);
    store.commit(&Batch { campaigns: vec![changed.clone().into()], ..Batch::default() }).unwrap();
    assert_eq!(store.campaigns().unwrap(), [autumn, changed]);
}

/// One that is published again comes last, as it was published then.
pub fn policies_are_listed_in_order_of_publication(store: &dyn Store) {
    let (rebate, gift) = (policy("rebate", "1.0.0", 1), policy("gift", "2.0.0", 2));
    let older = policy("gift", "1.9.0", 3);
    let listed = || store.policies().unwrap();
    store.commit(&Batch { policies: vec![rebate.clone(), gift.clone()], ..Batch::default() }).unwrap();
    store.commit(&Batch { policies: vec![older.clone()], ..Batch::default() }).unwrap();
    assert_eq!(listed(), [&rebate, &gift, &older].map(|policy| (**policy).clone()));
    let again = Arc::new(Policy { published_at: at(77), ..(*gift).clone() });
    store.commit(&Batch { policies: vec![again.clone(), again.clone()], ..Batch::default() }).unwrap();
    assert_eq!(listed(), [&rebate, &older, &again].map(|policy| (**policy).clone()));
}

/// A kind is as it was registered last.
pub fn kinds_are_replaced_and_listed_by_name(store: &dyn Store) {
    let batch = Batch { kinds: vec![kind("b", "{}"), kind("a", "{}")], ..Batch::default() };
    store.commit(&batch).unwrap();
    store.commit(&Batch { kinds: vec![kind("b", " true")], ..Batch::default() }).unwrap();
    assert_eq!(store.kinds().unwrap(), [kind("a", "{}"), kind("b", " true")]);
}

/// The use of budgets is listed without that of customers.
pub fn budgets_are_told_from_limits(store: &dyn Store) {
    let key = |by: UsedBy, of: &str, window, index| UsageKey { by, of: id(of), window: WindowIndex { window, index } };
    let spring = || UsedBy::Campaign(id("spring"));
    let day = |index| key(spring(), "coupon:a", Window::Day, index);
    let total = key(spring(), "coupon:a", Window::Campaign, 0);
    let class = key(spring(), "coupon", Window::Campaign, 0);
    let limit = key(UsedBy::Customer(id("spring"), id("u1")), "coupon", Window::Campaign, 0);
    let device = UsedBy::Identifier(id("spring"), Dimension::Device, id("d1"));
    let device = key(device, "coupon", Window::Campaign, 0);
    let other = UsageKey { by: UsedBy::Campaign(id("autumn")), ..total.clone() };
    // A pocket may be called as a campaign is.
    let pocket = UsageKey { by: UsedBy::Pocket(id("spring")), ..total.clone() };
    let usage = [day(20_000), day(9), total.clone(), class.clone(), limit, device, other, pocket.clone()];
    let usage = usage.map(|key| (key, used(3)));
    let rows = Rows { usage: usage.to_vec(), ..Rows::default() };
    store.commit(&Batch { rows, ..Batch::default() }).unwrap();
    let expected = [class, total, day(9), day(20_000)].map(|key| (key, used(3)));
    assert_eq!(store.budget_usage(&id("spring")).unwrap(), expected);
    assert_eq!(store.budget_usage(&id("winter")).unwrap(), []);
    assert_eq!(store.pocket_usage(&id("spring")).unwrap(), [(pocket, used(3))]);
    assert_eq!(store.pocket_usage(&id("autumn")).unwrap(), []);
}

/// Each campaign has its own inviter of a customer.
pub fn inviters_are_listed_by_campaign(store: &dyn Store) {
    let binding = |campaign: &str, invitee: &str, inviter: &str| {
        (BindingKey { campaign: id(campaign), invitee: id(invitee) }, Some(id(inviter)))
    };
    let bindings = vec![binding("spring", "u1", "u2"), binding("autumn", "u1", "u3"), binding("spring", "u2", "u4")];
    store.commit(&Batch { rows: Rows { bindings, ..Rows::default() }, ..Batch::default() }).unwrap();
    let expected = [(id("autumn"), id("u3")), (id("spring"), id("u2"))];
    assert_eq!(store.inviters_of(&id("u1")).unwrap(), expected);
    assert_eq!(store.inviters_of(&id("u3")).unwrap(), []);
}

/// Counts add up over batches.
pub fn verdicts_are_counted(store: &dyn Store) {
    two_campaigns(store);
    let more = event(5);
    let mut faulted = decision(9, &more);
    faulted.verdict = Verdict::Faulted;
    let decisions = vec![faulted.into(), decision(10, &more).into()];
    store.commit(&Batch { events: vec![more], decisions, ..Batch::default() }).unwrap();
    let counts = |campaign| store.verdict_counts(&id(campaign)).unwrap();
    assert_eq!(counts("spring"), [("faulted".to_owned(), 1), ("refused".to_owned(), 5)]);
    assert_eq!(counts("autumn"), [("refused".to_owned(), 4)]);
    assert_eq!(counts("winter"), []);
}
