//! What is remembered of a customer.

use std::collections::BTreeMap;

use largesse_sdk::{Date, Event, Refusal, events, key_part};
use serde::{Deserialize, Serialize};

use crate::params::Placement;

/// Most holdings and most segments that are remembered.
const HOLDINGS_MAX: usize = 64;
const SEGMENTS_MAX: usize = 32;
/// For how many days it is remembered what was shown: two months, for events that come late.
const DAYS_KEPT: i32 = 62;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The roles that the products play, by holding; nothing where it is over.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub holdings: BTreeMap<String, Option<String>>,
    /// How many purchases there were.
    #[serde(skip_serializing_if = "is_nothing")]
    pub purchases: u32,
    /// When the customer last entered or left each segment, in milliseconds since 1970, and whether they are in it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub segments: BTreeMap<String, (i64, bool)>,
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
                // One that is over already, as was told first, stays over.
                if product_role.is_some() {
                    self.hold(key_part(&holding).into_owned(), product_role);
                }
                return Ok(());
            }
            "invest.redeemed" => event.data::<events::InvestRedeemed>()?.holding,
            "invest.matured" => event.data::<events::InvestMatured>()?.holding,
            _ => return Ok(()),
        };
        self.hold(key_part(&ended).into_owned(), None);
        Ok(())
    }

    /// Notes a holding with its role, or that it is over, which stays so.
    fn hold(&mut self, holding: String, role: Option<String>) {
        if let Some(known) = self.holdings.get_mut(&holding) {
            *known = known.take().and(role);
            return;
        }
        if self.holdings.len() >= HOLDINGS_MAX {
            let Some(over) = self.holdings.iter().find(|(_, role)| role.is_none()).map(|(name, _)| name.clone()) else {
                return;
            };
            self.holdings.remove(&over);
        }
        self.holdings.insert(holding, role);
    }

    /// The roles that the products play which the customer holds.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &String> {
        self.holdings.values().flatten()
    }

    /// The customer enters a segment, or leaves it: what happened last counts, whenever one hears of it.
    pub(crate) fn note_segment(&mut self, segment: String, at: i64, is_in: bool) {
        if let Some((known, was_in)) = self.segments.get_mut(&segment) {
            if (*known, !*was_in) < (at, !is_in) {
                (*known, *was_in) = (at, is_in);
            }
            return;
        }
        if self.segments.len() >= SEGMENTS_MAX {
            let left = self.segments.iter().filter(|(_, (_, is_in))| !is_in).min_by_key(|(_, (at, _))| *at);
            let Some(left) = left.map(|(name, _)| name.clone()) else { return };
            self.segments.remove(&left);
        }
        self.segments.insert(segment, (at, is_in));
    }

    /// Whether the customer is in a segment.
    pub(crate) fn is_in(&self, segment: &str) -> bool {
        self.segments.get(segment).is_some_and(|(_, is_in)| *is_in)
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
        other.holdings.into_iter().for_each(|(holding, role)| self.hold(holding, role));
        other.segments.into_iter().for_each(|(segment, (at, is_in))| self.note_segment(segment, at, is_in));
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
