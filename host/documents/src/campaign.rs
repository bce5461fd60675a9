//! A campaign as an operator writes it, and as it goes out.

use largesse_domain::campaign::{Campaign, Revision, Settings};
use largesse_domain::id::{Digest, InvalidId, PolicyName, PolicyVersion};
use largesse_domain::json::Json;
use largesse_domain::limits::{JSON_DEPTH_MAX, PARAMS_BYTES_MAX};
use largesse_domain::policy::Problem;
use largesse_domain::time::Instant;
use largesse_domain::unit::Currency;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// The policy's subscriptions in use; all when absent.
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
        let unit_classes = unit_classes.map(|classes| problems.keep_all("/unit_classes", classes));
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::from_json;
    use largesse_domain::activation::Activations;
    use largesse_domain::campaign::{OnFault, UnknownClaim};
    use largesse_domain::lifecycle::Lifecycle;
    use largesse_domain::referral::TouchRule;

    const FULL: &str = r#"{
        "title": "Spring", "policy": "new-user-gift@1.2.0", "params": {"b": 1, "a": [true]}, "currency": "CNY",
        "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00", "closes": "2026-06-01T00:00:00+08:00",
        "closing_days": 7, "audience": {"where": "'new' in tags"},
        "subscriptions": ["registered"], "unit_classes": ["cash", "coupon"],
        "attribution": {"touch": "last", "window_days": 14, "bind_on": ["user.registered"]},
        "unknown_claim": "allow", "on_fault": "defer", "fault_threshold": {"percent": 5, "window": 200}, "follow": true,
        "budgets": [{"unit": "cash:CNY", "total": 1000000, "per_day": 50000}, {"unit": "coupon", "total": 500}],
        "limits": [{"unit": "cash:CNY", "window": "campaign", "amount": 8800, "count": 3},
                   {"unit": "coupon", "per": "device", "window": "day", "count": 1}],
        "pools": [{"id": "prize", "unit": "cash:CNY", "total": 90000, "settles": "2026-06-01T00:00:00+08:00"}],
        "pockets": ["spring"], "warn_at": [50, 90],
        "stacking": {"group": "spring-orders", "priority": -3, "mode": "best"},
        "gate": {"any_of": [{"profit": {"holding": 1000000, "rate_basis_points": 200, "per": "month"}},
                            {"acquisition": {"most": 50000}}]}, "effective_from": "2026-03-02T00:00:00Z"
    }"#;

    const LEAST: &str = r#"{"policy": "check-in", "currency": "CZK", "time_zone": "Europe/Prague",
        "opens": "2026-03-01T00:00:00Z"}"#;

    fn document(text: &str) -> CampaignDocument {
        from_json(text.as_bytes()).unwrap()
    }

    fn pointers(text: &str) -> Vec<String> {
        document(text).read().unwrap_err().into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn a_full_document_is_read_and_written_back() {
        let spec = document(FULL).read().unwrap();
        assert_eq!(spec.policy.to_string(), "new-user-gift@1.2.0");
        assert_eq!(spec.params.as_str(), r#"{"a":[true],"b":1}"#);
        assert_eq!(spec.settings.attribution.touch, TouchRule::Last);
        assert_eq!(spec.settings.on_fault, OnFault::Defer);
        let policy = Digest::from_bytes([7; 32]);
        let effective_from = spec.effective_from.unwrap();
        let revision = Revision { number: 1, effective_from, params: spec.params.clone() };
        let again = CampaignDocument::of(&spec.settings, policy, &revision).read().unwrap();
        assert_eq!(again, CampaignSpec { policy: PolicyRef::ByDigest(policy), ..spec });
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let settings = document(LEAST).read().unwrap().settings;
        assert_eq!((settings.closing_days, settings.closes), (30, None));
        assert_eq!(settings.attribution.window_days, 30);
        assert_eq!(texts(&settings.attribution.bind_on), ["user.registered", "invite.bound"]);
        assert_eq!(settings.unknown_claim, UnknownClaim::Deny);
        assert_eq!((settings.subscriptions, settings.unit_classes), (None, None));
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let wrong = r#"{"policy": "Bad Name", "currency": "cny", "time_zone": "Mars", "opens": "soon",
            "subscriptions": ["A"], "unit_classes": ["gold"], "audience": {"segment": "a b"},
            "budgets": [{"unit": "gold", "total": 1}, {"unit": "points", "total": 1000000000000001}],
            "limits": [{"unit": "points", "window": "day"}], "fault_threshold": {"percent": 0},
            "stacking": {"group": "Spring", "mode": "first"},
            "gate": {"any_of": [{"ltv": {"ltv": 1, "cac": 1, "coc": 1000000000000001}}]}}"#;
        assert_eq!(
            pointers(wrong),
            [
                "/policy",
                "/currency",
                "/time_zone",
                "/opens",
                "/audience/segment",
                "/subscriptions/0",
                "/unit_classes/0",
                "/fault_threshold",
                "/budgets/0/unit",
                "/budgets/1/total",
                "/limits/0",
                "/stacking/group",
                "/gate/any_of/0/ltv/coc",
            ]
        );
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        let with = |fields: &str| {
            format!(
                r#"{{"policy": "p", "currency": "CNY", "time_zone": "Etc/UTC", "opens": "2026-03-01T00:00:00Z", {fields}}}"#
            )
        };
        assert_eq!(pointers(&with(r#""closes": "2026-03-01T00:00:00Z""#)), ["/closes"]);
        let for_ever = r#""closes": "9999-12-01T00:00:00Z", "closing_days": 31"#;
        assert_eq!(pointers(&with(for_ever)), ["/closing_days"]);
        let budgets = r#""budgets": [{"unit": "points", "total": 1}, {"unit": "points", "total": 2}]"#;
        assert_eq!(pointers(&with(budgets)), ["/budgets/1"]);
        let limits = r#""limits": [{"unit": "points", "window": "day", "count": 1},
            {"unit": "points", "window": "week", "count": 1}, {"unit": "points", "window": "day", "amount": 1}]"#;
        assert_eq!(pointers(&with(limits)), ["/limits/2"]);
        let currency = r#""budgets": [{"unit": "cash:USD", "total": 1}, {"unit": "credit-limit:EUR", "total": 1}]"#;
        assert_eq!(pointers(&with(currency)), ["/budgets/0/unit", "/budgets/1/unit"]);
        let deep = format!(r#""params": {{"a": {}{}}}"#, "[".repeat(32), "]".repeat(32));
        assert_eq!(pointers(&with(&deep)), ["/params"]);
        let long = format!(r#""params": {{"a": "{}"}}"#, "x".repeat(PARAMS_BYTES_MAX));
        assert_eq!(pointers(&with(&long)), ["/params"]);
    }

    #[test]
    fn unknown_fields_are_refused() {
        let text = LEAST.replace("\"opens\"", "\"opnes\": 1, \"opens\"");
        assert!(from_json::<CampaignDocument>(text.as_bytes()).unwrap_err()[0].message.contains("opnes"));
    }

    #[test]
    fn a_policy_is_named_in_three_ways() {
        let digest = "ab".repeat(32);
        assert_eq!(digest.parse(), Ok(PolicyRef::ByDigest(Digest::from_bytes([0xab; 32]))));
        let name = PolicyName::new("check-in").unwrap();
        assert_eq!("check-in".parse(), Ok(PolicyRef::Latest { name: name.clone() }));
        let version = PolicyVersion::new("1.0.0-rc.1").unwrap();
        assert_eq!("check-in@1.0.0-rc.1".parse(), Ok(PolicyRef::ByVersion { name, version }));
        assert!("check-in@".parse::<PolicyRef>().is_err());
    }

    #[test]
    fn a_view_is_read_as_it_was_written() {
        let spec = document(FULL).read().unwrap();
        let (opens, policy) = (spec.settings.opens, Digest::from_bytes([7; 32]));
        let campaign = Campaign {
            id: "spring".parse().unwrap(),
            version: 3,
            lifecycle: Lifecycle::Running,
            settings: spec.settings,
            revisions: vec![Revision { number: 1, effective_from: opens, params: spec.params }],
            activations: Activations::first(policy, vec![1], opens),
            rollout: None,
            rollouts: 0,
        };
        let view = CampaignView::of(&campaign);
        let text = serde_json::to_value(&view).unwrap();
        assert_eq!((&text["title"], &text["lifecycle"]), (&"Spring".into(), &"running".into()));
        assert_eq!(text["active"]["policy"], "07".repeat(32));
        assert_eq!(serde_json::from_value::<CampaignView>(text).unwrap(), view);
    }
}
