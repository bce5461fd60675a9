//! The seed of a decision: fixed by campaign, owner and event, and not to be guessed without the host's secret.

use hmac::{Hmac, KeyInit, Mac};
use largesse_domain::decision::Owner;
use largesse_domain::event::EventKey;
use largesse_domain::id::CampaignId;
use sha2::Sha256;

/// The host's secret for seeds.
#[derive(Clone)]
pub struct SeedKey(Hmac<Sha256>);

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
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self, campaign: &CampaignId, owner: &Owner, event: &EventKey, purpose: Purpose) -> u64 {
        let purpose = match purpose {
            Purpose::Commit => "commit",
            Purpose::DryRun => "dry-run",
        };
        let (kind, owner) = (owner.kind().as_str(), owner.id());
        self.number(&[campaign.as_str(), kind, owner, event.source.as_str(), event.id.as_str(), purpose])
    }

    /// The owner's place of a hundred in a rollout, from 0: the same for as long as it lasts, and another in the next.
    #[must_use]
    pub fn place(&self, campaign: &CampaignId, rollout: u32, owner: &Owner) -> u8 {
        let place =
            self.number(&["rollout", campaign.as_str(), &rollout.to_string(), owner.kind().as_str(), owner.id()]);
        // The bias of the remainder is below 10^-17.
        u8::try_from(place % 100).unwrap_or(0)
    }

    /// No part may hold a zero byte, so no two lists of parts give one text.
    fn number(&self, parts: &[&str]) -> u64 {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::id::{CustomerId, EventId, EventSource};

    #[test]
    fn every_part_counts() {
        let key = SeedKey::new(&[7; 32]);
        let campaign = CampaignId::new("c").unwrap();
        let owner = |id: &str| Owner::Party(CustomerId::new(id).unwrap());
        let event = |id: &str| EventKey { source: EventSource::new("s").unwrap(), id: EventId::new(id).unwrap() };
        let base = key.seed(&campaign, &owner("u"), &event("1"), Purpose::Commit);
        assert_eq!(base, key.seed(&campaign, &owner("u"), &event("1"), Purpose::Commit));
        assert_ne!(base, key.seed(&campaign, &owner("v"), &event("1"), Purpose::Commit));
        assert_ne!(base, key.seed(&campaign, &owner("u"), &event("2"), Purpose::Commit));
        assert_ne!(base, key.seed(&campaign, &owner("u"), &event("1"), Purpose::DryRun));
        assert_ne!(base, SeedKey::new(&[8; 32]).seed(&campaign, &owner("u"), &event("1"), Purpose::Commit));
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
