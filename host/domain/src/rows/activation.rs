//! Which version of a policy decides in a campaign, and which ones it can go back to.
//!
//! Parameters belong to the time of an event, versions do not: whatever is decided after an activation is decided by the new
//! version, late events too. So an activation names, beside the version, the revisions of parameters that it takes.

use std::fmt;

use crate::limits::EARLIER_MAX;
use crate::words::id::Digest;
use crate::words::time::Instant;

/// Why a version came to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationCause {
    /// The campaign was created with it, or changed before it started.
    Created,
    /// An operator chose it.
    Chosen,
    /// It was published in a watched folder, and the campaign follows its policy.
    Followed,
    /// It was tried beside the one before, and promoted.
    Promoted,
    /// An operator went back to it.
    RolledBack,
    /// The host went back to it, because the one after broke its contract too often or was stopped.
    Protected,
}

impl ActivationCause {
    /// Every cause.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Chosen, Self::Followed, Self::Promoted, Self::RolledBack, Self::Protected];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Chosen => "chosen",
            Self::Followed => "followed",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled-back",
            Self::Protected => "protected",
        }
    }
}

impl fmt::Display for ActivationCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A version of a policy at work in a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Counts the campaign's activations, from 1.
    pub number: u32,
    /// The version.
    pub policy: Digest,
    /// The numbers of the revisions of parameters that it decides with, rising; at least one.
    pub revisions: Vec<u32>,
    /// Since when it decides.
    pub at: Instant,
    /// Why.
    pub cause: ActivationCause,
}

/// An activation that is still to be numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextActivation {
    /// The version.
    pub policy: Digest,
    /// The revisions of parameters that it decides with.
    pub revisions: Vec<u32>,
    /// From when on.
    pub at: Instant,
    /// Why.
    pub cause: ActivationCause,
}

/// Who decides: the version that is active, and those that were good before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activations {
    /// What decides.
    pub active: Activation,
    /// What the campaign can go back to, the best last; other versions than the active one, each once.
    pub earlier: Vec<Activation>,
}

impl Activations {
    /// Returns the first activation.
    #[must_use]
    pub fn first(policy: Digest, revisions: Vec<u32>, at: Instant) -> Self {
        let active = Activation { number: 1, policy, revisions, at, cause: ActivationCause::Created };
        Self { active, earlier: Vec::new() }
    }

    /// Lets a version decide. The one before it is kept to go back to when it was `good`.
    pub fn activate(&mut self, next: NextActivation, good: bool) {
        let NextActivation { policy, revisions, at, cause } = next;
        let number = self.active.number.saturating_add(1);
        let before = std::mem::replace(&mut self.active, Activation { number, policy, revisions, at, cause });
        if good && before.policy != policy {
            self.earlier.push(before);
        }
        self.earlier.retain(|other| other.policy != policy);
        let mut kept = Vec::with_capacity(self.earlier.len());
        for other in self.earlier.drain(..).rev() {
            let again = kept.iter().any(|later: &Activation| later.policy == other.policy);
            if !again && kept.len() < EARLIER_MAX {
                kept.push(other);
            }
        }
        kept.reverse();
        self.earlier = kept;
    }

    /// Stops going back to a version, and reports whether it could.
    pub fn forget(&mut self, policy: Digest) -> bool {
        let before = self.earlier.len();
        self.earlier.retain(|other| other.policy != policy);
        self.earlier.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u8) -> Digest {
        Digest::from_bytes([number; 32])
    }

    fn go(activations: &mut Activations, number: u8, good: bool) {
        let (policy, revisions, cause) = (version(number), vec![1], ActivationCause::Chosen);
        activations.activate(NextActivation { policy, revisions, at: Instant::MIN, cause }, good);
    }

    fn earlier(activations: &Activations) -> Vec<u8> {
        activations.earlier.iter().map(|activation| activation.policy.as_bytes()[0]).collect()
    }

    #[test]
    fn what_was_good_can_be_gone_back_to_and_stands_once() {
        let mut all = Activations::first(version(1), vec![1], Instant::MIN);
        go(&mut all, 2, true);
        go(&mut all, 3, true);
        assert_eq!(earlier(&all), [1, 2]);
        go(&mut all, 2, false);
        assert_eq!((earlier(&all), all.active.number), (vec![1], 4), "3 was bad, and 2 decides");
        go(&mut all, 1, true);
        go(&mut all, 2, true);
        go(&mut all, 1, true);
        assert_eq!(earlier(&all), [2]);
        assert!(all.forget(version(2)) && !all.forget(version(2)));
    }

    #[test]
    fn activating_the_same_version_again_keeps_what_came_before() {
        let mut all = Activations::first(version(1), vec![1], Instant::MIN);
        go(&mut all, 2, true);
        go(&mut all, 2, true);
        assert_eq!((earlier(&all), all.active.number), (vec![1], 3));
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut all = Activations::first(version(1), vec![1], Instant::MIN);
        (2..=20).for_each(|number| go(&mut all, number, true));
        assert_eq!(earlier(&all), [12, 13, 14, 15, 16, 17, 18, 19]);
    }
}
