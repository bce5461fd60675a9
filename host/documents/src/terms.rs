//! The terms of a campaign: attribution, budgets, limits. Read as part of a campaign document and of the store.

use std::collections::BTreeSet;

use largesse_domain::budget::{Budget, Limit};
use largesse_domain::campaign::{OnFault, UnknownClaim};
use largesse_domain::dimension::Dimension;
use largesse_domain::limits::{BUDGETS_MAX, CAMPAIGN_LIMITS_MAX, INVITER_DISTANCE_MAX};
use largesse_domain::protection::FaultThreshold;
use largesse_domain::referral::{Attribution, TouchRule};
use largesse_domain::time::Window;
use largesse_domain::unit::{Currency, Quantity, UnitPattern};
use serde::{Deserialize, Serialize};

use crate::nearest::meant_unit;
use crate::problem::Problems;

/// Who counts as an inviter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AttributionDocument {
    /// Which of several invitations counts.
    pub touch: TouchWord,
    /// How long before the binding event an invitation may lie.
    pub window_days: u32,
    /// The kinds of event that bind.
    pub bind_on: Vec<String>,
    /// Inviters are shown to the policy up to so many steps away, 1 to 3: with 1 only the inviter, not the inviter's inviter. As far as the
    /// policy looks when absent; the host's `policies.inviter_distance` bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<u8>,
}

impl Default for AttributionDocument {
    fn default() -> Self {
        let bind_on = vec!["user.registered".to_owned(), "invite.bound".to_owned()];
        Self { touch: TouchWord::First, window_days: 30, bind_on, distance: None }
    }
}

/// Which of several invitations counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TouchWord {
    /// The earliest within the window.
    #[default]
    First,
    /// The latest.
    Last,
}

/// What a claim on an unknown identity, device, card or address means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownClaimWord {
    /// The decision is denied.
    #[default]
    Deny,
    /// The claim is passed over.
    Allow,
}

/// What a fault of the policy means for the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnFaultWord {
    /// It is answered without reward.
    #[default]
    Skip,
    /// It is decided again later.
    Defer,
}

/// When a version of a policy breaks its contract too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct FaultThresholdDocument {
    /// The share that is too much, in per cent, rounded up to whole decisions; 1 to 100.
    pub percent: u8,
    /// Of how many of its last decisions; 10 to 10,000.
    pub window: u32,
}

impl Default for FaultThresholdDocument {
    fn default() -> Self {
        FaultThreshold::default().into()
    }
}

impl From<FaultThreshold> for FaultThresholdDocument {
    fn from(FaultThreshold { percent, window }: FaultThreshold) -> Self {
        Self { percent, window }
    }
}

impl FaultThresholdDocument {
    /// Checks it.
    pub(crate) fn read(self, problems: &mut Problems) -> Option<FaultThreshold> {
        let Self { percent, window } = self;
        let (least, most) = FaultThreshold::WINDOW;
        let fits = (1..=100).contains(&percent) && (least..=most).contains(&window);
        if !fits {
            let message = format!("a share of 1 to 100 per cent, of the last {least} to {most} decisions");
            problems.add("/fault_threshold", message);
        }
        fits.then_some(FaultThreshold { percent, window })
    }
}

/// The most that a campaign may spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BudgetDocument {
    /// A unit, or a class of units, which then count together.
    pub unit: String,
    /// Over the whole campaign; 0 to 10^15.
    pub total: u64,
    /// Over one local day of the event; 0 to 10^15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
}

/// The most that one customer, device, card, address or identity may receive in a window: an amount, a count of grants, or
/// both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LimitDocument {
    /// A unit, or a class of units, which then count together.
    pub unit: String,
    /// For each of these.
    #[serde(default)]
    pub per: DimensionWord,
    /// In which window.
    pub window: WindowWord,
    /// So much; 0 to 10^15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u64>,
    /// So many grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// The window that a limit counts in, by the event's local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WindowWord {
    /// The whole campaign.
    Campaign,
    /// A local day.
    Day,
    /// An ISO week.
    Week,
    /// A calendar month.
    Month,
}

/// What a limit counts by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DimensionWord {
    /// The customer.
    #[default]
    Customer,
    /// The person: a hash of the identity number.
    Identity,
    /// The device.
    Device,
    /// The bank card.
    Card,
    /// The postal address.
    Address,
}

impl AttributionDocument {
    pub(crate) fn read(&self, problems: &mut Problems) -> Attribution {
        let bind_on = problems.keep_all("/attribution/bind_on", &self.bind_on);
        if self.distance.is_some_and(|distance| !(1..=INVITER_DISTANCE_MAX).contains(&distance)) {
            problems.add("/attribution/distance", format!("expected 1 to {INVITER_DISTANCE_MAX}"));
        }
        Attribution { touch: self.touch.into(), window_days: self.window_days, bind_on, distance: self.distance }
    }
}

impl From<&Attribution> for AttributionDocument {
    fn from(attribution: &Attribution) -> Self {
        let Attribution { touch, window_days, bind_on, distance } = attribution;
        Self { touch: (*touch).into(), window_days: *window_days, bind_on: texts(bind_on), distance: *distance }
    }
}

impl From<&Budget> for BudgetDocument {
    fn from(budget: &Budget) -> Self {
        let Budget { of, total, per_day } = budget;
        Self { unit: of.to_string(), total: total.get(), per_day: per_day.map(Quantity::get) }
    }
}

impl From<&Limit> for LimitDocument {
    fn from(limit: &Limit) -> Self {
        let Limit { of, per, window, amount, count } = limit;
        let (unit, amount) = (of.to_string(), amount.map(Quantity::get));
        Self { unit, per: (*per).into(), window: (*window).into(), amount, count: *count }
    }
}

impl BudgetDocument {
    pub(crate) fn read(&self, pointer: &str, currency: Option<Currency>, problems: &mut Problems) -> Option<Budget> {
        let of = read_pattern(pointer, &self.unit, currency, problems);
        let total = problems.keep(format!("{pointer}/total"), Quantity::new(self.total));
        let per_day = read_quantity(format!("{pointer}/per_day"), self.per_day, problems);
        Some(Budget { of: of?, total: total?, per_day })
    }
}

impl LimitDocument {
    pub(crate) fn read(&self, pointer: &str, currency: Option<Currency>, problems: &mut Problems) -> Option<Limit> {
        let of = read_pattern(pointer, &self.unit, currency, problems);
        let amount = read_quantity(format!("{pointer}/amount"), self.amount, problems);
        Some(Limit { of: of?, per: self.per.into(), window: self.window.into(), amount, count: self.count })
    }
}

/// The budgets, as far as they are right. Each counts something else.
pub(crate) fn read_budgets(
    documents: &[BudgetDocument],
    currency: Option<Currency>,
    problems: &mut Problems,
) -> Vec<Budget> {
    if documents.len() > BUDGETS_MAX {
        problems.add("/budgets", format!("more than {BUDGETS_MAX} budgets"));
    }
    let mut seen = BTreeSet::new();
    let mut budgets = Vec::with_capacity(documents.len());
    for (index, document) in documents.iter().enumerate() {
        let pointer = format!("/budgets/{index}");
        let Some(budget) = document.read(&pointer, currency, problems) else { continue };
        if !seen.insert(budget.of.clone()) {
            problems.add(&pointer, format!("a second budget for {}", budget.of));
        }
        budgets.push(budget);
    }
    budgets
}

/// The limits, as far as they are right. Each counts something else, or in another window.
pub(crate) fn read_limits(
    documents: &[LimitDocument],
    currency: Option<Currency>,
    problems: &mut Problems,
) -> Vec<Limit> {
    if documents.len() > CAMPAIGN_LIMITS_MAX {
        problems.add("/limits", format!("more than {CAMPAIGN_LIMITS_MAX} limits"));
    }
    let mut seen = BTreeSet::new();
    let mut limits = Vec::with_capacity(documents.len());
    for (index, document) in documents.iter().enumerate() {
        let pointer = format!("/limits/{index}");
        if document.amount.is_none() && document.count.is_none() {
            problems.add(&pointer, "limits nothing: give an amount, a count, or both");
        }
        let Some(limit) = document.read(&pointer, currency, problems) else { continue };
        if !seen.insert((limit.of.clone(), limit.per, limit.window)) {
            let (of, per, window) = (&limit.of, limit.per.as_str(), limit.window.as_str());
            problems.add(&pointer, format!("a second limit for {of} per {per} and {window}"));
        }
        limits.push(limit);
    }
    limits
}

/// Shares of a budget, in per cent, rising.
pub(crate) fn read_warn_at(shares: &[u8], problems: &mut Problems) -> Vec<u8> {
    if !shares.is_sorted_by(|a, b| a < b) || shares.iter().any(|share| !(1..=100).contains(share)) {
        problems.add("/warn_at", "expected per cents from 1 to 100, each more than the one before");
    }
    shares.to_vec()
}

/// At which shares of a budget operators are told when a document says nothing.
pub(crate) fn warn_at() -> Vec<u8> {
    vec![80, 100]
}

fn read_pattern(pointer: &str, text: &str, currency: Option<Currency>, problems: &mut Problems) -> Option<UnitPattern> {
    let pointer = format!("{pointer}/unit");
    let read = text.parse::<UnitPattern>().map_err(|error| format!("{error}{}", meant_unit(text)));
    let pattern = problems.keep(&pointer, read)?;
    if let (UnitPattern::Unit(unit), Some(currency)) = (&pattern, currency)
        && unit.currency().is_some_and(|own| own != currency)
    {
        problems.add(pointer, format!("{unit} is not in the campaign's currency, {currency}"));
    }
    Some(pattern)
}

fn read_quantity(pointer: String, value: Option<u64>, problems: &mut Problems) -> Option<Quantity> {
    problems.keep(pointer, Quantity::new(value?))
}

pub(crate) fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// Both directions between a word in a document and the domain's own enumeration.
macro_rules! same_words {
    ($($word:ident = $domain:ident { $($case:ident),* })*) => {$(
        impl From<$word> for $domain {
            fn from(word: $word) -> Self {
                match word { $($word::$case => Self::$case),* }
            }
        }
        impl From<$domain> for $word {
            fn from(domain: $domain) -> Self {
                match domain { $($domain::$case => Self::$case),* }
            }
        }
    )*};
}

same_words! {
    TouchWord = TouchRule { First, Last }
    UnknownClaimWord = UnknownClaim { Deny, Allow }
    OnFaultWord = OnFault { Skip, Defer }
    WindowWord = Window { Campaign, Day, Week, Month }
    DimensionWord = Dimension { Customer, Identity, Device, Card, Address }
}
