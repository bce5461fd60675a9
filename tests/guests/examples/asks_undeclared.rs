//! Sends a message, which its manifest does not declare.

use largesse_guests::types::{Effect, Message, MessageClass};

largesse_guests::guest!(|input| {
    let mut decision = largesse_guests::one_point("day")?;
    decision.effects.push(Effect::Message(Message {
        key: "hello".to_owned(),
        to: input.parties[0].customer.clone(),
        template: "hello".to_owned(),
        vars: "{}".to_owned(),
        class: MessageClass::Marketing,
        channels: Vec::new(),
    }));
    Ok(decision)
});
