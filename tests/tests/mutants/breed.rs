//! Makes mutants, each of a seed: the same seed makes the same one.

use arbitrary::Unstructured;
use largesse_documents::noise::spoilt;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wasm_mutate::WasmMutate;

use crate::anatomy::Anatomy;
use crate::court::Case;

/// Mutations of one module, at most: each is made of the one before.
const GENERATIONS_MAX: u64 = 6;
/// Effort for one mutation, in units of the mutator.
const MUTATION_FUEL: u64 = 300;
/// Noise that a module is made of, in bytes.
const NOISE_BYTES: usize = 8 * 1024;

/// How often the policy is taken.
const POLICY_ONCE_IN: usize = 48;

/// How a mutant is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// Bytes of the component are flipped, cut, dropped, repeated or put in.
    Spoilt,
    /// The code, data, types or sections of its core module are changed, and it is still a module.
    Mutated,
    /// A module made of noise, with the imports and exports of its own, is in its place.
    Made,
}

/// Numbers that follow from a seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

/// A mutant of one of the guests, or now and then of a policy, which is large; of which, and how it was made.
pub(crate) fn mutant<'a>(seed: u64, guests: &'a [Case], policy: &'a Case) -> (&'a Case, Way, Vec<u8>) {
    let mut numbers = Numbers(seed);
    let case = if numbers.below(POLICY_ONCE_IN) == 0 { policy } else { &guests[numbers.below(guests.len())] };
    let way = [Way::Spoilt, Way::Mutated, Way::Mutated, Way::Made][numbers.below(4)];
    let anatomy = Anatomy::of(&case.component);
    let component = match way {
        Way::Spoilt => {
            let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &numbers.bytes::<32>());
            let mut runner = TestRunner::new_with_rng(Config::default(), rng);
            let tree = spoilt(case.component.clone()).new_tree(&mut runner);
            tree.expect("nothing is filtered out").current()
        }
        Way::Mutated => anatomy.with_module(&mutated(anatomy.module(), &mut numbers)),
        Way::Made => anatomy.with_module(&made(anatomy.module(), &mut numbers)),
    };
    (case, way, component)
}

fn mutated(module: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut module = module.to_vec();
    for _ in 0..1 + numbers.next() % GENERATIONS_MAX {
        let mut mutator = WasmMutate::default();
        mutator.seed(numbers.next()).fuel(MUTATION_FUEL).preserve_semantics(false);
        let next = mutator.run(&module).ok().and_then(|mut mutants| mutants.find_map(Result::ok));
        // A mutator that finds nothing to do, or gives up, leaves what there is.
        let Some(next) = next else { continue };
        module = next;
    }
    module
}

fn made(like: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let noise = numbers.bytes::<NOISE_BYTES>();
    let config = wasm_smith::Config {
        module_shape: Some(like.to_vec()),
        // Switched off in the host: a module with these would only be refused.
        gc_enabled: false,
        reference_types_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        exceptions_enabled: false,
        custom_page_sizes_enabled: false,
        ..wasm_smith::Config::default()
    };
    let module = wasm_smith::Module::new(config, &mut Unstructured::new(&noise));
    module.expect("there is noise enough").to_bytes()
}
