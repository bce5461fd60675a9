//! Returns four megabytes of state.

use largesse_guests::types::StateChange;

largesse_guests::guest!(|_input| {
    let mut decision = largesse_guests::one_point("day")?;
    decision.state = StateChange::Put(format!("{:?}", "x".repeat(4 * 1024 * 1024)));
    Ok(decision)
});
