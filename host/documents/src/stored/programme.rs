//! Programmes, members of entities, and counts of campaigns, in the store.

use largesse_domain::facts::Members;
use largesse_domain::id::MeasureName;
use largesse_domain::measure::Measures;
use largesse_domain::programme::Programme;
use largesse_domain::unit::Quantity;

use super::{Text, Unreadable, id, instant, quantity, read, write};
use crate::programme::ProgrammeDocument;

/// The programme as the store keeps it, beside its id.
#[must_use]
pub fn programme_text(programme: &Programme) -> String {
    write(&ProgrammeDocument::of(programme))
}

/// Reads what [`programme_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_programme(key: &str, text: &str) -> Result<Programme, Unreadable> {
    let document: ProgrammeDocument = read(text)?;
    document.read(id(key)?).map_err(|problems| Unreadable::new(format!("{problems:?}")))
}

/// The members of an entity as the store keeps them: each with the time of joining in ms.
#[must_use]
pub fn members_text(members: &Members) -> String {
    let rows: Vec<(&str, i64)> = members.0.iter().map(|(member, at)| (member.as_str(), at.as_millis())).collect();
    write(&rows)
}

/// Reads what [`members_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_members(text: &str) -> Result<Members, Unreadable> {
    let rows: Vec<(Text<'_>, i64)> = read(text)?;
    let member = |(member, at): (Text<'_>, i64)| Ok((id(&member)?, instant(at)?));
    Ok(Members(rows.into_iter().map(member).collect::<Result<_, Unreadable>>()?))
}

/// The counts of a campaign as the store keeps them: measure, label, count.
#[must_use]
pub fn measures_text(measures: &Measures) -> String {
    let row = |((name, label), count): (&'_ (MeasureName, String), &Quantity)| {
        (name.as_str().to_owned(), label.clone(), count.get())
    };
    write(&measures.0.iter().map(row).collect::<Vec<_>>())
}

/// Reads what [`measures_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_measures(text: &str) -> Result<Measures, Unreadable> {
    let rows: Vec<(Text<'_>, String, u64)> = read(text)?;
    let row = |(name, label, count): (Text<'_>, String, u64)| Ok(((id(&name)?, label), quantity(count)?));
    Ok(Measures(rows.into_iter().map(row).collect::<Result<_, Unreadable>>()?))
}
