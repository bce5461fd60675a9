//! A policy's manifest in the store.

use largesse_domain::effect::EffectKind;
use largesse_domain::json::Json;
use largesse_domain::policy::{Manifest, OwnerOf, Pointer, Question, Role, RoleSource, Subscription};
use serde::{Deserialize, Serialize};

use super::{Unreadable, id, ids, read, word, write};
use crate::policy::{OwnerOfDocument, RoleDocument, RoleSourceDocument, SubscriptionDocument};
use crate::terms::texts;

#[derive(Serialize, Deserialize)]
struct ManifestForm {
    name: String,
    version: String,
    summary: String,
    params_schema: String,
    state_writes: u32,
    state_reads: Vec<u32>,
    roles: Vec<RoleDocument>,
    subscriptions: Vec<SubscriptionDocument>,
    effects: Vec<String>,
    unit_classes: Vec<String>,
    /// Name and schema.
    #[serde(default)]
    questions: Vec<(String, String)>,
}

/// The manifest as the store keeps it.
#[must_use]
pub fn manifest_text(manifest: &Manifest) -> String {
    write(&ManifestForm {
        name: manifest.name.to_string(),
        version: manifest.version.to_string(),
        summary: manifest.summary.clone(),
        params_schema: manifest.params_schema.as_str().to_owned(),
        state_writes: manifest.state_writes,
        state_reads: manifest.state_reads.clone(),
        roles: manifest.roles.iter().map(RoleDocument::of).collect(),
        subscriptions: manifest.subscriptions.iter().map(SubscriptionDocument::of).collect(),
        effects: manifest.effects.iter().map(|kind| kind.as_str().to_owned()).collect(),
        unit_classes: texts(&manifest.unit_classes),
        questions: manifest
            .questions
            .iter()
            .map(|question| (question.name.to_string(), question.data_schema.as_str().to_owned()))
            .collect(),
    })
}

/// Reads what [`manifest_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_manifest(text: &str) -> Result<Manifest, Unreadable> {
    let form: ManifestForm = read(text)?;
    let effects = form.effects.iter().map(|kind| word(&EffectKind::ALL, EffectKind::as_str, kind));
    Ok(Manifest {
        name: id(&form.name)?,
        version: id(&form.version)?,
        summary: form.summary,
        params_schema: Json::from_checked(form.params_schema),
        state_writes: form.state_writes,
        state_reads: form.state_reads,
        roles: form.roles.iter().map(role).collect::<Result<_, _>>()?,
        subscriptions: form.subscriptions.iter().map(subscription).collect::<Result<_, _>>()?,
        effects: effects.collect::<Result<_, _>>()?,
        unit_classes: ids(&form.unit_classes)?,
        questions: form
            .questions
            .into_iter()
            .map(|(name, schema)| Ok(Question { name: id(&name)?, data_schema: Json::from_checked(schema) }))
            .collect::<Result<_, Unreadable>>()?,
    })
}

fn pointer(text: &str) -> Result<Pointer, Unreadable> {
    Pointer::new(text).ok_or_else(|| Unreadable::new(format!("{text:?} is no JSON pointer")))
}

fn role(form: &RoleDocument) -> Result<Role, Unreadable> {
    let source = match &form.source {
        RoleSourceDocument::Actor => RoleSource::Actor,
        RoleSourceDocument::Inviter(distance) => RoleSource::Inviter(*distance),
        RoleSourceDocument::CustomerAt(text) => RoleSource::CustomerAt(pointer(text)?),
        RoleSourceDocument::MembersAt(text) => RoleSource::MembersAt(pointer(text)?),
        RoleSourceDocument::Members => RoleSource::Members,
    };
    let (attributes, balances) = (ids(&form.attributes)?, ids(&form.balances)?);
    let RoleDocument { tags, standings, grants, .. } = *form;
    Ok(Role { name: id(&form.name)?, source, attributes, balances, tags, standings, grants })
}

fn subscription(form: &SubscriptionDocument) -> Result<Subscription, Unreadable> {
    let owner = match &form.owner {
        OwnerOfDocument::Party(role) => OwnerOf::Party(id(role)?),
        OwnerOfDocument::Entity(text) => OwnerOf::Entity(pointer(text)?),
        OwnerOfDocument::Group(kind) => OwnerOf::Group(id(kind)?),
    };
    let about = form.about.as_deref().map(pointer).transpose()?;
    Ok(Subscription { name: id(&form.name)?, kind: id(&form.kind)?, owner, about })
}
