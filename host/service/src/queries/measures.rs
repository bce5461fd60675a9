//! What a campaign has counted.

use largesse_domain::facts::Wanted;
use largesse_domain::id::CampaignId;
use largesse_domain::measure::Measures;

use super::{Committed, Query, QueryError};

/// What a campaign has counted.
#[derive(Clone, Debug)]
pub struct ShowMeasures(pub CampaignId);

impl Query for ShowMeasures {
    /// The counts, by measure and label.
    type Answer = Measures;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        committed.campaign(&self.0)?;
        let rows = committed.store.load(&Wanted { measures: [self.0].into(), ..Wanted::default() })?;
        Ok(rows.measures.into_iter().next().map(|(_, measures)| measures).unwrap_or_default())
    }
}
