//! What wasmtime makes of the contract's WIT. Nothing in here is visible outside the crate: the domain's types are.

#![expect(missing_docs, unreachable_pub, clippy::all, reason = "generated from wit/policy.wit, which documents it")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "campaign-policy",
    ownership: Borrowing { duplicate_if_necessary: true },
});

pub(crate) use exports::largesse::policy::policy as guest;
pub(crate) use largesse::policy::types as wit;
