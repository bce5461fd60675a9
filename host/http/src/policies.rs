//! Policies: publish, list, show.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use largesse_documents::time::instant_text;
use largesse_documents::{PolicyRef, PolicyView};
use largesse_domain::id::Digest;
use largesse_domain::limits::{COMPONENT_BYTES_MAX, PUBLISH_SECONDS_MAX};
use largesse_service::signature::{Malformed, Signature};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, malformed};
use crate::page::{Page, Paging, listed};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{PolicyItem, PolicyList};

/// The header with a component's signature.
const SIGNATURE: &str = "largesse-signature";

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/policies", Role::Viewer, list),
        Route::new(Method::POST, "/v1/policies", Role::Admin, publish).within(Duration::from_secs(PUBLISH_SECONDS_MAX)),
        Route::new(Method::GET, "/v1/policies/{policy}", Role::Viewer, show),
    ]
}

/// List the published policies
#[utoipa::path(get, path = "/v1/policies", operation_id = "listPolicies", tag = "policies",
    params(Paging),
    responses((status = 200, description = "A page, by name and then by version; of one version, in order of publication. `after` is a digest",
        body = PolicyList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let (Page { after, limit }, registry) = (paging.read::<Digest>()?, service.registry());
    let by_name = registry.by_name();
    // Policies are never removed, so a digest that was listed is still there.
    let place = |after: Digest| by_name.iter().position(|published| published.policy.digest == after);
    let first = match after {
        Some(after) => place(after).ok_or_else(|| malformed(format!("after: there is no policy {after}")))? + 1,
        None => 0,
    };
    let items = by_name[first..].iter().map(|published| PolicyItem {
        digest: published.policy.digest.to_string(),
        name: published.manifest().name.to_string(),
        version: published.manifest().version.to_string(),
        summary: published.manifest().summary.clone(),
        size_bytes: published.policy.size_bytes,
        contract: published.policy.contract.clone(),
        published_at: instant_text(published.policy.published_at),
        signed_by: published.policy.signed_by.as_ref().map(ToString::to_string),
        broken: published.broken().map(str::to_owned),
        campaigns: registry.users(&published.policy.digest).map(|campaign| campaign.id.to_string()).collect(),
        stopped: registry.stops.get(&published.policy.digest).map(|stop| stop.reason.clone()),
    });
    listed(limit, items.map(|item| (item.digest.clone(), item)))
}

/// Show a policy
#[utoipa::path(get, path = "/v1/policies/{policy}", operation_id = "showPolicy", tag = "policies",
    params(("policy" = String, Path, description = "`name` (the version published last), `name@version`, or the digest")),
    responses((status = 200, description = "What it says of itself", body = PolicyView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(policy): Id<PolicyRef>,
) -> Result<Json<PolicyView>, Failure> {
    let registry = service.registry();
    let published = registry.find(&policy).ok_or_else(|| Failure::not_found("policy", policy))?;
    Ok(Json(PolicyView::of(&published.policy)))
}

/// Publish a policy
///
/// The body is the component. A component that is published already is answered with 200, and mends the policy when its
/// file is lost; a version that is published with other bytes is a conflict, unless the host replaces versions: then the name
/// and version mean what was published last.
#[utoipa::path(post, path = "/v1/policies", operation_id = "publishPolicy", tag = "policies",
    params(("Largesse-Signature" = Option<String>, Header, description = "What `largesse policy sign` writes: the id of the key, \
        a space, and the Ed25519 signature in base64. Hosts that trust keys take no component without, unless they are \
        configured otherwise")),
    request_body(content_type = "application/wasm", description = "The component, at most 16 MiB"),
    responses(
        (status = 200, description = "It was published before", body = PolicyView),
        (status = 201, description = "It is published now; `Location` says where", body = PolicyView),
    ))]
pub(crate) async fn publish(
    State(AppState { service, .. }): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    body::expect_media_type(&headers, "application/wasm")?;
    let signature = signature(&headers)?;
    let component = body::read(&headers, body, COMPONENT_BYTES_MAX).await?;
    let (policy, is_new) = service.publish(component, signature).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = [(header::LOCATION, format!("/v1/policies/{}", policy.digest))];
    Ok((status, location, Json(PolicyView::of(&policy))).into_response())
}

fn signature(headers: &HeaderMap) -> Result<Option<Signature>, Failure> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let malformed = |why: &str| Failure::new(ProblemType::MalformedRequest, format!("Largesse-Signature: {why}"));
    if values.next().is_some() {
        return Err(malformed("the header is there twice"));
    }
    let text = value.to_str().unwrap_or_default();
    text.parse().map(Some).map_err(|error: Malformed| malformed(&error.to_string()))
}
