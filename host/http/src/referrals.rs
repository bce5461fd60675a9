//! Who invited whom: invitations come in, campaigns bind one of them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use largesse_documents::CustomerView;
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_service::queries::ShowReferrals;

use crate::AppState;
use crate::auth::Role;
use crate::body::{Id, Ids};
use crate::problem::Failure;
use crate::route::Route;
use crate::views::ReferralsView;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/customers/{customer}/referrals", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/customers/{customer}/inviters/{inviter}", Role::Operator, invite),
    ]
}

/// Show who invited a customer
#[utoipa::path(get, path = "/v1/customers/{customer}/referrals", operation_id = "showReferrals", tag = "referrals",
    params(("customer" = String, Path, description = "The customer's id")),
    responses((status = 200, description = "Invitations, and what campaigns have bound", body = ReferralsView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CustomerId>,
) -> Result<Json<ReferralsView>, Failure> {
    let known = service.query(ShowReferrals(id.clone())).await?;
    let touches = CustomerView::of(&id, &known.customer).touches;
    Ok(Json(ReferralsView { touches, inviters: by_campaign(known.inviters) }))
}

/// The bindings as they go out.
pub(crate) fn by_campaign(inviters: Vec<(CampaignId, CustomerId)>) -> BTreeMap<String, String> {
    inviters.into_iter().map(|(campaign, inviter)| (campaign.to_string(), inviter.to_string())).collect()
}

/// Record an invitation
///
/// It counts as of now. Which of several invitations counts is each campaign's rule, applied when a binding event comes.
/// The same invitation again within five minutes changes nothing.
#[utoipa::path(put, path = "/v1/customers/{customer}/inviters/{inviter}", operation_id = "invite", tag = "referrals",
    params(
        ("customer" = String, Path, description = "Who was invited"),
        ("inviter" = String, Path, description = "Who invited"),
    ),
    responses((status = 200, description = "The customer as known now", body = CustomerView)))]
pub(crate) async fn invite(
    State(AppState { service, .. }): State<AppState>,
    Ids(id, inviter): Ids<CustomerId, CustomerId>,
) -> Result<Json<CustomerView>, Failure> {
    let (id, customer) = service.invite(id, inviter).await?;
    Ok(Json(CustomerView::of(&id, &customer)))
}
