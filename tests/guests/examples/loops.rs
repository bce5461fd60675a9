//! Never comes to an end.

use std::hint::black_box;

largesse_guests::guest!(|_input| {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
});
