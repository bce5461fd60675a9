//! Grants to a customer that it was not shown.

use largesse_guests::types::Effect;

largesse_guests::guest!(|_input| {
    let mut decision = largesse_guests::one_point("day")?;
    for effect in &mut decision.effects {
        if let Effect::Grant(grant) = effect {
            grant.to = "stranger".to_owned();
        }
    }
    Ok(decision)
});
