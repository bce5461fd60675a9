//! What can be known of a campaign's draws, before they are made and after.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use largesse_domain::id::CampaignId;

use crate::AppState;
use crate::auth::Role;
use crate::body::Id;
use crate::problem::Failure;
use crate::route::Route;
use crate::views::DrawsView;

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::GET, "/v1/campaigns/{campaign}/draws", Role::Viewer, show)]
}

/// Show the commitment to a campaign's draws
///
/// All chance in a campaign follows from a key of its own. The commitment is the key's sha-256: publish it before the campaign starts. The
/// key is told once the campaign has ended; from it and the decisions everybody can see that no draw was chosen (docs/draws.md).
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/draws", operation_id = "showDraws", tag = "campaigns",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The commitment, and the key once the campaign has ended", body = DrawsView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(campaign): Id<CampaignId>,
) -> Result<Json<DrawsView>, Failure> {
    let draws = service.draws(&campaign).ok_or_else(|| Failure::not_found("campaign", &campaign))?;
    Ok(Json(DrawsView {
        campaign: campaign.to_string(),
        commitment: draws.commitment.to_string(),
        key: draws.key.map(|key| key.to_string()),
    }))
}
