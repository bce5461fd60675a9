//! Reversals: a grant, some of it, or whatever an event gave, is taken back.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::ReversalDocument;
use largesse_documents::receipt::ReversalAnswer;
use largesse_service::commands::Reverse;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, unread};
use crate::problem::Failure;
use crate::route::{Route, answer};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::POST, "/v1/reversals", Role::Operator, reverse)]
}

/// Take back what was granted
///
/// At any age. What is still there leaves the wallet and returns to the budget, the limits and the stock; what was used
/// becomes the customer's debt, which later grants of the unit pay first. Of an event, everything that it gave and that still
/// stands is taken back, and the tags that it set.
#[utoipa::path(post, path = "/v1/reversals", operation_id = "reverse", tag = "reversals",
    request_body = ReversalDocument,
    responses(
        (status = 200, description = "It was taken back before: what was taken back then", body = ReversalAnswer),
        (status = 201, description = "What was taken back", body = ReversalAnswer),
    ))]
pub(crate) async fn reverse(
    State(AppState { service, .. }): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: ReversalDocument = body::document(&headers, body).await?;
    let (reversed, is_new) = service.run(Reverse(document.read().map_err(unread)?)).await?;
    Ok(answer(is_new, reversed))
}
