//! What the host is asked to change: one command, one file (small ones of one noun share theirs).
//!
//! A command names its fields, what it checks, what it changes and the type of its answer. [`Service::run`] hands it to the
//! pipeline, which carries it out between two groups of events, so that no decision sees half of one, and answers it once what it
//! changed is on disk. Where a check takes time (a component is loaded, parameters are tried in a sandbox, states are migrated for a
//! trial) the file has a method of [`Service`] too, which makes it beside the pipeline and then runs the command.
//!
//! An answer that is a pair says in its second part whether the command has made what the first part shows.

mod publish;
mod component;
mod apply;
mod steer;
mod carry_out;
mod order;
mod stop_rollout;
mod stop_policy;
mod migrate;
mod register;
mod learn;
mod invite;
mod units;
mod pockets;
mod programmes;
mod segments;
mod messages;
mod redemptions;
mod reservations;
mod reversals;
mod destinations;
mod deliveries;

use crate::pipeline::{AfterCommit, CommandError, Decider, Work};
use crate::{ChangeError, Service};

pub use carry_out::Plan;
pub use deliveries::{NoteAttempts, ReplayDead, ReplayDelivery, SettleDelivery};
pub use destinations::{DeleteDestination, PauseDestination, SetDestination, TestDestination};
pub use learn::Learn;
pub use messages::SetMessageRules;
pub use migrate::MigrateStates;
pub use order::{Ordered, VersionOrder};
pub use pockets::SetPocket;
pub use programmes::SetProgramme;
pub use redemptions::{Redeem, SettleRedemption};
pub use reservations::{Reserve, SettleGrant};
pub use reversals::Reverse;
pub use stop_policy::{AllowPolicy, StopPolicy};
pub use stop_rollout::StopRollout;
pub use units::{Restock, SetUnit};

/// Something that the host is asked to change.
pub trait Command: Send + 'static {
    /// What whoever asked is told once it is on disk.
    type Answer: Send + 'static;

    /// Checks the command and carries it out, on the decider's thread.
    ///
    /// # Errors
    /// Why it is not carried out; nothing was changed then.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError>;
}

impl Service {
    /// Runs a command and answers when what it changed is on disk.
    ///
    /// # Errors
    /// Why the command was not carried out, or when the host has too much to do or is stopping.
    pub async fn run<C: Command>(&self, command: C) -> Result<C::Answer, ChangeError> {
        let answer = self.ask(|reply| {
            Work::Change(Box::new(move |decider| {
                let answer = match command.carry_out(decider) {
                    Ok(answer) => Ok(answer),
                    Err(CommandError::Refused(error)) => Err(error),
                    Err(CommandError::Store(error)) => return Err(error),
                };
                let answered: AfterCommit = Box::new(move || {
                    // Whoever asked may have gone; what was changed stays so.
                    let _ = reply.send(answer);
                });
                Ok(answered)
            }))
        });
        Ok(answer.await??)
    }
}
