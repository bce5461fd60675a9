//! Records: what is removed, what stays for those who need it, and what remains.

use largesse_domain::decision::{Fault, FaultKind, Output};
use largesse_domain::id::{DecisionId, EventSeq};
use largesse_domain::outcome::Verdict;

use super::fixtures::{at, decision, deferred, event, first_day, id, removal};
use crate::{Batch, DecisionFilter, Store, Verified};

/// The fixtures' four decisions, on an event each; another on the first event; two events on which nothing was decided. A decision
/// on the second event is put off.
fn stored(store: &dyn Store) {
    store.commit(&first_day()).unwrap();
    let mut fault = decision(5, &event(1));
    fault.evaluation.output = Output::Fault(Fault { kind: FaultKind::Fuel, detail: "all of it".into() });
    fault.verdict = Verdict::Faulted;
    fault.made_at = at(2_000);
    let batch = Batch { events: vec![event(5), event(6)], decisions: vec![fault.into()], ..Batch::default() };
    store.commit(&batch).unwrap();
}

fn remove(store: &dyn Store, decision: u64, event: u64) {
    store.commit(&Batch { removal: Some(removal(decision, event)), ..Batch::default() }).unwrap();
}

/// A removed record is not read any more, but what was answered is.
pub fn old_records_are_removed_and_their_remains_stay(store: &dyn Store) {
    stored(store);
    let any = DecisionFilter::default();
    let before = store.decisions(&any, DecisionId(0), 9).unwrap();
    let full = store.room().unwrap();
    let oldest = store.oldest_records(9).unwrap();
    assert_eq!(oldest.iter().map(|record| record.decision.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!((oldest[4].event, oldest[4].made_at), (EventSeq(1), at(2_000)));
    // Of the first event the data is counted with both records; of the last two with none.
    let data = |number: u64| event(number).1.data.len() as u64;
    let counted = oldest.iter().map(|record| record.bytes).sum::<u64>() - data(1) + data(5) + data(6);
    assert_eq!(full.bytes, counted);

    remove(store, 3, 3);
    let room = store.room().unwrap();
    assert_eq!((room.decision, room.event), (DecisionId(3), EventSeq(3)));
    let freed: u64 = oldest[..3].iter().map(|record| record.bytes).sum();
    assert_eq!(room.bytes, full.bytes - freed + data(1) + data(2), "the data of two events is needed");
    assert_eq!(store.decisions(&any, DecisionId(0), 9).unwrap(), before[3..]);
    assert_eq!(store.decision(DecisionId(3)).unwrap(), None);
    assert_eq!(store.decisions_on(EventSeq(1)).unwrap(), before[4..]);
    assert_eq!(store.oldest_records(1).unwrap(), oldest[3..4]);

    let remains = store.remains(&any, DecisionId(0), 9).unwrap();
    assert_eq!(remains.iter().map(|remains| remains.id.0).collect::<Vec<_>>(), [1, 2, 3]);
    for (remains, decision) in remains.iter().zip(&before) {
        let event = &decision.input.event;
        assert_eq!((&remains.key, &remains.kind, &remains.actor), (&event.key, &event.kind, &event.actor));
        assert_eq!(
            (remains.event, remains.occurred, remains.policy),
            (decision.event, event.occurred, decision.policy)
        );
        assert_eq!((&remains.campaign, &remains.verdict), (&decision.campaign, &decision.verdict));
        assert_eq!((&remains.refusal, remains.fault), (&Some(id("too-small")), None));
        assert_eq!((remains.made_at, remains.removed_at), (decision.made_at, at(5_000)));
    }
    assert_eq!(store.remains_on(EventSeq(2)).unwrap(), remains[1..2]);
    assert_eq!(store.remains(&any, DecisionId(1), 1).unwrap(), remains[1..2]);
    let of = |campaign: &str, actor: &str| DecisionFilter { campaign: Some(id(campaign)), actors: vec![id(actor)] };
    assert_eq!(store.remains(&of("spring", "u1"), DecisionId(0), 9).unwrap(), [remains[0].clone(), remains[2].clone()]);
    let count = |filter: &DecisionFilter, after, until| {
        store.removed_count(filter, DecisionId(after), DecisionId(until)).unwrap()
    };
    assert_eq!((count(&any, 0, 9), count(&any, 1, 2), count(&any, 3, 9)), (3, 1, 0));
    assert_eq!((count(&of("spring", "u2"), 0, 9), count(&of("autumn", "u2"), 0, 9)), (1, 0));

    // The rest goes in a step of its own.
    store
        .commit(&Batch { removal: Some(crate::Removal { at: at(6_000), ..removal(5, 6) }), ..Batch::default() })
        .unwrap();
    let fifth = store.remains(&any, DecisionId(4), 9).unwrap().pop().unwrap();
    assert_eq!((fifth.fault, &fifth.refusal, fifth.removed_at), (Some(FaultKind::Fuel), &None, at(6_000)));
    assert_eq!(store.remains_on(EventSeq(1)).unwrap(), [remains[0].clone(), fifth]);
    assert_eq!((store.room().unwrap().bytes, store.oldest_records(9).unwrap()), (data(2), Vec::new()));
    assert_eq!(store.counters().unwrap().last_decision, DecisionId(5));
    // Decisions go on, and an event that was taken is known for ever.
    let sixth = decision(6, &event(2));
    store.commit(&Batch { decisions: vec![sixth.clone().into()], ..Batch::default() }).unwrap();
    assert_eq!(store.decisions(&any, DecisionId(0), 9).unwrap(), [sixth]);
    assert!(store.seen(&[event(1).1.key.clone()]).unwrap()[0].is_some());
}

/// Data goes with the last record on its event, unless a decision on it is put off.
pub fn the_data_of_an_event_stays_while_it_is_needed(store: &dyn Store) {
    stored(store);
    let has_data = || {
        let seqs: Vec<_> = (1..=6).map(EventSeq).collect();
        let events = store.events(&seqs).unwrap();
        (1..=6).zip(events).filter_map(|(seq, event)| event.map(|_| seq)).collect::<Vec<u64>>()
    };
    remove(store, 0, 0);
    assert_eq!(has_data(), [1, 2, 3, 4, 5, 6]);
    remove(store, 3, 3);
    assert_eq!(has_data(), [1, 2, 4, 5, 6], "the first has another record, the second waits");
    remove(store, 5, 5);
    assert_eq!(has_data(), [2, 6]);
    // What was put off is decided: the data goes with that record.
    let key = deferred("spring", 2, 0).key;
    let decided = Batch {
        decisions: vec![decision(6, &event(2)).into()],
        undeferred: vec![key.clone()],
        deferred: vec![deferred("spring", 6, 100)],
        ..Batch::default()
    };
    store.commit(&decided).unwrap();
    assert_eq!(has_data(), [2, 6]);
    remove(store, 6, 6);
    assert_eq!(has_data(), [6]);
    // What was put off is given up: nothing needs the data.
    let key = crate::DeferredKey { event: EventSeq(6), ..key };
    store.commit(&Batch { undeferred: vec![key], ..Batch::default() }).unwrap();
    assert_eq!(has_data(), [0; 0]);
    assert_eq!(store.room().unwrap().bytes, 0);
}

/// Links hold on to what was removed by its hash.
pub fn a_chain_is_checked_through_what_was_removed(store: &dyn Store) {
    stored(store);
    let head = store.chain_head().unwrap();
    for until in [2, 3, 5] {
        remove(store, until, until);
        assert_eq!(store.verify_chain(Some(head), &|_| {}).unwrap(), Ok(Verified { checked: 5, head }));
    }
    store.commit(&Batch { decisions: vec![decision(6, &event(2)).into()], ..Batch::default() }).unwrap();
    let verified = store.verify_chain(Some(head), &|_| {}).unwrap().unwrap();
    assert_eq!((verified.checked, verified.head), (6, store.chain_head().unwrap()));
}
