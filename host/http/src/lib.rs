//! The host over HTTP: routes, tokens, problem documents, the OpenAPI description.
//!
//! A handler extracts, makes one call of the service, and converts. All writes can be repeated without harm, so there are
//! no idempotency keys: events are known by source and id, components by their digest, `PUT` names what it writes and
//! `PATCH` states facts, commands on a campaign accept what is so already. Only trying a destination twice tries it twice.
//! Modules in reading order.
#![forbid(unsafe_code)]

pub mod views;
mod problem;
mod auth;
mod quota;
mod body;
mod page;
mod route;
mod events;
mod binary;
mod dry_run;
mod policies;
mod campaigns;
mod versions;
mod spend;
mod units;
mod pockets;
mod programmes;
mod quotes;
mod draws;
mod segments;
mod calendar;
mod redemptions;
mod reservations;
mod reversals;
mod ledger;
mod decisions;
mod runs;
mod customers;
mod referrals;
mod kinds;
mod destinations;
mod deliveries;
mod jobs;
mod health;
mod openapi;
mod message_rules;
mod serve;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Uri};
use largesse_service::Service;
use largesse_service::jobs::Jobs;
use metrics_exporter_prometheus::PrometheusHandle;

pub use auth::{Role, TokenEntry, TokenError, Tokens, UnknownRole, mint_token};
pub use openapi::openapi;
pub use problem::{ProblemType, URN};
pub use serve::{ConnectionBounds, serve};

use problem::Failure;
use route::Route;

/// What handlers work with.
#[derive(Clone)]
pub struct AppState {
    /// The host.
    pub service: Arc<Service>,
    /// Its jobs.
    pub jobs: Jobs,
    /// The tokens that it takes.
    pub tokens: Tokens,
    /// Where measurements are read. Whoever made it calls its `run_upkeep` every few seconds.
    pub metrics: PrometheusHandle,
}

/// All routes, with who may use them.
fn routes() -> Vec<Route> {
    let nouns = [
        events::routes(),
        dry_run::routes(),
        policies::routes(),
        campaigns::routes(),
        versions::routes(),
        spend::routes(),
        units::routes(),
        pockets::routes(),
        programmes::routes(),
        quotes::routes(),
        draws::routes(),
        segments::routes(),
        calendar::routes(),
        redemptions::routes(),
        reservations::routes(),
        reversals::routes(),
        ledger::routes(),
        decisions::routes(),
        runs::routes(),
        customers::routes(),
        referrals::routes(),
        kinds::routes(),
        destinations::routes(),
        deliveries::routes(),
        jobs::routes(),
        message_rules::routes(),
        health::routes(),
        openapi::routes(),
    ];
    nouns.into_iter().flatten().collect()
}

/// The host's routes, each behind its guard.
pub fn router(state: AppState) -> Router {
    let router = routes().into_iter().fold(Router::new(), |router, route| route.add_to(router, &state));
    router.fallback(no_such_path).method_not_allowed_fallback(no_such_method).with_state(state)
}

async fn no_such_path(uri: Uri) -> Failure {
    Failure::new(ProblemType::NotFound, format!("nothing is at {}", uri.path()))
}

async fn no_such_method(method: Method, uri: Uri) -> Failure {
    Failure::new(ProblemType::MethodNotAllowed, format!("{} does not take {method}", uri.path()))
}
