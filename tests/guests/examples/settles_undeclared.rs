//! Settles a grant, which its manifest does not declare.

use largesse_guests::types::{Effect, GrantRef, Held, Settle, Settlement};

largesse_guests::guest!(|input| {
    let mut decision = largesse_guests::one_point("day")?;
    decision.effects.push(Effect::Settle(Settlement {
        of: Held::Grant(GrantRef { to: input.parties[0].customer.clone(), key: "day".to_owned() }),
        how: Settle::Commit,
        required: false,
        reason: String::new(),
    }));
    Ok(decision)
});
