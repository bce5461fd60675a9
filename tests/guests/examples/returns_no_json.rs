//! Puts a state that is not JSON.

use largesse_guests::types::StateChange;

largesse_guests::guest!(|_input| {
    let mut decision = largesse_guests::one_point("day")?;
    decision.state = StateChange::Put("{\"a\":1,\"a\":2}".to_owned());
    Ok(decision)
});
