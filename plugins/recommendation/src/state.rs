//! What is remembered of a customer.

use std::collections::{BTreeMap, BTreeSet};

use largesse_sdk::{Date, Event, Refusal, events, key_part};
use serde::{Deserialize, Serialize};

use crate::params::Placement;

/// Most holdings and most segments that are remembered.
const HOLDINGS_MAX: usize = 64;
const SEGMENTS_MAX: usize = 16;
/// For how many days it is remembered what was shown: two months, for events that come late.
const DAYS_KEPT: i32 = 62;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The roles that the products play, by holding.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub holdings: BTreeMap<String, String>,
    /// How many purchases there were.
    #[serde(skip_serializing_if = "is_nothing")]
    pub purchases: u32,
    /// The segments that the customer is in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub segments: BTreeSet<String>,
    /// When each was last clicked, in milliseconds since 1970, until it converts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub clicks: BTreeMap<String, i64>,
    /// How often something was shown by itself, by place and day.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shown: BTreeMap<String, BTreeMap<i32, u32>>,
}

impl State {
    /// A holding begins or ends; nothing where the event is of neither.
    pub(crate) fn note_holding(&mut self, event: &Event) -> Result<(), Refusal> {
        let ended = match event.kind.as_str() {
            "invest.purchased" => {
                let events::InvestPurchased { holding, product_role, .. } = event.data()?;
                self.purchases = self.purchases.saturating_add(1);
                if let Some(role) = product_role.filter(|_| self.holdings.len() < HOLDINGS_MAX) {
                    self.holdings.insert(key_part(&holding).into_owned(), role);
                }
                return Ok(());
            }
            "invest.redeemed" => event.data::<events::InvestRedeemed>()?.holding,
            "invest.matured" => event.data::<events::InvestMatured>()?.holding,
            _ => return Ok(()),
        };
        self.holdings.remove(&*key_part(&ended));
        Ok(())
    }

    /// The customer enters a segment.
    pub(crate) fn enter(&mut self, segment: String) {
        if self.segments.len() < SEGMENTS_MAX {
            self.segments.insert(segment);
        }
    }

    /// The customer leaves a segment.
    pub(crate) fn leave(&mut self, segment: &str) {
        self.segments.remove(segment);
    }

    /// Whether a place has shown something as often as it may, on a day or in its month.
    pub(crate) fn is_enough(&self, placement: &Placement, day: Date) -> bool {
        let (first, last) = day.month_range();
        let days = self.shown.get(&*placement.place);
        let within = |first: Date, last: Date| -> u32 {
            days.map_or(0, |days| days.range(first.0..=last.0).map(|(_, times)| *times).sum())
        };
        placement.daily.is_some_and(|most| within(day, day) >= most)
            || placement.monthly.is_some_and(|most| within(first, last) >= most)
    }

    /// A place shows something by itself; remembered where that is bounded.
    pub(crate) fn note_shown(&mut self, placement: &Placement, day: Date) {
        if placement.daily.is_none() && placement.monthly.is_none() {
            return;
        }
        let days = self.shown.entry(placement.place.to_string()).or_default();
        *days.entry(day.0).or_default() += 1;
        let latest = days.keys().next_back().copied().unwrap_or(day.0);
        days.retain(|one, _| *one > latest - DAYS_KEPT);
    }

    /// What was kept of two who turn out to be one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.purchases = self.purchases.saturating_add(other.purchases);
        self.holdings.extend(other.holdings.into_iter().take(HOLDINGS_MAX.saturating_sub(self.holdings.len())));
        self.segments.extend(other.segments.into_iter().take(SEGMENTS_MAX.saturating_sub(self.segments.len())));
        for (ad, at) in other.clicks {
            let own = self.clicks.entry(ad).or_insert(at);
            *own = at.max(*own);
        }
        for (place, days) in other.shown {
            let own = self.shown.entry(place).or_default();
            for (day, times) in days {
                *own.entry(day).or_default() += times;
            }
        }
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_nothing(count: &u32) -> bool {
    *count == 0
}
