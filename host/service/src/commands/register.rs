//! An event kind is registered or changed.

use std::sync::Arc;

use largesse_domain::problem::Problem;
use largesse_domain::timer::EVENT_KIND;
use largesse_store::Kind;

use super::Command;
use crate::kinds::KindRules;
use crate::pipeline::{CommandError, ControlError, Decider};
use crate::{ChangeError, Service};

impl Service {
    /// Registers or changes an event kind. The boolean says whether it is new.
    ///
    /// # Errors
    /// When its schema or an annotation is not valid.
    pub async fn register(&self, kind: Kind) -> Result<(Kind, bool), ChangeError> {
        let compiled = {
            let kind = kind.clone();
            self.changes.run(move || KindRules::of(&kind)).await?
        };
        let rules = compiled.map_err(|problem| ControlError::Problems(vec![problem]))?;
        self.run(Register { kind, rules: Arc::new(rules) }).await
    }
}

/// An event kind is registered or changed, whose schema is compiled.
struct Register {
    kind: Kind,
    rules: Arc<KindRules>,
}

impl Command for Register {
    /// The kind; `true` when it was not there before.
    type Answer = (Kind, bool);

    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self { kind, rules } = self;
        if kind.kind.as_str() == EVENT_KIND {
            let message = format!("{} is the host's own kind and does not change", kind.kind);
            return Err(ControlError::Problems(vec![Problem { pointer: String::new(), message }]).into());
        }
        let old = decider.registry.kinds.all().find(|old| old.kind == kind.kind).cloned();
        if old.as_ref() == Some(&kind) {
            return Ok((kind, false));
        }
        decider.with_registry(|registry| {
            registry.kinds.insert_rules(kind.clone(), rules).map_err(|problem| ControlError::Problems(vec![problem]))
        })?;
        decider.batch().kinds.push(kind.clone());
        Ok((kind, old.is_none()))
    }
}
