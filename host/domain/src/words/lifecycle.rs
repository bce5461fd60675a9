//! A campaign's life, as one total function.

use std::fmt;

/// Where a campaign is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    /// Being prepared; decides nothing.
    Draft,
    /// Started; its opening time has not come.
    Scheduled,
    /// Decides.
    Running,
    /// Keeps events for later.
    Paused,
    /// Past its end: late events and revocations still run.
    Closing,
    /// Over; decides nothing more.
    Ended,
}

/// What can happen to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// An operator starts it.
    Start,
    /// Its opening time has come.
    Open,
    /// An operator pauses it.
    Pause,
    /// An operator resumes it.
    Resume,
    /// Its closing time has come, or an operator ends it.
    End,
    /// The closing phase is over.
    Finish,
}

/// A command that makes no sense now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Illegal {
    /// Where the campaign is.
    pub from: Lifecycle,
    /// What was asked.
    pub command: Command,
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a campaign that is {} cannot {}", self.from.as_str(), self.command.as_str())
    }
}

impl std::error::Error for Illegal {}

impl Lifecycle {
    /// Every state.
    pub const ALL: [Self; 6] = [Self::Draft, Self::Scheduled, Self::Running, Self::Paused, Self::Closing, Self::Ended];

    /// Returns the word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Closing => "closing",
            Self::Ended => "ended",
        }
    }

    /// Reports whether its zone, its currency and what its budgets and limits count are fixed.
    #[must_use]
    pub fn has_started(self) -> bool {
        self != Self::Draft
    }

    /// Reports whether it decides, or keeps what it will decide.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Closing)
    }

    /// Reports whether what it declared as its budgets may still be spent.
    #[must_use]
    pub fn holds_budget(self) -> bool {
        self.has_started() && self != Self::Ended
    }

    /// Returns what comes of a command. A command that asks for what is so already is accepted and changes nothing, so that it
    /// can be sent again.
    ///
    /// # Errors
    /// When the command makes no sense now.
    pub fn next(self, command: Command) -> Result<Self, Illegal> {
        use Command::{End, Finish, Open, Pause, Resume, Start};
        use Lifecycle::{Closing, Draft, Ended, Paused, Running, Scheduled};
        match (self, command) {
            (Draft | Scheduled, Start) => Ok(Scheduled),
            (Running, Start | Open | Resume) | (Scheduled, Open) | (Paused, Resume) => Ok(Running),
            (Running | Paused, Pause) => Ok(Paused),
            (Running | Paused | Closing, End) => Ok(Closing),
            (Scheduled, End) | (Closing | Ended, Finish) | (Ended, End) => Ok(Ended),
            (Draft, Open | Pause | Resume | End | Finish)
            | (Scheduled, Pause | Resume | Finish)
            | (Running, Finish)
            | (Paused, Start | Open | Finish)
            | (Closing, Start | Open | Pause | Resume)
            | (Ended, Start | Open | Pause | Resume) => Err(Illegal { from: self, command }),
        }
    }
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 6] = [Self::Start, Self::Open, Self::Pause, Self::Resume, Self::End, Self::Finish];

    /// Returns the word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Open => "open",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::End => "end",
            Self::Finish => "finish",
        }
    }
}

/// Where in its life the campaign is, as a policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It grants.
    Open,
    /// It has ended; late events and revocations still run.
    Closing,
    /// It has windows, and the event is from outside of them; revocations still run.
    Between,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 3] = [Self::Open, Self::Closing, Self::Between];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Between => "between",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_repeatable_where_it_leads() {
        for from in Lifecycle::ALL {
            for command in Command::ALL {
                if let Ok(to) = from.next(command) {
                    assert_eq!(to.next(command), Ok(to), "{from:?} {command:?}");
                }
            }
        }
    }

    #[test]
    fn an_ended_campaign_stays_ended() {
        for command in Command::ALL {
            assert!(!matches!(Lifecycle::Ended.next(command), Ok(other) if other != Lifecycle::Ended));
        }
    }

    #[test]
    fn the_usual_life() {
        let life = [Command::Start, Command::Open, Command::Pause, Command::Resume, Command::End, Command::Finish];
        let end = life.into_iter().try_fold(Lifecycle::Draft, Lifecycle::next);
        assert_eq!(end, Ok(Lifecycle::Ended));
    }
}
