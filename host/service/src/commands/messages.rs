//! The rules for marketing messages are set.

use std::sync::Arc;

use largesse_domain::message_rules::MessageRules;

use super::Command;
use crate::pipeline::{CommandError, Decider};

/// The rules for marketing messages are set.
#[derive(Clone, Debug)]
pub struct SetMessageRules(pub MessageRules);

impl Command for SetMessageRules {
    /// The rules as they are now.
    type Answer = MessageRules;

    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self(rules) = self;
        if decider.registry.catalogue.messages != rules {
            decider.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).messages = rules.clone();
                Ok(())
            })?;
            decider.batch().message_rules = Some(rules.clone());
        }
        Ok(rules)
    }
}
