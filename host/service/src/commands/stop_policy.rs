//! A version is stopped everywhere, or allowed again.

use std::sync::Arc;

use largesse_domain::id::Digest;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::protection::Stop;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, at_work};

/// A version is stopped everywhere; campaigns that it decides in go back to the last good one, or keep their events.
#[derive(Clone, Debug)]
pub struct StopPolicy {
    /// Which version.
    pub policy: Digest,
    /// Why.
    pub reason: String,
}

impl Command for StopPolicy {
    type Answer = ();

    /// Refused when it is not published.
    fn carry_out(self, decider: &mut Decider) -> Result<(), CommandError> {
        let stop = Stop { reason: self.reason, at: decider.clock.now() };
        set_stop(decider, self.policy, Some(stop))
    }
}

/// A version is allowed again that was stopped.
#[derive(Clone, Debug)]
pub struct AllowPolicy(pub Digest);

impl Command for AllowPolicy {
    type Answer = ();

    /// Refused when it is not published.
    fn carry_out(self, decider: &mut Decider) -> Result<(), CommandError> {
        set_stop(decider, self.0, None)
    }
}

fn set_stop(decider: &mut Decider, policy: Digest, stop: Option<Stop>) -> Result<(), CommandError> {
    if decider.registry.policy(&policy).is_none() {
        return Err(ControlError::NotFound { what: "policy", name: policy.to_string() }.into());
    }
    decider.with_registry(|registry| {
        match stop.clone() {
            Some(stop) => registry.stops.insert(policy, stop),
            None => registry.stops.remove(&policy),
        };
        Ok(())
    })?;
    decider.batch().versions.stops.push((policy, stop.clone()));
    let registry = Arc::clone(&decider.registry);
    let used = registry.campaigns().map(|active| &active.campaign).filter(|campaign| at_work(campaign, policy));
    for campaign in used.filter(|campaign| campaign.lifecycle != Lifecycle::Ended) {
        match &stop {
            Some(stop) => decider.withdraw_stopped(campaign, policy, &stop.reason),
            None => drop(decider.backlog.insert(campaign.id.clone())),
        }
    }
    decider.timers.look_again();
    Ok(())
}
