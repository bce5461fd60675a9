//! Destinations are registered, paused, deleted and tried.

use std::collections::BTreeMap;
use std::sync::Arc;

use largesse_documents::DestinationSpec;
use largesse_domain::delivery::Delivery;
use largesse_domain::destination::{Destination, Paused, Secret};
use largesse_domain::id::DestinationId;
use largesse_domain::limits::DESTINATIONS_MAX;
use largesse_domain::problem::Problem;
use largesse_domain::sending::Sending;
use largesse_domain::topic::Topic;
use largesse_store::OutboxChange;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, Post};

/// A destination is registered or changed.
#[derive(Debug)]
pub struct SetDestination {
    /// Which.
    pub id: DestinationId,
    /// What the document says.
    pub spec: DestinationSpec,
    /// The secret of a new one without secrets.
    pub fresh: Secret,
}

impl Command for SetDestination {
    /// The destination as it is now; `true` when it was not there before.
    type Answer = (Arc<Destination>, bool);

    /// Refused when there are too many, another settles grants already, or a header without a value is not held.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self { id, spec, fresh } = self;
        let destinations = &decider.registry.destinations;
        let old = destinations.get(&id);
        let settles_already = |other: &&Arc<Destination>| other.settles && other.id != id;
        let mut problems = Vec::new();
        if old.is_none() && destinations.len() >= DESTINATIONS_MAX {
            let message = format!("there are {DESTINATIONS_MAX} destinations, and there may be no more");
            problems.push(Problem { pointer: String::new(), message });
        }
        if spec.settles
            && let Some(other) = destinations.values().find(settles_already)
        {
            let message = format!("{} settles grants already, and only one may", other.id);
            problems.push(Problem { pointer: "/settles".into(), message });
        }
        let mut headers = BTreeMap::new();
        for (name, value) in spec.headers {
            let held = || old.and_then(|old| old.sending.headers.get(&name).cloned());
            if let Some(value) = value.or_else(held) {
                headers.insert(name, value);
                continue;
            }
            let message = "the destination has no such header, so null stands for no value".to_owned();
            problems.push(Problem { pointer: format!("/headers/{}", name.as_str()), message });
        }
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems).into());
        }
        let kept = || old.map_or_else(|| vec![fresh], |old| old.secrets.clone());
        let destination = Destination {
            secrets: spec.secrets.unwrap_or_else(kept),
            url: spec.url,
            topics: spec.topics,
            allow_private: spec.allow_private,
            settles: spec.settles,
            sending: Sending { headers, ..spec.sending },
            paused: old.and_then(|old| old.paused),
            id,
        };
        let is_new = old.is_none();
        Ok((put(decider, destination)?, is_new))
    }
}

/// Nothing is sent to a destination any more, or it is again.
#[derive(Clone, Debug)]
pub struct PauseDestination {
    /// Which.
    pub id: DestinationId,
    /// Whether it is paused from now on.
    pub paused: bool,
}

impl Command for PauseDestination {
    /// The destination as it is now.
    type Answer = Arc<Destination>;

    /// Refused when there is none.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        Ok(pause(decider, &self.id, self.paused.then_some(Paused::Operator))?)
    }
}

/// A destination is deleted, if there is one. What waits for it is dead.
#[derive(Clone, Debug)]
pub struct DeleteDestination(pub DestinationId);

impl Command for DeleteDestination {
    type Answer = ();

    fn carry_out(self, decider: &mut Decider) -> Result<(), CommandError> {
        let Self(id) = self;
        // Deleting what is not there leaves things as they should be.
        if decider.registry.destinations.contains_key(&id) {
            decider.with_registry(|registry| {
                registry.destinations.remove(&id);
                Ok(())
            })?;
            decider.batch().outbox.push(OutboxChange::Delete(id));
        }
        Ok(())
    }
}

/// A destination is told that it is being tried.
#[derive(Clone, Debug)]
pub struct TestDestination(pub DestinationId);

impl Command for TestDestination {
    /// What it is told.
    type Answer = Delivery;

    /// Refused when there is none, or it is paused.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let destination = destination(decider, &self.0)?;
        if destination.paused.is_some() {
            return Err(ControlError::Paused(self.0).into());
        }
        let post = Post { topic: Topic::DestinationTest, data: "{}", customer: None, grant: None };
        let delivery = decider.post_to(&destination, post);
        Ok(Arc::unwrap_or_clone(delivery))
    }
}

pub(super) fn destination(decider: &Decider, id: &DestinationId) -> Result<Arc<Destination>, ControlError> {
    let missing = || ControlError::NotFound { what: "destination", name: id.to_string() };
    decider.registry.destinations.get(id).cloned().ok_or_else(missing)
}

pub(super) fn pause(
    decider: &mut Decider,
    id: &DestinationId,
    paused: Option<Paused>,
) -> Result<Arc<Destination>, ControlError> {
    let destination = Destination { paused, ..Destination::clone(&*destination(decider, id)?) };
    put(decider, destination)
}

/// Writes a destination, unless it is so already.
fn put(decider: &mut Decider, destination: Destination) -> Result<Arc<Destination>, ControlError> {
    if let Some(same) = decider.registry.destinations.get(&destination.id).filter(|old| ***old == destination) {
        return Ok(Arc::clone(same));
    }
    let destination = Arc::new(destination);
    decider.with_registry(|registry| {
        registry.destinations.insert(destination.id.clone(), Arc::clone(&destination));
        Ok(())
    })?;
    decider.batch().outbox.push(OutboxChange::Set(Arc::clone(&destination)));
    Ok(destination)
}
