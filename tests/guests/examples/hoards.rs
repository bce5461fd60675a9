//! Keeps the time of every event, for ever.

use largesse_guests::types::StateChange;

largesse_guests::guest!(|input| {
    let seen = input.state.unwrap_or_else(|| "[0]".to_owned());
    let at = input.event.occurred.at;
    let mut decision = largesse_guests::one_point("day")?;
    decision.state = StateChange::Put(format!("{},{at}]", seen.trim_end_matches(']')));
    Ok(decision)
});
