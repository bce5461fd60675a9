//! What is checked: a policy in its sandbox. A trait, so that tests can plant what a sandbox makes impossible.

use std::sync::Arc;

use largesse_domain::decision::{Evaluation, Input};
use largesse_domain::json::Json;
use largesse_domain::owner::OwnerKind;
use largesse_domain::policy::{Manifest, Offer};
use largesse_engine::{CheckError, Job, LoadError, LoadedPolicy, Measured, ReplyError, Workers};

/// A policy that can be asked for everything that the host asks for.
pub trait Subject {
    /// What it said of itself when it was loaded.
    fn manifest(&self) -> &Manifest;

    /// The size of its component, in bytes.
    fn size_bytes(&self) -> u64;

    /// What it says of itself now.
    ///
    /// # Errors
    /// When it breaks its contract.
    fn describe(&self) -> Result<Manifest, LoadError>;

    /// Whether it takes the parameters.
    ///
    /// # Errors
    /// When it does not, or breaks its contract.
    fn check(&self, params: &Json) -> Result<Vec<Offer>, CheckError>;

    /// One decision, alone.
    fn decide(&self, input: &Arc<Input>) -> Measured;

    /// Many decisions, beside one another, in the order of the inputs.
    fn decide_all(&self, inputs: Vec<Arc<Input>>) -> Vec<Evaluation>;

    /// A state as it writes it now.
    ///
    /// # Errors
    /// When it refuses, or breaks its contract.
    fn migrate(&self, owner: OwnerKind, state: &Json, written_by: u32) -> Result<Json, ReplyError>;
}

/// A component in the sandboxes of an engine.
pub struct Loaded {
    workers: Arc<Workers>,
    policy: Arc<LoadedPolicy>,
}

impl Loaded {
    /// A policy, in the workers that loaded it.
    #[must_use]
    pub fn new(workers: Arc<Workers>, policy: Arc<LoadedPolicy>) -> Self {
        Self { workers, policy }
    }
}

impl Subject for Loaded {
    fn manifest(&self) -> &Manifest {
        self.policy.manifest()
    }

    fn size_bytes(&self) -> u64 {
        self.policy.size_bytes()
    }

    fn describe(&self) -> Result<Manifest, LoadError> {
        self.workers.describe(&self.policy)
    }

    fn check(&self, params: &Json) -> Result<Vec<Offer>, CheckError> {
        self.workers.check(&self.policy, params)
    }

    fn decide(&self, input: &Arc<Input>) -> Measured {
        self.workers.measure(&self.policy, input)
    }

    fn decide_all(&self, inputs: Vec<Arc<Input>>) -> Vec<Evaluation> {
        let job = |input| Job { policy: Arc::clone(&self.policy), input };
        self.workers.decide_all(inputs.into_iter().map(job).collect())
    }

    fn migrate(&self, owner: OwnerKind, state: &Json, written_by: u32) -> Result<Json, ReplyError> {
        self.workers.try_migration(&self.policy, owner, state, written_by)
    }
}
