//! The seed of a decision: fixed by campaign, owner and event, and not to be guessed without the host's secret.
//!
//! Each campaign draws with a key of its own. Its sha-256, the commitment, can be published beforehand, and the key once the campaign is
//! over: then everybody can see that nobody chose seeds. `docs/draws.md` says how.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use largesse_domain::event::EventKey;
use largesse_domain::id::{CampaignId, Digest, InvalidId};
use largesse_domain::owner::Owner;
use sha2::{Digest as _, Sha256};

/// The host's secret for seeds.
#[derive(Clone)]
pub struct SeedKey([u8; 32]);

/// What the seeds of one campaign follow from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DrawKey(Digest);

/// What of a campaign's draws may be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// The sha-256 of the key.
    pub commitment: Digest,
    /// The key, once nothing is drawn any more.
    pub key: Option<DrawKey>,
}

/// What a decision is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be committed.
    Commit,
    /// To be looked at. It draws otherwise, so that nobody can try their luck beforehand.
    DryRun,
}

impl SeedKey {
    /// Takes the secret.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(*secret)
    }

    /// The key of a campaign's draws.
    #[must_use]
    pub fn of_campaign(&self, campaign: &CampaignId) -> DrawKey {
        DrawKey(Digest::from_bytes(keyed(&self.0, &["draws", campaign.as_str()])))
    }

    /// The owner's place of a hundred in a rollout, from 0: the same for as long as it lasts, and another in the next.
    #[must_use]
    pub fn place(&self, campaign: &CampaignId, rollout: u32, owner: &Owner) -> u8 {
        let parts = ["rollout", campaign.as_str(), &rollout.to_string(), owner.kind().as_str(), owner.id()];
        // The bias of the remainder is below 10^-17.
        u8::try_from(number(keyed(&self.0, &parts)) % 100).unwrap_or(0)
    }
}

impl DrawKey {
    /// The seed of the decision for an owner (`party` or `entity`, and its id) on an event (source and id).
    #[must_use]
    pub fn seed(&self, (kind, owner): (&str, &str), (source, event): (&str, &str), purpose: Purpose) -> u64 {
        let purpose = match purpose {
            Purpose::Commit => "commit",
            Purpose::DryRun => "dry-run",
        };
        number(keyed(self.0.as_bytes(), &[kind, owner, source, event, purpose]))
    }

    /// As [`seed`](Self::seed).
    #[must_use]
    pub fn seed_of(&self, owner: &Owner, event: &EventKey, purpose: Purpose) -> u64 {
        self.seed((owner.kind().as_str(), owner.id()), (event.source.as_str(), event.id.as_str()), purpose)
    }

    /// The sha-256 of the key's 32 bytes. It binds the host to the key and does not tell it.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest::from_bytes(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Display for DrawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DrawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrawKey(_)")
    }
}

impl FromStr for DrawKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = |_| InvalidId { what: "key of draws", rule: "64 lower-case hexadecimal digits" };
        text.parse().map(Self).map_err(wrong)
    }
}

/// HMAC-SHA-256 over the parts, each with a zero byte behind it. No part may hold one, so no two lists of parts give one text.
fn keyed(key: &[u8; 32], parts: &[&str]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    mac.finalize().into_bytes().into()
}

/// The first eight bytes, the highest first.
fn number(bytes: [u8; 32]) -> u64 {
    let mut head = [0; 8];
    head.copy_from_slice(&bytes[..8]);
    u64::from_be_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::id::{CustomerId, EventId, EventSource};

    #[test]
    fn every_part_counts() {
        let campaign = |id: &str| CampaignId::new(id).unwrap();
        let key = SeedKey::new(&[7; 32]).of_campaign(&campaign("c"));
        let owner = |id: &str| Owner::Party(CustomerId::new(id).unwrap());
        let event = |id: &str| EventKey { source: EventSource::new("s").unwrap(), id: EventId::new(id).unwrap() };
        let base = key.seed_of(&owner("u"), &event("1"), Purpose::Commit);
        assert_eq!(base, key.seed(("party", "u"), ("s", "1"), Purpose::Commit));
        assert_ne!(base, key.seed(("entity", "u"), ("s", "1"), Purpose::Commit));
        assert_ne!(base, key.seed_of(&owner("v"), &event("1"), Purpose::Commit));
        assert_ne!(base, key.seed_of(&owner("u"), &event("2"), Purpose::Commit));
        assert_ne!(base, key.seed_of(&owner("u"), &event("1"), Purpose::DryRun));
        for other in
            [SeedKey::new(&[8; 32]).of_campaign(&campaign("c")), SeedKey::new(&[7; 32]).of_campaign(&campaign("d"))]
        {
            assert_ne!(base, other.seed_of(&owner("u"), &event("1"), Purpose::Commit));
            assert_ne!(key.commitment(), other.commitment());
        }
    }

    #[test]
    fn seeds_are_those_of_any_other_hmac() {
        // printf 'party\0u\0s\0''1\0commit\0' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707...07
        let key: DrawKey = "07".repeat(32).parse().unwrap();
        assert_eq!(key.seed(("party", "u"), ("s", "1"), Purpose::Commit), 17_881_608_988_909_891_319);
        // printf '07...07' | xxd -r -p | sha256sum
        assert_eq!(key.commitment().to_string(), "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0");
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!("7".parse::<DrawKey>().is_err());
    }

    #[test]
    fn places_are_kept_and_spread() {
        let key = SeedKey::new(&[7; 32]);
        let campaign = CampaignId::new("c").unwrap();
        let owner = |number: u32| Owner::Party(CustomerId::new(format!("u{number}")).unwrap());
        let below = |rollout, percent| {
            let places = (0..10_000).map(|number| key.place(&campaign, rollout, &owner(number)));
            places.filter(|place| *place < percent).count()
        };
        // Four standard deviations about the mean.
        for (percent, bounds) in [(1, 60..140), (10, 880..1_120), (50, 4_800..5_200), (100, 10_000..10_001)] {
            assert!(bounds.contains(&below(1, percent)), "{percent} %: {}", below(1, percent));
        }
        let differ = (0..1_000)
            .filter(|number| key.place(&campaign, 1, &owner(*number)) != key.place(&campaign, 2, &owner(*number)));
        assert!(differ.count() > 900, "another rollout falls on others");
    }
}
