//! Divides and takes square roots for ever: instructions that take many times as long as others.

use std::hint::black_box;

largesse_guests::guest!(|_input| {
    let (mut number, by) = (black_box(1.0e9_f64), black_box(1.000_000_1_f64));
    loop {
        for _ in 0..64 {
            number = (number / by).sqrt() + 1.0e9;
        }
        if number < 0.0 {
            return largesse_guests::one_point("day");
        }
    }
});
