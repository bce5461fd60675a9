//! The chain of decisions: each is stored with a link, a sha-256 over its record and the link before it. Runs of the host are links of the
//! same chain: where one begins, and nowhere else, ids have a gap.
//!
//! Whoever changes, removes or inserts a record afterwards has to make every later link anew; whoever noted one of those links
//! somewhere else sees it. What a link is made of stands in `docs/records.md`.

use std::fmt;
use std::str::FromStr;

use largesse_domain::id::{DecisionId, Digest};
use largesse_domain::outcome::Decision;
use largesse_domain::run::{Numbered, Run};
use sha2::{Digest as _, Sha256};

use crate::StoreError;

/// What a link begins with, so that another form of it could never be taken for this one.
const FORM: &[u8] = b"largesse decision 1\n";
/// What the link of a run begins with.
const RUN_FORM: &[u8] = b"largesse run 1\n";

/// A place in the chain: a decision and its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The decision; 0 is before the first.
    pub decision: DecisionId,
    /// Its link; that of 0 is all zeros.
    pub link: Digest,
}

impl Anchor {
    /// Before the first decision.
    pub const ORIGIN: Self = Self { decision: DecisionId(0), link: Digest::from_bytes([0; 32]) };
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.decision, self.link)
    }
}

/// A text that is no place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place in the chain is a decision's id, a colon, and 64 lower-case hexadecimal digits")]
pub struct InvalidAnchor;

impl FromStr for Anchor {
    type Err = InvalidAnchor;

    fn from_str(text: &str) -> Result<Self, InvalidAnchor> {
        let (decision, link) = text.split_once(':').ok_or(InvalidAnchor)?;
        let decision = DecisionId(decision.parse().map_err(|_| InvalidAnchor)?);
        Ok(Self { decision, link: link.parse().map_err(|_| InvalidAnchor)? })
    }
}

/// A chain that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many decisions were checked.
    pub checked: u64,
    /// Where the chain ends.
    pub head: Anchor,
}

/// The first place where a chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The decision at which it shows; of a run, or of another kind of number, the last decision before it.
    pub decision: DecisionId,
    /// What is wrong there.
    pub what: Wrong,
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The link is not made of this record and the link before it.
    Changed,
    /// It is missing, with those up to and including this one.
    Missing(DecisionId),
    /// The next one follows on the one before it.
    Inserted,
    /// The chain ends before the decision whose link was noted, with this one, or goes on from there in another run.
    Cut(DecisionId),
    /// The decision has another link than was noted: it, or one before it, was written anew with all that follow.
    Rewritten,
    /// The link of this run is not made of it and the link before it.
    Run(u64),
    /// The row of this run is missing.
    RunMissing(u64),
    /// Numbers of another kind are missing, from one up to and including another.
    Numbers(Numbered, u64, u64),
}

impl Wrong {
    /// The word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing(_) => "missing",
            Self::Inserted => "inserted",
            Self::Cut(_) => "cut",
            Self::Rewritten => "rewritten",
            Self::Run(_) => "run-changed",
            Self::RunMissing(_) => "run-missing",
            Self::Numbers(..) => "numbers-missing",
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { decision, what } = self;
        match what {
            Wrong::Changed => write!(
                f,
                "decision {decision} does not fit its link: it was changed, or the one before it and its link"
            ),
            Wrong::Missing(last) if last == decision => write!(f, "decision {decision} is missing"),
            Wrong::Missing(last) => {
                write!(f, "decisions {decision} to {last} are missing, or the run is that begins after them")
            }
            Wrong::Inserted => {
                write!(f, "decision {decision} was put in: the one after it follows on the one before it")
            }
            Wrong::Cut(last) => {
                write!(
                    f,
                    "decision {decision} is missing: the chain ends with {last}, before the link that was noted, or goes on in another run"
                )
            }
            Wrong::Rewritten => {
                write!(f, "decision {decision} has another link than was noted: the chain was made anew up to there")
            }
            Wrong::Run(run) => write!(f, "run {run} does not fit its link: it was changed, or what comes before it"),
            Wrong::RunMissing(run) => write!(f, "run {run} is missing"),
            Wrong::Numbers(kind, first, last) if first == last => write!(f, "{kind} {first} is missing"),
            Wrong::Numbers(kind, first, last) => write!(f, "{kind}s {first} to {last} are missing"),
        }
    }
}

/// A record as its link sees it: the bytes that are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linked<'a> {
    pub(crate) id: DecisionId,
    pub(crate) event: EventBytes<'a>,
    pub(crate) campaign: &'a [u8],
    pub(crate) revision: i64,
    /// The sha-256 of the revision's parameters, which many decisions share.
    pub(crate) params: [u8; 32],
    pub(crate) policy: &'a [u8],
    /// The sha-256 of what remains of it.
    pub(crate) remains: [u8; 32],
    /// The sha-256 of the rest: [`contents`].
    pub(crate) contents: [u8; 32],
}

/// An event as the link of a decision sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventBytes<'a> {
    pub(crate) seq: u64,
    pub(crate) source: &'a [u8],
    pub(crate) id: &'a [u8],
    pub(crate) kind: &'a [u8],
    pub(crate) actor: &'a [u8],
    pub(crate) occurred: i64,
    pub(crate) body_hash: &'a [u8],
}

impl<'a> Linked<'a> {
    /// Of a decision that is about to be stored with these texts.
    pub(crate) fn of(decision: &'a Decision, params: [u8; 32], (remains, record): (&'a str, &str)) -> Self {
        let event = &decision.input.event;
        Self {
            id: decision.id,
            event: EventBytes {
                seq: decision.event.0,
                source: event.key.source.as_str().as_bytes(),
                id: event.key.id.as_str().as_bytes(),
                kind: event.kind.as_str().as_bytes(),
                actor: event.actor.as_str().as_bytes(),
                occurred: event.occurred.as_millis(),
                body_hash: &event.body_hash.0,
            },
            campaign: decision.campaign.as_str().as_bytes(),
            revision: decision.input.campaign.revision.into(),
            params,
            policy: decision.policy.as_bytes(),
            remains: sha256(remains.as_bytes()),
            contents: contents(event.data.as_str().as_bytes(), record.as_bytes()),
        }
    }

    /// Its link, when it stands behind the one with the link `before`.
    pub(crate) fn link(&self, before: &Digest) -> Digest {
        let Self { id, event, campaign, revision, params, policy, remains, contents } = self;
        let mut hash = Sha256::new();
        hash.update(FORM);
        hash.update(before.as_bytes());
        hash.update(id.0.to_be_bytes());
        hash.update(event.seq.to_be_bytes());
        hash.update(event.occurred.to_be_bytes());
        hash.update(revision.to_be_bytes());
        let EventBytes { source, id, kind, actor, body_hash, .. } = event;
        for part in [source, id, kind, actor, body_hash, campaign, &params[..], policy, &remains[..], &contents[..]] {
            hash_part(&mut hash, part);
        }
        Digest::from_bytes(hash.finalize().into())
    }
}

/// Returns the link of a run that stands behind the one with the link `before`.
pub(crate) fn run_link(run: &Run, before: &Digest) -> Digest {
    let Run { number, opened, version, after, first } = run;
    let mut hash = Sha256::new();
    hash.update(RUN_FORM);
    hash.update(before.as_bytes());
    hash.update(number.to_be_bytes());
    hash.update(opened.as_millis().to_be_bytes());
    for numbers in [after, first] {
        Numbered::ALL.iter().for_each(|kind| hash.update(numbers.of(*kind).to_be_bytes()));
    }
    hash_part(&mut hash, version.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

/// Where the chain ends: at a decision, or at a run that has made none yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// The link of the last decision or run.
    pub(crate) link: Digest,
    /// The id of the next decision.
    pub(crate) next: DecisionId,
}

impl End {
    /// The end of a chain with this head, and this last run with its link.
    pub(crate) fn new(head: Anchor, run: Option<(&Run, Digest)>) -> Self {
        match run.filter(|(run, _)| run.first.decision > head.decision.0) {
            Some((run, link)) => Self { link, next: DecisionId(run.first.decision) },
            None => Self { link: head.link, next: DecisionId(head.decision.0 + 1) },
        }
    }

    /// Adds a decision.
    pub(crate) fn decision(&mut self, id: DecisionId, link: Digest) {
        *self = Self { link, next: DecisionId(id.0 + 1) };
    }

    /// Adds a run. Returns its link.
    pub(crate) fn run(&mut self, run: &Run) -> Digest {
        self.link = run_link(run, &self.link);
        self.next = DecisionId(run.first.decision);
        self.link
    }
}

/// Takes the length first, which keeps bytes from going over from one part to the next.
fn hash_part(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part);
}

/// The sha-256 of what is removed when it is old: the event's data and the record.
pub(crate) fn contents(data: &[u8], text: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash_part(&mut hash, data);
    hash_part(&mut hash, text);
    hash.finalize().into()
}

/// The sha-256 of a text.
pub(crate) fn sha256(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Checks a chain, record by record in order of decisions.
#[derive(Debug)]
pub(crate) struct Check {
    passes: Option<Anchor>,
    checked: u64,
    last: Anchor,
    end: End,
    /// The number of the last run.
    run: u64,
    /// A record that does not fit, with the link before it: the next one tells what is wrong.
    doubtful: Option<(DecisionId, Digest)>,
}

impl Check {
    /// A check of a chain that passes through a place, if one is given.
    pub(crate) fn new(passes: Option<Anchor>) -> Self {
        Self { passes, checked: 0, last: Anchor::ORIGIN, end: End::new(Anchor::ORIGIN, None), run: 0, doubtful: None }
    }

    /// Takes the next run, which begins before the next record, and its stored link.
    pub(crate) fn take_run(&mut self, run: &Run, stored: Digest) -> Result<(), Break> {
        let fits = |before: &Digest| run_link(run, before) == stored;
        if let Some((doubtful, before)) = self.doubtful {
            let what = if fits(&before) { Wrong::Inserted } else { Wrong::Changed };
            return Err(Break { decision: doubtful, what });
        }
        let broken = |what| Err(Break { decision: self.last.decision, what });
        if run.number != self.run + 1 {
            return broken(Wrong::RunMissing(self.run + 1));
        }
        if !fits(&self.end.link) {
            let (next, after) = (self.end.next, DecisionId(run.after.decision));
            return match after >= next {
                true => Err(Break { decision: next, what: Wrong::Missing(after) }),
                false => broken(Wrong::Run(run.number)),
            };
        }
        self.run = run.number;
        self.end = End { link: stored, next: DecisionId(run.first.decision) };
        Ok(())
    }

    /// Looks at the next record, of which nothing is left when it is `None`, and its stored link.
    pub(crate) fn take(&mut self, id: DecisionId, record: Option<Linked<'_>>, stored: Digest) -> Result<(), Break> {
        let follows = |before: &Digest, id| record.is_some_and(|record| Linked { id, ..record }.link(before) == stored);
        if let Some((doubtful, before)) = self.doubtful {
            let what = if follows(&before, doubtful) { Wrong::Inserted } else { Wrong::Changed };
            return Err(Break { decision: doubtful, what });
        }
        let next = self.end.next;
        if id < next {
            return Err(Break { decision: id, what: Wrong::Inserted });
        }
        if id > next {
            return Err(Break { decision: next, what: Wrong::Missing(DecisionId(id.0 - 1)) });
        }
        // The decision whose link was noted would stand between the last one and a later run.
        if let Some(noted) = self.passes.filter(|noted| noted.decision > self.last.decision && noted.decision < id) {
            return Err(Break { decision: noted.decision, what: Wrong::Cut(self.last.decision) });
        }
        self.checked += 1;
        if !follows(&self.end.link, id) {
            self.doubtful = Some((id, self.end.link));
            return Ok(());
        }
        self.last = Anchor { decision: id, link: stored };
        self.end.decision(id, stored);
        self.passes_through()
    }

    fn passes_through(&self) -> Result<(), Break> {
        let noted = self.passes.filter(|noted| noted.decision == self.last.decision);
        match noted.is_none_or(|noted| noted.link == self.last.link) {
            true => Ok(()),
            false => Err(Break { decision: self.last.decision, what: Wrong::Rewritten }),
        }
    }

    /// What came of it, after the last record.
    pub(crate) fn finish(self) -> Result<Verified, Break> {
        if let Some((decision, _)) = self.doubtful {
            return Err(Break { decision, what: Wrong::Changed });
        }
        match self.passes {
            Some(noted) if noted.decision > self.last.decision => {
                Err(Break { decision: noted.decision, what: Wrong::Cut(self.last.decision) })
            }
            Some(noted) if noted.decision.0 == 0 && noted != Anchor::ORIGIN => {
                Err(Break { decision: noted.decision, what: Wrong::Rewritten })
            }
            _ => Ok(Verified { checked: self.checked, head: self.last }),
        }
    }
}

/// What is kept of decisions so that they can be looked back on.
pub trait Chain {
    /// Where the chain ends.
    ///
    /// # Errors
    /// When the database fails.
    fn chain_head(&self) -> Result<Anchor, StoreError>;

    /// Makes every link anew and compares it with the stored one. A place that the chain must pass through is the link of a
    /// decision, noted earlier. `progress` is told the number of decisions looked at by then, now and again.
    ///
    /// # Errors
    /// When the database fails.
    fn verify_chain(
        &self,
        passes: Option<Anchor>,
        progress: &dyn Fn(u64),
    ) -> Result<Result<Verified, Break>, StoreError>;
}
