//! A campaign as an operator writes it, and as it goes out.

use largesse_domain::campaign::{Campaign, Revision, Settings};
use largesse_domain::id::{Digest, InvalidId, PolicyName, PolicyVersion};
use largesse_domain::json::Json;
use largesse_domain::limits::{JSON_DEPTH_MAX, PARAMS_BYTES_MAX};
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use largesse_domain::unit::{Currency, UnitClass};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::finding::{DerivedView, FindingView};
use crate::gate::GateDocument;
use crate::problem::{Problems, json_value};
use crate::programme::{PoolDocument, read_pools};
use crate::rollout::{ActivationView, RolloutView};
use crate::segment::{AudienceDocument, audience_document, read_audience};
use crate::stacking::StackingDocument;
use crate::terms::{
    AttributionDocument, BudgetDocument, FaultThresholdDocument, LimitDocument, OnFaultWord, UnknownClaimWord,
    read_budgets, read_limits, read_warn_at, texts, warn_at,
};
use crate::time::{instant_text, read_instant, read_time_zone};
use crate::windows::{WindowDocument, read_windows};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A campaign as an operator writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CampaignDocument {
    /// For people.
    #[serde(default)]
    pub title: String,
    /// `name@version`, `name` (its latest version), or a digest.
    pub policy: String,
    /// The policy's parameters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params: Map<String, Value>,
    /// ISO 4217 code of the campaign's money.
    pub currency: String,
    /// An IANA time zone.
    pub time_zone: String,
    /// Events from then on count.
    pub opens: String,
    /// Events from then on do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
    /// How long after `closes` late events are taken.
    #[serde(default = "closing_days")]
    pub closing_days: u32,
    /// For whom; everyone when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<AudienceDocument>,
    /// The policy's subscriptions in use; all when absent. Those to `identity.merged` always are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<Vec<String>>,
    /// The policy's classes of unit in use; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_classes: Option<Vec<String>>,
    /// Who counts as an inviter.
    #[serde(default)]
    pub attribution: AttributionDocument,
    /// What a claim on something unknown means.
    #[serde(default)]
    pub unknown_claim: UnknownClaimWord,
    /// What a fault of the policy means.
    #[serde(default)]
    pub on_fault: OnFaultWord,
    /// When a version of the policy breaks its contract too often: the campaign then goes back to the last good version, or is paused.
    #[serde(default)]
    pub fault_threshold: FaultThresholdDocument,
    /// Whether a version of the policy that is put into the watched folder of a staging host is activated.
    #[serde(default)]
    pub follow: bool,
    /// What the campaign may spend.
    #[serde(default)]
    pub budgets: Vec<BudgetDocument>,
    /// What one customer, device, card, address or identity may receive.
    #[serde(default)]
    pub limits: Vec<LimitDocument>,
    /// Pockets: budgets that it shares with other campaigns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pockets: Vec<String>,
    /// At which shares of a budget operators are told, in per cent.
    #[serde(default = "warn_at")]
    pub warn_at: Vec<u8>,
    /// Amounts that it shares out by weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolDocument>,
    /// Recurring windows, in the campaign's zone: it grants only within one of them. Always when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowDocument>,
    /// Which campaigns that decide on the same events it stacks with; with all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stacking: Option<StackingDocument>,
    /// What one customer may cost at most; nothing is checked when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateDocument>,
    /// From which event time on changed parameters apply. When absent: the first revision from `opens`, later ones from the
    /// time of the change. A changed policy decides all that comes in from then on, whatever its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
}

fn closing_days() -> u32 {
    30
}

/// Which policy a campaign document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyRef {
    /// `name@version`.
    ByVersion {
        /// The name.
        name: PolicyName,
        /// The version.
        version: PolicyVersion,
    },
    /// `name`: the version published last.
    Latest {
        /// The name.
        name: PolicyName,
    },
    /// A digest of 64 hexadecimal digits.
    ByDigest(Digest),
}

impl std::str::FromStr for PolicyRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if let Ok(digest) = text.parse() {
            return Ok(Self::ByDigest(digest));
        }
        match text.split_once('@') {
            Some((name, version)) => Ok(Self::ByVersion { name: name.parse()?, version: version.parse()? }),
            None => Ok(Self::Latest { name: text.parse()? }),
        }
    }
}

impl std::fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ByVersion { name, version } => write!(f, "{name}@{version}"),
            Self::Latest { name } => name.fmt(f),
            Self::ByDigest(digest) => digest.fmt(f),
        }
    }
}

/// What a campaign document says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignSpec {
    /// What the operator set.
    pub settings: Settings,
    /// The policy.
    pub policy: PolicyRef,
    /// Its parameters, an object with sorted keys. Whether the policy takes them is not checked here.
    pub params: Json,
    /// From which event time on the parameters apply, when the document says.
    pub effective_from: Option<Instant>,
}

impl CampaignDocument {
    /// Checks the document by itself, without the policy that it names.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<CampaignSpec, Vec<Problem>> {
        let mut problems = Problems::default();
        let policy = problems.keep("/policy", self.policy.parse::<PolicyRef>());
        let params = read_params(&self.params, &mut problems);
        let effective_from = read_optional(&mut problems, "/effective_from", self.effective_from.as_deref());
        let settings = self.read_settings(&mut problems);
        let spec =
            settings.zip(policy).map(|(settings, policy)| CampaignSpec { settings, policy, params, effective_from });
        problems.finish(spec)
    }

    fn read_settings(&self, problems: &mut Problems) -> Option<Settings> {
        let currency = problems.keep("/currency", Currency::new(&self.currency));
        let time_zone = problems.keep("/time_zone", read_time_zone(&self.time_zone));
        let opens = problems.keep("/opens", read_instant(&self.opens));
        let closes = read_optional(problems, "/closes", self.closes.as_deref());
        if let (Some(opens), Some(closes)) = (opens, closes) {
            if closes <= opens {
                problems.add("/closes", "the campaign must close after it opens");
            }
            if closes.plus_millis(i64::from(self.closing_days) * DAY_MS).is_none() {
                problems.add("/closing_days", "the closing phase must end within the year 9999");
            }
        }
        let audience = read_audience(self.audience.as_ref(), problems);
        let attribution = self.attribution.read(problems);
        let subscriptions = self.subscriptions.as_ref();
        let subscriptions = subscriptions.map(|names| problems.keep_all("/subscriptions", names));
        let unit_classes = self.unit_classes.as_ref();
        let known = UnitClass::ALL.map(UnitClass::as_str);
        let unit_classes = unit_classes.map(|classes| problems.keep_words("/unit_classes", classes, &known));
        let fault_threshold = self.fault_threshold.read(problems);
        let budgets = read_budgets(&self.budgets, currency, problems);
        let limits = read_limits(&self.limits, currency, problems);
        let pockets = problems.keep_all("/pockets", &self.pockets);
        let warn_at = read_warn_at(&self.warn_at, problems);
        let over = closes.and_then(|closes| closes.plus_millis(i64::from(self.closing_days) * DAY_MS));
        let pools = read_pools(&self.pools, (currency, opens, over), problems);
        let windows = read_windows(&self.windows, problems);
        let stacking = self.stacking.as_ref().and_then(|stacking| stacking.read(problems));
        let gate = self.gate.as_ref().and_then(|gate| gate.read(problems));
        Some(Settings {
            title: self.title.clone(),
            currency: currency?,
            time_zone: time_zone?,
            opens: opens?,
            closes,
            closing_days: self.closing_days,
            audience: audience?,
            subscriptions,
            unit_classes,
            attribution,
            unknown_claim: self.unknown_claim.into(),
            on_fault: self.on_fault.into(),
            fault_threshold: fault_threshold?,
            follow: self.follow,
            budgets,
            limits,
            pockets,
            warn_at,
            pools,
            windows,
            stacking,
            gate,
        })
    }

    /// The document that says these settings, this version and this revision.
    #[must_use]
    pub fn of(settings: &Settings, policy: Digest, revision: &Revision) -> Self {
        let params = match json_value(&revision.params) {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        Self {
            title: settings.title.clone(),
            policy: policy.to_string(),
            params,
            currency: settings.currency.to_string(),
            time_zone: settings.time_zone.clone(),
            opens: instant_text(settings.opens),
            closes: settings.closes.map(instant_text),
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
            effective_from: Some(instant_text(revision.effective_from)),
        }
    }
}

pub(crate) fn read_params(params: &Map<String, Value>, problems: &mut Problems) -> Json {
    let value = Value::Object(params.clone());
    let text = value.to_string();
    if text.len() > PARAMS_BYTES_MAX {
        problems.add("/params", format!("longer than {PARAMS_BYTES_MAX} bytes"));
    }
    if depth(&value) > JSON_DEPTH_MAX {
        problems.add("/params", format!("nested deeper than {JSON_DEPTH_MAX}"));
    }
    Json::from_checked(text)
}

/// How deep objects and arrays are nested. The JSON reader itself stops at 128.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

pub(crate) fn read_optional(problems: &mut Problems, pointer: &str, text: Option<&str>) -> Option<Instant> {
    problems.keep(pointer, read_instant(text?))
}

/// A campaign as it goes out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CampaignView {
    /// Its id.
    pub id: String,
    /// Counts changes, from 1; the ETag.
    pub version: u64,
    /// `draft`, `scheduled`, `running`, `paused`, `closing` or `ended`.
    pub lifecycle: String,
    /// What the operator set, with the active version and its latest revision.
    #[serde(flatten)]
    pub document: CampaignDocument,
    /// All revisions of the parameters, in order of number.
    pub revisions: Vec<RevisionView>,
    /// The version that is active.
    pub active: ActivationView,
    /// What the campaign can go back to, the best last.
    pub earlier: Vec<ActivationView>,
    /// The version that is tried beside the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutView>,
    /// What in it does not go together, the errors first. Not in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingView>,
    /// What the document leaves out because the policy and the parameters say it. Not in lists.
    #[serde(default, skip_serializing_if = "DerivedView::is_empty")]
    pub derived: DerivedView,
}

/// What was found about a campaign's document that is not applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckView {
    /// What would keep it from being applied or started, or would never be given; the errors first.
    pub findings: Vec<FindingView>,
    /// What it leaves out because the policy and the parameters say it.
    pub derived: DerivedView,
}

/// Parameters, and from which event time on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevisionView {
    /// From 1.
    pub number: u32,
    /// The first event time that it applies to.
    pub effective_from: String,
    /// The parameters.
    pub params: Value,
}

impl CampaignView {
    /// The campaign as it goes out.
    #[must_use]
    pub fn of(campaign: &Campaign) -> Self {
        let revisions = campaign.revisions.iter().map(|revision| RevisionView {
            number: revision.number,
            effective_from: instant_text(revision.effective_from),
            params: json_value(&revision.params),
        });
        Self {
            id: campaign.id.to_string(),
            version: campaign.version,
            lifecycle: campaign.lifecycle.as_str().to_owned(),
            document: CampaignDocument::of(&campaign.settings, campaign.activations.active.policy, campaign.latest()),
            revisions: revisions.collect(),
            active: (&campaign.activations.active).into(),
            earlier: campaign.activations.earlier.iter().map(Into::into).collect(),
            rollout: campaign.rollout.as_ref().map(Into::into),
            findings: Vec::new(),
            derived: DerivedView::default(),
        }
    }
}

#[cfg(test)]
mod tests;
