//! Whether a policy, its parameters and the event kinds fit together.

use largesse_documents::nearest;
use largesse_domain::campaign::Settings;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::check;
use largesse_domain::cost;
use largesse_domain::effect::EffectKind;
use largesse_domain::id::{CampaignId, PocketId, SegmentId};
use largesse_domain::json::Json;
use largesse_domain::limits::PARAMS_BYTES_MAX;
use largesse_domain::policy::{Manifest, Offer, OwnerOf, Role, RoleSource};
use largesse_domain::pool;
use largesse_domain::problem::Problem;
use largesse_domain::segment::{Audience, Condition};
use largesse_domain::stacking::{Stacking, StackingMode};
use largesse_domain::timer::EVENT_KIND;
use largesse_engine::{CheckError, LoadedPolicy, Workers};
use serde_json::Value;

use crate::kinds::Kinds;
use crate::lint;
use crate::registry::Registry;
use crate::schema::Schema;
use crate::segment::Rule;
use crate::zone::Zone;

/// What keeps a campaign with these settings from using the policy: subscriptions to kinds that are not registered, pointers to
/// fields that no schema marks, or inviters farther away than the host shows them.
pub fn problems(settings: &Settings, manifest: &Manifest, (kinds, shown): (&Kinds, u8)) -> Vec<Problem> {
    let mut problems = Vec::from_iter(too_far(settings, manifest, shown));
    let mut problem = |message: String| problems.push(Problem { pointer: "/policy".into(), message });
    let used = |name| settings.subscriptions.as_ref().is_none_or(|used| used.contains(name));
    let mut rules = Vec::new();
    for subscription in manifest.subscriptions.iter().filter(|subscription| used(&subscription.name)) {
        let Some(kind) = kinds.get(&subscription.kind) else {
            let known = kinds.all().map(|kind| kind.kind.as_str());
            let near = nearest::nearest(subscription.kind.as_str(), known);
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            problem(format!("subscribes to the event kind {}, which is not registered{near}", subscription.kind));
            continue;
        };
        if let OwnerOf::Entity(pointer) = &subscription.owner
            && !kind.names_entity(pointer.as_str())
        {
            let pointer = pointer.as_str();
            problem(format!("takes {pointer} of {} for an entity, which its schema does not mark so", kind.kind()));
        }
        rules.push(kind);
    }
    let told = rules.iter().any(|kind| kind.kind().as_str() == EVENT_KIND);
    if manifest.effects.contains(&EffectKind::Schedule) && !told {
        problem(format!(
            "sets timers, but the campaign uses no subscription to {EVENT_KIND}: nobody would be told of them"
        ));
    }
    let settled = rules.iter().any(|kind| kind.kind().as_str() == pool::EVENT_KIND);
    if !settings.pools.is_empty() && manifest.effects.contains(&EffectKind::Share) && !settled {
        problem(format!(
            "shares a pool, but the campaign uses no subscription to {}: nobody would get anything",
            pool::EVENT_KIND
        ));
    }
    // A role that only subscriptions out of use fill is empty, and not wrong.
    let all: Vec<_> = manifest.subscriptions.iter().filter_map(|subscription| kinds.get(&subscription.kind)).collect();
    for role in &manifest.roles {
        let marked = match &role.source {
            RoleSource::Actor | RoleSource::Inviter(_) | RoleSource::Members => true,
            RoleSource::CustomerAt(pointer) => all.iter().any(|kind| kind.names_customer(pointer.as_str())),
            RoleSource::MembersAt(pointer) => all.iter().any(|kind| kind.names_members(pointer.as_str())),
        };
        if !marked && !rules.is_empty() {
            problem(format!("fills the role {} from a field that no schema marks as a customer", role.name));
        }
    }
    problems
}

/// Whether the policy would be shown inviters farther away than the host shows them. A campaign that says itself how far they are
/// shown does without the others.
pub(crate) fn too_far(settings: &Settings, manifest: &Manifest, shown: u8) -> Option<Problem> {
    let far = |role: &Role| if let RoleSource::Inviter(distance) = role.source { Some(distance) } else { None };
    let problem = |pointer: &str, message: String| Some(Problem { pointer: pointer.into(), message });
    match (settings.attribution.distance, manifest.roles.iter().filter_map(far).max()) {
        (Some(distance), _) if distance > shown => {
            problem("/attribution/distance", format!("this host shows inviters up to distance {shown}"))
        }
        (None, Some(distance)) if distance > shown => problem(
            "/policy",
            format!(
                "looks at inviters at distance {distance}, and this host shows them up to {shown}: say how many do in attribution.distance"
            ),
        ),
        _ => None,
    }
}

/// The pockets and the segment that the settings name and that there are not.
pub(crate) fn unknown_names(settings: &Settings, catalogue: &Catalogue) -> Vec<Problem> {
    let unknown = settings.pockets.iter().enumerate().filter(|(_, pocket)| !catalogue.pockets.contains_key(pocket));
    let problem = |(index, pocket): (usize, &PocketId)| Problem {
        pointer: format!("/pockets/{index}"),
        message: nearest::unknown("pocket", pocket.as_str(), catalogue.pockets.keys().map(PocketId::as_str)),
    };
    let mut problems: Vec<Problem> = unknown.map(problem).collect();
    if let Audience::Segment(segment) = &settings.audience
        && !catalogue.segments.contains_key(segment)
    {
        let message = nearest::unknown("segment", segment.as_str(), catalogue.segments.keys().map(SegmentId::as_str));
        problems.push(Problem { pointer: "/audience/segment".into(), message });
    }
    problems
}

/// What is wrong with a condition, which stands at the pointer.
pub(crate) fn condition_problem(pointer: &str, condition: &Condition) -> Option<Problem> {
    let problem = |message| Problem { pointer: pointer.into(), message };
    Rule::check(condition).err().map(problem)
}

/// What keeps a campaign with these settings and parameters from starting on the policy.
pub fn problems_at_start(
    settings: &Settings,
    manifest: &Manifest,
    catalogue: &Catalogue,
    params: &Json,
) -> Vec<Problem> {
    let mut problems = unknown_parts(settings, manifest);
    let classes = lint::classes(settings, manifest, params);
    problems.extend(check::problems_at_start(settings, manifest, catalogue, &classes));
    let span = settings.closes.zip(Zone::new(&settings.time_zone)).map(|(closes, zone)| {
        let last = closes.plus_millis(-1).unwrap_or(closes);
        (zone.moment(settings.opens).local, zone.moment(last).local)
    });
    problems.extend(cost::problems(settings, catalogue, span));
    problems
}

/// What is narrowed to, and the policy does not have.
fn unknown_parts(settings: &Settings, manifest: &Manifest) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, name) in settings.subscriptions.iter().flatten().enumerate() {
        if manifest.subscription(name).is_none() {
            let known = manifest.subscriptions.iter().map(|subscription| subscription.name.as_str());
            let known = nearest::choices(name.as_str(), known);
            let message = format!("{} has no subscription {name}; it has: {known}", manifest.name);
            problems.push(Problem { pointer: format!("/subscriptions/{index}"), message });
        }
    }
    for (index, class) in settings.unit_classes.iter().flatten().enumerate() {
        if !manifest.unit_classes.contains(class) {
            let known = nearest::choices(class.as_str(), manifest.unit_classes.iter().map(|class| class.as_str()));
            let message = format!("{} does not grant {class}; it grants: {known}", manifest.name);
            problems.push(Problem { pointer: format!("/unit_classes/{index}"), message });
        }
    }
    problems
}

/// What keeps a campaign out of its stacking group: its campaigns go together in one way, and are compared in one currency.
pub(crate) fn stacking_problems(id: &CampaignId, settings: &Settings, registry: &Registry) -> Vec<Problem> {
    let Some(Stacking { group, mode, .. }) = &settings.stacking else { return Vec::new() };
    let problem = |pointer: &str, message| Problem { pointer: pointer.into(), message };
    let mut problems = Vec::new();
    for campaign in registry.campaigns().map(|active| &active.campaign).filter(|campaign| campaign.id != *id) {
        let Some(other) = campaign.settings.stacking.as_ref().filter(|other| other.group == *group) else { continue };
        if other.mode != *mode {
            let message = format!("the mode of {group} is {}, by {}", other.mode.as_str(), campaign.id);
            problems.push(problem("/stacking/mode", message));
        } else if *mode == StackingMode::Best && campaign.settings.currency != settings.currency {
            let message = format!("{group} compares in {}, by {}", campaign.settings.currency, campaign.id);
            problems.push(problem("/stacking/group", message));
        }
    }
    problems.truncate(1);
    problems
}

/// What is wrong with the schemas of a manifest: of its parameters and of its questions. Pointers are into the manifest.
pub(crate) fn schema_problems(manifest: &Manifest) -> Vec<Problem> {
    let questions = manifest.questions.iter().enumerate();
    let questions =
        questions.map(|(index, question)| (format!("/questions/{index}/data-schema"), &question.data_schema));
    let schemas = std::iter::once(("/params-schema".to_owned(), &manifest.params_schema)).chain(questions);
    let problem = |(at, schema): (String, &Json)| {
        let problem = match serde_json::from_str::<Value>(schema.as_str()) {
            Ok(schema) => Schema::compile(&schema).err()?,
            Err(error) => Problem { pointer: String::new(), message: error.to_string() },
        };
        Some(Problem { pointer: format!("{at}{}", problem.pointer), ..problem })
    };
    schemas.filter_map(problem).collect()
}

/// What the policy gives with the parameters, when it takes them.
///
/// # Errors
/// What it has against them: first its schema, then its own `check`. Pointers are into the campaign document.
pub fn read_params(policy: &LoadedPolicy, params: &Json, workers: &Workers) -> Result<Vec<Offer>, Vec<Problem>> {
    let in_document = |problem: Problem| Problem { pointer: format!("/params{}", problem.pointer), ..problem };
    let whole = |message: String| Err(vec![Problem { pointer: "/params".into(), message }]);
    if params.len() > PARAMS_BYTES_MAX {
        return whole(format!("parameters may have at most {PARAMS_BYTES_MAX} bytes"));
    }
    let parsed = |json: &Json| serde_json::from_str::<Value>(json.as_str());
    let (Ok(schema), Ok(value)) = (parsed(&policy.manifest().params_schema), parsed(params)) else {
        return whole("the parameters or the policy's schema for them are not JSON".into());
    };
    let schema = match Schema::compile(&schema) {
        Ok(schema) => schema,
        Err(problem) => {
            let Problem { pointer, message } = problem;
            return whole(format!("the policy's schema for its parameters cannot be used: {pointer}: {message}"));
        }
    };
    let mut of_schema = schema.problems(&value);
    if of_schema.is_empty() {
        of_schema = schema.pointed(&value);
    }
    if !of_schema.is_empty() {
        return Err(of_schema.into_iter().map(in_document).collect());
    }
    workers.check(policy, params).map_err(|error| match error {
        CheckError::Problems(problems) => problems.into_iter().map(in_document).collect(),
        CheckError::Fault(fault) => {
            vec![Problem { pointer: "/params".into(), message: format!("the policy could not check them: {fault}") }]
        }
    })
}

/// What the policy has against the parameters. Pointers are into the campaign document.
pub fn params_problems(policy: &LoadedPolicy, params: &Json, workers: &Workers) -> Vec<Problem> {
    read_params(policy, params, workers).err().unwrap_or_default()
}
