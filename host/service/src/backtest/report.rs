//! A report, made from what runs came to.

use std::collections::{BTreeMap, BTreeSet};

use largesse_documents::report::{
    ChangedDecision, CostView, CustomerRow, DayRow, KeptBackRow, Mode, RecordedView, ReportView, SegmentRow, Sides,
    UnitRow,
};
use largesse_documents::time::{day_text, instant_text};
use largesse_domain::catalogue::{Catalogue, Valuation};
use largesse_domain::customer::AttributeValue;
use largesse_domain::id::{AttributeName, CustomerId};
use largesse_domain::unit::Unit;
use largesse_store::{Store, StoreError};

use super::tally::{Changes, Example, Totals};

/// Customers that are named.
const CUSTOMERS_NAMED: usize = 10;

/// What a report is made from.
pub(super) struct Findings {
    pub(super) mode: Mode,
    pub(super) events: Option<u64>,
    pub(super) then: Option<Totals>,
    pub(super) now: Totals,
    pub(super) changes: Changes,
    pub(super) not_run: BTreeMap<String, u64>,
    /// Decisions that the clock or the host stopped, by kind.
    pub(super) stopped: BTreeMap<String, u64>,
    pub(super) recorded: Option<RecordedView>,
}

impl Findings {
    /// The report. `store` knows the customers, who are told apart by the value of an attribute when one is named.
    pub(super) fn report(
        &self,
        store: &dyn Store,
        catalogue: &Catalogue,
        segment: Option<&AttributeName>,
    ) -> Result<ReportView, StoreError> {
        let compared = self.then.is_some();
        let (better, worse) = self.better_and_worse();
        Ok(ReportView {
            mode: self.mode,
            events: self.events,
            decisions: self.sides(|totals| totals.decisions),
            verdicts: self.verdicts(),
            changed: compared.then_some(self.changes.changed),
            mean_fuel: self.sides(|totals| mean(totals.fuel, totals.decisions)),
            better_off: compared.then_some(better),
            worse_off: compared.then_some(worse),
            units: self.units(catalogue),
            days: self.days(),
            segments: segment.map(|segment| self.segments(store, segment)).transpose()?.unwrap_or_default(),
            kept_back: self.kept_back(),
            customers: self.customers(),
            not_run: self.not_run.clone(),
            stopped: self.stopped.clone(),
            recorded: self.recorded,
        })
    }

    fn sides<T>(&self, of: impl Fn(&Totals) -> T) -> Sides<T> {
        Sides { then: self.then.as_ref().map(&of), now: of(&self.now) }
    }

    /// The keys that occur in either run.
    fn keys<'a, K: Ord + Clone + 'a, V: 'a>(&'a self, of: impl Fn(&'a Totals) -> &'a BTreeMap<K, V>) -> BTreeSet<K> {
        self.then.iter().chain([&self.now]).flat_map(|totals| of(totals).keys().cloned()).collect()
    }

    fn verdicts(&self) -> BTreeMap<String, Sides<u64>> {
        let words = self.keys(|totals| &totals.verdicts);
        let count = |word| self.sides(|totals| totals.verdicts.get(word).copied().unwrap_or_default());
        words.into_iter().map(|word| (word.to_owned(), count(word))).collect()
    }

    fn units(&self, catalogue: &Catalogue) -> Vec<UnitRow> {
        let mut keys = self.keys(|totals| &totals.days);
        keys.extend(self.keys(|totals| &totals.exhausted));
        let row = |key| {
            let (campaign, unit) = &key;
            let quantity = self.sides(|totals| totals.days.get(&key).map_or(0, |days| days.values().sum()));
            let cost = catalogue.cost(unit).map(|cost| CostView {
                amount: Sides {
                    then: quantity.then.map(|then| cost_of(&cost, then)),
                    now: cost_of(&cost, quantity.now),
                },
                currency: cost.currency.to_string(),
            });
            let exhausted = self.sides(|totals| totals.exhausted.get(&key).copied().map(instant_text));
            UnitRow { campaign: campaign.to_string(), unit: unit.to_string(), quantity, cost, exhausted }
        };
        keys.into_iter().map(row).collect()
    }

    fn days(&self) -> Vec<DayRow> {
        let of_key = |key| {
            let of_day = |totals: &Totals, day| totals.days.get(&key).and_then(|days| days.get(&day)).copied();
            let totals = || self.then.iter().chain([&self.now]);
            let days: BTreeSet<_> =
                totals().filter_map(|totals| totals.days.get(&key)).flatten().map(|(day, _)| *day).collect();
            let row = |day| DayRow {
                campaign: key.0.to_string(),
                unit: key.1.to_string(),
                day: day_text(day),
                quantity: self.sides(|totals| of_day(totals, day).unwrap_or_default()),
            };
            days.into_iter().map(row).collect::<Vec<_>>()
        };
        self.keys(|totals| &totals.days).into_iter().flat_map(of_key).collect()
    }

    fn segments(&self, store: &dyn Store, attribute: &AttributeName) -> Result<Vec<SegmentRow>, StoreError> {
        let mut rows = BTreeMap::<(String, Unit), SegmentRow>::new();
        for customer in self.keys(|totals| &totals.customers) {
            let known = store.customer(&customer)?.and_then(|known| known.attributes.get(attribute).cloned());
            let segment = known.map(|known| value_text(&known.value)).unwrap_or_default();
            for (unit, quantity) in self.of_customer(&customer) {
                let one = |quantity: i128| u64::from(quantity != 0);
                let row = rows.entry((segment.clone(), unit.clone())).or_insert_with(|| SegmentRow {
                    segment: segment.clone(),
                    unit: unit.to_string(),
                    customers: Sides { then: self.then.is_some().then_some(0), now: 0 },
                    quantity: Sides { then: self.then.is_some().then_some(0), now: 0 },
                });
                row.customers.now += one(quantity.now);
                row.customers.then = row.customers.then.zip(quantity.then).map(|(sum, then)| sum + one(then));
                row.quantity.now += quantity.now;
                row.quantity.then = row.quantity.then.zip(quantity.then).map(|(sum, then)| sum + then);
            }
        }
        Ok(rows.into_values().collect())
    }

    fn kept_back(&self) -> Vec<KeptBackRow> {
        let row = |key| KeptBackRow {
            count: self.sides(|totals| totals.kept_back.get(&key).copied().unwrap_or_default()),
            campaign: key.0.to_string(),
            unit: key.1.as_ref().map(ToString::to_string),
            reason: key.2.as_str().to_owned(),
        };
        self.keys(|totals| &totals.kept_back).into_iter().map(row).collect()
    }

    /// What a customer gets of each unit.
    fn of_customer(&self, customer: &CustomerId) -> BTreeMap<Unit, Sides<i128>> {
        let of = |totals: &Totals, unit: &Unit| {
            totals.customers.get(customer).and_then(|units| units.get(unit)).copied().unwrap_or_default()
        };
        let totals = || self.then.iter().chain([&self.now]);
        let units = totals().filter_map(|totals| totals.customers.get(customer)).flat_map(BTreeMap::keys);
        units.map(|unit| (unit.clone(), self.sides(|totals| of(totals, unit)))).collect()
    }

    fn better_and_worse(&self) -> (u64, u64) {
        let (mut better, mut worse) = (0, 0);
        if self.then.is_some() {
            for customer in self.keys(|totals| &totals.customers) {
                let units = self.of_customer(&customer);
                let any = |of: fn(i128, i128) -> bool| {
                    units.values().any(|sides| of(sides.now, sides.then.unwrap_or_default()))
                };
                if any(|now, then| now < then) {
                    worse += 1;
                } else if any(|now, then| now > then) {
                    better += 1;
                }
            }
        }
        (better, worse)
    }

    fn customers(&self) -> Vec<CustomerRow> {
        let by_how_much = |customer: &CustomerId| {
            let units = self.of_customer(customer);
            units.values().map(|sides| sides.now.abs_diff(sides.then.unwrap_or_default())).max().unwrap_or_default()
        };
        let mut most: Vec<(u128, CustomerId)> = self
            .keys(|totals| &totals.customers)
            .into_iter()
            .map(|customer| (by_how_much(&customer), customer))
            .filter(|(difference, _)| *difference > 0)
            .collect();
        most.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        most.truncate(CUSTOMERS_NAMED);
        let row = |(_, customer): (u128, CustomerId)| CustomerRow {
            customer: customer.to_string(),
            units: self.of_customer(&customer).into_iter().map(|(unit, sides)| (unit.to_string(), sides)).collect(),
            decisions: self.changes.examples.get(&customer).into_iter().flatten().map(changed_decision).collect(),
        };
        most.into_iter().map(row).collect()
    }
}

fn changed_decision(example: &Example) -> ChangedDecision {
    ChangedDecision {
        campaign: example.campaign.to_string(),
        kind: example.kind.to_string(),
        occurred: instant_text(example.occurred),
        then: example.then.clone(),
        now: example.now.clone(),
    }
}

fn mean(sum: u128, count: u64) -> u64 {
    u64::try_from(sum / u128::from(count.max(1))).unwrap_or(u64::MAX)
}

/// What a quantity costs, rounded away from nothing.
fn cost_of(cost: &Valuation, quantity: i128) -> i128 {
    // Both factors end at 10^15 for one decision: it would take 10^8 of the largest to leave 128 bits.
    let product = quantity * i128::from(cost.amount.get());
    let per = i128::from(cost.per.get().max(1));
    product / per + if product % per == 0 { 0 } else { product.signum() }
}

fn value_text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Bool(yes) => yes.to_string(),
        AttributeValue::Int(number) => number.to_string(),
        AttributeValue::Text(text) => text.clone(),
    }
}
