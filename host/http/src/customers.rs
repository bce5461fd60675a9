//! Customers: what is known of them, what they were granted.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::{CustomerDocument, CustomerView, GrantView};
use largesse_domain::id::CustomerId;
use largesse_domain::unit::Unit;
use largesse_service::commands::Learn;
use largesse_service::queries::{Balance, Balances, GrantPlace, Grants, ShowCustomer};

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
    let known = service.query(ShowCustomer(id)).await?;
    Ok(Json(CustomerAnswer {
        customer: CustomerView::of(&known.id, &known.customer),
        inviters: referrals::by_campaign(known.inviters),
    }))
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
    let (id, customer) = service.run(Learn { customer: id, facts }).await?;
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
    let found = service.query(Grants { customer: id, after, limit }).await?;
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
    let page = paging.read::<Unit>()?;
    let balances = service.query(Balances(id)).await?.ok_or_else(|| Failure::internal(&TooMuch))?;
    let later = balances.iter().filter(|(unit, _)| page.is_after(unit));
    listed(page.limit, later.map(|(unit, balance)| (unit.to_string(), BalanceItem::of(unit, balance))))
}

#[derive(Debug, thiserror::Error)]
#[error("a customer was granted more of a unit than can be counted")]
struct TooMuch;

impl BalanceItem {
    fn of(unit: &Unit, balance: &Balance) -> Self {
        let Balance { available, pending, reserved, redeemed, paid, expired, reversed, owed } = *balance;
        Self { unit: unit.to_string(), available, pending, reserved, redeemed, paid, expired, reversed, owed }
    }
}
