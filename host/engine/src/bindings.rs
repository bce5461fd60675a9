//! What wasmtime makes of the contract's WIT. Nothing in here is visible outside the crate: the domain's types are.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "campaign-policy",
    ownership: Borrowing { duplicate_if_necessary: true },
});

pub(crate) use largesse::policy::types as wit;
