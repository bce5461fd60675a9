//! What a campaign's parameters say, as far as it can be told without the policy: units with quantities, events, and names of
//! things that the host knows.
//!
//! A policy reads its parameters as it likes. What is told here goes by the forms that policies have in common: a benefit is an
//! object with a `unit` and a quantity, an event is the name of the subscription that decides on it, and a programme, a pool, a
//! segment and a campaign stand in fields of these names.

use std::collections::BTreeSet;

use largesse_domain::id::SubscriptionName;
use largesse_domain::policy::Manifest;
use largesse_domain::unit::{Quantity, Unit, UnitClass};
use serde_json::{Map, Value};

/// Fields below which a unit is asked for, not given.
const ASKED_FOR: [&str; 8] = ["price", "cost", "fee", "needs", "only", "uses", "minimum", "pays"];
/// Fields that say how much of a unit is given.
const QUANTITIES: [&str; 3] = ["quantity", "by", "fixed"];
/// Fields that say that some of a unit is given, and not how much.
const SHARES: [&str; 2] = ["basis_points", "rate"];

/// A benefit in parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gift {
    /// Its place in the campaign's document.
    pub(super) pointer: String,
    pub(super) unit: Unit,
    /// How much at a time, when that is said.
    pub(super) quantity: Option<Quantity>,
    /// Whether less is given where not all of it can be.
    pub(super) reduces: bool,
    /// The highest that it raises to, when there is such.
    pub(super) ceiling: Option<Quantity>,
}

/// The name of something, and where it stands in the campaign's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) pointer: String,
    pub(super) text: String,
    /// For a tier: the programme that it is one of.
    pub(super) of: Option<String>,
}

/// What parameters say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) gifts: Vec<Gift>,
    /// Every unit that is named, given or not.
    pub(super) units: BTreeSet<Unit>,
    /// Names of subscriptions of the policy, with their places.
    pub(super) events: Vec<(String, SubscriptionName)>,
    pub(super) programmes: Vec<Name>,
    pub(super) tiers: Vec<Name>,
    pub(super) pools: Vec<Name>,
    pub(super) segments: Vec<Name>,
    pub(super) campaigns: Vec<Name>,
    /// Whether a message is to be sent.
    pub(super) sends: bool,
}

/// Where in parameters something stands.
#[derive(Clone)]
struct Place<'a> {
    pointer: String,
    /// The field, or that of the list.
    field: &'a str,
    programme: Option<&'a str>,
    asked_for: bool,
}

impl Said {
    pub(super) fn of(params: &Value, manifest: &Manifest) -> Self {
        let mut said = Self::default();
        let root = Place { pointer: "/params".into(), field: "", programme: None, asked_for: false };
        said.read(params, &root, manifest);
        said
    }

    /// The classes of unit that are named, among those that the policy may grant. All that it may grant where none is named.
    pub(super) fn classes(&self, manifest: &Manifest) -> Vec<UnitClass> {
        // A unit that the policy takes when none is named stands in its schema.
        let schema = manifest.params_schema.as_str();
        let is_default = |class: &UnitClass| schema.contains(&format!("\"default\":\"{class}\""));
        let is_named = |class: &UnitClass| self.units.iter().any(|unit| unit.class() == *class);
        let named = |class: &&UnitClass| is_named(class) || is_default(class);
        let named: Vec<UnitClass> = manifest.unit_classes.iter().filter(named).copied().collect();
        if named.is_empty() { manifest.unit_classes.clone() } else { named }
    }

    fn read<'a>(&mut self, value: &'a Value, place: &Place<'a>, manifest: &Manifest) {
        match value {
            Value::String(text) => self.read_text(text, place, manifest),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let place = Place { pointer: format!("{}/{index}", place.pointer), ..place.clone() };
                    self.read(item, &place, manifest);
                }
            }
            Value::Object(fields) => {
                self.gifts.extend(gift(fields, place));
                let programme = fields.get("programme").and_then(Value::as_str).or(place.programme);
                for (field, value) in fields {
                    let pointer = format!("{}/{}", place.pointer, field.replace('~', "~0").replace('/', "~1"));
                    let asked_for = place.asked_for || ASKED_FOR.contains(&field.as_str());
                    let below = Place { pointer, field, programme, asked_for };
                    // What is counted by event or by unit has their names for fields.
                    self.read_name(field, &below, manifest);
                    self.read(value, &below, manifest);
                }
            }
            _ => {}
        }
    }

    fn read_name(&mut self, text: &str, place: &Place<'_>, manifest: &Manifest) {
        self.units.extend(text.parse::<Unit>());
        let named = manifest.subscriptions.iter().find(|subscription| subscription.name.as_str() == text);
        self.events.extend(named.map(|subscription| (place.pointer.clone(), subscription.name.clone())));
    }

    fn read_text(&mut self, text: &str, place: &Place<'_>, manifest: &Manifest) {
        self.read_name(text, place, manifest);
        let name = || Name { pointer: place.pointer.clone(), text: text.to_owned(), of: None };
        match place.field {
            "programme" => self.programmes.push(name()),
            "tier" => self.tiers.push(Name { of: place.programme.map(str::to_owned), ..name() }),
            "pool" => self.pools.push(name()),
            "segment" | "segments" => self.segments.push(name()),
            "campaign" => self.campaigns.push(name()),
            "template" | "message" => self.sends = true,
            _ => {}
        }
    }
}

/// The benefit that an object is, if it is one.
fn gift(fields: &Map<String, Value>, place: &Place<'_>) -> Option<Gift> {
    if place.asked_for {
        return None;
    }
    let unit: Unit = fields.get("unit")?.as_str()?.parse().ok()?;
    let number = |field: &&str| fields.get(*field)?.as_u64();
    let quantity = QUANTITIES.iter().find_map(number).and_then(|quantity| Quantity::new(quantity).ok());
    if quantity.is_none() && !SHARES.iter().any(|field| fields.contains_key(*field)) {
        return None;
    }
    let reduces = fields.get("on_shortfall").and_then(Value::as_str) == Some("reduce");
    let ceiling = number(&"up_to").and_then(|ceiling| Quantity::new(ceiling).ok());
    Some(Gift { pointer: place.pointer.clone(), unit, quantity, reduces, ceiling })
}
