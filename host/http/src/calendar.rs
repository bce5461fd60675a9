//! The calendar: which campaigns grant when.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use largesse_documents::time::read_day;
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::limits::CALENDAR_DAYS_MAX;
use largesse_domain::time::Day;
use largesse_service::Service;
use largesse_service::queries::{Calendar, Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::AppState;
use crate::auth::Role;
use crate::body::{Asked, Id, malformed};
use crate::page::{self, Page, Paging, listed};
use crate::problem::Failure;
use crate::route::Route;
use crate::views::{CalendarItem, CalendarList, OccurrenceItem};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/calendar", Role::Viewer, of_all),
        Route::new(Method::GET, "/v1/customers/{customer}/calendar", Role::Viewer, of_customer),
    ]
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Days {
    /// The first local day, such as `2026-03-01`; today in each campaign's zone when absent.
    from: Option<String>,
    /// The last local day; the first when absent. At most 366 days.
    to: Option<String>,
    /// After this campaign.
    after: Option<String>,
    /// At most so many campaigns.
    #[serde(default = "page::default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
}

impl Days {
    fn read(&self) -> Result<Option<(Day, Day)>, Failure> {
        let day = |text: &Option<String>| text.as_deref().map(read_day).transpose().map_err(malformed);
        match (day(&self.from)?, day(&self.to)?) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(malformed("to needs from".to_owned())),
            (Some(from), to) => {
                let to = to.unwrap_or(from);
                if !(0..CALENDAR_DAYS_MAX).contains(&(to.0 - from.0)) {
                    return Err(malformed(format!("from and to must be 1 to {CALENDAR_DAYS_MAX} days, in order")));
                }
                Ok(Some((from, to)))
            }
        }
    }
}

/// Show when campaigns grant
#[utoipa::path(get, path = "/v1/calendar", operation_id = "showCalendar", tag = "campaigns", params(Days),
    responses((status = 200, description = "A page of the campaigns that grant on these days, by id", body = CalendarList)))]
pub(crate) async fn of_all(
    State(AppState { service, .. }): State<AppState>,
    Asked(days): Asked<Days>,
) -> Result<Response, Failure> {
    calendar(&service, None, days).await
}

/// Show when the campaigns that are for a customer grant
#[utoipa::path(get, path = "/v1/customers/{customer}/calendar", operation_id = "showCustomerCalendar", tag = "customers",
    params(("customer" = String, Path, description = "The customer's id"), Days),
    responses((status = 200, description = "A page of the campaigns whose audience the customer belongs to now, by id", body = CalendarList)))]
pub(crate) async fn of_customer(
    State(AppState { service, .. }): State<AppState>,
    Id(customer): Id<CustomerId>,
    Asked(days): Asked<Days>,
) -> Result<Response, Failure> {
    calendar(&service, Some(customer), days).await
}

async fn calendar(service: &Service, customer: Option<CustomerId>, asked: Days) -> Result<Response, Failure> {
    let days = asked.read()?;
    let Page { after, limit } = Paging { after: asked.after, limit: asked.limit }.read::<CampaignId>()?;
    let found = service.query(Calendar { customer, days, after, limit }).await?;
    let entries = found.map_err(|too_many| malformed(too_many.to_string()))?;
    listed(limit, entries.iter().map(item).map(|item| (item.campaign.clone(), item)))
}

fn item(Entry { active, occurrences }: &Entry) -> CalendarItem {
    let settings = &active.campaign.settings;
    let occurrences = occurrences
        .iter()
        .map(|time| OccurrenceItem { start: active.zone.text(time.start), end: active.zone.text(time.end) });
    CalendarItem {
        campaign: active.campaign.id.to_string(),
        title: settings.title.clone(),
        time_zone: settings.time_zone.clone(),
        occurrences: occurrences.collect(),
    }
}
