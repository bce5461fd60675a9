//! Reads all over its memory, each place as the one before says: much time for little fuel, because no cache helps.

/// Words of memory: 8 MiB.
const WORDS: usize = 1 << 21;
/// Words of a line of a cache.
const LINE: usize = 16;
/// The first words of all lines.
const FIRST_OF_LINE: usize = (WORDS - 1) & !(LINE - 1);

largesse_guests::guest!(|_input| {
    let mut memory = vec![0_u32; WORDS];
    let mut random = 1_u32;
    for line in memory.chunks_exact_mut(LINE) {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        line[0] = random;
    }
    let memory: &[u32; WORDS] = memory.first_chunk().expect("it has so many");
    let (mut at, mut turns) = (0_usize, 0_u32);
    while at != 1 {
        for _ in 0..16 {
            turns = turns.wrapping_add(2_654_435_761);
            at = (memory[at] ^ turns) as usize & FIRST_OF_LINE;
        }
    }
    largesse_guests::one_point("day")
});
