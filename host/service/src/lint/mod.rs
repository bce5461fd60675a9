//! Whether what a campaign says goes together: what it would give with what it may spend, what its parameters speak of with what
//! it listens to, names with what there is. A campaign that can never give looks healthy to whoever only watches it.
//!
//! Findings follow from documents alone, so that they are the same beside a host and in one. What is certain is an
//! [`Severity::Error`] and keeps a campaign from starting. What follows from the form of parameters, which only the policy reads
//! for sure, is a [`Severity::Warning`].

mod gives;
mod names;
mod said;
mod times;

use std::collections::BTreeSet;

use largesse_documents::{DerivedView, FindingView, Severity};
use largesse_domain::campaign::Settings;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::id::{AttributeName, CampaignId};
use largesse_domain::json::Json;
use largesse_domain::limits::FINDINGS_MAX;
use largesse_domain::policy::{Manifest, Offer};
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use largesse_domain::unit::UnitClass;
use serde_json::Value;

use crate::registry::Registry;
use said::Said;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $word:literal;)*) => {
        /// What kind of finding it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the word, which stays.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

codes! {
    /// Something is missing or wrong that the campaign needs to start.
    NotReady, "not-ready";
    /// What is given is of a class of unit that the campaign leaves out.
    ClassLeftOut, "class-left-out";
    /// What is given is of a class of unit that the policy does not grant.
    ClassNotGranted, "class-not-granted";
    /// What is given is money of another currency than the campaign's.
    OtherCurrency, "other-currency";
    /// No budget counts what is given.
    NoBudget, "no-budget";
    /// More is given at once than a budget holds.
    AboveBudget, "above-budget";
    /// More is given at once than one customer may receive.
    AboveLimit, "above-limit";
    /// A limit is raised by more than up to where it may be raised.
    AboveCeiling, "above-ceiling";
    /// A budget or a limit of nothing.
    Nothing, "nothing";
    /// Nothing is given from a budget or a pocket.
    Unused, "unused";
    /// The parameters speak of an event whose subscription the campaign leaves out.
    SubscriptionLeftOut, "subscription-left-out";
    /// There is no such programme.
    UnknownProgramme, "unknown-programme";
    /// The programme has no such tier.
    UnknownTier, "unknown-tier";
    /// There is no such segment.
    UnknownSegment, "unknown-segment";
    /// The campaign has no such pool.
    UnknownPool, "unknown-pool";
    /// There is no such campaign to hand on to.
    UnknownCampaign, "unknown-campaign";
    /// Nothing sets an attribute that the audience asks for.
    UnknownAttribute, "unknown-attribute";
    /// No destination is told of messages.
    NobodyToldOfMessages, "nobody-told-of-messages";
    /// The campaign's time is over.
    Over, "over";
    /// None of its windows opens while it lasts.
    NeverOpens, "never-opens";
    /// The version of its policy is stopped.
    VersionStopped, "version-stopped";
}

/// Something that does not go together with the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind it is.
    pub code: Code,
    /// Whether it keeps the campaign from starting.
    pub severity: Severity,
    /// A JSON pointer into the campaign's document.
    pub pointer: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Finding {
    fn warning(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, pointer: pointer.into(), message: message.into() }
    }

    fn error(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(code, pointer, message) }
    }

    /// What keeps a campaign from starting, as a finding.
    #[must_use]
    pub fn not_ready(problem: Problem) -> Self {
        Self::error(Code::NotReady, problem.pointer, problem.message)
    }
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self { pointer: finding.pointer, message: finding.message }
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        let Finding { code, severity, pointer, message } = finding;
        let (pointer, message) = (pointer.clone(), message.clone());
        Self { code: code.as_str().to_owned(), severity: *severity, pointer, message }
    }
}

/// A campaign, and what it is held against.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its id, when it has one.
    pub id: Option<&'a CampaignId>,
    /// What the operator set.
    pub settings: &'a Settings,
    /// What its policy says of itself.
    pub manifest: &'a Manifest,
    /// Its parameters, which the policy takes.
    pub params: &'a Json,
    /// What the policy says that it gives with them.
    pub offers: &'a [Offer],
    /// The attributes that its audience names.
    pub attributes: &'a BTreeSet<AttributeName>,
}

/// What there is beside the campaign: in a host, everything that it names has to be there.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// What is published and runs.
    pub registry: &'a Registry,
    /// Now.
    pub now: Instant,
}

impl Subject<'_> {
    fn said(&self) -> Said {
        let params = serde_json::from_str::<Value>(self.params.as_str()).unwrap_or_default();
        Said::of(&params, self.manifest)
    }

    /// Returns what the document leaves out because the policy and the parameters say it.
    #[must_use]
    pub fn derived(&self) -> DerivedView {
        let texts = |classes: Vec<UnitClass>| classes.iter().map(ToString::to_string).collect();
        let names = self.manifest.subscriptions.iter().map(|subscription| subscription.name.to_string());
        DerivedView {
            subscriptions: self.settings.subscriptions.is_none().then(|| names.collect()),
            unit_classes: self.settings.unit_classes.is_none().then(|| texts(self.said().classes(self.manifest))),
        }
    }

    /// Returns what does not go together, the errors first. What there is beside the campaign is only known in a host.
    #[must_use]
    pub fn findings(&self, around: Option<Around<'_>>) -> Vec<Finding> {
        let said = self.said();
        let nothing = Catalogue::default();
        let catalogue = around.map_or(&nothing, |around| &*around.registry.catalogue);
        let mut findings = gives::findings(self, &said, catalogue);
        findings.extend(names::findings(self, &said, around.map(|around| around.registry)));
        findings.extend(times::findings(self.settings, around.map(|around| around.now)));
        findings.sort_by_key(|finding| finding.severity);
        findings.truncate(FINDINGS_MAX);
        findings
    }
}

/// Returns the classes of unit that need a budget and a limit: those that the campaign names or, when it names none, those that its
/// parameters do.
#[must_use]
pub fn classes(settings: &Settings, manifest: &Manifest, params: &Json) -> Vec<UnitClass> {
    let of_params = || {
        let params = serde_json::from_str::<Value>(params.as_str()).unwrap_or_default();
        Said::of(&params, manifest).classes(manifest)
    };
    settings.unit_classes.clone().unwrap_or_else(of_params)
}
