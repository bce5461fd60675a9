//! What came of an event in the harness, and what a decision stands in.

use crate::answer::Refusal;
use crate::input::{Event, Owner};
use crate::message::{Message, TagChange};
use crate::reach::{Enrolment, Measurement, Placement, Share};
use crate::timer::Schedule;
use crate::when::When;

use super::clock;

/// What came of one event.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// One for each subscription that matched and had an owner.
    pub decisions: Vec<Decided>,
}

/// What came of one decision.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// Which subscription.
    pub subscription: String,
    /// Whose state.
    pub owner: String,
    /// The policy's own no.
    pub refusal: Option<Refusal>,
    /// The host's no: `claim-taken`, `insufficient-balance`, or why a required settlement came to nothing.
    pub denied: Option<&'static str>,
    /// Grants applied.
    pub given: Vec<Given>,
    /// Grants taken back, with what was taken.
    pub revoked: Vec<Given>,
    /// Keys of grants not given, of reservations not made and of what was not settled, and names of timers not set or dropped,
    /// with the reason: `already-granted`, `credit-ceiling`, `cancelled-before`, `already-reserved`, `insufficient-balance`,
    /// `nothing-to-settle`, `timed-out`, `too-many-timers` or `no-such-timer`.
    pub skipped: Vec<(String, &'static str)>,
    /// Reserved out of wallets.
    pub reserved: Vec<Given>,
    /// Grants and reservations committed.
    pub committed: Vec<Given>,
    /// Grants and reservations released.
    pub released: Vec<Given>,
    /// Moves within programmes.
    pub placed: Vec<Placement>,
    /// Weights in pools.
    pub shares: Vec<Share>,
    /// Parties handed on.
    pub enrolled: Vec<Enrolment>,
    /// What was counted.
    pub measured: Vec<Measurement>,
    /// Tags set and taken.
    pub tags: Vec<TagChange>,
    /// Messages sent.
    pub messages: Vec<Message>,
    /// Timers set.
    pub scheduled: Vec<Schedule>,
    /// Timers dropped, by name.
    pub cancelled: Vec<String>,
    /// The policy's note.
    pub note: String,
}

impl Outcome {
    /// All grants as customer, key, unit and quantity, in order.
    #[must_use]
    pub fn grants(&self) -> Vec<(&str, &str, &str, u64)> {
        let given = self.decisions.iter().flat_map(|decided| &decided.given);
        given.map(|one| (one.to.as_str(), one.key.as_str(), one.unit.as_str(), one.quantity)).collect()
    }

    /// The code of the first refusal.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.decisions.iter().find_map(|decided| decided.refusal.as_ref()).map(|refusal| refusal.code.as_str())
    }

    /// The first denial.
    #[must_use]
    pub fn denied(&self) -> Option<&'static str> {
        self.decisions.iter().find_map(|decided| decided.denied)
    }

    /// All tags set (`true`) and taken (`false`), as customer and tag.
    #[must_use]
    pub fn tags(&self) -> Vec<(&str, &str, bool)> {
        let tags = self.decisions.iter().flat_map(|decided| &decided.tags);
        tags.map(|one| (one.to.as_str(), one.tag.as_str(), one.present)).collect()
    }

    /// What was taken back, as customer, unit and quantity.
    #[must_use]
    pub fn revoked(&self) -> Vec<(&str, &str, u64)> {
        let revoked = self.decisions.iter().flat_map(|decided| &decided.revoked);
        revoked.map(|one| (one.to.as_str(), one.unit.as_str(), one.quantity)).collect()
    }
}

/// A grant that was applied, or something that was reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Who got it.
    pub to: String,
    /// Its key.
    pub key: String,
    /// Of what: a unit, `credit-limit:<currency>` or `rate-boost:<holding>`.
    pub unit: String,
    /// How much: of the unit, minor units of limit, or basis points.
    pub quantity: u64,
    /// What it is about, as the subscription says.
    pub about: Option<String>,
}

/// What a decision stands in.
pub(super) struct Around<'a> {
    pub(super) about: Option<&'a str>,
    pub(super) currency: &'a str,
    pub(super) owner: &'a Owner,
    pub(super) actor: &'a str,
    pub(super) event: &'a Event,
    pub(super) offset_minutes: i32,
}

impl Around<'_> {
    pub(super) fn resolve(&self, when: When) -> i64 {
        clock::resolve(when, self.event.occurred.at, self.offset_minutes)
    }
}
