//! What reaches beyond a decision's own rewards: places in programmes, weights in pools, other campaigns, counts.

use serde::Serialize;

use crate::when::When;

/// Puts a party into a tier of a programme, or takes it out. Where the party stands there already only the end changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Who; one of the input's parties.
    pub to: String,
    /// Which programme.
    pub programme: String,
    /// Which tier; out of the programme when `None`.
    pub tier: Option<String>,
    /// Over from then on.
    pub until: Option<When>,
    /// For the statement and the auditor, at most 256 bytes.
    pub reason: String,
}

impl Placement {
    /// Into a tier.
    pub fn into(to: impl Into<String>, programme: impl Into<String>, tier: impl Into<String>) -> Self {
        Self { tier: Some(tier.into()), ..Self::out(to, programme) }
    }

    /// Out of a programme.
    pub fn out(to: impl Into<String>, programme: impl Into<String>) -> Self {
        Self { to: to.into(), programme: programme.into(), tier: None, until: None, reason: String::new() }
    }

    /// Over from then on.
    #[must_use]
    pub fn until(mut self, when: When) -> Self {
        self.until = Some(when);
        self
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

/// Sets a party's weight in a pool of the campaign, in place of the one before. 0 takes the party out; at most 10^9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which pool.
    pub pool: String,
    /// Whose; one of the input's parties.
    pub to: String,
    /// How much.
    pub weight: u64,
}

impl Share {
    /// A weight.
    pub fn new(pool: impl Into<String>, to: impl Into<String>, weight: u64) -> Self {
        Self { pool: pool.into(), to: to.into(), weight }
    }
}

/// Hands a party on to another campaign, whose policy is told by an event [`enrolment.made`](crate::events::EnrolmentMade).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// To which campaign.
    pub campaign: String,
    /// Whom; one of the input's parties.
    pub party: String,
    /// A JSON object, at most 4 KiB: what the other policy is told.
    pub data: String,
}

impl Enrolment {
    /// Without data.
    pub fn new(campaign: impl Into<String>, party: impl Into<String>) -> Self {
        Self { campaign: campaign.into(), party: party.into(), data: "{}".to_owned() }
    }

    /// What the other policy is told; an object.
    ///
    /// # Panics
    /// When it does not serialise.
    #[must_use]
    pub fn data(mut self, data: &impl Serialize) -> Self {
        self.data = serde_json::to_string(data).expect("data serialises");
        self
    }
}

/// Adds to a count of the campaign that operators can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Which, 1 to 64 of `a-z 0-9 -`.
    pub name: String,
    /// What of it: a channel, a page; at most 64 printable ASCII characters without spaces.
    pub label: String,
    /// How much is added.
    pub by: u64,
}

impl Measurement {
    /// One more.
    pub fn one(name: impl Into<String>) -> Self {
        Self { name: name.into(), label: String::new(), by: 1 }
    }

    /// What of it. Characters that a label may not have become `_`, and what is beyond 64 is cut.
    #[must_use]
    pub fn of(mut self, label: &str) -> Self {
        let fit = |letter: char| if letter.is_ascii_graphic() { letter } else { '_' };
        self.label = label.chars().take(64).map(fit).collect();
        self
    }

    /// How much is added.
    #[must_use]
    pub fn by(mut self, by: u64) -> Self {
        self.by = by;
        self
    }
}
