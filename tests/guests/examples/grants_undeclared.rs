//! Grants cash, which its manifest does not declare.

use largesse_guests::types::{Benefit, Effect, Units};

largesse_guests::guest!(|_input| {
    let mut decision = largesse_guests::one_point("day")?;
    for effect in &mut decision.effects {
        if let Effect::Grant(grant) = effect {
            grant.choices = vec![Benefit::Units(Units { unit: "cash:CNY".to_owned(), quantity: 1_000_000 })];
        }
    }
    Ok(decision)
});
