//! Customers: what is known of them, what they were granted.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::{CustomerDocument, CustomerView, GrantView};
use largesse_domain::grant::Grant;
use largesse_domain::id::CustomerId;
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use largesse_service::{GrantPlace, Store, StoreError};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id};
use crate::page::{Page, Paging, listed};
use crate::problem::{Failure, ProblemType};
use crate::referrals;
use crate::route::Route;
use crate::views::{BalanceItem, BalanceList, CustomerAnswer, GrantList};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/customers/{customer}", Role::Viewer, show),
        Route::new(Method::PATCH, "/v1/customers/{customer}", Role::Operator, tell),
        Route::new(Method::GET, "/v1/customers/{customer}/grants", Role::Viewer, grants),
        Route::new(Method::GET, "/v1/customers/{customer}/balances", Role::Viewer, balances),
    ]
}

/// Who stays of a customer's ids.
pub(crate) fn who_stays(store: &dyn Store, id: &CustomerId) -> Result<CustomerId, StoreError> {
    Ok(store.ids_of(id)?.swap_remove(0))
}

/// Show what is known of a customer
///
/// Of one to whom something was granted and of whom nobody has told anything: the id. Of one who was merged into another: the one who
/// stays, whose `also` names all other ids. So it is wherever a customer is named in a path.
#[utoipa::path(get, path = "/v1/customers/{customer}", operation_id = "showCustomer", tag = "customers",
    params(("customer" = String, Path, description = "The customer's id")),
    responses((status = 200, description = "Attributes, tags, identifiers, invitations", body = CustomerAnswer)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CustomerId>,
) -> Result<Json<CustomerAnswer>, Failure> {
    let query = id.clone();
    let read = move |store: &dyn Store| {
        let stays = who_stays(store, &query)?;
        let (customer, inviters) = (store.customer(&stays)?, store.inviters_of(&stays)?);
        // Nobody may have told of a customer to whom something was granted.
        let mut known = customer.is_some() || !inviters.is_empty();
        if !known {
            store.each_grant_to(&stays, &mut |_| {
                known = true;
                false
            })?;
        }
        Ok(known.then(|| CustomerAnswer {
            customer: CustomerView::of(&stays, &customer.unwrap_or_default()),
            inviters: referrals::by_campaign(inviters),
        }))
    };
    service.read(read).await?.map(Json).ok_or_else(|| Failure::not_found("customer", &id))
}

/// Tell the host about a customer
///
/// The document states facts as of now: attributes (`null` forgets one), tags, identifiers. What it does not name stays.
#[utoipa::path(patch, path = "/v1/customers/{customer}", operation_id = "tellCustomer", tag = "customers",
    params(("customer" = String, Path, description = "The customer's id")),
    request_body = CustomerDocument,
    responses((status = 200, description = "The customer as known now", body = CustomerView)))]
pub(crate) async fn tell(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CustomerId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CustomerView>, Failure> {
    let document: CustomerDocument = body::document(&headers, body).await?;
    let facts = document.facts().map_err(|problems| Failure::with(ProblemType::InvalidDocument, problems))?;
    let (id, customer) = service.learn(id, facts).await?;
    Ok(Json(CustomerView::of(&id, &customer)))
}

/// List what a customer was granted
#[utoipa::path(get, path = "/v1/customers/{customer}/grants", operation_id = "listGrants", tag = "customers",
    params(("customer" = String, Path, description = "The customer's id"), Paging),
    responses((status = 200, description = "A page, in order of time and decision; none for a customer nobody knows",
        body = GrantList)))]
pub(crate) async fn grants(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CustomerId>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let (Page { after, limit }, now) = (paging.read::<GrantPlace>()?, service.clock().now());
    let found = service.read(move |store| store.grants_page(&store.ids_of(&id)?, after.as_ref(), limit)).await?;
    listed(limit, found.iter().map(|grant| (GrantPlace::of(grant).to_string(), GrantView::of(grant, now))))
}

/// Add up what a customer was granted
#[utoipa::path(get, path = "/v1/customers/{customer}/balances", operation_id = "listBalances", tag = "customers",
    params(("customer" = String, Path, description = "The customer's id"), Paging),
    responses((status = 200, description = "A page, by unit; none for a customer nobody knows", body = BalanceList)))]
pub(crate) async fn balances(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CustomerId>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let (page, now) = (paging.read::<Unit>()?, service.clock().now());
    let read = move |store: &dyn Store| {
        let (ids, mut sums) = (store.ids_of(&id)?, Sums::default());
        for id in &ids {
            store.each_grant_to(id, &mut |grant| sums.add(&grant, now))?;
        }
        sums.owe(&store.customer(&ids[0])?.unwrap_or_default().debts);
        Ok((page, sums))
    };
    let (page, sums) = service.read(read).await?;
    let sums = sums.done().ok_or_else(|| Failure::internal(&TooMuch))?;
    let later = sums.into_iter().filter(|(unit, _)| page.is_after(unit));
    listed(page.limit, later.map(|(unit, sum)| (unit.to_string(), sum)))
}

#[derive(Debug, thiserror::Error)]
#[error("a customer was granted more of a unit than can be counted")]
struct TooMuch;

/// Balances under way.
#[derive(Debug, Default)]
struct Sums {
    by_unit: BTreeMap<Unit, BalanceItem>,
    is_too_much: bool,
}

impl Sums {
    fn of(&mut self, unit: &Unit) -> &mut BalanceItem {
        self.by_unit
            .entry(unit.clone())
            .or_insert_with(|| BalanceItem { unit: unit.to_string(), ..BalanceItem::default() })
    }

    /// Adds a grant. Reports whether the sums still fit 64 bits.
    fn add(&mut self, grant: &Grant, now: Instant) -> bool {
        let sum = self.of(&grant.unit);
        let left = match (grant.is_past(now), grant.hold) {
            (true, _) => &mut sum.expired,
            (false, Some(_)) => &mut sum.pending,
            (false, None) => &mut sum.available,
        };
        let mut fits = plus(left, grant.left());
        fits &= plus(&mut sum.reserved, grant.reserved) && plus(&mut sum.redeemed, grant.redeemed);
        fits &= plus(&mut sum.paid, grant.paid);
        fits &= plus(&mut sum.expired, grant.expired) && plus(&mut sum.reversed, grant.reversed);
        self.is_too_much |= !fits;
        fits
    }

    fn owe(&mut self, debts: &BTreeMap<Unit, Quantity>) {
        for (unit, debt) in debts {
            self.of(unit).owed = debt.get();
        }
    }

    /// Returns the sums; none when one leaves 64 bits.
    fn done(self) -> Option<BTreeMap<Unit, BalanceItem>> {
        (!self.is_too_much).then_some(self.by_unit)
    }
}

fn plus(sum: &mut u64, quantity: Quantity) -> bool {
    let more = sum.checked_add(quantity.get());
    *sum = more.unwrap_or(*sum);
    more.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::grant::Hold;
    use largesse_domain::hold::AfterHold;
    use largesse_domain::id::{CampaignId, DecisionId, GrantKey};
    use largesse_domain::key::GrantSlot;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis).unwrap()
    }

    fn grant(unit: &str, quantity: u64, reversed: u64) -> Grant {
        Grant {
            slot: GrantSlot {
                campaign: CampaignId::new("c").unwrap(),
                to: CustomerId::new("u").unwrap(),
                key: GrantKey::new("k").unwrap(),
            },
            issue: 1,
            decision: Some(DecisionId(1)),
            about: None,
            unit: Unit::new(unit).unwrap(),
            quantity: Quantity::new(quantity).unwrap(),
            reversed: Quantity::new(reversed).unwrap(),
            owed: Quantity::ZERO,
            redeemed: Quantity::ZERO,
            paid: Quantity::ZERO,
            reserved: Quantity::ZERO,
            expired: Quantity::ZERO,
            key_freed: false,
            from_stock: false,
            granted_at: at(0),
            counted_on: largesse_documents::time::local_time(largesse_domain::time::Day(0), 0).unwrap(),
            counted_for: Vec::new(),
            hold: None,
            expires: None,
            principal_cap: None,
            reason: String::new(),
        }
    }

    #[test]
    fn every_part_of_every_grant_is_in_one_sum() {
        let quantity = |value| Quantity::new(value).unwrap();
        let hold = Some(Hold { until: at(200), then: AfterHold::Post });
        let grants = [
            grant("points", 10, 3),
            Grant { hold, ..grant("points", 5, 0) },
            Grant { expires: Some(at(50)), ..grant("points", 4, 1) },
            grant("points", 2, 2),
            Grant { redeemed: quantity(5), reserved: quantity(2), expired: quantity(1), ..grant("points", 9, 0) },
            Grant { redeemed: quantity(1), paid: quantity(3), ..grant("points", 4, 0) },
            grant("cash:CNY", 1, 0),
        ];
        let mut sums = Sums::default();
        assert!(grants.iter().all(|grant| sums.add(grant, at(100))));
        sums.owe(&[(Unit::new("points").unwrap(), quantity(8))].into());
        let sums: Vec<_> = sums.done().unwrap().into_values().collect();
        assert_eq!(sums.len(), 2);
        let (available, pending, reserved, redeemed, paid) = (8, 5, 2, 6, 3);
        let (expired, reversed, owed) = (4, 6, 8);
        let unit = "points".into();
        let expected = BalanceItem { unit, available, pending, reserved, redeemed, paid, expired, reversed, owed };
        assert_eq!(sums[1], expected);
    }

    #[test]
    fn a_sum_out_of_range_is_not_answered() {
        let (grant, mut sums) = (grant("points", Quantity::MAX.get(), 0), Sums::default());
        let added = (0..20_000).take_while(|_| sums.add(&grant, at(100))).count();
        assert_eq!((u128::from(Quantity::MAX.get()) * (added as u128 + 1)) >> 64, 1, "as many as fit");
        assert_eq!(sums.done(), None);
    }
}
