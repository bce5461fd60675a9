//! Loops when it is asked to describe itself. Refused when it is loaded.

use std::hint::black_box;

use largesse_guests::types::Manifest;

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

largesse_guests::export_guest!(Guest);
