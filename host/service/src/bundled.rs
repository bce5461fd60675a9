//! The event kinds that come with the host.

use largesse_domain::id::EventKind;
use largesse_domain::json::Json;
use largesse_store::Kind;

const SCHEMAS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The bundled kinds, by name.
///
/// # Panics
/// When a bundled file is misnamed, which a test would have found.
#[must_use]
pub fn kinds() -> Vec<Kind> {
    let kind = |name: &str| EventKind::new(name).expect("the bundled files are named after kinds");
    SCHEMAS.iter().map(|(name, schema)| Kind { kind: kind(name), schema: Json::from_checked(*schema) }).collect()
}

#[cfg(test)]
mod tests {
    use crate::kinds::Kinds;

    #[test]
    fn every_bundled_schema_can_be_used() {
        let mut kinds = Kinds::default();
        for kind in super::kinds() {
            let name = kind.kind.clone();
            assert_eq!(kinds.insert(kind), Ok(()), "{name}");
        }
        assert!(kinds.all().count() >= 20);
    }

    #[test]
    fn what_several_people_do_is_an_entity() {
        let mut kinds = Kinds::default();
        super::kinds().into_iter().for_each(|kind| kinds.insert(kind).unwrap());
        for kind in kinds.all() {
            let field = match kind.kind.as_str().split_once('.').map_or("", |(about, _)| about) {
                about @ ("assist" | "group" | "packet" | "poster" | "team") => about,
                "coupon" => "source",
                "charity" => "pool",
                _ => continue,
            };
            let rules = kinds.get(&kind.kind).unwrap();
            assert!(rules.names_entity(&format!("/{field}")), "{}", kind.kind);
            assert_ne!(rules.problems(&serde_json::json!({})), [], "{}: {field} is required", kind.kind);
        }
    }
}
