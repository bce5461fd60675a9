//! When a campaign gives.

use largesse_documents::time::instant_text;
use largesse_domain::campaign::Settings;
use largesse_domain::recurring;
use largesse_domain::time::Instant;

use super::{Code, Finding};
use crate::zone::Zone;

/// The days of a campaign that are looked at for one of its windows.
const DAYS_LOOKED_AT: i64 = 400;
const STEP_MS: i64 = 15 * 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

pub(super) fn findings(settings: &Settings, now: Option<Instant>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let (Some(closes), Some(now)) = (settings.closes, now)
        && closes <= now
    {
        let message =
            format!("is over since {}: events from then on give nothing; set a later time", instant_text(closes));
        findings.push(Finding::warning(Code::Over, "/closes", message));
    }
    findings.extend(never_open(settings));
    findings
}

/// Windows of which none opens while the campaign lasts.
fn never_open(settings: &Settings) -> Option<Finding> {
    if settings.windows.is_empty() {
        return None;
    }
    let (zone, closes) = (Zone::new(&settings.time_zone)?, settings.closes?);
    let span = closes.as_millis() - settings.opens.as_millis();
    // A window within so many days opens every year, if ever.
    let steps = span.min(DAYS_LOOKED_AT * DAY_MS) / STEP_MS;
    let is_open = |step: i64| {
        let at = settings.opens.plus_millis(step * STEP_MS);
        at.is_some_and(|at| recurring::is_within(&settings.windows, &zone.moment(at).local))
    };
    if (0..=steps).any(is_open) || span > DAYS_LOOKED_AT * DAY_MS {
        return None;
    }
    let message =
        "none of them opens between /opens and /closes: nothing is ever given; change the windows or the times";
    Some(Finding::warning(Code::NeverOpens, "/windows", message))
}
