//! Runs: where numbers have gaps, and nowhere else.

use largesse_domain::event::Admission;
use largesse_domain::facts::Rows;
use largesse_domain::id::{DecisionId, EventSeq};
use largesse_domain::ledger::{Account, Cause, Transfer};
use largesse_domain::run::{Began, Numbered, Numbers, Run};

use super::fixtures::{at, decision, event, first_day, id, quantity, removal};
use crate::{Anchor, Batch, Break, DecisionFilter, Store, Verified, Wrong};

/// A run that begins each number so far beyond the last one used.
pub fn next_run(store: &dyn Store, gap: u64) -> Run {
    let (before, last) = (store.last_run().unwrap(), store.counters().unwrap().last());
    let mut run = Run::next(before.as_ref(), &last, Began { opened: at(3_000), version: "1.2.3" }, None);
    run.first = Numbers::each(|kind| run.first.of(kind) + gap);
    run
}

/// Commits events and decisions on them, and a transfer, as the first batch of a run or a later one. `numbers` are those of the fixtures.
pub fn commit_in_run(store: &dyn Store, run: Option<Run>, numbers: std::ops::RangeInclusive<u64>) {
    let next = store.counters().unwrap().last();
    let first = run.as_ref().map_or(Numbers::each(|kind| next.of(kind) + 1), |run| run.first);
    let placed = |(place, number)| {
        let (admission, event) = event(number);
        (Admission { seq: EventSeq(place), ..admission }, event)
    };
    let events: Vec<_> = (first.event..).zip(numbers).map(placed).collect();
    let decisions = (first.decision..).zip(&events).map(|(id, event)| decision(id, event).into()).collect();
    let arrived = Transfer {
        at: at(5),
        cause: Cause::Clock,
        lot: None,
        unit: id("item:phone"),
        quantity: quantity(5),
        debit: Account::Supply,
        credit: Account::Stock,
    };
    let rows = Rows { transfers: vec![arrived], ..Rows::default() };
    store.commit(&Batch { run, events, decisions, rows, ..Batch::default() }).unwrap();
}

/// The first numbers of a run are far beyond the last ones; all that is listed by number goes on across the gap.
pub fn numbers_go_on_where_a_run_begins(store: &dyn Store) {
    store.commit(&first_day()).unwrap();
    assert_eq!((store.runs(0, 9).unwrap(), store.last_run().unwrap()), (Vec::new(), None));
    let first = next_run(store, 1 << 40);
    commit_in_run(store, Some(first.clone()), 10..=12);
    commit_in_run(store, None, 20..=20);
    let second = next_run(store, 1 << 41);
    commit_in_run(store, Some(second.clone()), 30..=31);
    assert_eq!(store.runs(0, 9).unwrap(), [first.clone(), second.clone()]);
    assert_eq!((store.runs(1, 9).unwrap(), store.runs(0, 1).unwrap()), (vec![second.clone()], vec![first.clone()]));
    assert_eq!(store.last_run().unwrap(), Some(second.clone()));

    let counters = store.counters().unwrap();
    assert_eq!((counters.last_event.0, counters.last_decision.0), (second.first.event + 1, second.first.decision + 1));
    assert_eq!(counters.last_transfer, second.first.transfer);
    let assigned = |kind| store.assigned(kind).unwrap();
    assert_eq!(assigned(Numbered::Event).count(0, u64::MAX), 10);
    assert_eq!(assigned(Numbered::Decision).count(4, first.first.decision), 1);
    let transfers: Vec<u64> = store.transfers(0, 99).unwrap().into_iter().map(|(number, _)| number).collect();
    let before = transfers.len() - 3;
    assert_eq!(transfers[before..], [first.first.transfer, first.first.transfer + 1, second.first.transfer]);
    let ids: Vec<u64> =
        store.decisions(&DecisionFilter::default(), DecisionId(3), 9).unwrap().iter().map(|found| found.id.0).collect();
    let (one, other) = (first.first.decision, second.first.decision);
    assert_eq!(ids, [4, one, one + 1, one + 2, one + 3, other, other + 1]);
    let head = store.chain_head().unwrap();
    assert_eq!(head.decision.0, other + 1);
    assert_eq!(store.verify_chain(Some(head), &|_| {}).unwrap(), Ok(Verified { checked: 10, head }));
    // A decision that was noted, and that another run has taken the place of.
    let noted = Anchor { decision: DecisionId(one + 4), ..head };
    let cut = Break { decision: noted.decision, what: Wrong::Cut(DecisionId(one + 3)) };
    assert_eq!(store.verify_chain(Some(noted), &|_| {}).unwrap(), Err(cut));
}

/// A run that assigned no number of a kind leaves nothing; one that is not the next is refused.
pub fn a_run_follows_the_one_before(store: &dyn Store) {
    store.commit(&first_day()).unwrap();
    let run = next_run(store, 100);
    let elsewhere = Run { number: 2, ..run.clone() };
    assert!(store.commit(&Batch { run: Some(elsewhere), ..Batch::default() }).is_err());
    store.commit(&Batch { run: Some(run.clone()), ..Batch::default() }).unwrap();
    assert!(store.commit(&Batch { run: Some(run.clone()), ..Batch::default() }).is_err(), "it has begun");
    let follows = |id| Batch { decisions: vec![decision(id, &event(1)).into()], ..Batch::default() };
    assert!(store.commit(&follows(5)).is_err(), "in the gap");
    assert!(store.commit(&follows(run.first.decision + 1)).is_err(), "beyond the first");
    let second = next_run(store, 100);
    assert_eq!((second.number, second.first.decision), (2, run.first.decision + 100));
    store.commit(&Batch { run: Some(second.clone()), ..Batch::default() }).unwrap();
    store.commit(&follows(second.first.decision)).unwrap();
    let head = store.chain_head().unwrap();
    assert_eq!(store.verify_chain(None, &|_| {}).unwrap(), Ok(Verified { checked: 5, head }));
}

/// Records are removed across the gap of a run, and the chain is checked through them.
pub fn records_are_removed_across_the_gap_of_a_run(store: &dyn Store) {
    store.commit(&first_day()).unwrap();
    commit_in_run(store, Some(next_run(store, 1 << 43)), 10..=12);
    let head = store.chain_head().unwrap();
    let last = store.counters().unwrap();
    let behind = |event, limit| store.data_after(EventSeq(event), limit).unwrap().map(|event| event.0);
    let first = last.last_event.0 - 2;
    assert_eq!((behind(0, 3), behind(0, 5), behind(0, 99)), (Some(3), Some(first), Some(first + 2)));
    assert_eq!((behind(4, 1), behind(first + 2, 9)), (Some(first), None));
    for (decision, event) in [(3, 3), (head.decision.0 - 1, first), (head.decision.0, first + 2)] {
        store.commit(&Batch { removal: Some(removal(decision, event)), ..Batch::default() }).unwrap();
        assert_eq!(store.verify_chain(Some(head), &|_| {}).unwrap(), Ok(Verified { checked: 7, head }));
        let any = DecisionFilter::default();
        let removed = store.removed_count(&any, DecisionId(0), head.decision).unwrap();
        assert_eq!(removed, store.assigned(Numbered::Decision).unwrap().count(0, decision));
    }
}
