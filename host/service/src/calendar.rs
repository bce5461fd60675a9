//! When campaigns grant, and for whom: the calendar of activities.

use std::ops::Range;
use std::sync::Arc;

use largesse_documents::time::local_time;
use largesse_domain::grant::Grant;
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::limits::{CALENDAR_OCCURRENCES_MAX, MINUTES_PER_DAY};
use largesse_domain::recurring::hours_of_day;
use largesse_domain::time::{Day, Instant};
use largesse_store::{Store, StoreError};

use crate::registry::{Active, Registry};
use crate::segment::Subject;
use crate::{ReadError, Service};

/// Why a calendar is not shown.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// Campaigns grant more often on these days than a calendar shows.
    #[error("campaigns grant more than {CALENDAR_OCCURRENCES_MAX} times on these days; ask for fewer days")]
    TooMany,
    /// Nothing was read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A campaign and when it grants.
pub struct Entry {
    /// The campaign.
    pub active: Arc<Active>,
    /// When it grants, in order; at least once.
    pub occurrences: Vec<Range<Instant>>,
}

impl Service {
    /// When campaigns grant on some local days, the last included, or today; for a customer, those that are for them now. Campaigns
    /// that have not started are left out; of those that are over stays what was before their end.
    ///
    /// # Errors
    /// When campaigns grant too often on these days, or the store fails.
    pub async fn calendar(
        &self,
        customer: Option<CustomerId>,
        days: Option<(Day, Day)>,
        (after, limit): (Option<CampaignId>, usize),
    ) -> Result<Vec<Entry>, CalendarError> {
        let (registry, now) = (self.registry(), self.clock().now());
        let read = move |store: &dyn Store| {
            let is_after = |active: &Active| after.as_ref().is_none_or(|after| active.campaign.id > *after);
            entries(store, &registry, (customer.as_ref(), days, now), (&is_after, limit))
        };
        self.read(read).await?.ok_or(CalendarError::TooMany)
    }
}

/// The entries, or `None` when there are too many.
fn entries(
    store: &dyn Store,
    registry: &Registry,
    (customer, days, now): (Option<&CustomerId>, Option<(Day, Day)>, Instant),
    (is_asked_for, limit): (&dyn Fn(&Active) -> bool, usize),
) -> Result<Option<Vec<Entry>>, StoreError> {
    let known = match customer {
        Some(id) => Some((store.customer(id)?.unwrap_or_default(), store.grants_to(id)?)),
        None => None,
    };
    let wallet: Vec<&Grant> = known.iter().flat_map(|(_, grants)| grants).collect();
    let is_for_them = |active: &Active| {
        let (Some((customer, _)), Some(rule)) = (&known, &active.audience) else { return true };
        let subject = Subject { customer, wallet: &wallet, at: active.zone.moment(now), now };
        rule.holds(&subject).unwrap_or(false)
    };
    let started = registry.campaigns().filter(|active| active.campaign.lifecycle != Lifecycle::Draft);
    let entry = |active: &Arc<Active>| {
        let today = active.zone.moment(now).local.day;
        let occurrences = occurrences(active, days.unwrap_or((today, today)));
        Entry { active: Arc::clone(active), occurrences }
    };
    let (mut entries, mut count) = (Vec::new(), 0);
    for entry in started.filter(|active| is_asked_for(active) && is_for_them(active)).map(entry) {
        if entries.len() == limit {
            break;
        }
        count += entry.occurrences.len();
        if count > CALENDAR_OCCURRENCES_MAX {
            return Ok(None);
        }
        if !entry.occurrences.is_empty() {
            entries.push(entry);
        }
    }
    Ok(Some(entries))
}

/// When a campaign grants on some local days. One without windows grants once, for as long as it runs.
fn occurrences(active: &Active, (first, last): (Day, Day)) -> Vec<Range<Instant>> {
    let settings = &active.campaign.settings;
    let within = |from: (Day, u16), to: (Day, u16)| {
        let start = active.zone.minute_of(from.0, from.1)?.max(settings.opens);
        let end = active.zone.minute_of(to.0, to.1)?.min(settings.closes.unwrap_or(Instant::MAX));
        (start < end).then_some(start..end)
    };
    if settings.windows.is_empty() {
        return within((first, 0), (last, MINUTES_PER_DAY)).into_iter().collect();
    }
    let on = |day: Day| local_time(day, 0).map(|local| (day, hours_of_day(&settings.windows, &local)));
    let parts = (first.0..=last.0).filter_map(|day| on(Day(day)));
    let parts = parts.flat_map(|(day, parts)| parts.into_iter().map(move |hours| (day, hours)));
    parts.filter_map(|(day, hours)| within((day, hours.from()), (day, hours.to()))).collect()
}
