//! Names in a campaign, held against what there is.

use largesse_documents::nearest::{choices, unknown};
use largesse_domain::effect::EffectKind;
use largesse_domain::id::{CampaignId, ProgrammeId, SegmentId, TierName};
use largesse_domain::topic::Topic;

use super::said::{Name, Said};
use super::{Code, Finding, Subject};
use crate::registry::Registry;

pub(super) fn findings(subject: &Subject<'_>, said: &Said, registry: Option<&Registry>) -> Vec<Finding> {
    let mut findings = left_out(subject, said);
    findings.extend(pools(subject, said));
    let Some(registry) = registry else { return findings };
    let catalogue = &registry.catalogue;
    let told = |code, name: &Name, message| Finding::warning(code, &name.pointer, message);
    for name in &said.programmes {
        let mut known = catalogue.programmes.keys().map(ProgrammeId::as_str);
        if !known.any(|programme| programme == name.text) {
            let known = catalogue.programmes.keys().map(ProgrammeId::as_str);
            findings.push(told(Code::UnknownProgramme, name, unknown("programme", &name.text, known)));
        }
    }
    for name in &said.tiers {
        let of = name.of.as_deref().and_then(|of| catalogue.programmes.values().find(|known| known.id.as_str() == of));
        let Some(programme) = of.filter(|of| !of.tiers.iter().any(|tier| tier.as_str() == name.text)) else { continue };
        let known = choices(&name.text, programme.tiers.iter().map(TierName::as_str));
        let message = format!("the programme {} has no tier {}; it has: {known}", programme.id, name.text);
        findings.push(told(Code::UnknownTier, name, message));
    }
    for name in said.segments.iter().filter(|name| !catalogue.segments.keys().any(|id| id.as_str() == name.text)) {
        let known = catalogue.segments.keys().map(SegmentId::as_str);
        findings.push(told(Code::UnknownSegment, name, unknown("segment", &name.text, known)));
    }
    findings.extend(handed_on(subject, said, registry));
    findings.extend(unset(subject, registry));
    findings.extend(untold(subject, said, registry));
    findings
}

/// Events that the parameters speak of, and that the campaign does not listen to.
fn left_out(subject: &Subject<'_>, said: &Said) -> Vec<Finding> {
    let Some(used) = &subject.settings.subscriptions else { return Vec::new() };
    let missing = said.events.iter().filter(|(_, name)| !used.contains(name));
    let finding = |(pointer, name): &(String, _)| {
        let message =
            format!("speaks of {name}, and /subscriptions leaves it out: add it there, or leave the field out");
        Finding::warning(Code::SubscriptionLeftOut, pointer, message)
    };
    missing.map(finding).collect()
}

/// Pools are the campaign's own, so it is certain which there are.
fn pools(subject: &Subject<'_>, said: &Said) -> Vec<Finding> {
    if !subject.manifest.effects.contains(&EffectKind::Share) {
        return Vec::new();
    }
    let pools = &subject.settings.pools;
    let missing = said.pools.iter().filter(|name| !pools.iter().any(|pool| pool.id.as_str() == name.text));
    let finding = |name: &Name| {
        let known = choices(&name.text, pools.iter().map(|pool| pool.id.as_str()));
        let message = format!("the campaign has no pool {}; it has: {known}", name.text);
        Finding::warning(Code::UnknownPool, &name.pointer, message)
    };
    missing.map(finding).collect()
}

/// Campaigns that customers are handed on to.
fn handed_on(subject: &Subject<'_>, said: &Said, registry: &Registry) -> Vec<Finding> {
    if !subject.manifest.effects.contains(&EffectKind::Enrol) {
        return Vec::new();
    }
    let known = || registry.campaigns().map(|active| active.campaign.id.as_str());
    let own = subject.id.map(CampaignId::as_str);
    let missing = said.campaigns.iter().filter(|name| !known().chain(own).any(|id| id == name.text));
    let finding =
        |name: &Name| Finding::warning(Code::UnknownCampaign, &name.pointer, unknown("campaign", &name.text, known()));
    missing.map(finding).collect()
}

/// Attributes that the audience asks for and that no event sets.
fn unset(subject: &Subject<'_>, registry: &Registry) -> Vec<Finding> {
    let known = registry.kinds.attributes();
    // A word of the event may stand behind the name that its schema gives.
    let is_set =
        |name: &str, known: &str| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    let missing =
        subject.attributes.iter().filter(|name| !known.iter().any(|known| is_set(name.as_str(), known.as_str())));
    let finding = |name: &largesse_domain::id::AttributeName| {
        let near = choices(name.as_str(), known.iter().map(|known| known.as_str()));
        let message = format!(
            "asks for the attribute {name}, which no event kind sets: it is for nobody unless somebody sets it with PUT /v1/customers; events set: {near}"
        );
        Finding::warning(Code::UnknownAttribute, "/audience", message)
    };
    missing.map(finding).collect()
}

/// Messages that nobody is told of.
fn untold(subject: &Subject<'_>, said: &Said, registry: &Registry) -> Option<Finding> {
    let sends = said.sends && subject.manifest.effects.contains(&EffectKind::Message);
    let told = registry.destinations.values().any(|destination| destination.takes(Topic::Message));
    (sends && !told).then(|| {
        let message = "sends messages, and no destination takes the topic message: nobody is told to send them; make one with `largesse destination`";
        Finding::warning(Code::NobodyToldOfMessages, "/params", message)
    })
}
