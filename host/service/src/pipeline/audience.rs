//! Whether a campaign is for the customer of an event.

use std::sync::Arc;

use largesse_domain::facts::Wanted;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use crate::registry::Active;
use crate::segment::{Rule, Subject};

impl Decider {
    /// Loads what conditions ask for beyond the customer.
    pub(super) fn load_for_audiences(&mut self, event: &Admitted) -> Result<(), StoreError> {
        let registry = Arc::clone(&self.registry);
        let sees_balances = |active: &Arc<Active>| active.audience.as_deref().is_some_and(Rule::sees_balances);
        if registry.routed(&event.arrival).any(sees_balances) {
            let ids = self.facts.ids_of(self.actor(event));
            self.ensure(Wanted { wallets: ids.into_iter().collect(), ..Wanted::default() })?;
        }
        Ok(())
    }

    /// Whether the actor of an event belongs to a campaign's audience at the event's time. A condition that comes to no answer
    /// leaves the customer out.
    pub(super) fn is_in_audience(&self, active: &Active, event: &Admitted) -> bool {
        let Some(rule) = &active.audience else { return true };
        let (inner, actor) = (&event.arrival.event, self.actor(event));
        let wallet = if rule.sees_balances() { self.facts.wallet(actor) } else { Vec::new() };
        let subject = Subject {
            customer: self.facts.customers.get(actor),
            wallet: &wallet,
            at: active.zone.moment(inner.occurred),
            now: event.admission.at,
        };
        rule.holds(&subject).unwrap_or_else(|error| {
            let campaign = &active.campaign.id;
            tracing::debug!(%campaign, seq = event.admission.seq.0, %error, "an audience's condition comes to no answer");
            metrics::counter!("largesse_audience_errors_total", "campaign" => campaign.to_string()).increment(1);
            false
        })
    }
}
