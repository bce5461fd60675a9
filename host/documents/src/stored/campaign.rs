//! A campaign's settings in the store.

use largesse_domain::campaign::Settings;
use largesse_domain::unit::UnitClass;
use serde::{Deserialize, Serialize};

use super::{Unreadable, id, ids, instant, read, term, write};
use crate::gate::GateDocument;
use crate::programme::PoolDocument;
use crate::segment::{AudienceDocument, audience_document, read_audience};
use crate::stacking::StackingDocument;
use crate::terms::{
    AttributionDocument, BudgetDocument, FaultThresholdDocument, LimitDocument, OnFaultWord, UnknownClaimWord, texts,
};
use crate::windows::{WindowDocument, read_windows};

#[derive(Serialize, Deserialize)]
struct SettingsForm {
    title: String,
    currency: String,
    time_zone: String,
    opens: i64,
    closes: Option<i64>,
    closing_days: u32,
    audience: Option<AudienceDocument>,
    subscriptions: Option<Vec<String>>,
    unit_classes: Option<Vec<String>>,
    attribution: AttributionDocument,
    unknown_claim: UnknownClaimWord,
    on_fault: OnFaultWord,
    fault_threshold: FaultThresholdDocument,
    follow: bool,
    budgets: Vec<BudgetDocument>,
    limits: Vec<LimitDocument>,
    pockets: Vec<String>,
    warn_at: Vec<u8>,
    #[serde(default)]
    pools: Vec<PoolDocument>,
    windows: Vec<WindowDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stacking: Option<StackingDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gate: Option<GateDocument>,
}

/// The settings as the store keeps them.
#[must_use]
pub fn settings_text(settings: &Settings) -> String {
    write(&SettingsForm {
        title: settings.title.clone(),
        currency: settings.currency.to_string(),
        time_zone: settings.time_zone.clone(),
        opens: settings.opens.as_millis(),
        closes: settings.closes.map(|closes| closes.as_millis()),
        closing_days: settings.closing_days,
        audience: audience_document(&settings.audience),
        subscriptions: settings.subscriptions.as_deref().map(texts),
        unit_classes: settings.unit_classes.as_deref().map(texts),
        attribution: (&settings.attribution).into(),
        unknown_claim: settings.unknown_claim.into(),
        on_fault: settings.on_fault.into(),
        fault_threshold: settings.fault_threshold.into(),
        follow: settings.follow,
        budgets: settings.budgets.iter().map(Into::into).collect(),
        limits: settings.limits.iter().map(Into::into).collect(),
        pockets: texts(&settings.pockets),
        warn_at: settings.warn_at.clone(),
        pools: settings.pools.iter().map(Into::into).collect(),
        windows: settings.windows.iter().map(Into::into).collect(),
        stacking: settings.stacking.as_ref().map(Into::into),
        gate: settings.gate.as_ref().map(Into::into),
    })
}

/// Reads what [`settings_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_settings(text: &str) -> Result<Settings, Unreadable> {
    let form: SettingsForm = read(text)?;
    let unit_classes = form.unit_classes.as_deref().map(ids::<UnitClass>).transpose()?;
    let budgets = form.budgets.iter().map(|budget| term(|problems| budget.read("", None, problems)));
    let limits = form.limits.iter().map(|limit| term(|problems| limit.read("", None, problems)));
    let pools = form.pools.iter().map(|pool| term(|problems| pool.read("", None, problems)));
    Ok(Settings {
        title: form.title,
        currency: id(&form.currency)?,
        time_zone: form.time_zone,
        opens: instant(form.opens)?,
        closes: form.closes.map(instant).transpose()?,
        closing_days: form.closing_days,
        audience: term(|problems| read_audience(form.audience.as_ref(), problems))?,
        subscriptions: form.subscriptions.as_deref().map(ids).transpose()?,
        unit_classes,
        attribution: term(|problems| Some(form.attribution.read(problems)))?,
        unknown_claim: form.unknown_claim.into(),
        on_fault: form.on_fault.into(),
        fault_threshold: term(|problems| form.fault_threshold.read(problems))?,
        follow: form.follow,
        budgets: budgets.collect::<Result<_, _>>()?,
        limits: limits.collect::<Result<_, _>>()?,
        pockets: ids(&form.pockets)?,
        warn_at: form.warn_at,
        pools: pools.collect::<Result<_, _>>()?,
        windows: term(|problems| Some(read_windows(&form.windows, problems)))?,
        stacking: form.stacking.map(|stacking| term(|problems| stacking.read(problems))).transpose()?,
        gate: form.gate.map(|gate| term(|problems| gate.read(problems))).transpose()?,
    })
}
