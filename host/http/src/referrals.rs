//! Who invited whom: invitations come in, campaigns bind one of them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use largesse_documents::CustomerView;
use largesse_domain::customer::{Customer, Fact};
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use largesse_service::Store;

use crate::AppState;
use crate::auth::Role;
use crate::body::{Id, Ids};
use crate::customers::who_stays;
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::ReferralsView;

/// An invitation by the inviter of the latest one within this time is the same one, sent again.
const REPEATED_WITHIN_MS: i64 = 5 * 60 * 1_000;

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
    let query = id.clone();
    let read = move |store: &dyn Store| {
        let stays = who_stays(store, &query)?;
        Ok((store.customer(&stays)?, store.inviters_of(&stays)?))
    };
    let (customer, inviters) = service.read(read).await?;
    let touches = CustomerView::of(&id, &customer.unwrap_or_default()).touches;
    Ok(Json(ReferralsView { touches, inviters: by_campaign(inviters) }))
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
    let read = move |store: &dyn Store| {
        let ids = store.ids_of(&id)?;
        Ok((store.customer(&ids[0])?, ids))
    };
    let (known, mut ids) = service.read(read).await?;
    if ids.contains(&inviter) {
        let message = "a customer cannot invite themselves".to_owned();
        return Err(Failure::with(ProblemType::InvalidDocument, vec![Problem { pointer: String::new(), message }]));
    }
    let stays = ids.swap_remove(0);
    let (id, customer) = match known.filter(|known| is_repeated(known, &inviter, service.clock().now())) {
        Some(known) => (stays, known),
        None => service.learn(stays, vec![Fact::Touch(inviter)]).await?,
    };
    Ok(Json(CustomerView::of(&id, &customer)))
}

fn is_repeated(known: &Customer, inviter: &CustomerId, now: Instant) -> bool {
    known
        .touches
        .last()
        .is_some_and(|touch| touch.inviter == *inviter && now.as_millis() - touch.at.as_millis() < REPEATED_WITHIN_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_invitation_can_be_repeated() {
        let at = |millis| Instant::from_millis(millis).unwrap();
        let [a, b] = ["a", "b"].map(|id| CustomerId::new(id).unwrap());
        let mut customer = Customer::default();
        assert!(!is_repeated(&customer, &a, at(0)));
        customer.learn(Fact::Touch(a.clone()), at(0)).unwrap();
        assert!(is_repeated(&customer, &a, at(REPEATED_WITHIN_MS - 1)));
        assert!(!is_repeated(&customer, &a, at(REPEATED_WITHIN_MS)));
        customer.learn(Fact::Touch(b), at(1)).unwrap();
        assert!(!is_repeated(&customer, &a, at(2)));
    }
}
