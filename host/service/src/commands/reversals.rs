//! What was granted is taken back.

use largesse_documents::receipt::ReversalAnswer;
use largesse_domain::reversal::ReversalRequest;

use super::Command;
use crate::pipeline::{CommandError, Decider};

/// A grant, some of it, or whatever an event gave is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse(pub ReversalRequest);

impl Command for Reverse {
    /// What was taken back; `false` when the same was asked before.
    type Answer = (ReversalAnswer, bool);

    /// Refused when there is no such grant or event, when nothing is left to take back, or when the id was used for another request.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        Ok(decider.reverse(&self.0)??)
    }
}
