//! What the clock does to campaigns: they open, end and finish when their time has come.

use std::sync::Arc;

use largesse_domain::campaign::Campaign;
use largesse_domain::id::CampaignId;
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::time::Instant;
use largesse_domain::timer::TimerKey;

use super::Decider;

/// By how many milliseconds the machine's clock may lie behind the host's before the operator is told: it is adjusted by
/// less all the time.
const CLOCK_BEHIND_MS_REPORTED: i64 = 1_000;

impl Decider {
    /// Opens, ends and finishes campaigns whose time has come.
    pub(crate) fn look_at_clock(&mut self) {
        self.note_standing_clock();
        let now = self.clock.now();
        let registry = Arc::clone(&self.registry);
        for active in registry.campaigns() {
            let mut campaign = Arc::clone(&active.campaign);
            while let Some(command) = self.due(&campaign, now) {
                match self.go_on(&campaign, command) {
                    Ok(changed) => campaign = changed,
                    Err(error) => {
                        tracing::error!(campaign = %campaign.id, %error, "a campaign cannot go on by the clock");
                        break;
                    }
                }
            }
        }
    }

    /// Tells the operator of a clock that was set back, once.
    fn note_standing_clock(&mut self) {
        let behind_ms = self.clock.behind_ms();
        let stands = behind_ms > CLOCK_BEHIND_MS_REPORTED;
        if stands != self.clock_stands {
            self.clock_stands = stands;
            metrics::gauge!("largesse_clock_stands").set(if stands { 1.0 } else { 0.0 });
            if stands {
                tracing::warn!(behind_ms, "the machine's clock was set back; the host's stands until it has caught up");
            }
        }
    }

    fn due(&self, campaign: &Campaign, now: Instant) -> Option<Command> {
        let settings = &campaign.settings;
        let closed = settings.closes.is_some_and(|closes| closes <= now);
        match campaign.lifecycle {
            Lifecycle::Scheduled if settings.opens <= now => Some(Command::Open),
            Lifecycle::Running | Lifecycle::Paused if closed => Some(Command::End),
            Lifecycle::Closing => {
                let over = campaign.over().unwrap_or(now);
                (over <= now && self.nothing_left(&campaign.id, over)).then_some(Command::Finish)
            }
            _ => None,
        }
    }

    /// Whether a campaign may end: what was put off is decided, each after its last attempt, and timers that were due by its
    /// end have gone off.
    fn nothing_left(&self, campaign: &CampaignId, over: Instant) -> bool {
        let timers = || self.store.due_timers(std::slice::from_ref(campaign), over, usize::MAX);
        let of_campaign = |key: &TimerKey| key.waits_with() == Some(campaign);
        self.store.deferred_count(campaign).is_ok_and(|count| count == 0)
            && timers().is_ok_and(|timers| !timers.iter().any(|(key, _)| of_campaign(key)))
    }
}
