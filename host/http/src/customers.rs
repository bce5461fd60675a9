//! Customers: what is known of them, what they were granted.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use largesse_documents::{CustomerDocument, CustomerView, GrantView};
use largesse_domain::grant::Grant;
use largesse_domain::id::CustomerId;
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use largesse_service::{Store, StoreError};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Id};
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

/// All that was granted to a customer, under whichever id.
fn granted(store: &dyn Store, id: &CustomerId) -> Result<Vec<Grant>, StoreError> {
    let mut grants = Vec::new();
    for id in store.ids_of(id)? {
        grants.extend(store.grants_to(&id)?);
    }
    grants.sort_by_key(|grant| (grant.granted_at, grant.decision));
    Ok(grants)
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
        let known = customer.is_some() || !inviters.is_empty() || !store.grants_to(&stays)?.is_empty();
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
    params(("customer" = String, Path, description = "The customer's id")),
    responses((status = 200, description = "In order of decision; none for a customer nobody knows", body = GrantList)))]
pub(crate) async fn grants(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CustomerId>,
) -> Result<Json<GrantList>, Failure> {
    let now = service.clock().now();
    let grants = service.read(move |store| granted(store, &id)).await?;
    Ok(Json(GrantList { items: grants.iter().map(|grant| GrantView::of(grant, now)).collect() }))
}

/// Add up what a customer was granted
#[utoipa::path(get, path = "/v1/customers/{customer}/balances", operation_id = "listBalances", tag = "customers",
    params(("customer" = String, Path, description = "The customer's id")),
    responses((status = 200, description = "By unit; none for a customer nobody knows", body = BalanceList)))]
pub(crate) async fn balances(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CustomerId>,
) -> Result<Json<BalanceList>, Failure> {
    let now = service.clock().now();
    let read = service
        .read(move |store| Ok((granted(store, &id)?, store.customer(&who_stays(store, &id)?)?.unwrap_or_default())));
    let (grants, customer) = read.await?;
    let items = add_up(&grants, &customer.debts, now).ok_or_else(|| Failure::internal(&TooMuch))?;
    Ok(Json(BalanceList { items }))
}

#[derive(Debug, thiserror::Error)]
#[error("a customer was granted more of a unit than can be counted")]
struct TooMuch;

/// The sums; `None` when one leaves 64 bits.
fn add_up(grants: &[Grant], debts: &BTreeMap<Unit, Quantity>, now: Instant) -> Option<Vec<BalanceItem>> {
    let empty = |unit: &Unit| BalanceItem { unit: unit.to_string(), ..BalanceItem::default() };
    let mut sums: BTreeMap<&Unit, BalanceItem> = BTreeMap::new();
    for grant in grants {
        let sum = sums.entry(&grant.unit).or_insert_with(|| empty(&grant.unit));
        let left = match (grant.is_past(now), grant.hold) {
            (true, _) => &mut sum.expired,
            (false, Some(_)) => &mut sum.pending,
            (false, None) => &mut sum.available,
        };
        *left = left.checked_add(grant.left().get())?;
        sum.reserved = sum.reserved.checked_add(grant.reserved.get())?;
        sum.redeemed = sum.redeemed.checked_add(grant.redeemed.get())?;
        sum.expired = sum.expired.checked_add(grant.expired.get())?;
        sum.reversed = sum.reversed.checked_add(grant.reversed.get())?;
    }
    for (unit, debt) in debts {
        sums.entry(unit).or_insert_with(|| empty(unit)).owed = debt.get();
    }
    Some(sums.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::grant::{AfterHold, GrantSlot, Hold};
    use largesse_domain::id::{CampaignId, DecisionId, GrantKey};

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
            grant("cash:CNY", 1, 0),
        ];
        let sums = add_up(&grants, &[(Unit::new("points").unwrap(), quantity(8))].into(), at(100)).unwrap();
        assert_eq!(sums.len(), 2);
        let (available, pending, reserved, redeemed) = (8, 5, 2, 5);
        let (expired, reversed, owed) = (4, 6, 8);
        let unit = "points".into();
        let expected = BalanceItem { unit, available, pending, reserved, redeemed, expired, reversed, owed };
        assert_eq!(sums[1], expected);
    }

    #[test]
    fn a_sum_out_of_range_is_not_answered() {
        let grants = vec![grant("points", Quantity::MAX.get(), 0); 20_000];
        assert_eq!(add_up(&grants, &BTreeMap::new(), at(100)), None);
    }
}
