//! The chain of decisions in memory.

use std::sync::Arc;

use largesse_documents::stored::{record_text, remains_text};
use largesse_domain::id::Digest;
use largesse_domain::outcome::Decision;
use largesse_domain::run::{Numbered, Run};

use super::{MemoryStore, Tables};
use crate::chain::{Check, End, Linked, sha256};
use crate::numbers::Gapless;
use crate::{Anchor, Break, Chain, StoreError, Verified, Wrong};

/// Hands over a decision as its link sees it.
fn linked<T>(decision: &Decision, take: impl FnOnce(Linked<'_>) -> T) -> T {
    let params = sha256(decision.input.campaign.params.as_str().as_bytes());
    take(Linked::of(decision, params, (&remains_text(decision), &record_text(decision))))
}

impl Tables {
    fn head(&self) -> Anchor {
        self.links.last_key_value().map_or(Anchor::ORIGIN, |(id, link)| Anchor { decision: *id, link: *link })
    }

    /// Where the chain goes on.
    pub(super) fn end(&self) -> End {
        End::new(self.head(), self.runs.last().map(|(run, link)| (run, *link)))
    }

    pub(super) fn add_links(&mut self, decisions: &[Arc<Decision>]) {
        for decision in decisions {
            let before: Digest = self.end().link;
            self.links.insert(decision.id, linked(decision, |linked| linked.link(&before)));
        }
    }
}

impl Tables {
    fn verify(&self, passes: Option<Anchor>, progress: &dyn Fn(u64)) -> Result<Verified, Break> {
        let mut check = Check::new(passes);
        let mut to_begin = self.runs.iter().peekable();
        for (id, decision) in &self.decisions {
            progress(1);
            while let Some((run, link)) = to_begin.next_if(|(run, _)| run.first.decision <= id.0) {
                check.take_run(run, *link)?;
            }
            linked(decision, |linked| check.take(*id, Some(linked), self.links[id]))?;
        }
        to_begin.try_for_each(|(run, link)| check.take_run(run, *link))?;
        let verified = check.finish()?;
        let runs: Vec<Run> = self.runs.iter().map(|(run, _)| run.clone()).collect();
        let gapless = |kind, mut numbers: Box<dyn Iterator<Item = u64> + '_>| {
            let mut gapless = Gapless::new(kind, &runs);
            let found = numbers.try_for_each(|number| gapless.take(number)).and_then(|()| gapless.finish());
            let decision = verified.head.decision;
            found.map_err(|(first, last)| Break { decision, what: Wrong::Numbers(kind, first, last) })
        };
        gapless(Numbered::Event, Box::new(self.events.keys().map(|seq| seq.0)))?;
        gapless(Numbered::Delivery, Box::new(self.outbox.ids().map(|id| id.0)))?;
        Ok(verified)
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
        Ok(self.tables().verify(passes, progress))
    }
}
