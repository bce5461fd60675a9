//! The journal of transfers, the accounts of campaigns, the audit, and the runs of the host.

use largesse_domain::audit::{Audited, Difference};
use largesse_domain::id::CampaignId;
use largesse_domain::ledger::{Position, Transfer};
use largesse_domain::run::Run;
use largesse_domain::unit::Unit;

use super::{Committed, Query, QueryError, Sink, fill};

/// A page of the journal, in order.
#[derive(Clone, Debug)]
pub struct Transfers<S> {
    /// After the transfer with this number.
    pub after: u64,
    /// Takes them, each with its number.
    pub into: S,
}

impl<S: Sink<Item = (u64, Transfer)>> Query for Transfers<S> {
    type Answer = S;

    fn read(self, committed: &Committed<'_>) -> Result<S, QueryError> {
        let Self { after, mut into } = self;
        fill(&mut into, after, |after, some| committed.store.transfers(after, some), |(number, _)| *number)?;
        Ok(into)
    }
}

/// What stands in the accounts of a campaign.
#[derive(Clone, Debug)]
pub struct Positions(pub CampaignId);

impl Query for Positions {
    /// What stands there, by unit.
    type Answer = Vec<(Unit, Position)>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        committed.campaign(&self.0)?;
        let positions = committed.store.positions(Some(&self.0))?;
        Ok(positions.into_iter().map(|(key, position)| (key.unit, position)).collect())
    }
}

/// Whether everything follows from the transfers.
#[derive(Clone, Copy, Debug)]
pub struct Audit;

impl Query for Audit {
    /// How much was looked at, or the first difference.
    type Answer = Result<Audited, Box<Difference>>;
    const READS_ALL: bool = true;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        Ok(committed.store.audit()?)
    }
}

/// A page of the runs of the host that assigned numbers.
#[derive(Clone, Debug)]
pub struct Runs<S> {
    /// After the run with this number.
    pub after: u64,
    /// Takes them.
    pub into: S,
}

impl<S: Sink<Item = Run>> Query for Runs<S> {
    type Answer = S;

    fn read(self, committed: &Committed<'_>) -> Result<S, QueryError> {
        let Self { after, mut into } = self;
        fill(&mut into, after, |after, some| committed.store.runs(after, some), |run| run.number)?;
        Ok(into)
    }
}
