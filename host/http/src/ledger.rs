//! The ledger itself: how it is asked, the journal, the accounts of campaigns, the audit.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use largesse_documents::{AccountsView, AuditView, TransferView};
use largesse_domain::id::CampaignId;
use largesse_domain::limits::AUDIT_SECONDS_MAX;
use largesse_service::queries::{Audit, Positions, Transfers};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::AppState;
use crate::auth::Role;
use crate::body::{Asked, Id};
use crate::page::{self, Filling, Page};
use crate::problem::Failure;
use crate::route::Route;
use crate::views::TransferPage;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/transfers", Role::Viewer, journal),
        Route::new(Method::GET, "/v1/campaigns/{campaign}/accounts", Role::Viewer, accounts),
        Route::new(Method::GET, "/v1/ledger/audit", Role::Viewer, audit).within(Duration::from_secs(AUDIT_SECONDS_MAX)),
    ]
}

/// Which transfers are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TransferRange {
    /// After the transfer with this number.
    #[serde(default)]
    after: u64,
    /// At most so many.
    #[serde(default = "page::default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
}

/// List transfers in order: the journal
///
/// Transfers are never changed and never removed, and none appears behind one that was listed. What a reversal takes back is a
/// transfer of its own.
#[utoipa::path(get, path = "/v1/transfers", operation_id = "listTransfers", tag = "ledger", params(TransferRange),
    responses((status = 200, description = "A page; `next` is there when there may be more", body = TransferPage)))]
pub(crate) async fn journal(
    State(AppState { service, .. }): State<AppState>,
    Asked(TransferRange { after, limit }): Asked<TransferRange>,
) -> Result<Response, Failure> {
    let page = Page::after_number(after, limit)?;
    let into = Filling::new(page.limit, |(number, transfer)| (*number, TransferView::of(*number, transfer)));
    service.query(Transfers { after: page.number(), into }).await?.finish()
}

#[derive(Debug, thiserror::Error)]
#[error("a campaign's accounts come to more money than can be counted")]
struct TooMuch;

/// Show the accounts of a campaign
///
/// By unit: what was spent, what is promised, what customers can still use, what was used, what expired, what is owed; the
/// same in money where the terms of the unit say its cost.
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/accounts", operation_id = "showAccounts", tag = "ledger",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The accounts, and their totals by currency", body = AccountsView)))]
pub(crate) async fn accounts(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
) -> Result<Json<AccountsView>, Failure> {
    let positions = service.query(Positions(id.clone())).await?;
    let view = AccountsView::of(id.as_str(), &positions, &service.registry().catalogue);
    view.map(Json).ok_or_else(|| Failure::internal(&TooMuch))
}

/// Audit the books
///
/// Works every grant, balance, count of use, debt and stock out anew from the transfers, all as of one moment, and compares.
/// The answer is 200 either way: `balanced` says how it went, and an alarm should go off when it is not `true`. One audit runs at a
/// time, and has 100 seconds; others are told to come back (503). `largesse ledger verify --data-dir` does the same without a bound,
/// for a host that is stopped or a copy of its directory.
#[utoipa::path(get, path = "/v1/ledger/audit", operation_id = "audit", tag = "ledger",
    responses((status = 200, description = "How much was looked at, or the first difference", body = AuditView)))]
pub(crate) async fn audit(State(AppState { service, .. }): State<AppState>) -> Result<Json<AuditView>, Failure> {
    let audited = service.query(Audit).await?;
    let view = AuditView::of(&audited);
    if let Some(difference) = &view.difference {
        tracing::error!(difference = %difference.message, "the books do not balance");
    }
    Ok(Json(view))
}
