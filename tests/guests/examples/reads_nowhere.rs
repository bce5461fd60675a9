//! Traps without a word: reads from beyond its memory.

use std::hint::black_box;

largesse_guests::guest!(|_input| {
    // Beyond the end of memory, which the processor notices and Rust does not.
    let nowhere = black_box(0xffff_fff0_u32) as usize as *const u32;
    // SAFETY: none; the guest misbehaves.
    let read = unsafe { nowhere.read_volatile() };
    largesse_guests::one_point(&read.to_string())
});
