//! The rules for marketing messages.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use largesse_documents::message_rules::MessageRulesDocument;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, unread};
use crate::problem::Failure;
use crate::route::Route;
use largesse_service::commands::SetMessageRules;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/message-rules", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/message-rules", Role::Operator, set),
    ]
}

/// Show the rules for marketing messages
#[utoipa::path(get, path = "/v1/message-rules", operation_id = "showMessageRules", tag = "messages",
    responses((status = 200, description = "What holds for all campaigns", body = MessageRulesDocument)))]
pub(crate) async fn show(State(AppState { service, .. }): State<AppState>) -> Json<MessageRulesDocument> {
    Json(MessageRulesDocument::of(&service.registry().catalogue.messages))
}

/// Set the rules for marketing messages
///
/// They hold for decisions made from then on. A message that waits for its quiet hours to be over is sent when those are over that held
/// when it was decided on, unless its customer refuses meanwhile. Service messages are always sent.
#[utoipa::path(put, path = "/v1/message-rules", operation_id = "setMessageRules", tag = "messages",
    request_body = MessageRulesDocument,
    responses((status = 200, description = "They are set, or were so already", body = MessageRulesDocument)))]
pub(crate) async fn set(
    State(AppState { service, .. }): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<MessageRulesDocument>, Failure> {
    let document: MessageRulesDocument = body::document(&headers, body).await?;
    let rules = service.run(SetMessageRules(document.read().map_err(unread)?)).await?;
    Ok(Json(MessageRulesDocument::of(&rules)))
}
