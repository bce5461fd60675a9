//! The chain of decisions in memory.

use std::sync::Arc;

use largesse_documents::stored::{record_text, remains_text};
use largesse_domain::id::{DecisionId, Digest};
use largesse_domain::outcome::Decision;

use super::{MemoryStore, Tables};
use crate::chain::{Check, Linked, sha256};
use crate::{Anchor, Break, Chain, StoreError, Verified};

/// Hands over a decision as its link sees it.
fn linked<T>(decision: &Decision, take: impl FnOnce(Linked<'_>) -> T) -> T {
    let params = sha256(decision.input.campaign.params.as_str().as_bytes());
    take(Linked::of(decision, params, (&remains_text(decision), &record_text(decision))))
}

impl Tables {
    fn head(&self) -> Anchor {
        self.links.last_key_value().map_or(Anchor::ORIGIN, |(id, link)| Anchor { decision: *id, link: *link })
    }

    pub(super) fn add_links(&mut self, decisions: &[Arc<Decision>]) {
        for decision in decisions {
            let before: Digest = self.head().link;
            self.links.insert(decision.id, linked(decision, |linked| linked.link(&before)));
        }
    }
}

impl Chain for MemoryStore {
    fn chain_head(&self) -> Result<Anchor, StoreError> {
        Ok(self.tables().head())
    }

    fn verify_chain(
        &self,
        passes: Option<Anchor>,
        progress: &dyn Fn(u64),
    ) -> Result<Result<Verified, Break>, StoreError> {
        let tables = self.tables();
        let mut check = Check::new(passes);
        let mut take = |(id, decision): (&DecisionId, &Arc<Decision>)| {
            progress(1);
            linked(decision, |linked| check.take(*id, Some(linked), tables.links[id]))
        };
        Ok(tables.decisions.iter().try_for_each(&mut take).and_then(|()| check.finish()))
    }
}
