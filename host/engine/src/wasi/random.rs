//! `wasi:random`: numbers that follow from the decision's seed and from nothing else. Not for secrets.

use largesse_domain::limits::GUEST_RANDOM_BYTES_MAX;
use wasmtime::component::Linker;
use wasmtime::{Result, StoreContextMut};

use super::{Forbidden, charge, versioned};
use crate::sandbox::World;

/// The SplitMix64 sequence of a seed.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

type Caller<'a> = StoreContextMut<'a, World>;

pub(super) fn add_to(linker: &mut Linker<World>) -> Result<()> {
    for (interface, bytes, number) in [
        ("wasi:random/random", "get-random-bytes", "get-random-u64"),
        ("wasi:random/insecure", "get-insecure-random-bytes", "get-insecure-random-u64"),
    ] {
        let mut random = linker.instance(&versioned(interface))?;
        random.func_wrap(bytes, |mut store: Caller<'_>, (count,): (u64,)| {
            charge(&mut store, count)?;
            if count > GUEST_RANDOM_BYTES_MAX {
                return Err(Forbidden("the policy asked for more than 64 KiB of random numbers at once").into());
            }
            let random = &mut store.data_mut().random;
            let words = std::iter::repeat_with(|| random.next().to_le_bytes()).flatten();
            let taken: Vec<u8> = words.take(usize::try_from(count)?).collect();
            Ok((taken,))
        })?;
        random.func_wrap(number, |mut store: Caller<'_>, (): ()| {
            charge(&mut store, 0)?;
            Ok((store.data_mut().random.next(),))
        })?;
    }
    let mut seed = linker.instance(&versioned("wasi:random/insecure-seed"))?;
    seed.func_wrap("insecure-seed", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        let random = &mut store.data_mut().random;
        Ok(((random.next(), random.next()),))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_fixed() {
        // Published first values of SplitMix64 for the seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }
}
