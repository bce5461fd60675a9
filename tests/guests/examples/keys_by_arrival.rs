//! Makes its keys of the day on which the host takes the event.

largesse_guests::guest!(|input| largesse_guests::one_point(&format!("day/{}", input.now.local.day)));
