//! Takes memory until there is none.

use std::hint::black_box;

largesse_guests::guest!(|_input| {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(Vec::with_capacity(256 * 1024)));
    }
});
