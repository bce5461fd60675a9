//! The chain of decisions: links follow from records, and are found again.

use std::sync::atomic::{AtomicU64, Ordering};

use largesse_domain::id::{DecisionId, Digest};

use super::fixtures::{decision, event, first_day};
use crate::{Anchor, Batch, Break, Store, Verified, Wrong};

/// The head after each of two batches: that of the fixtures' four decisions, and that of a fifth.
fn two_heads(store: &dyn Store) -> [Anchor; 2] {
    store.commit(&first_day()).unwrap();
    let first = store.chain_head().unwrap();
    let more = Batch { decisions: vec![decision(5, &event(2)).into()], ..Batch::default() };
    store.commit(&more).unwrap();
    [first, store.chain_head().unwrap()]
}

/// The head moves with the last decision, and with nothing else.
pub fn every_decision_has_its_link(store: &dyn Store) {
    assert_eq!(store.chain_head().unwrap(), Anchor::ORIGIN);
    assert_eq!(store.verify_chain(None, &|_| {}).unwrap(), Ok(Verified { checked: 0, head: Anchor::ORIGIN }));
    let [first, second] = two_heads(store);
    assert_eq!((first.decision, second.decision), (DecisionId(4), DecisionId(5)));
    assert!(first.link != second.link && first.link != Anchor::ORIGIN.link);
    store.commit(&Batch { events: vec![event(5)], ..Batch::default() }).unwrap();
    assert_eq!(store.chain_head().unwrap(), second);
    let looked_at = AtomicU64::new(0);
    let count = |number| {
        looked_at.fetch_add(number, Ordering::Relaxed);
    };
    assert_eq!(store.verify_chain(None, &count).unwrap(), Ok(Verified { checked: 5, head: second }));
    assert_eq!(looked_at.into_inner(), 5);
}

/// A link that was noted is passed, one that never was is not, and one beyond the end is missed.
pub fn a_chain_passes_through_the_links_that_were_noted(store: &dyn Store) {
    let [first, second] = two_heads(store);
    let verify = |passes| store.verify_chain(Some(passes), &|_| {}).unwrap();
    let holds = Ok(Verified { checked: 5, head: second });
    for noted in [Anchor::ORIGIN, first, second] {
        assert_eq!(verify(noted), holds);
        let link = Digest::from_bytes([7; 32]);
        let broken = Break { decision: noted.decision, what: Wrong::Rewritten };
        assert_eq!(verify(Anchor { link, ..noted }), Err(broken));
    }
    let later = Anchor { decision: DecisionId(7), ..second };
    assert_eq!(verify(later), Err(Break { decision: DecisionId(7), what: Wrong::Cut(DecisionId(5)) }));
}
