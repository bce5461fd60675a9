//! Returns a thousand effects.

largesse_guests::guest!(|_input| {
    let mut decision = largesse_guests::one_point("day")?;
    decision.effects = vec![decision.effects[0].clone(); 1_000];
    Ok(decision)
});
