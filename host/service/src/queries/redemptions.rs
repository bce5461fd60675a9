//! What customers used, or reserved.

use largesse_domain::facts::Wanted;
use largesse_domain::id::CustomerId;
use largesse_domain::redemption::{Redemption, RedemptionId};

use super::{Committed, Query, QueryError, not_found};

/// A redemption.
#[derive(Clone, Debug)]
pub struct ShowRedemption(pub RedemptionId);

impl Query for ShowRedemption {
    type Answer = Redemption;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let wanted = Wanted { redemptions: [self.0.clone()].into(), ..Wanted::default() };
        let rows = committed.store.load(&wanted)?;
        let found = rows.redemptions.into_iter().find_map(|(_, redemption)| redemption);
        found.ok_or_else(|| not_found("redemption", &self.0))
    }
}

/// A page of what a customer has used.
#[derive(Clone, Debug)]
pub struct Redemptions {
    /// Who, by any id.
    pub customer: CustomerId,
    /// After this redemption.
    pub after: Option<RedemptionId>,
    /// At most so many.
    pub limit: usize,
}

impl Query for Redemptions {
    /// The redemptions, by id.
    type Answer = Vec<Redemption>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let ids = committed.store.ids_of(&self.customer)?;
        Ok(committed.store.redemptions_of(&ids, self.after.as_ref(), self.limit)?)
    }
}
