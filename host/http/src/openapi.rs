//! The OpenAPI description, made from the handlers and the table of routes.

mod shape;

use std::sync::LazyLock;

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use largesse_documents::ProblemDocument;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::auth::Role;
use crate::route::{Access, Route};
use crate::{
    calendar, campaigns, customers, decisions, deliveries, destinations, draws, dry_run, events, health, jobs, kinds,
    ledger, message_rules, pockets, policies, programmes, quotes, redemptions, referrals, reservations, reversals,
    runs, segments, spend, units, versions,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Largesse",
        description = "Runs reward campaigns: events in, decisions out. Policies propose, the host disposes. Errors are \
            problem documents (RFC 9457); docs/problems.md lists their types. Every write can be repeated without harm.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        events::send, dry_run::try_event,
        policies::list, policies::publish, policies::show,
        campaigns::list, campaigns::show, campaigns::apply, campaigns::check, campaigns::start, campaigns::pause, campaigns::resume,
        campaigns::end, spend::show,
        versions::activations, versions::activate, versions::roll_back, versions::status, versions::try_version,
        versions::stop, versions::promote, versions::differences, versions::migration, versions::migrate,
        versions::stuck_states, versions::stop_policy, versions::allow_policy,
        units::list, units::show, units::set, units::restock,
        pockets::list, pockets::show, pockets::set,
        programmes::list, programmes::show, programmes::set, quotes::ask, quotes::measures,
        draws::show,
        segments::list, segments::show, segments::set,
        calendar::of_all, calendar::of_customer,
        redemptions::redeem, redemptions::show, redemptions::commit, redemptions::release, redemptions::reverse,
        redemptions::list,
        reservations::reserve, reservations::commit, reservations::release,
        reversals::reverse,
        ledger::journal, ledger::accounts, ledger::audit,
        decisions::list, decisions::head, decisions::show, runs::list,
        customers::show, customers::tell, customers::grants, customers::balances,
        referrals::show, referrals::invite,
        kinds::list, kinds::show, kinds::register,
        destinations::list, destinations::show, destinations::set, destinations::delete, destinations::pause,
        destinations::resume, destinations::test,
        deliveries::list, deliveries::show, deliveries::replay, deliveries::replay_dead, deliveries::confirm,
        deliveries::fail,
        jobs::ask, jobs::list, jobs::show,
        message_rules::show, message_rules::set,
        health::alive, health::ready, health::measurements,
        describe,
    ),
    components(schemas(ProblemDocument)),
    tags(
        (name = "events", description = "Facts about customers, and what is decided on them"),
        (name = "policies", description = "Published components"),
        (name = "campaigns", description = "Running uses of policies"),
        (name = "versions", description = "Which version of a policy decides in a campaign, and which is tried"),
        (name = "units", description = "Coupons, items and points: their terms, cost and stock"),
        (name = "pockets", description = "Budgets that several campaigns share"),
        (name = "programmes", description = "Tiers and stages in which customers stand"),
        (name = "segments", description = "Sets of customers that campaigns are for"),
        (name = "redemptions", description = "Customers use what they were granted"),
        (name = "reservations", description = "Budget, limits and stock held for a customer"),
        (name = "reversals", description = "What was granted is taken back"),
        (name = "ledger", description = "The journal, the accounts, the audit"),
        (name = "decisions", description = "What was decided, for whoever carries it out or audits it"),
        (name = "customers", description = "What is known of customers, and what they were granted"),
        (name = "referrals", description = "Who invited whom"),
        (name = "kinds", description = "Event kinds and their schemas"),
        (name = "deliveries", description = "Who is told of what was done, and how far that has got"),
        (name = "jobs", description = "Replays, backtests and simulations beside the host's work"),
        (name = "messages", description = "When customers are sent marketing messages"),
        (name = "health", description = "The host itself"),
    ),
)]
struct Description;

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::GET, "/v1/openapi.json", Role::Viewer, describe).open()]
}

/// Describe the interface
///
/// In OpenAPI 3.1: this document.
#[utoipa::path(get, path = "/v1/openapi.json", operation_id = "describe", tag = "health",
    responses((status = 200, description = "The description", body = serde_json::Value)))]
pub(crate) async fn describe() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(openapi);
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

/// The OpenAPI 3.1 description, as indented JSON with a line end.
#[must_use]
pub fn openapi() -> String {
    let mut description = serde_json::to_value(Description::openapi()).unwrap_or_default();
    description["servers"] = json!([{"url": "/", "description": "The host that this description comes from"}]);
    description["components"]["securitySchemes"] =
        json!({"token": {"type": "http", "scheme": "bearer", "description": "A token from the host's configuration."}});
    for route in crate::routes() {
        let path = &mut description["paths"][route.path];
        if let Some(operation) = path.get_mut(route.method.as_str().to_lowercase()).and_then(Value::as_object_mut) {
            guard(operation, route.access);
        }
    }
    shape::shape(&mut description);
    let mut text = format!("{description:#}");
    text.push('\n');
    text
}

/// Writes down who may use the operation, and how it says no.
fn guard(operation: &mut Map<String, Value>, access: Access) {
    let problem = |description: &str| {
        json!({"description": description, "content": {"application/problem+json":
            {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}})
    };
    let mut answers = vec![("default", problem("A problem; docs/problems.md lists the types"))];
    operation.insert("security".to_owned(), json!([]));
    if let Access::Role(role) = access {
        operation.insert("security".to_owned(), json!([{"token": []}]));
        operation.insert("x-largesse-role".to_owned(), json!(role.as_str()));
        answers.push(("401", problem("No valid token")));
        answers.push(("403", problem("The token's roles, or its sources and kinds, do not allow this")));
        answers.push(("429", problem("A quota of the token is used up; Retry-After says when to try again")));
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        responses.extend(answers.into_iter().map(|(status, answer)| (status.to_owned(), answer)));
    }
}
