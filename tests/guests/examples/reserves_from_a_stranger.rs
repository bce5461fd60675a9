//! Reserves out of the wallet of a customer that it was not shown.

use largesse_guests::types::{Decision, Effect, EffectKind, Input, Manifest, Refusal, Reservation, Shortfall, When};

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        Manifest { effects: vec![EffectKind::Grant, EffectKind::Reserve], ..largesse_guests::manifest() }
    }

    fn misbehave(_input: Input) -> Result<Decision, Refusal> {
        let mut decision = largesse_guests::one_point("day")?;
        decision.effects.push(Effect::Reserve(Reservation {
            key: "theirs".to_owned(),
            party: "stranger".to_owned(),
            unit: "points".to_owned(),
            quantity: 1,
            until: When::AfterSeconds(60),
            on_shortfall: Shortfall::Refuse,
            reason: String::new(),
        }));
        Ok(decision)
    }
}

largesse_guests::export_guest!(Guest);
