//! Panics with a message.

largesse_guests::guest!(|_input| panic!("on purpose"));
