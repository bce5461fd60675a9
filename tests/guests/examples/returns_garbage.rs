//! Returns a grant whose key is none.

largesse_guests::guest!(|_input| largesse_guests::one_point("not a key"));
