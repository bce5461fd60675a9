//! When campaigns grant, and for whom: the calendar of activities.

use std::ops::Range;
use std::sync::Arc;

use largesse_documents::time::local_time;
use largesse_domain::customer::Customer;
use largesse_domain::grant::Grant;
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::limits::{CALENDAR_OCCURRENCES_MAX, MINUTES_PER_DAY};
use largesse_domain::recurring::hours_of_day;
use largesse_domain::time::{Day, Instant};

use super::{Committed, Query, QueryError};
use crate::registry::Active;
use crate::segment::Subject;

/// A page of the campaigns that grant on some local days. Campaigns that have not started are left out; of those that are over stays
/// what was before their end.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Only those that are for this customer now.
    pub customer: Option<CustomerId>,
    /// The first and the last local day; today in each campaign's zone when absent.
    pub days: Option<(Day, Day)>,
    /// After this campaign.
    pub after: Option<CampaignId>,
    /// At most so many.
    pub limit: usize,
}

/// Campaigns grant more often on these days than a calendar shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("campaigns grant more than {CALENDAR_OCCURRENCES_MAX} times on these days; ask for fewer days")]
pub struct TooManyOccurrences;

/// A campaign and when it grants.
pub struct Entry {
    /// The campaign.
    pub active: Arc<Active>,
    /// When it grants, in order; at least once.
    pub occurrences: Vec<Range<Instant>>,
}

impl Query for Calendar {
    /// The campaigns that grant, by id.
    type Answer = Result<Vec<Entry>, TooManyOccurrences>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let (store, now) = (committed.store, committed.now);
        let known = match &self.customer {
            Some(id) => Some(Known { customer: store.customer(id)?.unwrap_or_default(), grants: store.grants_to(id)? }),
            None => None,
        };
        let wallet: Vec<&Grant> = known.iter().flat_map(|known| &known.grants).collect();
        let is_for_them = |active: &Active| {
            let (Some(Known { customer, .. }), Some(rule)) = (&known, &active.audience) else { return true };
            let subject = Subject { customer, wallet: &wallet, at: active.zone.moment(now), now };
            rule.holds(&subject).unwrap_or(false)
        };
        let (mut entries, mut count) = (Vec::new(), 0);
        for active in committed.registry.campaigns() {
            let id = &active.campaign.id;
            let is_asked_for = self.after.as_ref().is_none_or(|after| id > after);
            let has_started = active.campaign.lifecycle != Lifecycle::Draft;
            if !is_asked_for || !has_started || !is_for_them(active) {
                continue;
            }
            if entries.len() == self.limit {
                break;
            }
            let today = active.zone.moment(now).local.day;
            let (first, last) = self.days.unwrap_or((today, today));
            let occurrences = occurrences(active, first, last);
            count += occurrences.len();
            if count > CALENDAR_OCCURRENCES_MAX {
                return Ok(Err(TooManyOccurrences));
            }
            if !occurrences.is_empty() {
                entries.push(Entry { active: Arc::clone(active), occurrences });
            }
        }
        Ok(Ok(entries))
    }
}

/// A customer whose calendar it is.
struct Known {
    customer: Customer,
    grants: Vec<Grant>,
}

/// When a campaign grants on some local days. One without windows grants once, for as long as it runs.
fn occurrences(active: &Active, first: Day, last: Day) -> Vec<Range<Instant>> {
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
