//! The settings of wasmtime. One profile for all of Largesse: what compiles with it runs with it, nothing else does.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;

use largesse_domain::limits::{
    CORE_INSTANCES_MAX, GUEST_MEMORY_BYTES_MAX, GUEST_STACK_BYTES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX,
};
use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

use crate::costs;

/// The version of what stands behind WASI: the clocks, the random numbers, the empty rest. It belongs to a decision's
/// record, because a replay depends on it.
pub const WASI_PROFILE: u32 = 1;

/// Memory of a slot that is cleared by writing zeros rather than by giving its pages back, in bytes.
const KEEP_RESIDENT_BYTES: usize = 1024 * 1024;
/// Image of a memory that is made although less than half of it is data, in bytes. Larger ones would let two small segments far apart
/// become a large artefact.
const SPARSE_IMAGE_BYTES: u64 = 256 * 1024;
/// Frames of a guest that a trap records.
const BACKTRACE_FRAMES: NonZeroUsize = NonZeroUsize::new(8).expect("eight is not zero");

/// Sandboxes that one engine holds ready. Only one runs at a time; the others keep their policy's memory image mapped.
const SLOTS: u32 = 32;

/// An engine that runs policies, with its own pool of sandboxes.
///
/// # Errors
/// When the process cannot reserve the pool's address space.
pub(crate) fn running() -> wasmtime::Result<wasmtime::Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS * CORE_INSTANCES_MAX)
        .total_memories(SLOTS)
        .total_tables(SLOTS * 2)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memories_per_module(1)
        .max_tables_per_module(4)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_memory_size(GUEST_MEMORY_BYTES_MAX)
        .max_unused_warm_slots(SLOTS)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(16 * 1024)
        .pagemap_scan(Enabled::Auto);
    let mut config = settings();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    wasmtime::Engine::new(&config)
}

/// An engine that only compiles. It reserves no pool, so it fits into little address space, and its artefacts are those
/// of [`running`]: their fingerprints are equal.
///
/// # Errors
/// When wasmtime refuses the settings.
pub(crate) fn compiling() -> wasmtime::Result<wasmtime::Engine> {
    let mut config = settings();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    wasmtime::Engine::new(&config)
}

fn settings() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .consume_fuel(true)
        .operator_cost(costs::of_operators())
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK_BYTES_MAX)
        .wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES))
        .generate_address_map(false)
        .memory_guaranteed_dense_image_size(SPARSE_IMAGE_BYTES)
        .cranelift_nan_canonicalization(true)
        .concurrency_support(false)
        .wasm_component_model(true)
        .wasm_relaxed_simd(false)
        .wasm_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    config
}

/// What an artefact must have been compiled with, as a sha-256 of wasmtime's own compatibility hash.
pub(crate) fn fingerprint(engine: &wasmtime::Engine) -> [u8; 32] {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the whole sha-256 is read instead")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_child_compiles_is_what_a_worker_runs() {
        assert_eq!(fingerprint(&running().unwrap()), fingerprint(&compiling().unwrap()));
    }
}
