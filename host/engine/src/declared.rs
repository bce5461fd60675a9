//! From the contract to the domain: what a policy says of itself. Everything that is wrong is listed at once.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

use largesse_domain::effect::EffectKind;
use largesse_domain::id::{InvalidId, RoleName};
use largesse_domain::limits::{
    ATTRIBUTES_MAX, INVITER_DISTANCE_MAX, PARAMS_SCHEMA_BYTES_MAX, QUESTIONS_MAX, ROLE_BALANCES_MAX, ROLES_MAX,
    STATE_VERSIONS_MAX, SUBSCRIPTIONS_MAX, SUMMARY_BYTES_MAX,
};
use largesse_domain::policy::{Manifest, OwnerOf, Pointer, Question, Role, RoleSource, Subscription};
use largesse_domain::problem::Problem;

use crate::bindings::wit;
use crate::json::{self, Shape};

/// Reads a manifest.
///
/// # Errors
/// All that is wrong with it, by JSON pointer into the manifest.
pub(crate) fn manifest(said: wit::Manifest) -> Result<Manifest, Vec<Problem>> {
    let mut found = Findings::default();
    let name = found.id("/name", &said.name);
    let version = found.id("/version", &said.version);
    if let Err(error) = semver::Version::parse(&said.version) {
        found.add("/version", format_args!("not a semantic version: {error}"));
    }
    if said.summary.len() > SUMMARY_BYTES_MAX || said.summary.chars().any(char::is_control) {
        found.add("/summary", format_args!("expected one line of at most {SUMMARY_BYTES_MAX} bytes"));
    }
    let schema = json::check(said.params_schema, PARAMS_SCHEMA_BYTES_MAX, Shape::Object);
    let params_schema = schema.map_err(|why| found.add("/params-schema", why)).ok();
    check_state_versions(&mut found, said.state_writes, &said.state_reads);
    let roles = read_roles(&mut found, &said.roles);
    let subscriptions = read_subscriptions(&mut found, &said.subscriptions, &said.roles);
    let effects: Vec<EffectKind> = said.effects.iter().map(effect_kind).collect();
    found.unique("/effects", &effects);
    let unit_classes: Vec<_> = said
        .unit_classes
        .iter()
        .enumerate()
        .filter_map(|(index, class)| found.id(&format!("/unit-classes/{index}"), class))
        .collect();
    found.unique("/unit-classes", &unit_classes);
    let questions = read_questions(&mut found, said.questions);
    if let (Some(name), Some(version), Some(params_schema), true) = (name, version, params_schema, found.0.is_empty()) {
        return Ok(Manifest {
            name,
            version,
            summary: said.summary,
            params_schema,
            state_writes: said.state_writes,
            state_reads: said.state_reads,
            roles,
            subscriptions,
            effects,
            unit_classes,
            questions,
        });
    }
    Err(found.0)
}

#[derive(Default)]
struct Findings(Vec<Problem>);

impl Findings {
    fn add(&mut self, pointer: &str, message: impl fmt::Display) {
        self.0.push(Problem { pointer: pointer.to_owned(), message: message.to_string() });
    }

    fn id<T: FromStr<Err = InvalidId>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        text.parse().map_err(|invalid: InvalidId| self.add(pointer, invalid)).ok()
    }

    fn pointer(&mut self, pointer: &str, text: &str) -> Option<Pointer> {
        let read = Pointer::new(text);
        if read.is_none() {
            self.add(pointer, "not a JSON pointer: expected a '/' and at most 255 bytes more");
        }
        read
    }

    fn count(&mut self, pointer: &str, found: usize, max: usize) {
        if found > max {
            self.add(pointer, format_args!("{found} of them, at most {max} are taken"));
        }
    }

    /// Adds a problem for each item that stands there twice.
    fn unique<T: Hash + Eq + fmt::Debug>(&mut self, pointer: &str, items: &[T]) {
        let mut seen = HashSet::new();
        for (index, item) in items.iter().enumerate() {
            if !seen.insert(item) {
                self.add(&format!("{pointer}/{index}"), format_args!("{item:?} stands there twice"));
            }
        }
    }
}

fn check_state_versions(found: &mut Findings, writes: u32, reads: &[u32]) {
    found.count("/state-reads", reads.len(), STATE_VERSIONS_MAX);
    found.unique("/state-reads", reads);
    if !reads.contains(&writes) {
        found.add("/state-reads", format_args!("does not hold {writes}, the version that the policy writes"));
    }
}

fn read_questions(found: &mut Findings, said: Vec<wit::Question>) -> Vec<Question> {
    found.count("/questions", said.len(), QUESTIONS_MAX);
    let names: Vec<String> = said.iter().map(|question| question.name.clone()).collect();
    found.unique("/questions", &names);
    let read = |(index, said): (usize, wit::Question)| {
        let at = format!("/questions/{index}");
        let name = found.id(&format!("{at}/name"), &said.name);
        let schema = json::check(said.data_schema, PARAMS_SCHEMA_BYTES_MAX, Shape::Object);
        let data_schema = schema.map_err(|why| found.add(&format!("{at}/data-schema"), why)).ok();
        Some(Question { name: name?, data_schema: data_schema? })
    };
    said.into_iter().enumerate().filter_map(read).collect()
}

fn read_roles(found: &mut Findings, said: &[wit::Role]) -> Vec<Role> {
    found.count("/roles", said.len(), ROLES_MAX);
    let names: Vec<&str> = said.iter().map(|role| role.name.as_str()).collect();
    found.unique("/roles", &names);
    said.iter().enumerate().filter_map(|(index, role)| read_role(found, &format!("/roles/{index}"), role)).collect()
}

fn read_role(found: &mut Findings, at: &str, said: &wit::Role) -> Option<Role> {
    let name = found.id(&format!("{at}/name"), &said.name);
    let source = match &said.source {
        wit::Source::Actor => Some(RoleSource::Actor),
        wit::Source::Inviter(distance) if (1..=INVITER_DISTANCE_MAX).contains(distance) => {
            Some(RoleSource::Inviter(*distance))
        }
        wit::Source::Inviter(distance) => {
            let message = format!("an inviter at a distance of {distance}, expected 1 to {INVITER_DISTANCE_MAX}");
            found.add(&format!("{at}/source"), message);
            None
        }
        wit::Source::CustomerAt(text) => found.pointer(&format!("{at}/source"), text).map(RoleSource::CustomerAt),
        wit::Source::MembersAt(text) => found.pointer(&format!("{at}/source"), text).map(RoleSource::MembersAt),
        wit::Source::Members => Some(RoleSource::Members),
    };
    let attributes = read_all(found, &format!("{at}/needs/attributes"), &said.needs.attributes, ATTRIBUTES_MAX);
    let balances = read_all(found, &format!("{at}/needs/balances"), &said.needs.balances, ROLE_BALANCES_MAX);
    let wit::Needs { tags, standings, grants, .. } = said.needs;
    Some(Role { name: name?, source: source?, attributes, balances, tags, standings, grants })
}

fn read_all<T>(found: &mut Findings, at: &str, said: &[String], max: usize) -> Vec<T>
where
    T: FromStr<Err = InvalidId> + Hash + Eq + fmt::Debug,
{
    found.count(at, said.len(), max);
    found.unique(at, said);
    said.iter().enumerate().filter_map(|(index, text)| found.id(&format!("{at}/{index}"), text)).collect()
}

fn read_subscriptions(found: &mut Findings, said: &[wit::Subscription], roles: &[wit::Role]) -> Vec<Subscription> {
    found.count("/subscriptions", said.len(), SUBSCRIPTIONS_MAX);
    if said.is_empty() {
        found.add("/subscriptions", "none: the policy would never decide");
    }
    let names: Vec<&str> = said.iter().map(|subscription| subscription.name.as_str()).collect();
    found.unique("/subscriptions", &names);
    let read = |(index, said): (usize, &wit::Subscription)| {
        let at = format!("/subscriptions/{index}");
        let name = found.id(&format!("{at}/name"), &said.name);
        let kind = found.id(&format!("{at}/kind"), &said.kind);
        let owner = read_owner(found, &format!("{at}/owner"), &said.owner, roles);
        let about = said.about.as_ref().map(|text| found.pointer(&format!("{at}/about"), text));
        Some(Subscription { name: name?, kind: kind?, owner: owner?, about: about.flatten() })
    };
    said.iter().enumerate().filter_map(read).collect()
}

fn read_owner(found: &mut Findings, at: &str, said: &wit::OwnerOf, roles: &[wit::Role]) -> Option<OwnerOf> {
    let name = match said {
        wit::OwnerOf::Entity(text) => return found.pointer(at, text).map(OwnerOf::Entity),
        wit::OwnerOf::Group(kind) => return found.id(at, kind).map(OwnerOf::Group),
        wit::OwnerOf::Party(name) => name,
    };
    match roles.iter().find(|role| role.name == *name) {
        None => {
            found.add(at, format_args!("no role is named {name:?}"));
            None
        }
        Some(role) if matches!(role.source, wit::Source::MembersAt(_) | wit::Source::Members) => {
            found.add(at, format_args!("the role {name:?} has several customers, an owner is one"));
            None
        }
        Some(_) => RoleName::new(name).ok().map(OwnerOf::Party),
    }
}

fn effect_kind(kind: &wit::EffectKind) -> EffectKind {
    match kind {
        wit::EffectKind::Grant => EffectKind::Grant,
        wit::EffectKind::Revoke => EffectKind::Revoke,
        wit::EffectKind::Message => EffectKind::Message,
        wit::EffectKind::Tag => EffectKind::Tag,
        wit::EffectKind::Schedule => EffectKind::Schedule,
        wit::EffectKind::Reserve => EffectKind::Reserve,
        wit::EffectKind::Settle => EffectKind::Settle,
        wit::EffectKind::Place => EffectKind::Place,
        wit::EffectKind::Share => EffectKind::Share,
        wit::EffectKind::Enrol => EffectKind::Enrol,
        wit::EffectKind::Measure => EffectKind::Measure,
    }
}

#[cfg(test)]
#[path = "declared_tests.rs"]
mod tests;
