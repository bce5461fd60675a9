//! Questions to policies, and what campaigns have counted.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use largesse_documents::decision::{FaultView, RefusalView};
use largesse_documents::problem::json_value;
use largesse_documents::programme::MeasuresView;
use largesse_domain::id::CampaignId;
use largesse_domain::problem::Problem;
use largesse_service::pipeline::{Ask, Quote};
use largesse_service::queries::ShowMeasures;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Id, unread};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{QuoteDocument, QuoteView};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/v1/campaigns/{campaign}/quote", Role::Viewer, ask),
        Route::new(Method::GET, "/v1/campaigns/{campaign}/measures", Role::Viewer, measures),
    ]
}

/// Ask a campaign's policy
///
/// What would this coupon take off this loan, what does this item cost this customer? The policy answers by its parameters and what it
/// is shown of the customer now. Nothing is changed or recorded, and nothing is promised. The policy's own no is data in a 200.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/quote", operation_id = "askQuote", tag = "campaigns",
    params(("campaign" = String, Path, description = "The campaign's id")),
    request_body = QuoteDocument,
    responses((status = 200, description = "The answer, or the policy's no", body = QuoteView)))]
pub(crate) async fn ask(
    State(AppState { service, .. }): State<AppState>,
    Id(campaign): Id<CampaignId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<QuoteView>, Failure> {
    let document: QuoteDocument = body::document(&headers, body).await?;
    let mut problems = Vec::new();
    let mut wrong = |pointer: &str, error: &dyn std::fmt::Display| {
        problems.push(Problem { pointer: pointer.into(), message: error.to_string() });
    };
    let customer = document.customer.parse().map_err(|error| wrong("/customer", &error)).ok();
    let question = document.question.parse().map_err(|error| wrong("/question", &error)).ok();
    let (Some(customer), Some(question)) = (customer, question) else { return Err(unread(problems)) };
    let ask = Ask { campaign, customer, question, data: document.data.into() };
    Ok(Json(match service.quote(ask).await? {
        Quote::Answer { policy, revision, answer } => QuoteView {
            policy: Some(policy.to_string()),
            revision: Some(revision),
            answer: Some(json_value(&answer)),
            refusal: None,
        },
        Quote::Refused(refusal) => QuoteView { refusal: Some(RefusalView::from(&refusal)), ..QuoteView::default() },
        Quote::Faulted(fault) => {
            let FaultView { kind, detail } = FaultView::from(&fault);
            return Err(Failure::new(ProblemType::PolicyFault, format!("{kind}: {detail}")));
        }
    }))
}

/// Show what a campaign has counted
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/measures", operation_id = "showMeasures", tag = "campaigns",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "Counts by measure and label", body = MeasuresView)))]
pub(crate) async fn measures(
    State(AppState { service, .. }): State<AppState>,
    Id(campaign): Id<CampaignId>,
) -> Result<Json<MeasuresView>, Failure> {
    let counts = service.query(ShowMeasures(campaign.clone())).await?;
    Ok(Json(MeasuresView::of(&campaign, &counts)))
}
