//! Behaves: counts in the owner's state, grants and tags by the count, and refuses when it has counted to three. Of two states it makes
//! the sum, unless that is too much.
//!
//! It uses what of the contract fits into a small component; `make frozen` keeps it.

use largesse_guests::types::{
    Benefit, Decision, Effect, EffectKind, Input, Manifest, Refusal, StateChange, TagChange, Units,
};

/// Counts after which it refuses.
const DAYS_MAX: u64 = 2;

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let effects = vec![EffectKind::Grant, EffectKind::Tag];
        Manifest { name: "counts-days".to_owned(), effects, ..largesse_guests::manifest() }
    }

    fn misbehave(input: Input) -> Result<Decision, Refusal> {
        let counted = input.state.as_deref().and_then(|state| state.parse().ok()).unwrap_or(0_u64);
        if counted == DAYS_MAX {
            return Err(Refusal { code: "enough".to_owned(), message: format!("{counted} days are enough") });
        }
        let count = counted + 1;
        let to = input.parties[0].customer.clone();
        let mut decision = largesse_guests::one_point("unused")?;
        for effect in &mut decision.effects {
            if let Effect::Grant(grant) = effect {
                grant.key = format!("day/{count}");
                grant.choices = vec![Benefit::Units(Units { unit: "points".to_owned(), quantity: count })];
            }
        }
        decision.effects.push(Effect::Tag(TagChange { to, tag: format!("days:{count}"), present: true, until: None }));
        decision.state = StateChange::Put(count.to_string());
        decision.note = format!("day {count}");
        Ok(decision)
    }

    fn merge(kept: String, joined: String) -> Result<String, Refusal> {
        let days = |state: &str| state.parse().unwrap_or(0_u64);
        let count = days(&kept) + days(&joined);
        if count > DAYS_MAX {
            return Err(Refusal { code: "too-many".to_owned(), message: format!("{count} days are too many") });
        }
        Ok(count.to_string())
    }
}

largesse_guests::export_guest!(Guest);
