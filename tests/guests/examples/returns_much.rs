//! Returns two megabytes of state.

use largesse_guests::types::StateChange;

largesse_guests::guest!(|_input| {
    let mut decision = largesse_guests::one_point("day")?;
    decision.state = StateChange::Put("x".repeat(2 * 1024 * 1024));
    Ok(decision)
});
