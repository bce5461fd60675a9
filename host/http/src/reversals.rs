//! Reversals: a grant, some of it, or whatever an event gave, is taken back.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::ReversalDocument;
use largesse_documents::request::Reversed;
use largesse_service::pipeline::{LedgerRequest, ReversalRequest, ReversalTarget};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, unread};
use crate::ledger::ask;
use crate::problem::Failure;
use crate::route::Route;
use crate::views::ReversalAnswer;

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
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: ReversalDocument = body::document(&headers, body).await?;
    let (id, of, reason) = document.read().map_err(unread)?;
    let of = match of {
        Reversed::Grant(slot, quantity) => ReversalTarget::Grant(slot, quantity),
        Reversed::Event(key) => ReversalTarget::Event(key),
    };
    ask(state, LedgerRequest::Reverse(ReversalRequest { id, of, reason })).await
}
